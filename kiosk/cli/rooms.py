"""`gapura rooms`: the rooms of a station that needs no server for them."""

import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec

from kiosk.cli.entries import QUEUED_NOTE, WrongCall, station_errors, submit
from kiosk.cli.options import station_options
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.settings import Settings
from kiosk.store import room_books, room_documents
from kiosk.store.database import open_reader
from sync.protocol.room_faults import faults
from sync.protocol.rooms import Room, RoomsDocument

EXAMPLE = """\
letter = "A"                  # begins every number this door gives out

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


class RoomsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file of rooms and services, as `gapura rooms example` prints one."""

    letter: str = "A"
    room: list[dict[str, Any]] = []
    service: list[dict[str, Any]] = []


@click.group()
def rooms() -> None:
    """The rooms of this station, for an office without a central server."""


@rooms.command()
def example() -> None:
    """Print a file to begin with."""
    click.echo(EXAMPLE, nl=False)


@rooms.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@station_options
def import_(settings: Settings, file: Path, dry_run: bool) -> None:
    """Take the rooms and services of FILE in the place of those before.

    Set a room up while nobody is in it: all its places are free at first. A lower limit puts nobody out; places come free as
    people leave.
    """
    document = read_file(file)
    _refuse_shared(settings, document)
    click.echo(f"{len(document.rooms)} rooms and {len(document.services)} services are in order", err=True)
    if dry_run:
        return
    if submit(settings, DirectoryChange(rooms=document), {}) is Submitted.QUEUED:
        click.echo(QUEUED_NOTE, err=True)


@rooms.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a room.")
@station_options
def list_(settings: Settings, as_json: bool) -> None:
    """What rooms this station has, and how many people are in them by visits that began here."""
    for room, inside, usable in _rooms(settings):
        if as_json:
            told = {"room_id": room.id, "name": room.name, "max_people": room.max_people, "inside": inside, "usable": usable}
            click.echo(msgspec.json.encode(told).decode())
        else:
            click.echo(f"{room.id:<8} {inside:>3}/{room.max_people:<3} {usable:>3} usable here   {room.name}")


def read_file(file: Path) -> RoomsDocument:
    """The document in a TOML file.

    Raises:
        WrongCall: naming what is wrong and where.
    """
    try:
        told = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), RoomsFile)
        document = msgspec.convert(
            {"doors": [{"device_id": "", "name": "", "letter": told.letter}], "rooms": told.room, "services": told.service},
            RoomsDocument,
        )
    except OSError as exc:
        raise WrongCall(f"{file}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as exc:
        raise WrongCall(f"{file}: {exc}; gapura rooms example prints a good one") from exc
    wrong = next(faults(document), None)
    if wrong is not None:
        raise WrongCall(f"{file}: {wrong}")
    return document


def _refuse_shared(settings: Settings, document: RoomsDocument) -> None:
    """A room has one keeper of its places: the server's stay the server's."""
    if not settings.database.exists():
        return
    with station_errors(settings), closing(open_reader(settings.database)) as db:
        known = room_documents.read(db)
    shared = {room.id for room in known.rooms} - known.local
    taken = next((room.id for room in document.rooms if room.id in shared), None)
    if taken is not None:
        raise WrongCall(f"room {taken} comes from the central server; change it there or use another id")


def _rooms(settings: Settings) -> list[tuple[Room, int, int]]:
    if not settings.database.exists():
        return []
    with station_errors(settings), closing(open_reader(settings.database)) as db:
        books = [(room, room_books.load(db, room.id)) for room in room_documents.read(db).rooms]
    return [(room, book.inside, book.account.usable) for room, book in books]
