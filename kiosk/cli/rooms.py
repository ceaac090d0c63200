"""`gapura rooms`: the rooms of a station that needs no server for them."""

import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec

from kiosk.cli.entries import QUEUED_NOTE, submit
from kiosk.cli.options import fail, station_options
from kiosk.cli.stations import is_there, reading, rooms_here
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.settings import Settings
from kiosk.store import room_books, room_documents
from kiosk.store.room_documents import RoomsHere
from sync.protocol.room_entries import entries
from sync.protocol.room_faults import faults, staff_counted_twice
from sync.protocol.rooms import Door, Room, RoomsDocument, Service
from sync.wrong_call import WrongCall, wrong_file

EXAMPLE = """\
# letter = "A"                # begins every number; each kiosk of the office has its own, here or with import --letter

[[room]]
id = "baca"                   # five letters at most if visits go to SLiMS
name = "Ruang Baca"
name_en = "Reading Room"
max_people = 10
max_minutes = 120             # a polite reminder after that; leave out for none
closes_at = "15:30"
pass_kind = "card"            # card, screen or paper
asks_satisfaction = false     # true: whoever leaves is asked how it was, by one tap and without a name

[[service]]
id = "berkas"
name = "Penyerahan berkas"
mode = "drop_off"
"""

_GOOD = "gapura rooms example"
_NO_LETTER = (
    "this kiosk has no letter yet, which begins every number it gives out; say --letter A at the first kiosk of the office, "
    "--letter B at the second and so on, so that no two give out the same number"
)


class RoomsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file of rooms and services, as `gapura rooms example` prints one."""

    letter: str | None = None
    room: Any = msgspec.field(default_factory=list)
    service: Any = msgspec.field(default_factory=list)


@click.group()
def rooms() -> None:
    """The rooms of this station, for an office without a central server."""


@rooms.command()
def example() -> None:
    """Print a file to begin with."""
    click.echo(EXAMPLE, nl=False)


@rooms.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--letter", metavar="A", help="What this kiosk's numbers begin with; no other kiosk of the office has it.")
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@click.option("--remove-all", is_flag=True, help="Let a file without rooms remove every room.")
@station_options
def import_(settings: Settings, file: Path, letter: str | None, dry_run: bool, remove_all: bool) -> None:
    """Take the rooms and services of FILE in the place of those before.

    The letter is that of --letter, else of FILE, else the one that this kiosk has already. Set a room up while nobody is in it:
    all its places are free at first. A lower limit puts nobody out; places come free as people leave.
    """
    known, device_id = rooms_here(settings)
    document = read_file(file, letter=letter, before=known.letter(device_id))
    _refuse_shared(known, document)
    gone = ", ".join(sorted(known.local - {room.id for room in document.rooms}))
    if gone and not document.rooms and not remove_all:
        raise WrongCall(f"{file}: no rooms are in it, and these would go: {gone}; with --remove-all they do")
    click.echo(f"{len(document.rooms)} rooms and {len(document.services)} services are in order", err=True)
    if gone:
        click.echo(f"not in the file, {'would go' if dry_run else 'removed'}: {gone}", err=True)
    if dry_run:
        return
    if submit(settings, DirectoryChange(rooms=document), {}) is Submitted.QUEUED:
        click.echo(QUEUED_NOTE, err=True)


@rooms.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a room.")
@station_options
def list_(settings: Settings, as_json: bool) -> None:
    """What rooms this station has, and how many people are in them by visits that began here."""
    if not settings.database.parent.exists():
        raise fail(f"{settings.data}: no station here; give the station's --data or --config")
    found = _rooms(settings)
    for room, inside, usable in found:
        if as_json:
            told = {"room_id": room.id, "name": room.name, "max_people": room.max_people, "inside": inside, "usable": usable}
            click.echo(msgspec.json.encode(told).decode())
        else:
            click.echo(f"{room.id:<8} {inside:>3}/{room.max_people:<3} {usable:>3} usable here   {room.name}")
    if not found:
        click.echo("no rooms yet; `gapura rooms example` prints a file for `gapura rooms import`", err=True)


def read_file(file: Path, *, letter: str | None = None, before: str | None = None) -> RoomsDocument:
    """The document in a TOML file. `letter` comes before what the file says, `before` after it.

    Raises:
        WrongCall: naming what is wrong and where.
    """
    try:
        told = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), RoomsFile)
    except OSError as exc:
        raise WrongCall(f"{file}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as exc:
        raise wrong_file(file, [str(exc)], _GOOD) from exc
    chosen = next((each for each in (letter, told.letter, before) if each is not None), None)
    if chosen is None:
        raise WrongCall(f"{file}: {_NO_LETTER}")
    wrong: list[str] = []
    document = RoomsDocument(
        doors=[Door(device_id="", name="", letter=chosen)],
        rooms=list(entries(told.room, "room", Room, wrong)),
        services=list(entries(told.service, "service", Service, wrong)),
    )
    wrong = wrong or list(faults(document))
    if wrong:
        raise wrong_file(file, wrong, _GOOD)
    return document


def _refuse_shared(known: RoomsHere, document: RoomsDocument) -> None:
    """A room has one keeper of its places: the server's stay the server's. One badge counts in one room, whoever set it up."""
    shared = [room for room in known.rooms if room.id not in known.local]
    taken = {room.id for room in document.rooms} & {room.id for room in shared}
    if taken:
        raise WrongCall(f"room {min(taken)} comes from the central server; change it there or use another id")
    twice = next(staff_counted_twice([*document.rooms, *shared]), None)
    if twice is not None:
        raise WrongCall(twice)


def _rooms(settings: Settings) -> list[tuple[Room, int, int]]:
    if not is_there(settings):
        return []
    with reading(settings) as db:
        books = [(room, room_books.load(db, room.id)) for room in room_documents.read(db).rooms]
    return [(room, book.inside, book.account.usable) for room, book in books]
