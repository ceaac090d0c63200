"""The journal: one append-only, gap-free, hash-chained table. Rows are appended in the caller's transaction, so a fact and
what follows from it are committed together or not at all.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sync.clock import Moment
from sync.ids import RandomBytes, uuid7
from sync.protocol.digest import GENESIS, canonical, chain_hash, payload_digest, payload_matches, record_hash
from sync.protocol.events import Kind, Record

SALT_BYTES = 16
_PAGE = 200

SCHEMA = """
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    device_id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    claimed_at TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    mono_ns INTEGER NOT NULL,
    clock_state TEXT NOT NULL,
    place_id TEXT NOT NULL,
    directory_version INTEGER NOT NULL,
    simulated INTEGER NOT NULL,
    payload TEXT,
    salt TEXT,
    payload_digest TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
)
"""
# No index beyond the key: each one costs the card more writes than everything else in a row.

_COLUMNS = msgspec.structs.fields(Record)
_NAMES = ", ".join(f.name for f in _COLUMNS)
_TYPES = tuple({str: str, int: int, bool: bool, str | None: str | None}.get(f.type, object) for f in _COLUMNS)
_SELECT = f"SELECT position, {_NAMES} FROM journal"
_INSERT = f"INSERT INTO journal (position, {_NAMES}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose journal it is. A new `epoch` (32 hex digits) starts whenever the chain cannot go on: a new file, a restored card."""

    device_id: str
    epoch: str
    place_id: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before it has a place in the journal. `payload` is plain JSON values, no NaN."""

    kind: Kind
    payload: dict[str, Any] = field(default_factory=dict)
    id: str | None = None
    directory_version: int = 0
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal row: its place in this file (gap-free across epochs) and the record that travels."""

    position: int
    record: Record

    @property
    def payload(self) -> dict[str, Any] | None:
        """The payload's values, or None once erased."""
        raw = self.record.payload
        return None if raw is None else msgspec.json.decode(raw)


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `first_bad` is the position of the first row that does not fit, `first_bad_seq` the sequence number
    that belongs there; `head` the hash of the last row that fits.
    """

    rows: int
    ok: bool
    first_bad: int | None
    reason: str | None
    head: str
    first_bad_seq: int | None = None


class Journal:
    """Appends to the journal of one connection. Every method runs in the caller's transaction, or outside any."""

    def __init__(self, db: sqlite3.Connection, origin: Origin, random_bytes: RandomBytes) -> None:
        self._db, self.origin, self._random = db, origin, random_bytes

    def append(self, event: Event, moment: Moment) -> Entry:
        """Add `event` at the end. The row is durable when the caller's transaction is committed, and not before.

        Raises:
            ValueError: the payload holds NaN or an infinity.
            sqlite3.Error: as the connection raises it.
        """
        position, seq, prev_hash = self._next()
        payload, salt = canonical(event.payload), self._random(SALT_BYTES)
        fields: dict[str, Any] = {
            "device_id": self.origin.device_id,
            "epoch": self.origin.epoch,
            "seq": seq,
            "id": event.id or uuid7(moment.wall, self._random),
            "kind": str(event.kind),
            "claimed_at": moment.claimed_at,
            "boot_id": moment.boot_id,
            "mono_ns": moment.mono_ns,
            "clock_state": moment.clock_state,
            "place_id": self.origin.place_id,
            "directory_version": event.directory_version,
            "simulated": event.simulated,
            "payload_digest": payload_digest(salt, payload),
            "prev_hash": prev_hash,
        }
        record = Record(**fields, payload=msgspec.Raw(payload), salt=salt.hex(), hash=chain_hash(fields))
        self._db.execute(_INSERT, (position, *_row(record)))
        return Entry(position, record)

    def _next(self) -> tuple[int, int, str]:
        last = self._db.execute("SELECT position, epoch, seq, hash FROM journal ORDER BY position DESC LIMIT 1").fetchone()
        if last is None:
            return 1, 1, GENESIS
        position, epoch, seq, last_hash = last
        if epoch != self.origin.epoch:
            return position + 1, 1, GENESIS
        return position + 1, seq + 1, last_hash


def _row(record: Record) -> tuple[Any, ...]:
    values = msgspec.structs.asdict(record)
    values["payload"] = None if record.payload is None else bytes(record.payload).decode()
    return tuple(values[f.name] for f in _COLUMNS)


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip((f.name for f in _COLUMNS), row[1:], strict=True))
    if values["simulated"] in (0, 1):
        values["simulated"] = bool(values["simulated"])
    payload = values["payload"]
    if payload is not None:
        values["payload"] = msgspec.Raw(payload if isinstance(payload, bytes) else str(payload).encode(errors="replace"))
    return Entry(row[0], Record(**values))


