"""Visits at all doors, from what they reported: figures of days, names of rooms and doors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, select

from sync.clock import SyncState, utc_text
from sync.protocol.rooms import Room
from sync.satisfaction import MISSED, READ, Tally
from sync.server.database import Database
from sync.server.schema import datings, devices, events, rooms
from sync.server.today import moment, payload_fields
from sync.visit_figures import Span, Statistics, statistics
from sync.visits import VisitorEvent, visits_of

_AROUND = timedelta(hours=36)
"""So much before and after the days is read too: visits that began the evening before, and ends that came later."""

_PAGE = 1000
_KINDS = tuple(str(kind) for kind in READ)
_COLUMNS = tuple(events.c[name] for name in ("kind", "claimed_at", "clock_state", "device_id", "payload", "received_at"))
_DATED = events.outerjoin(
    datings,
    and_(datings.c.device_id == events.c.device_id, datings.c.epoch == events.c.epoch, datings.c.seq == events.c.seq),
)


@dataclass(frozen=True, slots=True)
class Report:
    """Figures, and from which day on they are whole: None for all of the days. Before it, doors sent rows without payloads."""

    found: Statistics
    complete_from: date | None


class VisitReports:
    """Questions about visits to `database`; every answer is one consistent view."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, span: Span, room_id: str | None = None) -> Report:
        """The figures of these days, of every door.

        Raises:
            StoreUnavailable
        """
        with self._database.reading() as connection:
            reading = _Reading(connection, span)
            tally = Tally(span.holds, room_id)
            found = statistics(visits_of(tally.watching(reading.events())), span, room_id)
        erased = reading.erased
        return Report(replace(found, satisfaction=tally.found()), None if erased is None else erased + timedelta(days=1))

    def rooms(self) -> dict[str, Room]:
        """The rooms that are set up, by id.

        Raises:
            StoreUnavailable
        """
        with self._database.reading() as connection:
            found = connection.execute(select(rooms.c.id, rooms.c.config).order_by(rooms.c.id)).all()
        return {row.id: msgspec.json.decode(row.config, type=Room) for row in found}

    def doors(self) -> dict[str, str]:
        """The name of every door that was ever known, by id.

        Raises:
            StoreUnavailable
        """
        with self._database.reading() as connection:
            return {row.id: row.name for row in connection.execute(select(devices.c.id, devices.c.name))}


class _Reading:
    """Rows around the days of `span`, and the last of these days of which a payload is gone."""

    def __init__(self, connection: Connection, span: Span) -> None:
        self._connection, self._span = connection, span
        self._begin, self._end = span.begins(span.first), span.begins(span.last + timedelta(days=1))
        self.erased: date | None = None

    def events(self) -> Iterator[VisitorEvent]:
        begin, end = utc_text(self._begin - _AROUND), utc_text(self._end + _AROUND)
        certain = (events.c.claimed_at >= begin, events.c.claimed_at < end, events.c.clock_state == SyncState.SYNCED)
        for row in self._rows(*certain):
            if row.payload is not None:
                yield self._event(row)
            elif row.kind in MISSED:
                self._note_erased(moment(row.claimed_at))
        # While a door's clock is not trusted its day is unknown: then it is the day on which the server heard of it, or the
        # server's own estimate.
        uncertain = (events.c.received_at >= begin, events.c.received_at < end, events.c.clock_state != SyncState.SYNCED)
        for row in self._rows(*uncertain):
            yield self._event(row)

    def _rows(self, *where: Any) -> Iterator[Row[*tuple[Any, ...]]]:
        query = select(*_COLUMNS, datings.c.dated_at).select_from(_DATED).where(events.c.kind.in_(_KINDS), *where)
        yield from self._connection.execution_options(yield_per=_PAGE).execute(query)

    def _event(self, row: Row[*tuple[Any, ...]]) -> VisitorEvent:
        in_span = any(self._holds(moment(each)) for each in (row.received_at, row.dated_at))
        return VisitorEvent(row.kind, payload_fields(row.payload), row.claimed_at, row.clock_state, row.device_id, in_span)

    def _holds(self, at: datetime | None) -> bool:
        return at is not None and self._begin <= at < self._end

    def _note_erased(self, at: datetime | None) -> None:
        if at is not None and self._holds(at):
            day = self._span.day_of(at)
            self.erased = max(day, self.erased or day)
