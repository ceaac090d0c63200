"""Visits as plain rows of a journal, for tests of what reads them. Nothing is projected from them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from sync.clock import Moment, SyncState
from sync.journal import Event
from sync.protocol.events import Kind
from tests.kiosk.services.post import Post

Told = tuple[datetime, Kind, dict[str, object]]


def write_rows(post: Post, told: Iterable[Told], state: SyncState = SyncState.SYNCED) -> None:
    """Put plain rows into the journal, as of their times."""
    with post.database.transaction():
        for at, kind, payload in told:
            moment = Moment(at.astimezone(UTC), post.clock.mono_ns, post.clock.boot_id, state)
            post.database.journal.append(Event(kind, {"room_id": "reading", "generation": "000001@", **payload}), moment)


def local(clock: str) -> datetime:
    """A local time such as "2020-06-10 08:05"."""
    return datetime.fromisoformat(f"{clock}+07:00")


def enter(clock: str, visit: str, people: int = 1, **more: object) -> Told:
    told = {"visit_id": visit, "people": people, "spent": people, "who": "visitor", "priority": False}
    return local(clock), Kind.VISITOR_ENTERED, told | more


def introduce(clock: str, visit: str, **said: object) -> Told:
    """What a visitor said of themselves: a row of its own, as a door journals it."""
    return local(clock), Kind.VISITOR_NAMED, {"visit_id": visit, **said}


def leave(clock: str, visit: str, how: str = "scanned", **more: object) -> Told:
    return local(clock), Kind.VISITOR_LEFT, {"visit_id": visit, "people": 1, "minted": 1, "how": how, **more}


def busy_week(visits: int = 60, days: int = 3, last: str = "2020-06-10") -> list[Told]:
    """Visits of some days in the order of time, with waits, groups, guesses and overrides."""
    chance, told = Random(7), []
    for n in range(visits):
        begin = local(f"{last} 00:00") - timedelta(days=n % days) + timedelta(minutes=60 * 8 + chance.triangular(0, 220, 100))
        people = 1 if chance.random() < 0.8 else chance.randint(2, 4)
        entered: dict[str, object] = {"visit_id": f"v{n}", "people": people, "spent": people, "who": "visitor"}
        asked, subject = begin, {"visit_id": f"v{n}"}
        if chance.random() < 0.3:
            asked, subject = begin - timedelta(minutes=chance.uniform(2, 25)), {"ticket_id": f"t{n}"}
            waiting = {**subject, "number": f"A {n:03d}", "people": people, "priority": n % 9 == 0}
            told.append((asked, Kind.VISITOR_WAITING, waiting))
            entered |= {**subject, "number": f"A {n:03d}"}
        told.append((asked, Kind.VISITOR_NAMED, {**subject, "name": f"Tamu {n}"}))
        if n % 20 == 7:
            entered["overridden"] = True
        told.append((begin, Kind.VISITOR_ENTERED, entered))
        end = begin + timedelta(minutes=chance.uniform(5, 70))
        told.append((end, Kind.VISITOR_LEFT, {"visit_id": f"v{n}", "how": "swept" if n % 11 == 5 else "scanned"}))
    return sorted(told, key=lambda each: each[0])


def rate(clock: str, level: str, **more: object) -> Told:
    """Whoever has just left says how it was."""
    return local(clock), Kind.VISITOR_RATED, {"level": level, **more}
