"""Each person's taps and typed entries of the last weeks: for people to see their own, and guards before typing more."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kiosk.store.projection import Projection
from sync.clock import utc_datetime, utc_text
from sync.journal import Entry
from sync.protocol.events import Kind

KEPT_DAYS = 35
_COLUMNS = "position, tap_id, person_id, at, clock_state, epoch, seq, kind, direction, source, by, reason, note, typed"


@dataclass(frozen=True, slots=True)
class Attendance:
    """One entry. `at` is when it was, and where somebody `typed` the time what they typed; `source` is "badge" or "manual".

    `by` is the guard's id, `reason` and `note` are theirs: all None for a tap.
    """

    position: int
    tap_id: str
    person_id: str
    at: datetime
    clock_trusted: bool
    epoch: str
    seq: int
    kind: str
    direction: str
    source: str
    by: str | None
    reason: str | None
    note: str | None
    typed: bool


def of_person(db: sqlite3.Connection, person_id: str, start: datetime, end: datetime) -> list[Attendance]:
    """That person's entries from `start` to before `end`, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM presence WHERE person_id = ? AND at >= ? AND at < ? ORDER BY at, position",
        (person_id, utc_text(start), utc_text(end)),
    )
    return [_attendance(row) for row in rows]


def typed_by(db: sqlite3.Connection, tap_ids: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Of (tap id, person id) pairs, the name of the guard who typed the entry, by tap id; taps are left out."""
    rows = [
        db.execute(
            "SELECT tap_id, coalesce(guards.name, by) FROM presence LEFT JOIN guards ON guards.id = by"
            " WHERE person_id = ? AND tap_id = ? AND by IS NOT NULL",
            (person_id, tap_id),
        ).fetchone()
        for tap_id, person_id in tap_ids
    ]
    return dict(row for row in rows if row is not None)


def forget_before(db: sqlite3.Connection, now: datetime, keep_days: int = KEPT_DAYS) -> None:
    """Drop what nobody is shown any more. The journal keeps the facts."""
    db.execute("DELETE FROM presence WHERE at < ?", (utc_text(now - timedelta(days=keep_days)),))


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what came from the rows up to `through` of `epoch`, whose payloads are erased."""
    db.execute("DELETE FROM presence WHERE epoch = ? AND seq <= ?", (epoch, through))


def _attendance(row: tuple[Any, ...]) -> Attendance:
    values = dict(zip(Attendance.__slots__, row, strict=True))
    values |= {"at": utc_datetime(row[3]), "clock_trusted": row[4] == "synced", "typed": bool(values["typed"])}
    return Attendance(**values)


def _came(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    record, person_id = entry.record, payload.get("person_id")
    if person_id is None:
        return
    typed = payload.get("typed_time")
    values = (
        entry.position,
        payload.get("tap_id", record.id),
        person_id,
        utc_text(datetime.fromisoformat(typed)) if typed else record.claimed_at,
        record.clock_state,
        record.epoch,
        record.seq,
        record.kind,
        payload.get("direction", "unstated"),
        payload.get("source", "manual" if record.kind == Kind.ATTENDANCE_MANUAL else "badge"),
        payload.get("by"),
        payload.get("reason"),
        payload.get("note") or None,
        int(bool(typed)),
    )
    db.execute(f"INSERT INTO presence ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


PROJECTION = Projection(("presence",), {Kind.ATTENDANCE_TAPPED: _came, Kind.ATTENDANCE_MANUAL: _came})
