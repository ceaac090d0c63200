"""`gapura sync export-bundle` and `import-bundle`: entries and answers on a stick, where the link is gone for days."""

import sys
from contextlib import closing
from pathlib import Path

import click

from sync import agent, bundle
from sync.backlog import Backlog
from sync.cli_options import plain_errors, station_options, station_settings
from sync.clock import SystemClock
from sync.identity import KEY_NAME, DeviceKey, Identity, IdentityError, read_identity

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


def _identity(data: Path) -> Identity:
    found = read_identity(data)
    if found is None:
        raise IdentityError(f"{data}: this station is not enrolled; run `gapura enrol` first")
    return found


@click.command("export-bundle")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@station_options
def export_bundle(folder: Path, config: Path | None, data: Path | None) -> None:
    """Write the entries that the server does not have yet to DIR, such as a USB stick. Run it again to go on after a break."""
    with plain_errors():
        place = station_settings(config, data).data_dir
        identity, key = _identity(place), DeviceKey.load(place / KEY_NAME)
        with closing(Backlog(place / "kiosk.db")) as backlog:
            waiting = bundle.waiting_rows(place, backlog)
        try:
            with click.progressbar(length=waiting, label="Entries", file=sys.stderr) as bar:
                done = bundle.export(place, folder, identity, key, SystemClock(), bar.update)
        except OSError as exc:
            raise click.ClickException(
                f"{folder}: {exc.strerror}; free some space or take another stick, and run this again: what is there is whole"
            ) from exc
    click.echo(f"{done.rows} entries in {done.files} files are in {done.folder} ({done.kept} were there before).")
    click.echo("They are personal data: keep the stick with you. At the server: gapura central import-bundle DIR", err=True)


@click.command("import-bundle")
@click.argument("stick", metavar="DIR", type=_FOLDER)
@station_options
def import_bundle(stick: Path, config: Path | None, data: Path | None) -> None:
    """Take the server's answers and documents from DIR: what it has is marked as sent, newer staff lists are handed over."""
    rows, refused = 0, []
    with plain_errors():
        place = station_settings(config, data).data_dir
        identity = _identity(place)
        folder = bundle.answers_in(stick, identity.device_id)
        with (
            agent.agent_lock(place),
            closing(Backlog(place / "kiosk.db")) as backlog,
            closing(agent.open_state(place / "sync.db", SystemClock())) as state,
        ):
            with click.progressbar(sorted(folder.glob("*.answer")), label="Answers", file=sys.stderr) as bar:
                for path in bar:
                    try:
                        rows += bundle.take_answer(path, identity, backlog, state)
                    except bundle.AnswerRefused as exc:
                        refused.append(str(exc))
            try:
                bundle.take_documents(folder, place, identity, backlog, state)
            except bundle.AnswerRefused as exc:
                refused.append(str(exc))
            except OSError as exc:
                raise click.ClickException(f"{place}: {exc.strerror}; check the disk and run this again") from exc
    click.echo(f"The server has {rows} of the entries on the stick.")
    for sentence in refused:
        click.echo(f"Error: {sentence}", err=True)
    if refused:
        sys.exit(1)
