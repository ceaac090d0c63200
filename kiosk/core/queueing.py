"""The queue of one room at one door: whose turn it is. Pure.

Priority first, then first come, first served; a group that does not fit yet is not overtaken, but one that is larger than the
room holds by now holds nobody up: the desk decides about it. Who was called and did not come keeps the turn once: somebody else
is called first, then the same number again, and after that it is out of the queue.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from kiosk.core.presence_rule import Instant, age_s
from kiosk.core.room_book import Book, Ticket
from kiosk.core.room_codes import TicketState
from sync.protocol.rooms import Room

Rank = tuple[bool, datetime]
"""Where somebody stands among those who wait at several doors: priority (False) first, then by when they took a number."""

_NUMBERS = 999


def in_order(book: Book) -> list[Ticket]:
    """Everybody with a number, next first."""
    return sorted(book.tickets.values(), key=lambda each: (not each.priority, each.order))


def lined_up(book: Book, room: Room) -> list[Ticket]:
    """Those who are there to be called, next first."""
    states = (TicketState.WAITING, TicketState.MISSED)
    return [each for each in in_order(book) if each.state in states and each.people <= room.max_people]


def is_anyone_waiting(book: Book, room: Room) -> bool:
    """True if a newcomer has to queue behind somebody who is there to be called."""
    return bool(lined_up(book, room))


def next_ticket(book: Book, room: Room) -> Ticket | None:
    """Whose turn it is, whether there is a place or not."""
    line = lined_up(book, room)
    waiting = [each for each in line if each.state is TicketState.WAITING]
    missed = [each for each in line if each.state is TicketState.MISSED]
    ripe = [each for each in missed if each.missed_at is None or book.calls > each.missed_at or not waiting]
    return min((*ripe, *waiting), key=lambda each: (not each.priority, each.order), default=None)


def next_to_call(book: Book, room: Room, free: int, others: Rank | None) -> Ticket | None:
    """Whom to call now: the next one if the places suffice, unless it is others' turn."""
    ticket = next_ticket(book, room)
    if ticket is None or ticket.people > free or is_others_turn(book, room, others):
        return None
    return ticket


def is_others_turn(book: Book, room: Room, others: Rank | None) -> bool:
    """True if the first of those who wait at other doors comes before everybody who waits here to be called.

    Everybody, not only whoever is next here: the server does not know whose call was missed, and it sends a place for the one who
    has waited longest. A door that gave that place back would get it again, for ever.
    """
    waiting = lined_up(book, room)
    return others is not None and all(others < (not each.priority, each.taken.wall) for each in waiting)


def last_called(book: Book) -> Ticket | None:
    """Who was called last and has not come in yet."""
    called = [each for each in in_order(book) if each.state is TicketState.CALLED]
    return called[-1] if called else None


def call(room: Room, ticket: Ticket, *, calls: int, is_paused: bool = False) -> dict[str, Any]:
    """The payload of a call of that number."""
    timeout_s = room.priority_call_timeout_s if ticket.priority else room.call_timeout_s
    return {"ticket_id": ticket.id, "number": ticket.number, "calls": calls, "timeout_s": None if is_paused else timeout_s}


def overdue(book: Book, room: Room, now: Instant) -> Iterator[tuple[str, str, bool]]:
    """Numbers whose time ran out, as (ticket, reason, whether they are out of the queue)."""
    for each in book.tickets.values():
        if each.state is TicketState.CALLED and each.timeout_s is not None and has_passed(each.called, each.timeout_s, now):
            yield each.id, "timeout", each.missed_at is not None
        elif each.state is TicketState.AWAY and has_passed(each.away, room.leave_minutes * 60, now):
            yield each.id, "gone", True


def untimed(book: Book, now: Instant) -> Iterator[Ticket]:
    """Numbers that were called or are away since before a restart with a wrong clock: nobody can tell for how long."""
    for each in book.tickets.values():
        since = each.called if each.state is TicketState.CALLED else each.away if each.state is TicketState.AWAY else None
        is_paused = each.state is TicketState.CALLED and each.timeout_s is None
        if since is not None and not is_paused and age_s(since, now) is None:
            yield each


def has_passed(since: Instant | None, seconds: float, now: Instant) -> bool:
    """True if it is at least that long ago, by the clock that can be trusted for it. What cannot be known has not passed."""
    ago_s = None if since is None else age_s(since, now)
    return ago_s is not None and ago_s >= seconds


def next_number(books: Iterable[Book], letter: str, day: str) -> tuple[int, str]:
    """The next number, as a count and as it is called ("A 017"), over `books` of all rooms of this door.

    It begins anew on another day, but not while anybody waits or is inside with a number.
    """
    count = max((book.last_number for book in books if _goes_on(book, day)), default=0) + 1
    return count, f"{letter} {(count - 1) % _NUMBERS + 1:03d}"


def _goes_on(book: Book, day: str) -> bool:
    return book.last_day == day or bool(book.tickets) or any(visit.number is not None for visit in book.visits.values())
