"""The handover of a shift: where the journal stands, what is open, what happened, and who answers for it from now on."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.services.log_book import LONGEST, Line, LogBook, cleaned
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import directory, duty_log
from kiosk.store.arrivals import open_holds
from sync import journal
from sync.clock import utc_text
from sync.journal import Event
from sync.protocol.events import Kind

COUNTED: dict[str, tuple[str, ...]] = {
    "taps": (Kind.ATTENDANCE_TAPPED,),
    "manual": (Kind.ATTENDANCE_MANUAL,),
    "holds": (Kind.HOLD_OPENED,),
    "overrides": (Kind.VERDICT_OVERRIDE,),
    "unknown_badges": (Kind.BADGE_UNMATCHED,),
    "refused_badges": (Kind.BADGE_REFUSED,),
}
"""What a shift is counted by; the words are in the catalogs as `count.<name>`."""

HEAD_SHOWN = 6
_LOG_LINES = 8
_LONGEST_SHIFT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """A hold that goes over to the next shift. `name` is "" for a badge that nobody knows."""

    hold_id: str
    name: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class ShiftSheet:
    """What is handed over. `head` is the hash of the journal's last row, `seq` its number, `since` when the shift began."""

    made_at: datetime
    clock_trusted: bool
    head: str
    seq: int
    position: int
    since: datetime | None
    open_holds: tuple[OpenMatter, ...]
    counts: dict[str, int]
    lines: tuple[Line, ...]

    @property
    def head_shown(self) -> str:
        """The end of the head, as people write it down and compare it."""
        return self.head[-HEAD_SHOWN:].upper()


class Shift:
    """Handovers of one station."""

    def __init__(self, tools: StationTools, log_book: LogBook) -> None:
        self._tools, self._log_book = tools, log_book

    def sheet(self) -> ShiftSheet:
        """How things stand now.

        Raises:
            DatabaseError
        """
        now = self._tools.now()
        with self._tools.reading() as db:
            last = duty_log.last_handover(db)
            rows = journal.tail(db, 1)
            holds = open_holds(db)
            people = {hold.person_id: directory.person(db, hold.person_id) for hold in holds if hold.person_id}
            counts = _counts(db, last.position, None) if last is not None else _counts(db, 0, now.wall - _LONGEST_SHIFT)
        named = [(hold, people.get(hold.person_id or "")) for hold in holds]
        return ShiftSheet(
            made_at=now.wall,
            clock_trusted=self._tools.clock_is_trusted(),
            head=rows[0].record.hash if rows else "",
            seq=rows[0].record.seq if rows else 0,
            position=rows[0].position if rows else 0,
            since=None if last is None else last.at,
            open_holds=tuple(OpenMatter(hold.hold_id, who.name if who else "", hold.opened_at) for hold, who in named),
            counts=counts,
            lines=tuple(self._log_book.lines(limit=_LOG_LINES)),
        )

    def hand_over(self, giver: Guard, taker: Guard, note: str) -> ShiftSheet:
        """Journal that `taker` answers for the door from now on; both have shown their PIN. Gives what was handed over.

        Raises:
            DatabaseError, TimeoutError: it was not journaled.
        """
        sheet = self.sheet()
        payload = {
            "from": giver.id,
            "to": taker.id,
            "head": sheet.head,
            "seq": sheet.seq,
            "open_holds": [hold.hold_id for hold in sheet.open_holds],
            "counts": sheet.counts,
            "note": cleaned(note)[:LONGEST],
        }
        self._tools.journal(Event(Kind.GUARD_HANDED_OVER, payload))
        return sheet


def _counts(db: sqlite3.Connection, after: int, since: datetime | None) -> dict[str, int]:
    """How often each thing happened behind the row `after`, and not before `since`."""
    rows = db.execute(
        "SELECT kind, count(*) FROM journal WHERE position > ? AND claimed_at >= ? GROUP BY kind",
        (after, "" if since is None else utc_text(since)),
    )
    found: dict[str, int] = {str(kind): int(count) for kind, count in rows}
    return {name: sum(found.get(kind, 0) for kind in kinds) for name, kinds in COUNTED.items()}
