"""What the public display says of a room: its colour, shape and word, and the numbers visitors look for. Pure; no names."""

from dataclasses import dataclass
from datetime import time

from kiosk.services.room_views import RoomsView, RoomView, TicketRow, TicketState, VisitRow

ROOMS_A_PAGE = 4
PAGE_S = 12
"""More rooms than fit are shown in turn, so long each."""
CLOSING_SOON_MIN = 30
NARROW = 5
"""Letters and digits of a number as most doors give them: "A 017"."""
_CALLED, _NEXT, _NEXT_WIDE, _BEFORE, _MISSED, _OVER = 4, 3, 2, 3, 3, 3
"""How many numbers of each kind are written out."""


@dataclass(frozen=True, slots=True)
class Face:
    """How a room looks from far away: `tone` a colour class, `shape` a drawing, `word` and `advice` msgids (or "")."""

    tone: str
    shape: str
    word: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A number that may go in now. `key` changes when it is called again."""

    key: str
    number: str


@dataclass(frozen=True, slots=True)
class Board:
    """A room as it is drawn. `more_called` and `waiting` count numbers, not people; `over_more` counts visits that are not named;
    `over` are visits whose time is up.
    """

    name: str
    name_en: str
    face: Face
    left: int
    inside: int
    max_people: int
    over_by: int
    called: tuple[Call, ...]
    more_called: int
    next: tuple[TicketRow, ...]
    waiting: int
    before: tuple[str, ...]
    missed: tuple[str, ...]
    over: tuple[VisitRow, ...]
    over_more: int
    closing_in_min: int | None
    is_closed: bool


def is_closed(room: RoomView, local: time | None) -> bool:
    """Whether it is past closing time, and nobody waits or is called any more: a room that goes on for them is not closed.

    `local` is None where the clock cannot be trusted: then nobody is told so.
    """
    if local is None or room.room.closes_at is None or room.called or _in_line(room):
        return False
    return local >= time.fromisoformat(room.room.closes_at)


def face(room: RoomView, local: time | None) -> Face:
    """Closed, over, full, wait or come in: the first of them that holds. Over and full are one word, FULL, and two looks, as at
    the desk.
    """
    if is_closed(room, local):
        return Face("tone-off", "shut", "display.closed")
    if room.over_by > 0:
        return Face("tone-attention", "hand", "display.full", "display.take_number")
    if room.inside >= room.room.max_people:
        return Face("tone-wait", "hourglass", "display.full", "display.take_number")
    if room.places_left <= 0 or _in_line(room):
        return Face("tone-wait", "again", "display.wait", "display.take_number")
    return Face("tone-good", "tick", "display.come_in")


def board(room: RoomView, local: time | None) -> Board:
    """Everything that is drawn of one room."""
    called = [Call(f"{each.ticket_id}:{each.calls}", each.number) for each in room.called]
    waiting = _in_line(room)
    over = [each for each in room.visits if each.over_by_min is not None and _has_number(each)]
    is_soon = room.closing_in_min is not None and room.closing_in_min <= CLOSING_SOON_MIN
    return Board(
        name=room.room.name,
        name_en=room.room.name_en,
        face=face(room, local),
        left=max(0, room.places_left),
        inside=room.inside,
        max_people=room.room.max_people,
        over_by=room.over_by,
        called=tuple(called[:_CALLED]),
        more_called=len(called[_CALLED:]),
        next=tuple(waiting[: _NEXT_WIDE if waiting and len(waiting[0].number) > NARROW else _NEXT]),
        waiting=len(waiting),
        before=called_before(room),
        missed=tuple(each.number for each in room.queue if each.state is TicketState.MISSED)[:_MISSED],
        over=tuple(over[:_OVER]),
        over_more=len(over[_OVER:]),
        closing_in_min=room.closing_in_min if is_soon else None,
        is_closed=is_closed(room, local),
    )


def called_before(room: RoomView) -> tuple[str, ...]:
    """The numbers that went in last, newest first: known from who is inside, so a restart does not forget them."""
    came = sorted((each for each in room.visits if each.number), key=lambda each: each.since, reverse=True)
    return tuple(each.number for each in came if each.number)[:_BEFORE]


def chosen(view: RoomsView, wanted: frozenset[str]) -> tuple[RoomView, ...]:
    """The rooms of these ids, in the door's order; all of them if none is asked for."""
    return tuple(each for each in view.rooms if not wanted or each.room.id in wanted)


def pages(count: int) -> int:
    """How many pages so many rooms fill."""
    return max(1, -(-count // ROOMS_A_PAGE))


def on_page(rooms: tuple[RoomView, ...], at_s: int) -> tuple[int, tuple[RoomView, ...]]:
    """Which page is shown at that second, and its rooms."""
    page = at_s // PAGE_S % pages(len(rooms))
    return page, rooms[page * ROOMS_A_PAGE : (page + 1) * ROOMS_A_PAGE]


def _in_line(room: RoomView) -> list[TicketRow]:
    return [each for each in room.queue if each.state is TicketState.WAITING]


def _has_number(visit: VisitRow) -> bool:
    return not visit.is_staff and (visit.card is not None or bool(visit.number))
