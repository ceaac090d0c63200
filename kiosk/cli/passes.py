"""`gapura passes`: the numbered cards that visitors take from the box and hand in when they leave."""

import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import msgspec

from kiosk.cli.entries import QUEUED_NOTE, submit
from kiosk.cli.options import fail, station_options
from kiosk.cli.stations import is_there, reading, rooms_here, station_errors
from kiosk.core.passes import CodeKind, read_pass
from kiosk.services import pass_issue
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.services.pass_issue import NewCard
from kiosk.services.pass_sheets import PassFace, number_words, pass_sheets
from kiosk.services.private_files import write_private
from kiosk.settings import Settings
from kiosk.store import pass_cards
from kiosk.store.pass_cards import KnownCard
from kiosk.store.room_documents import DEFAULT_LETTER
from sync.clock import SystemClock
from sync.wrong_call import WrongCall

_Number = click.IntRange(1, 999)


@click.group()
def passes() -> None:
    """Make, list and retire visitors' numbered cards."""


@passes.command("print")
@click.option("--room", metavar="ID", help="The room they are for; any room of this station if not given.")
@click.option("--from", "first", type=_Number, required=True, help="The first number.")
@click.option("--to", "last", type=_Number, required=True, help="The last number.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The PDF to write.")
@click.option("--name", help="The room's name on the cards; as it is set up here, or the station's place, if not given.")
@click.option("--letter", help='Before the number: the letter of this door if not given; "" for none.')
@click.option("--office", help="The name at the top of each card; the station's name if not given.")
@click.option("--pictures", type=click.Path(path_type=Path, file_okay=False), help="A folder for each code as PNG and SVG too.")
@click.option("--replace", is_flag=True, help="Also numbers that have a card: the old one stops working at once.")
@click.option("--dry-run", is_flag=True, help="Say what would be made and retired, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as one JSON object a line; never the codes.")
@station_options
def print_(settings: Settings, first: int, last: int, replace: bool, dry_run: bool, as_json: bool, **look: Any) -> None:
    """Make cards: A4 sheets of nine with crop marks. Print at 100 %, cut, and laminate matt: gloss hides codes from cameras.

    The station keeps only each token's SHA-256, so a card cannot be printed a second time: print its number again with --replace.
    """
    sheet = _as_set_up(settings, _Sheet(**look))
    made = _made(settings, first, last, sheet.room)
    taken = [each.card.number for each in made if each.replaces]
    if dry_run:
        click.echo(
            f"{len(made)} cards would be made, and {len(taken)} old ones retired{_spelt(taken)}; nothing was changed", err=True
        )
        return
    if taken and not replace:
        raise fail(f"already with a card: {_ranges(taken)}; with --replace new ones are made and the old ones stop working")
    lacking = _write(settings, sheet, made)
    outcome = _register(settings, sheet.out, made)
    for each in made if as_json else ():
        _print_json({**msgspec.structs.asdict(each.card), "replaced": len(each.replaces)})
    click.echo(f"{len(made)} cards are in {sheet.out}; print at 100 %, then delete it or lock it away", err=True)
    for note in _notes(taken, outcome, lacking):
        click.echo(note, err=True)
    if lacking:
        raise click.exceptions.Exit(1)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """How the cards are to look, and where they go."""

    out: Path
    room: str | None
    name: str | None
    letter: str | None
    office: str | None
    pictures: Path | None


def _as_set_up(settings: Settings, sheet: _Sheet) -> _Sheet:
    """The sheet with what the station knows of the room and of itself, where nothing else was asked for."""
    if sheet.room == "":
        raise WrongCall("--room needs the id of a room; leave it out for cards that are good for every room of this station")
    rooms, device_id = rooms_here(settings)
    room = rooms.room(sheet.room or "")
    if sheet.room and room is None and rooms.rooms:
        raise fail(f"there is no room {sheet.room} here; there are: {', '.join(each.id for each in rooms.rooms)}")
    letter = rooms.letter(device_id) or DEFAULT_LETTER
    return replace(
        sheet,
        name=sheet.name or (room.name if room else sheet.room or settings.station.place),
        letter=letter if sheet.letter is None else sheet.letter,
    )


def _made(settings: Settings, first: int, last: int, room: str | None) -> list[NewCard]:
    if last < first:
        raise WrongCall("--to must not be below --from")
    return pass_issue.issue(range(first, last + 1), room, _known(settings), secrets.token_bytes)


def _notes(taken: Sequence[int], outcome: Submitted, lacking: Sequence[str]) -> Iterator[str]:
    if taken:
        yield f"{len(taken)} old cards stop working{_spelt(taken)}: take them out of the box"
    if outcome is Submitted.QUEUED:
        yield QUEUED_NOTE
    yield from lacking


