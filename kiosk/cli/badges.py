"""`gapura badges`: making, printing and revoking the cards that open the door."""

import secrets
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import click
import msgspec

from kiosk.cli.entries import QUEUED_NOTE, known, submit
from kiosk.cli.options import fail, station_options
from kiosk.cli.stations import station_errors
from kiosk.core.badges import badge_token, token_sha256
from kiosk.services import badge_issue
from kiosk.services.badge_cards import Card, sheets
from kiosk.services.badge_issue import CodesError, Issued, active_badges, read_codes
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.services.private_files import write_private
from kiosk.settings import Settings
from sync.clock import SystemClock
from sync.protocol.wire import BadgeState, Directory, Person
from sync.wrong_call import WrongCall

_Folder = click.Path(path_type=Path, file_okay=False)


@click.group()
def badges() -> None:
    """Make, print and revoke badges."""


@badges.command()
@click.option("--person", "ids", multiple=True, metavar="ID", help="Whose badge; may be given again.")
@click.option("--all", "everybody", is_flag=True, help="Everybody on this station who has no badge yet.")
@click.option("--out", type=_Folder, required=True, help="The folder to write to. It is closed to others: it holds the codes.")
@click.option("--replace", is_flag=True, help="Also for people who have a badge: the old one stops working at once.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as one JSON object a line; never the codes.")
@station_options
def issue(settings: Settings, ids: tuple[str, ...], everybody: bool, out: Path, replace: bool, as_json: bool) -> None:
    """Make badges: a PNG and an SVG each, and badges.json with the codes, from which `badges print` makes sheets.

    The station keeps only each token's SHA-256, so a lost code cannot be looked up: issue a new badge with --replace.
    """
    if bool(ids) == everybody:
        raise WrongCall("say for whom: either --person ID (may be given again) or --all")
    directory = known(settings)
    people = _people(directory, ids) if ids else directory.people
    having = active_badges(directory.badges)
    chosen = [person for person in people if replace or person.id not in having]
    skipped = [person.id for person in people if person not in chosen]
    if ids and skipped:
        raise fail(f"already with a badge: {', '.join(skipped)}; with --replace a new one is made and the old one stops working")
    made = badge_issue.issue(chosen, directory.badges, secrets.token_bytes)
    _save(settings, out, made)
    outcome = _submit(settings, out, made)
    for each in made if as_json else ():
        _print_json({"person_id": each.person.id, "token_sha256": each.entry.token_sha256, "replaced": len(each.replaces)})
    replaced = sum(len(each.replaces) for each in made)
    click.echo(f"{len(made)} badges made in {out}, {replaced} old ones revoked, {len(skipped)} people had one already", err=True)
    _say_outcome(outcome)


def _people(directory: Directory, ids: Iterable[str]) -> list[Person]:
    by_id = {person.id: person for person in directory.people}
    wanted = list(dict.fromkeys(ids))
    unknown = [each for each in wanted if each not in by_id]
    if unknown:
        raise fail(f"nobody here has the id {', '.join(unknown)}; see `gapura staff list`")
    return [by_id[each] for each in wanted]


def _save(settings: Settings, out: Path, made: Sequence[Issued]) -> None:
    """On disk before the door is told: a badge that works must not exist only in a lost answer."""
    try:
        with station_errors(settings), click.progressbar(made, label="Drawing badges", file=sys.stderr) as bar:
            badge_issue.save(out, bar)
    except CodesError as exc:
        raise fail(str(exc)) from exc


def _submit(settings: Settings, out: Path, made: Sequence[Issued]) -> Submitted:
    if not made:
        return Submitted.APPLIED
    try:
        return submit(settings, badge_issue.change(made), {})
    except click.ClickException as exc:
        raise fail(f"{exc.message}; the badges in {out} may not be valid yet: issue them again with --replace") from exc


@badges.command("print")
@click.option("--from", "source", type=_Folder, required=True, help="The folder that `badges issue --out` wrote.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The PDF to write.")
@click.option("--person", "ids", multiple=True, metavar="ID", help="Only this person; may be given again.")
@click.option("--office", help="The name at the top of each card; the station's name if not given.")
@station_options
def print_(settings: Settings, source: Path, out: Path, ids: tuple[str, ...], office: str | None) -> None:
    """Make A4 sheets of nine cards with crop marks. Print at 100 %, cut, and laminate matt: gloss hides codes from cameras."""
    try:
        codes = read_codes(source)
    except CodesError as exc:
        raise WrongCall(str(exc)) from exc
    absent = [each for each in ids if each not in codes]
    if absent:
        raise fail(f"{source} holds no badge of {', '.join(absent)}; make one with `gapura badges issue`")
    directory = known(settings)
    cards, notes = _cards(settings, directory, {each: codes[each] for each in ids or codes})
    if not cards:
        raise fail("; ".join([*notes, "there is nothing to print"]))
    with station_errors(settings), click.progressbar(cards, label="Setting cards", file=sys.stderr) as bar:
        printed = sheets(bar, office or settings.station.name, _now())
        write_private(out, printed.pdf)
    click.echo(f"{len(cards)} cards are in {out}; print at 100 %, then delete it or lock it away", err=True)
    for note in (*notes, *printed.lacking):
        click.echo(note, err=True)
    if notes or printed.lacking:
        raise click.exceptions.Exit(1)


