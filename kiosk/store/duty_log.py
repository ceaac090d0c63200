"""Evacuations with their roll-call, the duty log, handovers and overrides: what guards answer for, for the pages that show it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.core.presence_rule import Instant
from kiosk.store.projection import Projection
from sync.clock import utc_datetime
from sync.journal import Entry
from sync.protocol.events import Kind

TABLES = ("evacuations", "evacuation_marks", "duty_log")


@dataclass(frozen=True, slots=True)
class Evacuation:
    """One that was started."""

    evacuation_id: str
    at: Instant
    by: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody's newest tick in a roll-call. `position` grows with every tick."""

    person_id: str
    state: str
    by: str
    position: int


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the duty log. `kind` tells a note from a handover or an override; `other` is who took over."""

    position: int
    note_id: str
    kind: str
    at: datetime
    trusted: bool
    by: str
    other: str | None
    text: str
    follows: str | None


def newest_evacuation(db: sqlite3.Connection) -> Evacuation | None:
    """The one that was started last."""
    row = db.execute(
        "SELECT evacuation_id, at, mono_ns, boot_id, clock_state, by_whom FROM evacuations ORDER BY position DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    return Evacuation(row[0], Instant(utc_datetime(row[1]), row[2], row[3], row[4] == "synced"), row[5])


def marks(db: sqlite3.Connection, evacuation_id: str) -> dict[str, Mark]:
    """The newest tick of each person in that roll-call."""
    rows = db.execute(
        "SELECT person_id, state, by_whom, position FROM evacuation_marks WHERE evacuation_id = ?", (evacuation_id,)
    )
    return {row[0]: Mark(*row) for row in rows}


def log_rows(db: sqlite3.Connection, *, before: int | None = None, limit: int = 100, words: str = "") -> list[LogRow]:
    """The newest lines before the position `before`, newest first; those that hold `words`, in any case, if given."""
    found = db.execute(
        "SELECT position, note_id, kind, at, clock_state = 'synced', by_whom, other, text, follows FROM duty_log"
        " WHERE position < ? ORDER BY position DESC",
        (before if before is not None else 1 << 62,),
    )
    wanted, rows = words.casefold(), []
    for row in found:
        if wanted in row[7].casefold():
            rows.append(LogRow(row[0], row[1], row[2], utc_datetime(row[3]), bool(row[4]), *row[5:]))
        if len(rows) == limit:
            break
    return rows


def log_row(db: sqlite3.Connection, note_id: str) -> LogRow | None:
    """The line of that id."""
    row = db.execute("SELECT position FROM duty_log WHERE note_id = ?", (note_id,)).fetchone()
    return next(iter(log_rows(db, before=row[0] + 1, limit=1)), None) if row is not None else None


def last_handover(db: sqlite3.Connection) -> LogRow | None:
    """The newest handover."""
    row = db.execute("SELECT note_id FROM duty_log WHERE kind = ? ORDER BY position DESC LIMIT 1", (Kind.GUARD_HANDED_OVER,))
    found = row.fetchone()
    return None if found is None else log_row(db, found[0])


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what was journaled up to and with the row `through` of `epoch`."""
    for table in TABLES:
        db.execute(f"DELETE FROM {table} WHERE epoch = ? AND seq <= ?", (epoch, through))


def _started(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    r = entry.record
    values = (payload["evacuation_id"], entry.position, r.epoch, r.seq, r.claimed_at, r.clock_state, r.boot_id, r.mono_ns)
    db.execute("INSERT OR REPLACE INTO evacuations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, str(payload.get("by"))))


def _marked(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    values = (payload["evacuation_id"], payload["person_id"], payload["state"], str(payload.get("by")))
    where = (entry.position, entry.record.epoch, entry.record.seq)
    db.execute("INSERT OR REPLACE INTO evacuation_marks VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, *where))


def _noted(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    if "what" in payload:
        return  # something that was switched, and no note
    _write(db, entry, payload.get("note_id"), payload.get("by"), None, payload.get("text"), payload.get("follows"))


def _handed_over(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    _write(db, entry, None, payload.get("from"), payload.get("to"), payload.get("note"), None)


def _overridden(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    _write(db, entry, None, payload.get("by"), None, payload.get("note"), None)


def _write(db: sqlite3.Connection, entry: Entry, note_id: Any, by: Any, other: Any, text: Any, follows: Any) -> None:
    r = entry.record
    where = (entry.position, note_id or r.id, r.epoch, r.seq, r.kind, r.claimed_at, r.clock_state)
    db.execute("INSERT INTO duty_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*where, str(by), other, text or "", follows))


PROJECTION = Projection(
    TABLES,
    {
        Kind.EVACUATION_STARTED: _started,
        Kind.EVACUATION_MARKED: _marked,
        Kind.GUARD_NOTED: _noted,
        Kind.GUARD_HANDED_OVER: _handed_over,
        Kind.ROOM_OVERRIDDEN: _overridden,
    },
)
