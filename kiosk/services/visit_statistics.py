"""Visit statistics of one door, read from its journal while the door goes on working."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import msgspec

from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from sync.clock import SyncState, utc_datetime, utc_text
from sync.journal import Event, last_position
from sync.protocol.events import Kind
from sync.satisfaction import MISSED, READ, Tally
from sync.visit_figures import Span, Statistics, statistics
from sync.visits import VisitorEvent, visits_of

Progress = Callable[[int, int], object]
"""Told how many rows of how many have been read."""

_PAGE = 2000
_AROUND = timedelta(hours=36)
"""So much before and after the days is read too: visits that began the evening before, and ends that came later."""

_KINDS = ", ".join(f"'{kind}'" for kind in READ)
_ROWS = (
    "SELECT position, kind, claimed_at, clock_state, device_id, payload FROM journal"
    f" WHERE position > ? AND position <= ? AND kind IN ({_KINDS}) ORDER BY position"
)


@dataclass(frozen=True, slots=True)
class Report:
    """Figures, and from which day on they are whole. `complete_from` None: all of the days; a day behind the last: none of them.

    Before it, payloads were erased because their time was up. `recorded_from` is set if the journal begins after the first day.
    """

    found: Statistics
    complete_from: date | None
    recorded_from: date | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody takes away: in which form, of which days and room ("": all), how many visits, and whether with names."""

    form: str
    first: date
    last: date
    room: str
    rows: int
    names: bool


class VisitStatistics:
    """The visit statistics of one station."""

    def __init__(self, tools: StationTools) -> None:
        self._tools = tools

    def of(self, first: date, last: date, room_id: str | None = None) -> Report:
        """The figures of local days, both included.

        Raises:
            DatabaseError
        """
        span = Span(first, last, self._tools.zone, self._tools.now().wall)
        with self._tools.reading() as db:
            return report(db, span, room_id)

    def exported(self, by: Guard, taken: Taken) -> None:
        """Journal that somebody took visits away.

        Raises:
            DatabaseError, TimeoutError
        """
        what = {"what": "visits", "format": taken.form, "rows": taken.rows, "names": taken.names, "by": by.id}
        days = {"from": taken.first.isoformat(), "to": taken.last.isoformat(), "room": taken.room or None}
        self._tools.journal(Event(Kind.EXPORT_MADE, {**what, **days}))


def report(db: sqlite3.Connection, span: Span, room_id: str | None = None, progress: Progress | None = None) -> Report:
    """The figures that the journal behind `db` tells of. It is read in pages, so that nothing waits for it.

    Raises:
        sqlite3.Error: as the connection raises it.
    """
    reading = _Reading(db, span)
    tally = Tally(span.holds, room_id)
    found = statistics(visits_of(tally.watching(reading.events(progress))), span, room_id)
    erased = reading.erased
    began = _day_of_first_row(db, span)
    return Report(
        replace(found, satisfaction=tally.found()),
        complete_from=None if erased is None else erased + timedelta(days=1),
        recorded_from=began if began is not None and began > span.first else None,
    )


@dataclass(slots=True)
class _Reading:
    """Rows around the days of `span`, and the last of these days of which a payload is gone."""

    db: sqlite3.Connection
    span: Span
    erased: date | None = field(default=None, init=False)

    def events(self, progress: Progress | None) -> Iterator[VisitorEvent]:
        first, end = self.span.begins(self.span.first), self.span.begins(self.span.last + timedelta(days=1))
        begin, stop = self._between(first - _AROUND, end + _AROUND)
        after, before = self._between(first, end)
        position = begin
        while position < stop:
            page_end = min(position + _PAGE, stop)
            for at, *row, payload in self.db.execute(_ROWS, (position, page_end)).fetchall():
                if payload is None:
                    self._note_erased(*row)
                else:
                    yield _event(*row, payload=payload, in_span=after < at <= before)
            position = page_end
            if progress is not None:
                progress(position - begin, stop - begin)

    def _between(self, first: datetime, end: datetime) -> tuple[int, int]:
        """The positions behind which, and up to which, rows may be of that time: those of an uncertain time between are too."""
        at = _first_from(self.db, utc_text(first))
        last_before = self.db.execute(
            "SELECT position FROM journal WHERE position < ? AND clock_state = 'synced' ORDER BY position DESC LIMIT 1", (at,)
        ).fetchone()
        return (0 if last_before is None else last_before[0]), _first_from(self.db, utc_text(end)) - 1

    def _note_erased(self, kind: str, claimed_at: str, clock_state: str, _device_id: str) -> None:
        day = _day(claimed_at, self.span)
        if kind in MISSED and clock_state == SyncState.SYNCED and day is not None and self.span.first <= day <= self.span.last:
            self.erased = max(day, self.erased or day)


def _first_from(db: sqlite3.Connection, time: str) -> int:
    """The position of the first row with a certain time that is not before `time`; the one behind the last row if there is none.

    There is no index by time. Certain times go up with positions, so halving finds it.
    """
    low, found = 1, last_position(db) + 1
    high = found
    while low < high:
        middle = (low + high) // 2
        row = db.execute(
            "SELECT position, claimed_at FROM journal WHERE position >= ? AND position < ? AND clock_state = 'synced'"
            " ORDER BY position LIMIT 1",
            (middle, high),
        ).fetchone()
        if row is None:
            high = middle
        elif row[1] >= time:
            found, high = row[0], middle
        else:
            low = row[0] + 1
    return int(found)


def _event(kind: str, claimed_at: str, clock_state: str, device_id: str, *, payload: str, in_span: bool) -> VisitorEvent:
    try:
        fields = msgspec.json.decode(payload, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        fields = {}
    return VisitorEvent(kind, fields, claimed_at, clock_state, device_id, in_span)


def _day(claimed_at: str, span: Span) -> date | None:
    try:
        return span.day_of(utc_datetime(claimed_at))
    except (ValueError, OverflowError):
        return None


def _day_of_first_row(db: sqlite3.Connection, span: Span) -> date | None:
    row = db.execute("SELECT claimed_at FROM journal WHERE clock_state = 'synced' ORDER BY position LIMIT 1").fetchone()
    return None if row is None else _day(row[0], span)
