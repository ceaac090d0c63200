"""What the hall is told: the difference between two views of the rooms, handed to the announcer once."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.services.announcer import Announcer, Kind
from kiosk.services.room_views import RoomsView, RoomView, TicketRow, VisitRow
from kiosk.services.views import Stream

logger = logging.getLogger(__name__)

LEFT_MIN = 10
"""A visitor is reminded of the time once, when so many minutes are left."""
CLOSING_MIN = (15, 5, 0)
"""Everybody is told that a room closes when so many minutes are left."""
FRESH_S = 30
"""A call that has been running for longer is not read out: whoever it was for has heard it, or is being called again."""
_WAITS_S = 0.5
_REMEMBERED = 2000
"""So many things that were announced are not announced again: more than a day has."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something to announce. `key` names it among all there are; `number` is a ticket's, or a card's, never a name.

    `where` is a room's name, None where there is only one; `minutes` as in the announcer.
    """

    key: tuple[str, ...]
    kind: Kind
    number: str | None = None
    where: str | None = None
    minutes: int | None = None


def announcements(before: RoomsView | None, after: RoomsView) -> tuple[Due, ...]:
    """What happened between two views that the hall should hear: calls in the order of the queue, then stays, then closing.

    Nothing for a room that was not in `before`: after a restart nothing of before is read out again.
    """
    several, day = len(after.rooms) > 1, after.now.date().isoformat()
    known = [(before.room(room.room.id) if before is not None else None, room) for room in after.rooms]
    pairs = [(old, new, new.room.name if several else None) for old, new in known if old is not None]
    return (
        *(due for old, new, where in pairs for due in _calls(old, new, where)),
        *(due for old, new, _ in pairs for due in _stays(old, new)),
        *(due for old, new, where in pairs for due in _closing(old, new, where, day)),
    )


def _calls(old: RoomView, new: RoomView, where: str | None) -> Iterator[Due]:
    """Numbers that were called, or called again."""
    calls_before = {each.ticket_id: each.calls for each in (*old.queue, *old.called)}
    for ticket in new.called:
        if ticket.calls > calls_before.get(ticket.ticket_id, 0) and _is_fresh(ticket, new):
            yield Due(("call", ticket.ticket_id, str(ticket.calls)), Kind.CALL, ticket.number, where)


def _is_fresh(ticket: TicketRow, view: RoomView) -> bool:
    """Whether the call began a moment ago. A paused one does not say, and is taken for new."""
    lasts_s = view.room.priority_call_timeout_s if ticket.priority else view.room.call_timeout_s
    return ticket.call_left_s is None or lasts_s - ticket.call_left_s <= FRESH_S


def _stays(old: RoomView, new: RoomView) -> Iterator[Due]:
    """Visits of this door whose time is nearly or quite over. Who stepped out would not hear it; the desk sees it."""
    left_before = {each.visit_id: _left_min(each) for each in old.visits}
    for visit in new.visits:
        number, left_min, before_min = spoken_number(visit), _left_min(visit), left_before.get(visit.visit_id)
        if number is None or left_min is None or before_min is None or not visit.here or visit.away_left_min is not None:
            continue
        if before_min > 0 >= left_min:
            yield Due(("over", visit.visit_id), Kind.MINUTES_LEFT, number, minutes=0)
        elif before_min > LEFT_MIN >= left_min > 0:
            yield Due(("left", visit.visit_id), Kind.MINUTES_LEFT, number, minutes=left_min)


def _left_min(visit: VisitRow) -> int | None:
    """Minutes left, 0 and below once it is over; None for a visit without an end."""
    return visit.left_min if visit.over_by_min is None else -visit.over_by_min


def spoken_number(visit: VisitRow) -> str | None:
    """What somebody inside can be called by in a hall: the card's number, else the ticket's; None for staff and for neither."""
    if visit.is_staff:
        return None
    return str(visit.card) if visit.card is not None else visit.number


def _closing(old: RoomView, new: RoomView, where: str | None, day: str) -> Iterator[Due]:
    """A room that closes soon, while somebody is there to hear it."""
    left_min, before_min = new.closing_in_min, old.closing_in_min
    if left_min is None or not (new.inside or new.queue or new.called):
        return
    crossed = [each for each in CLOSING_MIN if left_min <= each and (before_min is None or before_min > each)]
    if crossed:
        yield Due(("closing", new.room.id, day, str(crossed[-1])), Kind.CLOSING, where=where, minutes=max(0, left_min))


class Calls:
    """Feeds an announcer from what `views` shows. The view of the moment it is made counts as known."""

    def __init__(self, views: Stream[RoomsView], announcer: Announcer) -> None:
        self._ear, self._announcer = views.subscribe(), announcer
        self._before = self._ear.next(0)
        self._told: dict[tuple[str, ...], None] = {}

    def step(self, timeout_s: float = _WAITS_S) -> int:
        """Wait for the next view, and announce what is new in it. Gives how many announcements that made."""
        view = self._ear.next(timeout_s)
        if view is None:
            return 0
        due = [each for each in announcements(self._before, view) if each.key not in self._told]
        self._before = view
        for each in due:
            self._told[each.key] = None
            self._announce(each)
        while len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        return len(due)

    def run(self, stop: threading.Event) -> None:
        """Announce until `stop` is set."""
        while not stop.is_set():
            self.step()
        self._ear.close()

    def _announce(self, due: Due) -> None:
        try:
            if due.kind is Kind.CALL and due.number is not None:
                self._announcer.call(due.number, due.where)
            elif due.kind is Kind.MINUTES_LEFT and due.number is not None:
                self._announcer.minutes_left(due.number, due.minutes or 0)
            else:
                self._announcer.closing(due.minutes or 0, due.where)
        except ValueError as exc:  # a number of another make: the screens show it all the same
            logger.warning("not announced: %s", exc)
