"""What a desk keeps a list of beside the visits: files that were dropped off, opening checklists, and the counts of each day."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.store.projection import Projection
from sync.clock import utc_datetime
from sync.journal import Entry
from sync.protocol.events import Kind

TABLES = ("drop_offs", "checklists", "room_days")
SCHEMA = (
    "CREATE TABLE drop_offs (receipt TEXT PRIMARY KEY, count INTEGER NOT NULL, service_id TEXT NOT NULL, day TEXT NOT NULL,"
    " received_at TEXT NOT NULL, accepted_at TEXT, by_whom TEXT NOT NULL, name TEXT NOT NULL, epoch TEXT NOT NULL,"
    " seq INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE checklists (room_id TEXT, day TEXT, done_at TEXT NOT NULL, by_whom TEXT NOT NULL, missing TEXT NOT NULL,"
    " PRIMARY KEY (room_id, day)) WITHOUT ROWID",
    "CREATE TABLE room_days (room_id TEXT, day TEXT, entered INTEGER NOT NULL, departed INTEGER NOT NULL,"
    " waited INTEGER NOT NULL, priority INTEGER NOT NULL, overrides INTEGER NOT NULL, longest_wait_s INTEGER,"
    " PRIMARY KEY (room_id, day)) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class DropOffRow:
    """A file that was handed over under the number `receipt`."""

    receipt: str
    service_id: str
    received_at: datetime
    accepted_at: datetime | None
    by: str
    name: str


@dataclass(frozen=True, slots=True)
class Day:
    """Visitors of one room on one day at this door, counted as the statistics count them: without staff, where they are known.

    `left` are those whose end came to pass here, not those of whom this door only heard from the server. A card of a visit that
    is not known here is one who left: how many came with it, only the statistics of the server can tell.
    """

    entered: int = 0
    left: int = 0
    waited: int = 0
    priority: int = 0
    overrides: int = 0
    longest_wait_s: int | None = None


def next_count(db: sqlite3.Connection, epoch: str, series: str) -> int:
    """The count of the next receipt of a series ("A-K7PX"): beyond all that this epoch gave, and all of that series, from 1."""
    query = "SELECT coalesce(max(count), 0) FROM drop_offs WHERE epoch = ? OR substr(receipt, 1, ?) = ?"
    (last,) = db.execute(query, (epoch, len(series) + 1, f"{series}-")).fetchone()
    return int(last) + 1


def is_open(db: sqlite3.Connection, receipt: str) -> bool:
    """True for a file that was dropped off and not accepted yet."""
    query = "SELECT 1 FROM drop_offs WHERE receipt = ? AND accepted_at IS NULL"
    return db.execute(query, (receipt,)).fetchone() is not None


def drop_offs(db: sqlite3.Connection, day: str) -> list[DropOffRow]:
    """Files dropped off on that day or not accepted yet, oldest first."""
    rows = db.execute(
        "SELECT receipt, service_id, received_at, accepted_at, by_whom, name FROM drop_offs WHERE day = ? OR accepted_at IS NULL"
        " ORDER BY count",
        (day,),
    )
    return [DropOffRow(a, b, utc_datetime(c), None if d is None else utc_datetime(d), e, f) for a, b, c, d, e, f in rows]


def checklist(db: sqlite3.Connection, room_id: str, day: str) -> tuple[datetime, str, tuple[str, ...]] | None:
    """When and by whom the day's checklist was gone through, and what was missing; None where it was not."""
    row = db.execute("SELECT done_at, by_whom, missing FROM checklists WHERE room_id = ? AND day = ?", (room_id, day)).fetchone()
    return None if row is None else (utc_datetime(row[0]), row[1], tuple(row[2].split()))


def day(db: sqlite3.Connection, room_id: str, day: str) -> Day:
    """The counts of a room's day."""
    row = db.execute(
        "SELECT entered, departed, waited, priority, overrides, longest_wait_s FROM room_days WHERE room_id = ? AND day = ?",
        (room_id, day),
    ).fetchone()
    return Day() if row is None else Day(*row)


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop the names on files that came up to and with the row `through` of `epoch`."""
    db.execute("UPDATE drop_offs SET name = '' WHERE epoch = ? AND seq <= ?", (epoch, through))


def _received(db: sqlite3.Connection, entry: Entry, told: dict[str, Any]) -> None:
    record = entry.record
    values = (told["receipt"], told["count"], told["service_id"], told["day"], record.claimed_at, told.get("name", ""))
    db.execute(
        "INSERT OR IGNORE INTO drop_offs (receipt, count, service_id, day, received_at, by_whom, name, epoch, seq)"
        " VALUES (?, ?, ?, ?, ?, '', ?, ?, ?)",
        (*values, record.epoch, record.seq),
    )


def _accepted(db: sqlite3.Connection, entry: Entry, told: dict[str, Any]) -> None:
    done = (entry.record.claimed_at, told["by"], told["receipt"])
    db.execute("UPDATE drop_offs SET accepted_at = ?, by_whom = ? WHERE receipt = ? AND accepted_at IS NULL", done)


def _checked(db: sqlite3.Connection, entry: Entry, told: dict[str, Any]) -> None:
    values = (told["room_id"], told["day"], entry.record.claimed_at, told["by"], " ".join(told["missing"]))
    db.execute("INSERT OR REPLACE INTO checklists VALUES (?, ?, ?, ?, ?)", values)


def _entered(db: sqlite3.Connection, _: Entry, told: dict[str, Any]) -> None:
    if told.get("who") == "staff":
        return
    _add(db, told, "entered", told["people"])
    if told.get("priority"):
        _add(db, told, "priority", told["people"])
    if told.get("waited_s") is not None:
        db.execute(
            "UPDATE room_days SET longest_wait_s = max(coalesce(longest_wait_s, 0), ?) WHERE room_id = ? AND day = ?",
            (told["waited_s"], told["room_id"], told["day"]),
        )


def _left(db: sqlite3.Connection, _: Entry, told: dict[str, Any]) -> None:
    if told.get("heard") or told.get("who") == "staff":
        return
    _add(db, told, "departed", 1 if told["visit_id"] is None else told["people"])


def _waiting(db: sqlite3.Connection, _: Entry, told: dict[str, Any]) -> None:
    _add(db, told, "waited", told["people"])


def _overridden(db: sqlite3.Connection, _: Entry, told: dict[str, Any]) -> None:
    _add(db, told, "overrides", 1)


def _add(db: sqlite3.Connection, told: dict[str, Any], column: str, amount: int) -> None:
    key = (told["room_id"], told["day"])
    db.execute("INSERT OR IGNORE INTO room_days VALUES (?, ?, 0, 0, 0, 0, 0, NULL)", key)
    db.execute(f"UPDATE room_days SET {column} = {column} + ? WHERE room_id = ? AND day = ?", (amount, *key))


PROJECTION = Projection(
    TABLES,
    {
        Kind.DROPOFF_RECEIVED: _received,
        Kind.DROPOFF_ACCEPTED: _accepted,
        Kind.CHECKLIST_DONE: _checked,
        Kind.VISITOR_ENTERED: _entered,
        Kind.VISITOR_LEFT: _left,
        Kind.VISITOR_WAITING: _waiting,
        Kind.ROOM_OVERRIDDEN: _overridden,
    },
)
