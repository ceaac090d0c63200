"""How a room stands, put so that the desk's screen can draw it: one word for its state, and lists cut into pages."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from typing import Generic, TypeVar

from kiosk.services.room_views import DoorRow, RoomsView, RoomView, TicketRow, VisitRow

T = TypeVar("T")
VISITS_A_PAGE, TICKETS_A_PAGE = 40, 10
CLOSING_SOON_MIN = 30
MARK_CHARS = 12
_NUMBER = re.compile(r"([a-z]?)\s*0*([0-9]{1,6})")


class Standing(StrEnum):
    """The state of a room at this door. Each has words, `desk.is.<state>`, a colour and a shape."""

    FREE = "free"
    FULL = "full"
    KEPT = "kept"
    """Every place that is left is kept for a number that was called."""
    NONE_HERE = "none_here"
    """Places are left, but not at this door."""
    OVER = "over"


LOOKS: dict[Standing, tuple[str, str]] = {
    Standing.FREE: ("good", "tick"),
    Standing.FULL: ("wait", "hourglass"),
    Standing.KEPT: ("wait", "again"),
    Standing.NONE_HERE: ("off", "question"),
    Standing.OVER: ("attention", "hand"),
}
"""Tone and shape of each state: they differ in both."""


class CountReason(StrEnum):
    """Why somebody should count heads. Each has a sentence, `desk.count_why.<reason>`."""

    TIED_UP = "tied_up"
    LONG_STAYS = "long_stays"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list: page `number` of `pages`, from 1; `total` rows in all."""

    rows: tuple[T, ...]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What one browser looks at: a room, and pages of its two lists."""

    room_id: str = ""
    visits_page: int = 1
    queue_page: int = 1


def standing(room: RoomView) -> Standing:
    """The one word for a room."""
    if room.over_by > 0:
        return Standing.OVER
    if room.inside >= room.room.max_people:
        return Standing.FULL
    if room.places_left > 0:
        return Standing.FREE
    return Standing.KEPT if room.reserved > 0 else Standing.NONE_HERE


def count_reason(room: RoomView) -> CountReason:
    """Why a head count is asked for."""
    if out_of_reach(room):
        return CountReason.TIED_UP
    return CountReason.LONG_STAYS if any(each.over_by_min is not None for each in room.visits) else CountReason.OTHER


def out_of_reach(room: RoomView) -> int:
    """Places that nobody can use now: their cards are missing, or a door that is not heard of holds them."""
    return room.tied_up + sum(door.held for door in silent_doors(room))


def silent_doors(room: RoomView) -> tuple[DoorRow, ...]:
    """The other doors that hold places and are not heard of now."""
    return tuple(door for door in room.doors if not door.connected and door.held > 0)


def closes_soon(room: RoomView) -> bool:
    """True in the last half hour before the room closes."""
    return room.closing_in_min is not None and room.closing_in_min <= CLOSING_SOON_MIN


def doors_to_shut(room: RoomView) -> tuple[str, ...]:
    """The other doors by name, each to be confirmed shut before a head count; one "" where nobody knows which they are."""
    return tuple(each.name for each in room.doors) or (() if room.is_lone else ("",))


def chosen(view: RoomsView, room_id: str) -> RoomView | None:
    """The room of that id, the first one for no id or an unknown one; None where there are no rooms."""
    return view.room(room_id) or next(iter(view.rooms), None)


def part(rows: Sequence[T], number: int, length: int) -> Page[T]:
    """One page of rows. A number beyond the end gives the last page."""
    pages = max(1, ceil(len(rows) / length))
    number = min(max(1, number), pages)
    return Page(tuple(rows[(number - 1) * length : number * length]), number, pages, len(rows))


def by_need(visits: Sequence[VisitRow]) -> tuple[VisitRow, ...]:
    """Those who stay too long first, the longest before the others; then everybody in the order given."""
    late = sorted((each for each in visits if each.over_by_min is not None), key=lambda each: -(each.over_by_min or 0))
    return (*late, *(each for each in visits if each.over_by_min is None))


def without_seconds(rows: Sequence[TicketRow]) -> tuple[TicketRow, ...]:
    """Rows as they compare while only their countdowns run: browsers count by themselves."""
    return tuple(replace(each, call_left_s=None if each.call_left_s is None else 0) for each in rows)


def find_visits(room: RoomView, typed: str) -> list[VisitRow]:
    """The visits that somebody means by a card's number, a number of the queue, or a part of a name."""
    wanted = typed.strip().casefold()
    if not wanted:
        return []
    return [each for each in room.visits if _means(wanted, each.number, each.card, each.name) or _is_label(wanted, each.label)]


def find_tickets(room: RoomView, typed: str) -> list[TicketRow]:
    """The waiting numbers that somebody means, as `find_visits`."""
    wanted = typed.strip().casefold()
    return [each for each in (*room.called, *room.queue) if _means(wanted, each.number, None, each.name)] if wanted else []


def _is_label(wanted: str, label: str) -> bool:
    """Visits without card and number are called "#0412"."""
    return label.startswith("#") and wanted in (label, label[1:])


def _means(wanted: str, number: str | None, card: int | None, name: str) -> bool:
    typed = _NUMBER.fullmatch(wanted)
    if typed is None:
        return wanted in name.casefold()
    if card is not None and not typed[1] and int(typed[2]) == card:
        return True
    own = _NUMBER.fullmatch(number.casefold()) if number else None
    return own is not None and own[2] == typed[2] and typed[1] in ("", own[1])


def mark_of(visit_id: str) -> str:
    """A short name of a visit for a form with hundreds of them: the end of its id, which is random."""
    return visit_id[-MARK_CHARS:]


def list_mark(room: RoomView) -> str:
    """Changes when anybody comes in or leaves: what was counted on another list does not count."""
    ids = "\n".join(sorted(each.visit_id for each in room.visits))
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def counted_people(room: RoomView, kept: Sequence[str], others: int) -> int:
    """How many people are inside when exactly the visits `kept` are, and `others` people besides."""
    return sum(each.people for each in room.visits if each.visit_id in set(kept)) + others
