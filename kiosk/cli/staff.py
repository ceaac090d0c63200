"""`gapura staff`: who may be met at this door."""

import base64
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from kiosk.cli.entries import QUEUED_NOTE, known, submit
from kiosk.cli.options import fail, station_options
from kiosk.cli.stations import station_errors
from kiosk.services import staff as service
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.services.private_files import write_private
from kiosk.settings import Settings
from sync.protocol.people import PersonRow, RefusedRow, SheetError
from sync.protocol.wire import Directory
from sync.wrong_call import WrongCall


@click.group()
def staff() -> None:
    """Who may be met at this door."""


@staff.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything and say what would change; change nothing.")
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the photo files are; the CSV file's own folder if not given.",
)
@click.option(
    "--encoding", type=click.Choice(["cp1252", "latin-1"]), help="What the file is written in if it is neither UTF-8 nor UTF-16."
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object a line.")
@station_options
def import_(settings: Settings, file: Path, dry_run: bool, photos: Path | None, encoding: str | None, as_json: bool) -> None:
    """Bring a list of people (CSV) to this station.

    The first row names the columns: id, name, unit, post, photo, or nip, nama, unit kerja, jabatan, foto. Comma, semicolon
    or tab. Rows that cannot be taken are named with line and reason; the others are imported, and the exit code is 1.
    Importing the same file again changes nothing; people who are not in the file stay.
    """
    try:
        sheet = service.read_sheet(file, encoding)
    except SheetError as exc:
        where = f"{file}:{exc.line}" if exc.line else str(file)
        raise WrongCall(f"{where}: {exc}") from exc
    if sheet.ignored:
        click.echo(f"{file}: columns not used: {', '.join(sheet.ignored)}", err=True)
    before = known(settings).people
    with TemporaryDirectory(prefix="gapura-photos-") as work, station_errors(settings):
        plan = service.plan(sheet, photos or file.parent, Path(work), before, _progress)
        found = service.difference(plan.people, before)
        outcome = None if dry_run else _apply(settings, found, plan)
    _report(file, found, plan.refused, outcome, as_json=as_json)
    if plan.refused:
        raise click.exceptions.Exit(1)


def _progress(rows: Sequence[PersonRow]) -> Iterator[PersonRow]:
    with click.progressbar(rows, label="Reading people", file=sys.stderr, update_min_steps=max(1, len(rows) // 200)) as bar:
        yield from bar


def _apply(settings: Settings, found: service.Difference, plan: service.Plan) -> Submitted:
    entered = [*found.new, *found.changed]
    if not entered:
        return Submitted.APPLIED
    named = {person.photo for person in entered}
    return submit(settings, DirectoryChange(people=entered), {sha: path for sha, path in plan.photos.items() if sha in named})


def _report(
    file: Path, found: service.Difference, refused: Iterable[RefusedRow], outcome: Submitted | None, *, as_json: bool
) -> None:
    rows = list(refused)
    for row in rows:
        click.echo(f"{file}:{row.line}: {row.message}", err=True)
    counts = {"new": len(found.new), "changed": len(found.changed), "unchanged": len(found.unchanged), "refused": len(rows)}
    if as_json:
        for row in rows:
            _print_json({"line": row.line, "reason": str(row.reason), "message": row.message})
        _print_json({**counts, "outcome": str(outcome) if outcome else "dry-run"})
        return
    click.echo(", ".join(f"{count} {word}" for word, count in counts.items()))
    if outcome is None:
        click.echo("dry run: nothing was changed", err=True)
    elif rows:
        click.echo("the refused rows were left out, all others are imported; correct them and import the file again", err=True)
    if outcome is Submitted.QUEUED:
        click.echo(QUEUED_NOTE, err=True)


@staff.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a person.")
@station_options
def list_(settings: Settings, as_json: bool) -> None:
    """Everybody this station knows."""
    people = known(settings).people
    for person in people:
        if as_json:
            click.echo(msgspec.json.encode(person))
        else:
            click.echo("\t".join([person.id, person.name, person.unit, person.post, "photo" if person.photo else "-"]))
    if not people:
        click.echo("nobody yet; bring a list with `gapura staff import FILE`", err=True)


@staff.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@station_options
def export(settings: Settings, file: Path) -> None:
    """Write people, badge hashes and photos to FILE, for `gapura central directory import FILE`.

    The file is readable by its owner only, and holds no badge's code.
    """
    directory = known(settings)
    with station_errors(settings):
        photos, missing = _photos(settings, directory)
        write_private(file, msgspec.json.encode({**msgspec.to_builtins(directory), "photos": photos}))
    click.echo(f"{len(directory.people)} people, {len(directory.badges)} badges and {len(photos)} photos are in {file}", err=True)
    if missing:
        raise fail(f"{missing} photos are named in the directory but not in {settings.photos}; import these people again")


def _photos(settings: Settings, directory: Directory) -> tuple[dict[str, str], int]:
    named = sorted({person.photo for person in directory.people if person.photo})
    paths = {sha: settings.photos / f"{sha}.jpg" for sha in named}
    photos = {sha: base64.b64encode(path.read_bytes()).decode("ascii") for sha, path in paths.items() if path.is_file()}
    return photos, len(named) - len(photos)


def _print_json(value: dict[str, object]) -> None:
    click.echo(msgspec.json.encode(value))
