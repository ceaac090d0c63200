"""A room as its screens show it: from this door's book of it and what the server told. Pure but for the rows it is handed."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kiosk.core import queueing, visits
from kiosk.core.presence_rule import Instant, age_s
from kiosk.core.room_book import Ticket, Visit
from kiosk.core.room_codes import TicketState
from kiosk.core.room_here import Here
from kiosk.core.waiting import Inside, Outlook, outlook
from kiosk.services.room_views import (
    Checklist,
    DoorRow,
    RoomView,
    ServiceView,
    TicketRow,
    TodayCounts,
    VisitRow,
    WaitRange,
)
from kiosk.store.desk_rows import Day
from kiosk.store.room_documents import RoomsHere
from sync.clock import utc_datetime
from sync.protocol.rooms import Elsewhere, OtherDoor, Service, ServiceMode

_CLOSING_MIN = 30


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a room's view needs beside its book. `names` are doors' names by device id."""

    door_name: str
    names: dict[str, str]
    zone: ZoneInfo
    day: Day
    checklist: tuple[datetime, str, tuple[str, ...]] | None
    is_lost: bool


def room_view(here: Here, around: Surroundings) -> RoomView:
    """That room now."""
    book, state = here.book, here.state
    rows = [_own(here, each, around) for each in book.visits.values()]
    rows += [_elsewhere(each, around, here.now) for each in visits.elsewhere(here)]
    inside = sum(row.people for row in rows)
    tickets = _tickets(here)
    doors = tuple(_door(each, around, here) for each in (() if state is None else state.doors))
    known = book.account.usable + sum(max(0, each.held) for each in doors) + (0 if state is None else max(0, state.free))
    return RoomView(
        room=here.room,
        inside=inside,
        places_left=max(0, here.free),
        usable=max(0, min(here.room.max_people - inside, known)),
        over_by=max(0, inside - here.room.max_people),
        reserved=book.reserved,
        visits=tuple(sorted(rows, key=lambda row: row.since)),
        queue=tuple(row for row in tickets if row.state is not TicketState.CALLED),
        called=tuple(row for row in tickets if row.state is TicketState.CALLED),
        doors=doors,
        checklist=Checklist(None, "", ()) if around.checklist is None else Checklist(*around.checklist),
        today=_today(around.day),
        needs_count=around.is_lost or book.is_void or _is_tied(here, inside, known) or _has_long_stays(here, inside),
        is_lone=here.is_lone,
        tied_up=book.tied_up,
        closing_in_min=closing_in_min(here.room.closes_at, here.now.wall.astimezone(around.zone)),
    )


def closing_in_min(closes_at: str | None, local: datetime) -> int | None:
    """Minutes until the room closes, within the last half hour; None at other times."""
    if closes_at is None:
        return None
    closes = datetime.combine(local.date(), time.fromisoformat(closes_at), local.tzinfo)
    left = (closes - local) / timedelta(minutes=1)
    return int(left) if 0 <= left <= _CLOSING_MIN else None


def service_view(service: Service, known: RoomsHere, today: date, entered: int) -> ServiceView:
    """A service as it is today; `entered` people came for it so far."""
    begins = service.from_date is None or service.from_date <= today.isoformat()
    ends = service.until is not None and service.until < today.isoformat()
    mode = service.mode if begins and not ends else ServiceMode.NORMAL
    quota = None if service.quota is None or mode is not ServiceMode.LIMITED else max(0, service.quota - entered)
    until = None if mode is ServiceMode.NORMAL else service.until
    return ServiceView(service, mode, until, None if service.room is None else known.room(service.room), quota)


def _is_tied(here: Here, inside: int, known: int) -> bool:
    """True where people would have to wait although there seems to be room: places are tied up that only a count can free."""
    book = here.book
    if not book.tied_up and (here.state is None or here.is_lone or not book.tickets):
        return False
    first = queueing.next_ticket(book, here.room)
    people = 1 if first is None else first.people
    return known - book.reserved < people <= here.room.max_people - inside - book.reserved


def _has_long_stays(here: Here, inside: int) -> bool:
    """True for a full room with a visitor whom nobody has seen for as long as a visit may last: they may have left."""
    if here.room.max_minutes is None or inside < here.room.max_people:
        return False
    visitors = [each.since for each in here.book.visits.values() if each.who != "staff"]
    counted, limit_s = here.book.counted, here.room.max_minutes * 60
    if counted is not None and not queueing.has_passed(counted, limit_s, here.now):
        return False
    return any(queueing.has_passed(since, limit_s, here.now) for since in visitors)


