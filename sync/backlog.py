"""The journal as the uploader sees it: read-only, in epochs, each row ready to travel. Holds no transaction between calls.

Within its epoch a row is known by its place: 1 for the first row, counting up by position. In a sound journal that is its `seq`.
"""

import base64
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sync.database import database_errors, open_reader
from sync.journal import Entry, last_position, read
from sync.protocol.wire import MAX_BATCH_BYTES

_MAX_QUOTED_BYTES = MAX_BATCH_BYTES // 4
"""Of a row that cannot travel as it is, so much is quoted; base64 makes it a third longer."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An epoch's rows in the file: those at the positions behind `base`, up to and with `end`."""

    epoch: str
    device_id: str
    base: int
    end: int

    @property
    def size(self) -> int:
        """How many places the epoch has so far."""
        return self.end - self.base


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row at its `place`, encoded as it travels. `hash` is its own; `after` is the place behind which it was looked for."""

    place: int
    after: int
    hash: str
    encoded: bytes


class Backlog:
    """Reads kiosk.db. Notices when the file was set aside and another stands in its place.

    `vfs` names an SQLite VFS, for fault injection; `identify` then tells one file at the path from another.

    Raises:
        DatabaseUnavailable, DatabaseCorrupt: from every method, when the file is not there or cannot be read.
    """

    def __init__(self, path: Path, *, vfs: str | None = None, identify: Callable[[Path], object] | None = None) -> None:
        self._path, self._vfs, self._identify = path, vfs, identify or _inode
        self._db: sqlite3.Connection | None = None
        self._identity: object = None

    def segments(self) -> list[Segment]:
        """The epochs in the file, oldest first."""
        with self._reading() as db:
            found: list[Segment] = []
            position, last = 0, last_position(db)
            while position < last:
                epoch, device_id = _owner(db, position + 1)
                end = _last_of(db, epoch, position + 1, last)
                found.append(Segment(epoch, device_id, position, end))
                position = end
            return found

    def stamp(self) -> tuple[object, ...]:
        """A value that is another one after anything was committed to the file."""
        with self._reading() as db:
            return (self._identity, db.execute("PRAGMA data_version").fetchone()[0])

    def rows(self, segment: Segment, first: int, last: int, *, limit: int, room: int = MAX_BATCH_BYTES) -> list[Waiting]:
        """The rows at the places from `first` to `last`: at most `limit`, and what fits in `room` bytes, but one at least."""
        found: list[Waiting] = []
        after = first - 1
        with self._reading() as db:
            for entry in read(db, after=segment.base + after, limit=limit):
                place = entry.position - segment.base
                encoded = _encoded(entry, place) if place <= last else b""
                room -= len(encoded) + 1
                if place > last or (found and room < 0):
                    break
                found.append(Waiting(place, after, str(entry.record.hash), encoded))
                after = place
        return found

    def hash_at(self, segment: Segment, place: int) -> str | None:
        """The hash of the row at `place`, or None if there is no such row."""
        found = self.rows(segment, place, place, limit=1)
        return found[0].hash if found else None

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with database_errors(self._path):
            identity = self._identify(self._path)
            if self._db is None or identity != self._identity:
                self.close()
                self._db, self._identity = open_reader(self._path, vfs=self._vfs), identity
                # A damaged row must be carried, so text that is not UTF-8 is no reason to stop reading.
                self._db.text_factory = _text
            yield self._db


def quoted(row: Waiting) -> bytes:
    """The envelope for a row that cannot travel as it is: its place, and its bytes in base64, cut if they are very many."""
    return _envelope(row.place, row.encoded)


def _envelope(place: int, content: bytes) -> bytes:
    values: dict[str, object] = {"seq": place, "unreadable": base64.b64encode(content[:_MAX_QUOTED_BYTES]).decode()}
    if len(content) > _MAX_QUOTED_BYTES:
        values |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return msgspec.json.encode(values)


def _encoded(entry: Entry, place: int) -> bytes:
    encoded = msgspec.json.encode(entry.record)
    # The answer names rows by seq, so one that stands at another place than it says goes under the number of its place.
    return encoded if entry.record.seq == place and len(encoded) <= MAX_BATCH_BYTES // 2 else _envelope(place, encoded)


def _inode(path: Path) -> object:
    found = path.stat()
    return found.st_dev, found.st_ino


def _text(raw: bytes) -> str:
    return str(raw, "utf-8", "replace")


def _owner(db: sqlite3.Connection, position: int) -> tuple[str, str]:
    row = db.execute("SELECT epoch, device_id FROM journal WHERE position >= ? ORDER BY position LIMIT 1", (position,)).fetchone()
    return str(row[0]), str(row[1])


def _last_of(db: sqlite3.Connection, epoch: str, first: int, last: int) -> int:
    """The last position of the epoch that begins at `first`. Epochs never interleave, so halving finds it."""
    while first < last:
        middle = (first + last + 1) // 2
        if _owner(db, middle)[0] == epoch:
            first = middle
        else:
            last = middle - 1
    return first
