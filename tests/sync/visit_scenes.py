"""What doors journal of visitors, for tests: events by the local clock of Jakarta on 10 June 2020."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.clock import utc_text
from sync.protocol.events import Kind
from sync.visit_figures import Span, Statistics, statistics
from sync.visits import VisitorEvent, visits_of

ZONE = ZoneInfo("Asia/Jakarta")
DAY = date(2020, 6, 10)


def at(clock: str, day: int = 10) -> datetime:
    """That time of the day: at("09:30")."""
    hour, minute = clock.split(":")
    return datetime(2020, 6, day, int(hour), int(minute), tzinfo=ZONE).astimezone(UTC)


def event(kind: str, clock: str, *, day: int = 10, door: str = "a", state: str = "synced", span: bool = True, **payload):
    """Something that a door journaled."""
    fields = {"room_id": "baca", "generation": "000001@", **payload}
    return VisitorEvent(kind, fields, utc_text(at(clock, day)), state, door, span)


def entered(visit: str, clock: str, people: int = 1, **more):
    told = {"visit_id": visit, "people": people, "spent": people, "who": "visitor", "priority": False}
    return event(Kind.VISITOR_ENTERED, clock, **told | more)


def named(clock: str, **said):
    """What somebody said of themselves, of a `visit_id` or a `ticket_id`: doors journal it apart, so that it can be erased."""
    return event(Kind.VISITOR_NAMED, clock, **said)


def left(visit: str | None, clock: str, how: str = "scanned", **more):
    return event(Kind.VISITOR_LEFT, clock, **{"visit_id": visit, "people": 1, "minted": 1, "how": how, "home": "a", **more})


def waiting(ticket: str, clock: str, people: int = 1, **more):
    return event(
        Kind.VISITOR_WAITING, clock, **{"ticket_id": ticket, "number": "A 001", "people": people, "priority": False, **more}
    )


def span(first: date = DAY, last: date = DAY, now: datetime | None = None) -> Span:
    return Span(first, last, ZONE, now or at("23:00"))


def figures(*events: VisitorEvent, room: str | None = None, of: Span | None = None) -> Statistics:
    """The statistics of the tenth of June."""
    return statistics(visits_of(events), of or span(), room)


def morning() -> list[VisitorEvent]:
    """Nine visits of a busy day in two rooms: scanned, freed, swept, a group, somebody of the staff, somebody who waited."""
    return [
        entered("v1", "08:05"),
        named("08:05", visit_id="v1", name="=SUM(A1)", purpose="Membaca", institution="SMA 1"),
        left("v1", "09:05"),
        entered("v2", "08:10", people=4, priority=True),
        left("v2", "08:40", people=4),
        waiting("t1", "08:15", people=2),
        named("08:15", ticket_id="t1", name="Dian", institution="SMP 2"),
        entered("v3", "08:45", people=2, ticket_id="t1", number="A 001"),
        left("v3", "10:45", "desk"),
        entered("v4", "09:00", overridden=True),
        left("v4", "16:00", "swept"),
        entered("v5", "09:10", who="staff", person_id="P1"),
        left("v5", "09:20"),
        entered("v6", "09:15", room_id="anak", door="b"),
        left("v6", "09:30", room_id="anak", door="b"),
        entered("v7", "10:00", state="never"),
        left("v7", "10:10", state="never"),
    ]


def later(days: int) -> datetime:
    return at("12:00") + timedelta(days=days)
