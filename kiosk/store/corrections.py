"""Corrections that people asked for, and what became of each."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kiosk.store.projection import Projection
from sync.clock import utc_datetime, utc_text
from sync.journal import Entry
from sync.protocol.events import Kind

KEPT_DAYS = 65
"""Those that are decided: the days that can be asked about, and as many to see the answer."""
_COLUMNS = "correction_id, person_id, what, date, time, note, asked_at, epoch, seq, decision, decided_by, decided_at, answer"


@dataclass(frozen=True, slots=True)
class Correction:
    """One request. `date` (YYYY-MM-DD) and `time` (HH.MM) are local, as typed; `decision` is "approve", "reject" or None."""

    correction_id: str
    person_id: str
    what: str
    date: str
    time: str
    note: str
    asked_at: datetime
    epoch: str
    seq: int
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None


def one(db: sqlite3.Connection, correction_id: str) -> Correction | None:
    """The request of that id."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM corrections WHERE correction_id = ?", (correction_id,)).fetchall()
    return _correction(rows[0]) if rows else None


def open_ones(db: sqlite3.Connection) -> list[Correction]:
    """Those nobody has decided, oldest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM corrections WHERE decision IS NULL ORDER BY asked_at, seq")
    return [_correction(row) for row in rows]


def decided_ones(db: sqlite3.Connection, limit: int) -> list[Correction]:
    """The newest decided ones, newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM corrections WHERE decision IS NOT NULL ORDER BY decided_at DESC, seq DESC LIMIT ?", (limit,)
    )
    return [_correction(row) for row in rows]


def of_person(db: sqlite3.Connection, person_id: str) -> list[Correction]:
    """That person's, newest first."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM corrections WHERE person_id = ? ORDER BY asked_at DESC, seq DESC", (person_id,))
    return [_correction(row) for row in rows]


def forget_before(db: sqlite3.Connection, now: datetime, keep_days: int = KEPT_DAYS) -> None:
    """Drop decided ones that nobody is shown any more. Open ones wait for somebody."""
    db.execute("DELETE FROM corrections WHERE decided_at < ?", (utc_text(now - timedelta(days=keep_days)),))


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what came from the rows up to `through` of `epoch`, whose payloads are erased."""
    db.execute("DELETE FROM corrections WHERE epoch = ? AND seq <= ?", (epoch, through))


def _correction(row: tuple[Any, ...]) -> Correction:
    values = dict(zip(Correction.__slots__, row, strict=True))
    decided_at = values["decided_at"]
    values |= {"asked_at": utc_datetime(values["asked_at"]), "decided_at": decided_at and utc_datetime(decided_at)}
    return Correction(**values)


def _requested(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    record = entry.record
    values = [payload[each] for each in ("correction_id", "person_id", "what", "date", "time", "note")]
    db.execute(
        f"INSERT OR IGNORE INTO corrections ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)",
        (*values, record.claimed_at, record.epoch, record.seq),
    )


def _decided(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    db.execute(
        "UPDATE corrections SET decision = ?, decided_by = ?, decided_at = ?, answer = ?"
        " WHERE correction_id = ? AND decision IS NULL",
        (payload["decision"], payload["by"], entry.record.claimed_at, payload.get("note", ""), payload["correction_id"]),
    )


PROJECTION = Projection(("corrections",), {Kind.CORRECTION_REQUESTED: _requested, Kind.CORRECTION_DECIDED: _decided})