def _write(settings: Settings, sheet: _Sheet, made: Sequence[NewCard]) -> tuple[str, ...]:
    """On paper before the door is told: a card that works must not exist only in a lost answer."""
    station = settings.station
    faces = [PassFace(number_words(sheet.letter or "", each.card.number), sheet.name or "", each.code) for each in made]
    with station_errors(settings), click.progressbar(faces, label="Setting cards", file=sys.stderr) as bar:
        printed = pass_sheets(bar, sheet.office or station.name, SystemClock().now().wall)
    try:
        with station_errors(settings):
            if sheet.pictures is not None:
                pass_issue.save_pictures(sheet.pictures, made)
            write_private(sheet.out, printed.pdf)
    except click.ClickException as exc:
        raise fail(f"{exc.message}; nothing was registered, and pictures that were written are of no card") from exc
    return printed.lacking


def _register(settings: Settings, out: Path, made: Sequence[NewCard]) -> Submitted:
    try:
        return submit(settings, pass_issue.change(made), {})
    except click.ClickException as exc:
        raise fail(f"{exc.message}; the cards in {out} may not be valid yet: print them again with --replace") from exc


@passes.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a card.")
@station_options
def list_(settings: Settings, as_json: bool) -> None:
    """Every card this station knows, retired ones too. Codes are not among it: nobody has them but the card."""
    cards = _known(settings)
    for card in cards:
        if as_json:
            click.echo(msgspec.json.encode(card))
        else:
            state = "in force" if card.retired_at is None else f"retired {card.retired_at}"
            click.echo("\t".join([str(card.number), card.room_id or "any room", state, card.source, card.token_sha256]))
    if not cards:
        click.echo("no cards yet; make some with `gapura passes print --from 1 --to 30 --out FILE.pdf`", err=True)


@passes.command()
@click.option("--number", "numbers", type=_Number, multiple=True, help="The card of this number; may be given again.")
@click.option("--code", help="The card with this code, as a scanner reads it.")
@click.option("--token-hash", help="The card with this hash, as `passes list` shows it.")
@click.option("--json", "as_json", is_flag=True, help="Print each retired card as one JSON object a line.")
@station_options
def retire(settings: Settings, numbers: tuple[int, ...], code: str | None, token_hash: str | None, as_json: bool) -> None:
    """Make lost cards invalid at this station, at once. Whoever is inside with one is let out by the desk."""
    if sum([bool(numbers), code is not None, token_hash is not None]) != 1:
        raise WrongCall("say which card, by one of --number N (may be given again), --code CODE or --token-hash HASH")
    if numbers:
        cards = [_of_number(settings, number) for number in dict.fromkeys(numbers)]
    else:
        cards = [_of_hash(settings, _hash_of(code) if code is not None else str(token_hash).lower())]
    outcome = submit(settings, DirectoryChange(retire_cards=[card.token_sha256 for card in cards]), {})
    for card in cards if as_json else ():
        _print_json({"number": card.number, "token_sha256": card.token_sha256, "state": "retired"})
    click.echo(f"{len(cards)} cards retired", err=True)
    _say_outcome(outcome)


def _of_number(settings: Settings, number: int) -> KnownCard:
    cards = pass_issue.in_force(_known(settings)).get(number, ())
    if not cards:
        raise fail(f"no card {number} is in force here; see `gapura passes list`")
    if len(cards) > 1:
        raise fail(
            f"{len(cards)} cards {number} are in force, of several doors; name one by --token-hash from `gapura passes list`"
        )
    return cards[0]


def _of_hash(settings: Settings, token_sha256: str) -> KnownCard:
    for card in _known(settings):
        if card.token_sha256 == token_sha256 and card.retired_at is None:
            return card
    raise fail("there is no such card in force here; see `gapura passes list`")


def _hash_of(code: str) -> str:
    found = read_pass(code)
    if found is None or found.kind is not CodeKind.CARD:
        raise WrongCall("that is no card's code: V1C and 26 letters and digits")
    return found.token_sha256


def _known(settings: Settings) -> list[KnownCard]:
    """The cards as they are on this station; none while it has no database, or one that was not written to yet."""
    if not is_there(settings):
        return []
    with reading(settings) as db:
        return pass_cards.everyone(db)


def _spelt(numbers: Sequence[int]) -> str:
    return f" ({_ranges(numbers)})" if numbers else ""


def _ranges(numbers: Sequence[int]) -> str:
    """ "1-3, 7": ascending numbers as people write them."""
    runs = [list(run) for _, run in groupby(numbers, key=lambda number: number - numbers.index(number))]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _say_outcome(outcome: Submitted) -> None:
    if outcome is Submitted.QUEUED:
        click.echo(QUEUED_NOTE, err=True)


def _print_json(value: dict[str, object]) -> None:
    click.echo(msgspec.json.encode(value))
