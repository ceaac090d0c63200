"""What the first page shows of rooms: how many are inside each, who waits, and by which door. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.protocol.rooms import Room
from sync.server.overview import DoorLine
from sync.server.room_ledger import Ledger, places
from sync.server.rooms import RoomRow


@dataclass(frozen=True, slots=True)
class AtDoor:
    """A door of a room: people inside who came in there, places that it may give, people who wait there, and its contact."""

    line: DoorLine
    inside: int
    places: int
    waiting: int


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room. `over_by` is above zero after an override or a lowered limit; `tied_up` places only a head count frees."""

    room: Room
    inside: int
    over_by: int
    waiting: int
    tied_up: int
    doors: tuple[AtDoor, ...]


def room_lines(rooms: Sequence[RoomRow], doors: Sequence[DoorLine]) -> list[RoomLine]:
    """The rooms as they are, as far as was heard, with their doors and those that still have a part in them."""
    by_id = {line.device.id: line for line in doors}
    return [_line(row, by_id) for row in rooms]


def _line(row: RoomRow, doors: Mapping[str, DoorLine]) -> RoomLine:
    sums, books = places(row.ledger), row.ledger.doors
    names = [*row.room.doors, *(name for name in sorted(books) if name not in row.room.doors)]
    at_doors = [_at_door(row.ledger, name, doors[name]) for name in names if name in doors]
    return RoomLine(
        room=row.room,
        inside=sums.inside,
        over_by=max(0, sums.inside - row.room.max_people),
        waiting=sum(each.waiting for each in at_doors),
        tied_up=sums.stranded,
        doors=tuple(each for each in at_doors if each.line.device.id in row.room.doors or each.inside or each.places),
    )


def _at_door(ledger: Ledger, device_id: str, line: DoorLine) -> AtDoor:
    book = ledger.door(device_id)
    inside = sum(visit.people for visit in ledger.visits.values() if visit.home == device_id)
    return AtDoor(line, inside, max(0, book.held), book.waiting)
