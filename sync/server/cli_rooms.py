"""`gapura central rooms`: rooms that hold a limited number of people, at doors that report to this server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sync.protocol.rooms import Counts, PassKind, Room
from sync.server.cli_options import JSON, database_options, now, opened_store
from sync.server.errors import BadRooms
from sync.server.settings import Settings
from sync.wrong_call import wrong_file

if TYPE_CHECKING:
    from sync.server.rooms import RoomRow, SiteDoor

_Number = click.IntRange(min=1)

EXAMPLE = """\
[[room]]
id = "baca"                   # five letters at most if visits go to SLiMS
name = "Ruang Baca"
name_en = "Reading Room"
max_people = 10
doors = ["Pintu A", "Pintu B"]  # by name or id, as `gapura central devices list` has them
max_minutes = 120             # a polite reminder after that; leave out for none
closes_at = "15:30"
pass_kind = "card"            # card, screen or paper
asks_satisfaction = false     # true: whoever leaves is asked how it was, by one tap and without a name

[[door]]                      # leave out for a letter that is free
device_id = "Pintu A"         # by name or id
letter = "A"                  # begins every number this door gives out

[[service]]                   # all services of the site, in the place of those before
id = "berkas"
name = "Penyerahan berkas"
mode = "drop_off"
"""


@click.group()
def rooms() -> None:
    """Rooms that hold a limited number of people."""


def _rules(command: Any) -> Any:
    """The options that say how a room is, each in the name of its field."""
    for option in reversed(
        (
            click.option("--name", help="Its name on screens."),
            click.option("--name-en", help="Its name in English."),
            click.option("--max-people", type=_Number, help="How many people it holds."),
            click.option("--door", "doors", multiple=True, metavar="DEVICE", help="A door, by id or name; repeat for each."),
            click.option("--counts", type=click.Choice(list(map(str, Counts))), help="Who takes up a place."),
            click.option("--pass-kind", type=click.Choice(list(map(str, PassKind))), help="What visitors carry."),
            click.option("--max-minutes", type=click.IntRange(min=0), help="A reminder after so long; 0 for none."),
            click.option("--leave-minutes", type=_Number, help="How long a place is kept for who goes away for a while."),
            click.option("--call-timeout-s", type=_Number, help="How long a number that is called has."),
            click.option("--priority-call-timeout-s", type=_Number, help="The same, for those with priority."),
            click.option("--closes-at", metavar="HH:MM", help="When it closes, local time."),
            click.option("--asks-satisfaction/--no-asks-satisfaction", default=None, help="Ask whoever leaves how it was."),
        )
    ):
        command = option(command)
    return command


@rooms.command("add")
@click.argument("room_id")
@_rules
@database_options
def add(settings: Settings, room_id: str, **given: Any) -> None:
    """Add the room ROOM_ID: small letters, digits and hyphens. All its places are free, so nobody should be inside now."""
    if not given["max_people"] or not given["doors"]:
        raise click.UsageError("a room needs --max-people and at least one --door")
    with opened_store(settings) as store:
        if any(row.room.id == room_id for row in store.rooms.all()):
            raise click.ClickException(f"there is a room {room_id}; `gapura central rooms set {room_id}` changes it")
        room = Room(id=room_id, name=given["name"] or room_id, max_people=given["max_people"])
        _put(store, _changed(room, given))


@rooms.command("set")
@click.argument("room_id")
@_rules
@database_options
def set_(settings: Settings, room_id: str, **given: Any) -> None:
    """Change what is given of ROOM_ID. A lower limit puts nobody out; doors are given whole, in the place of those before."""
    with opened_store(settings) as store:
        row = next((row for row in store.rooms.all() if row.room.id == room_id), None)
        if row is None:
            raise click.ClickException(f"no room {room_id}; `gapura central rooms list` names them")
        _put(store, _changed(row.room, given))


@rooms.command()
def example() -> None:
    """Print a file to begin with; put the names of your doors in."""
    click.echo(EXAMPLE, nl=False)


@rooms.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@database_options
def import_(settings: Settings, file: Path, dry_run: bool) -> None:
    """Take the rooms, services, letters of doors and cards of FILE, TOML or JSON, all of one site.

    Rooms of FILE are added or changed, others stay. Services and cards of the site are replaced, where FILE has any.
    """
    from sync.server.room_setup import RoomSetup, read_setup

    with _named_faults(file), opened_store(settings) as store:
        setup = read_setup(file.read_bytes(), is_json=file.suffix.lower() == ".json")
        what = f"{len(setup.rooms)} rooms, {len(setup.services or ())} services, {len(setup.cards or ())} cards"
        if dry_run:
            RoomSetup(store.database).check(setup)
            click.echo(f"{file} is in order: {what}. Nothing was changed.", err=True)
            return
        for row in RoomSetup(store.database).put(setup, now=now().claimed_at):
            _tell_excess(row)
    click.echo(f"Set: {what}.", err=True)


@rooms.command("remove")
@click.argument("room_id")
@database_options
def remove(settings: Settings, room_id: str) -> None:
    """Forget ROOM_ID, with who is in it."""
    from sync.server.room_setup import RoomSetup

    with opened_store(settings) as store:
        room = RoomSetup(store.database).remove(room_id)
    click.echo(f"Room {room.id} ({room.name}) is removed. What doors reported of it stays.", err=True)


@rooms.command("list")
@JSON
@database_options
def list_(settings: Settings, as_json: bool) -> None:
    """What is in each room, as far as this server has heard."""
    from sync.server.room_setup import RoomSetup

    with opened_store(settings) as store:
        found, doors, letters = store.rooms.all(), store.rooms.doors(), RoomSetup(store.database).letters()
    for row in found:
        told = _told(row, doors, letters)
        click.echo(json.dumps(told) if as_json else _line(told))
    if not found and not as_json:
        click.echo("No rooms yet; `gapura central rooms add ID --max-people N --door DEVICE` makes one.", err=True)


@contextmanager
def _named_faults(file: Path) -> Iterator[None]:
    """What is wrong with a file is said with its name, and where there is a good one."""
    try:
        yield
    except BadRooms as exc:
        raise wrong_file(file, str(exc).splitlines(), "gapura central rooms example") from exc


def _changed(room: Room, given: dict[str, Any]) -> Room:
    changes = {name: value for name, value in given.items() if value is not None and value != ()}
    if "max_minutes" in changes:
        changes["max_minutes"] = changes["max_minutes"] or None
    return msgspec.convert(msgspec.to_builtins(room) | changes, Room)


def _put(store: Any, room: Room) -> None:
    from sync.server.room_setup import RoomSetup, Setup

    (row,) = RoomSetup(store.database).put(Setup(rooms=(room,)), now=now().claimed_at)
    click.echo(f"Room {row.room.id} ({row.room.name}) holds {row.room.max_people}.", err=True)
    _tell_excess(row)


def _tell_excess(row: "RoomRow") -> None:
    from sync.server.room_ledger import inside

    excess = inside(row.ledger) - row.room.max_people
    if excess > 0:
        click.echo(
            f"Room {row.room.id}: {inside(row.ledger)} are inside, melebihi {excess}. Nobody is sent out; places come free again "
            "when enough have left.",
            err=True,
        )


def _told(row: "RoomRow", doors: "dict[str, SiteDoor]", letters: dict[str, str]) -> dict[str, Any]:
    from dataclasses import asdict

    from sync.server.room_ledger import needs_count, places

    books = row.ledger.doors
    at_doors = [
        {
            "device_id": name,
            "name": doors[name].name if name in doors else name,
            "letter": letters.get(name, ""),
            "is_door": name in row.room.doors,
            "held": book.held,
            "inside": sum(visit.people for visit in row.ledger.visits.values() if visit.home == name),
            "waiting": book.waiting,
            "heard_at": doors[name].heard_at if name in doors else None,
            "revoked": doors[name].revoked if name in doors else True,
        }
        for name, book in books.items()
    ]
    at_doors.sort(key=lambda door: (not door["is_door"], len(str(door["letter"])), door["letter"], door["device_id"]))
    return {
        "room_id": row.room.id,
        "name": row.room.name,
        "site": row.site,
        "max_people": row.room.max_people,
        "waiting": sum(book.waiting for book in books.values()),
        **asdict(places(row.ledger)),
        "needs_count": needs_count(row.ledger),
        "doors": at_doors,
    }


def _line(told: dict[str, Any]) -> str:
    excess = told["inside"] - told["max_people"]
    over = f", melebihi {excess}" if excess > 0 else ""
    doors = ", ".join(f"{door['letter'] or '-'} {door['name']}" for door in told["doors"] if door["is_door"])
    count = f"; {told['stranded']} tied up: count heads" if told["needs_count"] else ""
    inside, limit, waiting, free = told["inside"], told["max_people"], told["waiting"], told["free"]
    return f"{told['room_id']:<8} {inside}/{limit}{over}, {waiting} waiting, {free} free{count}  {told['name']}  ({doors})"
