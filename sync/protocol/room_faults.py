"""What is wrong with a document about rooms, beyond its form. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations

from sync.protocol.rooms import Counts, Room, RoomsDocument, Service, ServiceMode

_ID = re.compile(r"[a-z0-9-]{1,40}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LETTER = re.compile(r"[A-Z]{1,2}")
_MOST_PEOPLE = 5000
_LONGEST_NAME = 80


def faults(document: RoomsDocument) -> Iterator[str]:
    """One sentence a fault, naming the entry; nothing for a document that is in order."""
    yield from _twice("room", (each.id for each in document.rooms))
    yield from _twice("service", (each.id for each in document.services))
    yield from _twice("door letter", (each.letter for each in document.doors))
    for door in document.doors:
        if not _LETTER.fullmatch(door.letter):
            of_whom = f"door {door.device_id}: " if door.device_id else ""
            yield f'{of_whom}letter "{door.letter}" must be one or two capital letters'
    for room in document.rooms:
        yield from (f"room {room.id}: {each}" for each in _room_faults(room))
    yield from staff_counted_twice(document.rooms)
    known = {room.id for room in document.rooms}
    for service in document.services:
        yield from (f"service {service.id}: {each}" for each in _service_faults(service, known))


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{what} {name} is listed {times} times"


def staff_counted_twice(rooms: Sequence[Room]) -> Iterator[str]:
    """One sentence for each two rooms in which one badge, shown once at the door they share, would take a place."""
    counting = [room for room in rooms if room.counts is Counts.EVERYONE]
    for one, other in combinations(counting, 2):
        # Without doors a room is that of the one station that holds the document, whose every room is at the same door.
        if not one.doors or not other.doors or set(one.doors) & set(other.doors):
            yield (
                f"rooms {one.id} and {other.id} both count everyone at the same door, where one badge would take a place in "
                'each: set counts = "visitors" for one of them, or give each a kiosk of its own'
            )


def _room_faults(room: Room) -> Iterator[str]:
    if not _ID.fullmatch(room.id):
        yield "id must be 1 to 40 small letters, digits or hyphens"
    if not 0 < len(room.name) <= _LONGEST_NAME:
        yield f"name must have 1 to {_LONGEST_NAME} characters"
    if not 1 <= room.max_people <= _MOST_PEOPLE:
        yield f"max_people must be 1 to {_MOST_PEOPLE}"
    for name in ("max_minutes", "leave_minutes", "call_timeout_s", "priority_call_timeout_s"):
        value = getattr(room, name)
        if value is not None and value < 1:
            yield f"{name} must be at least 1"
    if room.closes_at is not None and not _TIME.fullmatch(room.closes_at):
        yield f'closes_at "{room.closes_at}" must be a time such as "15:30"'


def _service_faults(service: Service, rooms: set[str]) -> Iterator[str]:
    if not _ID.fullmatch(service.id):
        yield "id must be 1 to 40 small letters, digits or hyphens"
    if not 0 < len(service.name) <= _LONGEST_NAME:
        yield f"name must have 1 to {_LONGEST_NAME} characters"
    yield from _date_faults(service)
    if service.room is not None and service.room not in rooms:
        yield f"its room {service.room} is not listed"
    if service.mode is ServiceMode.ONLINE_ONLY and not service.url:
        yield "online_only needs a url"
    if service.quota is not None and service.quota < 1:
        yield "quota must be at least 1"


def _date_faults(service: Service) -> Iterator[str]:
    wrong = [
        f'{name} "{value}"' for name, value in (("from", service.from_date), ("until", service.until)) if not _is_date(value)
    ]
    yield from (f'{each} must be a date of the calendar such as "2020-04-09"' for each in wrong)
    if not wrong and service.from_date and service.until and service.from_date > service.until:
        yield f'from "{service.from_date}" is after until "{service.until}", so it would never hold'


def _is_date(value: str | None) -> bool:
    """True for a day that is, as YYYY-MM-DD, and for None: open."""
    if value is None:
        return True
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    # It also takes "20200409" and "2020-W15-4", which do not sort beside the others.
    return _DATE.fullmatch(value) is not None
