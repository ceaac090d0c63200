"""What guards decided and saw: who closed which hold, steps seen or not, badges reported, and whether they measure by hand."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kiosk.core.inputs import Decision
from kiosk.store import directory
from kiosk.store.arrivals import mark_hold
from kiosk.store.projection import Projection
from sync.clock import utc_datetime, utc_text
from sync.journal import Entry
from sync.protocol.events import Kind

TABLES = ("decisions", "steps_seen", "door_modes")
SCHEMA = (
    "CREATE TABLE decisions (hold_id TEXT PRIMARY KEY, tap_id TEXT NOT NULL, person_id TEXT, decision TEXT NOT NULL,"
    " by_whom TEXT NOT NULL, at TEXT NOT NULL, clock_state TEXT NOT NULL, boot_id TEXT NOT NULL, mono_ns INTEGER NOT NULL,"
    " epoch TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE steps_seen (tap_id TEXT NOT NULL, step TEXT NOT NULL, state TEXT NOT NULL, by_whom TEXT NOT NULL,"
    " epoch TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (tap_id, step)) WITHOUT ROWID",
    "CREATE TABLE door_modes (name TEXT PRIMARY KEY, is_on INTEGER NOT NULL, by_whom TEXT NOT NULL, at TEXT NOT NULL,"
    " epoch TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID",
)
HAND_THERMOMETER = "hand_thermometer"
BLOCKING = ("lost", "shared")
"""`what` of a `badge.reported` that makes its badges worth nothing from that moment."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Who closed a hold, how and when. `by` is the guard's id."""

    hold_id: str
    tap_id: str
    person_id: str | None
    decision: str
    by: str
    at: datetime
    trusted: bool
    boot_id: str
    mono_ns: int


def decided(db: sqlite3.Connection, hold_id: str) -> Decided | None:
    """What a guard decided about that hold; None where none did, or it is open again."""
    row = db.execute(f"SELECT {_DECIDED} FROM decisions WHERE hold_id = ?", (hold_id,)).fetchone()
    return None if row is None else _decided(row)


def decided_since(db: sqlite3.Connection, boot_id: str, mono_ns: int) -> list[Decided]:
    """What guards decided in this boot since then (monotonic), newest first."""
    query = f"SELECT {_DECIDED} FROM decisions WHERE boot_id = ? AND mono_ns >= ? ORDER BY mono_ns DESC"
    return [_decided(row) for row in db.execute(query, (boot_id, mono_ns))]


def steps(db: sqlite3.Connection, tap_ids: list[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """What guards saw of these taps' owners: (step, state) by tap."""
    marks = ", ".join("?" * len(tap_ids))
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for tap_id, step, state in db.execute(
        f"SELECT tap_id, step, state FROM steps_seen WHERE tap_id IN ({marks}) ORDER BY tap_id, step DESC", tap_ids
    ):
        found[tap_id] = (*found.get(tap_id, ()), (step, state))
    return found


def by_hand(db: sqlite3.Connection) -> bool:
    """True while guards measure and the sensor is not asked."""
    return db.execute("SELECT 1 FROM door_modes WHERE name = ? AND is_on", (HAND_THERMOMETER,)).fetchone() is not None


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what the rows up to and with `through` of `epoch` said. That somebody measures by hand stays until a guard ends it."""
    for table in ("decisions", "steps_seen"):
        db.execute(f"DELETE FROM {table} WHERE epoch = ? AND seq <= ?", (epoch, through))


def forget_before(db: sqlite3.Connection, now: datetime, keep_days: int) -> None:
    """Drop what no screen shows any more: old decisions, steps of forgotten arrivals. The journal keeps the facts."""
    db.execute("DELETE FROM decisions WHERE at < ?", (utc_text(now - timedelta(days=keep_days)),))
    db.execute("DELETE FROM steps_seen WHERE tap_id NOT IN (SELECT tap_id FROM arrivals)")


_DECIDED = "hold_id, tap_id, person_id, decision, by_whom, at, clock_state = 'synced', boot_id, mono_ns"
_GUARDS_WORDS = frozenset(Decision)


def _decided(row: tuple[Any, ...]) -> Decided:
    values = dict(zip(Decided.__slots__, row, strict=True))
    return Decided(**{**values, "at": utc_datetime(values["at"]), "trusted": bool(values["trusted"])})


def _closed(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    if payload.get("by") is None or payload.get("decision") not in _GUARDS_WORDS:
        return
    r = entry.record
    what = (payload["hold_id"], payload["tap_id"], payload.get("person_id"), payload["decision"], str(payload["by"]))
    when = (r.claimed_at, r.clock_state, r.boot_id, r.mono_ns, r.epoch, r.seq)
    db.execute("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*what, *when))


def _reopened(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:  # noqa: ARG001  # one signature for all
    db.execute("DELETE FROM decisions WHERE hold_id = ?", (payload["hold_id"],))


def _step(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    seen = (payload.get("tap_id"), payload.get("step"), payload.get("state"), str(payload.get("by")))
    if all(isinstance(each, str) for each in seen):
        db.execute("INSERT OR REPLACE INTO steps_seen VALUES (?, ?, ?, ?, ?, ?)", (*seen, entry.record.epoch, entry.record.seq))


def _reported(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:  # noqa: ARG001
    if payload.get("what") in BLOCKING:
        directory.revoke_here(db, [each for each in payload.get("token_sha256", []) if isinstance(each, str)])
    elif payload.get("what") == "not_the_person":
        mark_hold(db, str(payload.get("tap_id")), "not_the_person")


def _noted(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    if payload.get("what") == HAND_THERMOMETER:
        r = entry.record
        values = (HAND_THERMOMETER, int(payload.get("on") is True), str(payload.get("by")), r.claimed_at, r.epoch, r.seq)
        db.execute("INSERT OR REPLACE INTO door_modes VALUES (?, ?, ?, ?, ?, ?)", values)


PROJECTION = Projection(
    TABLES,
    {
        Kind.HOLD_CLOSED: _closed,
        Kind.HOLD_REOPENED: _reopened,
        Kind.SCREENING_STEP: _step,
        Kind.BADGE_REPORTED: _reported,
        Kind.GUARD_NOTED: _noted,
    },
)
