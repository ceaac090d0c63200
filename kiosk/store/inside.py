"""The newest entry of each person at this door, for the evacuation list; of badges that nobody knows, one a badge."""

import sqlite3
from datetime import datetime, timedelta
from typing import Any

from kiosk.core.presence_rule import Entry, Instant
from kiosk.store.projection import Projection
from sync.clock import utc_datetime, utc_text
from sync.journal import Entry as Row
from sync.protocol.events import Kind

UNKNOWN, REFUSED = "#", "!"
"""What a key begins with that is an unknown badge's hash, or the id of somebody whose badge was refused."""

_KEEP = timedelta(days=3)
_SWEEP_EVERY = 256


def newest(db: sqlite3.Connection, since: datetime) -> list[Entry]:
    """The newest entry of each key from `since` on, and all that came under a clock that could not be trusted."""
    rows = db.execute(
        "SELECT i.key, i.at, i.mono_ns, i.boot_id, i.clock_state, i.direction, i.is_manual, i.by_whom, a.verdict, a.decision"
        " FROM inside i LEFT JOIN arrivals a ON a.position = i.position WHERE i.at >= ? OR i.clock_state != 'synced'",
        (utc_text(since),),
    )
    return [
        Entry(
            key=row[0],
            at=Instant(utc_datetime(row[1]), row[2], row[3], row[4] == "synced"),
            direction=row[5],
            is_manual=bool(row[6]),
            by=row[7],
            is_admission=not row[0].startswith(REFUSED),
            verdict=row[8],
            decision=row[9],
        )
        for row in rows
    ]


def people(db: sqlite3.Connection) -> dict[str, tuple[str, str, str | None]]:
    """Name, unit and photo of everybody, by id."""
    return {row[0]: (row[1], row[2], row[3]) for row in db.execute("SELECT id, name, unit, photo FROM people")}


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop entries that came up to and with the row `through` of `epoch`."""
    db.execute("DELETE FROM inside WHERE epoch = ? AND seq <= ?", (epoch, through))


def _entered(db: sqlite3.Connection, entry: Row, payload: dict[str, Any]) -> None:
    token = payload.get("token_sha256")
    if payload.get("person_id") is not None:
        if token is not None:  # it was unknown until the directory brought it
            db.execute("DELETE FROM inside WHERE key = ?", (UNKNOWN + token,))
        _put(db, str(payload["person_id"]), entry, payload)
    _sweep(db, entry)


def _unmatched(db: sqlite3.Connection, entry: Row, payload: dict[str, Any]) -> None:
    _put(db, f"{UNKNOWN}{payload.get('token_sha256')}", entry, payload)


def _refused(db: sqlite3.Connection, entry: Row, payload: dict[str, Any]) -> None:
    if payload.get("person_id") is not None:
        _put(db, f"{REFUSED}{payload['person_id']}", entry, payload)


def _put(db: sqlite3.Connection, key: str, entry: Row, payload: dict[str, Any]) -> None:
    record, at, mono_ns = entry.record, entry.record.claimed_at, entry.record.mono_ns
    typed = payload.get("typed_time")
    if typed:
        wall = datetime.fromisoformat(str(typed))
        later = db.execute("SELECT 1 FROM inside WHERE key = ? AND at > ?", (key, utc_text(wall))).fetchone()
        if later is not None:  # what somebody types of this morning does not undo what was seen since
            return
        mono_ns -= int((utc_datetime(at) - wall).total_seconds() * 1e9)
        at = utc_text(wall)
    values = (
        key,
        entry.position,
        record.epoch,
        record.seq,
        at,
        record.clock_state,
        record.boot_id,
        mono_ns,
        payload.get("direction", "unstated"),
        record.kind == Kind.ATTENDANCE_MANUAL,
        payload.get("by"),
    )
    db.execute("INSERT OR REPLACE INTO inside VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _sweep(db: sqlite3.Connection, entry: Row) -> None:
    """Now and then drop what no list can show any more, by the row's own time, so that a rebuild does the same."""
    if entry.position % _SWEEP_EVERY == 0 and entry.record.clock_state == "synced":
        db.execute("DELETE FROM inside WHERE at < ?", (utc_text(utc_datetime(entry.record.claimed_at) - _KEEP),))


PROJECTION = Projection(
    ("inside",),
    {
        Kind.ATTENDANCE_TAPPED: _entered,
        Kind.ATTENDANCE_MANUAL: _entered,
        Kind.BADGE_UNMATCHED: _unmatched,
        Kind.BADGE_REFUSED: _refused,
    },
)