def _cards(settings: Settings, directory: Directory, codes: dict[str, str]) -> tuple[list[Card], list[str]]:
    """Cards by name, and a sentence for each that is not printed or not whole."""
    revoked = {badge.token_sha256 for badge in directory.badges if badge.state is BadgeState.REVOKED}
    people = {person.id: person for person in directory.people}
    cards: list[Card] = []
    notes: list[str] = []
    for person_id, code in codes.items():
        token = badge_token(code)
        if person_id not in people:
            notes.append(f"{person_id}: not printed, nobody here has that id")
        elif token is None or token_sha256(token) in revoked:
            notes.append(f"{person_id}: not printed, this badge was revoked")
        else:
            cards.append(_card(settings, people[person_id], code, notes))
    return sorted(cards, key=lambda card: card.name.casefold()), notes


def _card(settings: Settings, person: Person, code: str, notes: list[str]) -> Card:
    photo = settings.photos / f"{person.photo}.jpg"
    if person.photo and not photo.is_file():
        notes.append(f"{person.id}: printed without photo, which is not in {settings.photos} (yet)")
    return Card(person.name, person.unit, code, photo.read_bytes() if person.photo and photo.is_file() else None)


@badges.command()
@click.option("--person", "person_id", metavar="ID", help="Every badge of this person.")
@click.option("--code", help="The badge with this code, as a scanner reads it.")
@click.option("--token-hash", help="The badge with this hash, as `badges list` shows it.")
@click.option("--json", "as_json", is_flag=True, help="Print each revoked hash as one JSON object a line.")
@station_options
def revoke(settings: Settings, person_id: str | None, code: str | None, token_hash: str | None, as_json: bool) -> None:
    """Make badges invalid at this station, at once."""
    given = [each for each in (person_id, code, token_hash) if each is not None]
    if len(given) != 1:
        raise WrongCall("say which badge, by one of --person ID, --code CODE or --token-hash HASH")
    directory = known(settings)
    if person_id is not None:
        hashes = active_badges(directory.badges).get(person_id, ())
    else:
        hashes = _one_badge(directory, _hash_of(code) if code is not None else str(token_hash).lower())
    if not hashes:
        raise fail("there is no such badge in force here; see `gapura badges list`")
    outcome = submit(settings, DirectoryChange(revoke=list(hashes)), {})
    for each in hashes if as_json else ():
        _print_json({"token_sha256": each, "state": str(BadgeState.REVOKED)})
    click.echo(f"{len(hashes)} badges revoked", err=True)
    _say_outcome(outcome)


def _hash_of(code: str) -> str:
    token = badge_token(code)
    if token is None:
        raise WrongCall("that is no badge code: G1 and 26 letters and digits")
    return token_sha256(token)


def _one_badge(directory: Directory, token_hash: str) -> tuple[str, ...]:
    return tuple(
        badge.token_sha256 for badge in directory.badges if badge.token_sha256 == token_hash and badge.state is BadgeState.ACTIVE
    )


@badges.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a badge.")
@station_options
def list_(settings: Settings, as_json: bool) -> None:
    """Every badge this station knows, revoked ones too. Codes are not among it: nobody has them but the badge."""
    directory = known(settings)
    names = {person.id: person.name for person in directory.people}
    for badge in directory.badges:
        if as_json:
            click.echo(msgspec.json.encode(badge))
        else:
            cells = [
                badge.person_id,
                names.get(badge.person_id, "-"),
                str(badge.state),
                badge.valid_until or "-",
                badge.token_sha256,
            ]
            click.echo("\t".join(cells))
    if not directory.badges:
        click.echo("no badges yet; make some with `gapura badges issue --all --out DIR`", err=True)


def _now() -> datetime:
    return SystemClock().now().wall


def _say_outcome(outcome: Submitted) -> None:
    if outcome is Submitted.QUEUED:
        click.echo(QUEUED_NOTE, err=True)


def _print_json(value: dict[str, object]) -> None:
    click.echo(msgspec.json.encode(value))