def read(db: sqlite3.Connection, *, after: int = 0, limit: int = -1) -> Iterator[Entry]:
    """Rows behind `after` (a position), oldest first; at most `limit` of them, all if negative.

    They come in pages, so that reading a long journal holds neither the write-ahead log back nor its rows in memory.
    """
    while limit:
        page = db.execute(
            f"{_SELECT} WHERE position > ? ORDER BY position LIMIT ?", (after, min(limit, _PAGE) if limit > 0 else _PAGE)
        ).fetchall()
        if not page:
            return
        for row in page:
            yield _entry(row)
        after = page[-1][0]
        limit = limit - len(page) if limit > 0 else limit


def tail(db: sqlite3.Connection, count: int) -> list[Entry]:
    """The last `count` rows, oldest first."""
    rows = db.execute(f"{_SELECT} ORDER BY position DESC LIMIT ?", (count,)).fetchall()
    return [_entry(row) for row in reversed(rows)]


def last_position(db: sqlite3.Connection) -> int:
    """The position of the newest row, 0 for an empty journal."""
    found = db.execute("SELECT max(position) FROM journal").fetchone()[0]
    return 0 if found is None else int(found)


def verify(db: sqlite3.Connection, *, after: int = 0, pause: Callable[[], None] | None = None) -> Verification:
    """Check every row: positions and sequence numbers without gaps, chain, hashes, and payloads against their digests.

    Only those behind the position `after`, if given: the row there is taken on trust. `pause` is called between pages, while no
    transaction is open, so that a long check leaves the machine to others; what it raises ends the check.
    """
    rows = 0
    previous = next(read(db, after=after - 1, limit=1), None) if after else None
    for entry in read(db, after=after):
        head = previous.record.hash if previous else GENESIS
        reason = _fault(previous, entry)
        if reason is not None:
            return Verification(rows, False, entry.position, reason, head, _belonging_seq(previous, entry))
        rows, previous = rows + 1, entry
        if pause is not None and rows % _PAGE == 0:
            pause()
    return Verification(rows, True, None, None, previous.record.hash if previous else GENESIS)


def verify_newest(db: sqlite3.Connection, count: int) -> Verification:
    """Check the last `count` rows, as far as they are of the epoch that goes on: an older one that was broken stays so."""
    last = next(iter(tail(db, 1)), None)
    if last is None:
        return Verification(0, True, None, None, GENESIS)
    # What the row says of itself is not known to be true, nor even to be a number.
    begins = db.execute("SELECT position - CAST(seq AS INTEGER) FROM journal WHERE position = ?", (last.position,)).fetchone()[0]
    return verify(db, after=max(0, min(begins, last.position - 1), last.position - count))


def _same_epoch(previous: Entry | None, entry: Entry) -> bool:
    return previous is not None and previous.record.epoch == entry.record.epoch


def _expected_seq(previous: Entry | None, entry: Entry) -> int:
    return previous.record.seq + 1 if previous is not None and _same_epoch(previous, entry) else 1


def _belonging_seq(previous: Entry | None, entry: Entry) -> int:
    """The number to name a bad row by; its own epoch may be what is wrong with it."""
    begins = previous is None or (not _same_epoch(previous, entry) and entry.record.seq == 1)
    return 1 if begins or previous is None else previous.record.seq + 1


def _fault(previous: Entry | None, entry: Entry) -> str | None:
    record = entry.record
    if entry.position != (previous.position + 1 if previous else 1):
        return "a row is missing before this one"
    expected_seq = _expected_seq(previous, entry)
    expected_prev = previous.record.hash if previous is not None and _same_epoch(previous, entry) else GENESIS
    if not _typed(record):
        return "a value of the row is of the wrong type"
    if record.seq != expected_seq:
        return f"sequence number {record.seq} where {expected_seq} belongs"
    if record.prev_hash != expected_prev:
        return "the chain is broken before this row"
    if record.hash != record_hash(record):
        return "the row's header was changed"
    if not payload_matches(record):
        return "the row's payload was changed"
    return None


def _typed(record: Record) -> bool:
    """SQLite keeps any type in any column, and a row may have been changed by hand."""
    return all(isinstance(value, kinds) for value, kinds in zip(msgspec.structs.astuple(record), _TYPES, strict=True))