def _own(here: Here, visit: Visit, around: Surroundings) -> VisitRow:
    stay_s = age_s(visit.since, here.now)
    left, over = _limits(here.room.max_minutes, stay_s)
    return VisitRow(
        visit_id=visit.id,
        label="" if visit.who == "staff" else label_of(visit.id, visit.card, visit.number),
        card=visit.card,
        number=visit.number,
        people=visit.people,
        since=visit.since.wall,
        minutes=int((stay_s or 0) // 60),
        clock_trusted=visit.since.trusted,
        here=True,
        door=around.door_name,
        is_staff=visit.who == "staff",
        name=visit.name,
        purpose=visit.purpose,
        priority=visit.priority,
        overridden=visit.overridden,
        away_left_min=_left_min(visit.away, here.room.leave_minutes, here.now),
        left_min=left,
        over_by_min=over,
    )


def _elsewhere(visit: Elsewhere, around: Surroundings, now: Instant) -> VisitRow:
    since = utc_datetime(visit.since)
    return VisitRow(
        visit_id=visit.visit_id,
        label=label_of(visit.visit_id, visit.card, visit.number),
        card=visit.card,
        number=visit.number,
        people=visit.people,
        since=since,
        minutes=max(0, int((now.wall - since).total_seconds() // 60)),
        clock_trusted=now.trusted,
        here=False,
        door=around.names.get(visit.door, visit.door),
    )


def label_of(visit_id: str, card: int | None = None, number: str | None = None) -> str:
    """What a visit is called by: its number, its card's, else four digits of its own, such as "#0412"."""
    if number is not None or card is not None:
        return number or str(card)
    return f"#{zlib.crc32(visit_id.encode()) % 10_000:04}"


def _limits(max_minutes: int | None, stay_s: float | None) -> tuple[int | None, int | None]:
    """Minutes left of a visit, or over, of a room that limits them."""
    if max_minutes is None or stay_s is None:
        return None, None
    left = max_minutes - int(stay_s // 60)
    return (left, None) if left > 0 else (None, -left)


def _left_min(since: Instant | None, minutes: int, now: Instant) -> int | None:
    """Minutes left of a time away; 0 once it is over."""
    if since is None:
        return None
    return max(0, minutes - int((age_s(since, now) or 0) // 60))


def _tickets(here: Here) -> list[TicketRow]:
    rows, ahead, leaving = [], 0, _outlook(here) if here.book.tickets else Outlook()
    before = here.book.reserved
    for each in queueing.in_order(here.book):
        is_called = each.state is TicketState.CALLED
        found = leaving.wait_min(_places_needed(here, before + (0 if is_called else each.people)))
        rows.append(_ticket(here, each, ahead, None if found is None else WaitRange(*found)))
        if each.state is not TicketState.AWAY and each.people <= here.room.max_people:
            ahead += each.people
            before += 0 if is_called else each.people
    return rows


def _ticket(here: Here, ticket: Ticket, ahead: int, wait: WaitRange | None) -> TicketRow:
    called_s = None if ticket.called is None else age_s(ticket.called, here.now)
    runs = ticket.state is TicketState.CALLED and ticket.timeout_s is not None and called_s is not None
    return TicketRow(
        ticket_id=ticket.id,
        number=ticket.number,
        people=ticket.people,
        priority=ticket.priority,
        state=ticket.state,
        taken_at=ticket.taken.wall,
        waited_min=int((age_s(ticket.taken, here.now) or 0) // 60),
        ahead=ahead,
        wait=wait,
        calls=ticket.calls,
        call_left_s=max(0, round((ticket.timeout_s or 0) - (called_s or 0))) if runs else None,
        away_left_min=_left_min(ticket.away, here.room.leave_minutes, here.now),
        name=ticket.name,
        purpose=ticket.purpose,
    )


def ticket_row(here: Here, ticket_id: str) -> TicketRow:
    """That number as screens show it."""
    return next(row for row in _tickets(here) if row.ticket_id == ticket_id)


def _places_needed(here: Here, people: int) -> int:
    """Places that must come free before all of `people`, those who were called among them, have one. A debt is repaid first."""
    return people - here.book.account.held


def _outlook(here: Here) -> Outlook:
    inside = [Inside(each.people, age_s(each.since, here.now)) for each in here.book.visits.values()]
    inside += [Inside(each.people, _age_elsewhere_s(each, here.now)) for each in visits.elsewhere(here)]
    return outlook(inside, here.book.stays_s)


def _age_elsewhere_s(visit: Elsewhere, now: Instant) -> float | None:
    return max(0.0, (now.wall - utc_datetime(visit.since)).total_seconds()) if now.trusted else None


def _door(door: OtherDoor, around: Surroundings, here: Here) -> DoorRow:
    heard = None if door.heard_at is None else utc_datetime(door.heard_at)
    name = around.names.get(door.device_id, door.device_id)
    return DoorRow(name, door.held, door.inside, door.waiting, heard, connected=here.is_online and door.connected)


def _today(day: Day) -> TodayCounts:
    longest = None if day.longest_wait_s is None else day.longest_wait_s // 60
    return TodayCounts(day.entered, day.left, day.waited, day.priority, day.overrides, longest)


def names_of(known: RoomsHere) -> dict[str, str]:
    """Doors' names by their device id."""
    return {each.device_id: each.name for each in known.doors}


def door_ids(here: Here) -> Iterable[str]:
    """The other doors of the room."""
    return sorted(set(here.room.doors) - {here.device_id})
