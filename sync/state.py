"""sync.db: what the server has confirmed, and how the link to it stands. The sync agent alone writes it; the kiosk reads it."""

import logging
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from sync import progress
from sync.clock import Clock
from sync.database import DatabaseError, database_errors, open_database, open_reader, transaction
from sync.protocol.wire import SignedHead

_log = logging.getLogger(__name__)

_NOTE_EVERY_NS = 60 * 1_000_000_000
"""A link that stays as it is, is written down this often: each write costs the card two syncs."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS progress (epoch TEXT PRIMARY KEY, acked TEXT NOT NULL, acked_through INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (
    epoch TEXT PRIMARY KEY, noted INTEGER NOT NULL, seq INTEGER NOT NULL, head TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch TEXT NOT NULL, version INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS link (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    online INTEGER NOT NULL, problem TEXT, server_seen_at TEXT, server_time TEXT
);
INSERT OR IGNORE INTO documents VALUES (1, '', 0);
INSERT OR IGNORE INTO link VALUES (1, 0, NULL, NULL, NULL);
"""

_ranges = msgspec.json.Decoder(tuple[tuple[int, int], ...])


class Problem(StrEnum):
    """Why entries are not going up or documents not coming down. Added, never renamed: screens have words for each."""

    NO_SERVER = "no_server"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    SERVER_ERROR = "server_error"
    NOT_A_SERVER = "not_a_server"
    UNTRUSTED = "untrusted"
    UNAUTHORISED = "unauthorised"
    REVOKED = "revoked"
    REFUSED = "refused"
    CODE_REFUSED = "code_refused"
    UNREADABLE_ANSWER = "unreadable_answer"
    DIVERGED = "diverged"
    SET_ASIDE = "set_aside"


_NOT_ONLINE = frozenset({Problem.NO_SERVER, Problem.UNREACHABLE, Problem.NOT_A_SERVER, Problem.UNTRUSTED})


class Channel(StrEnum):
    """The things the agent does with the server."""

    UPLOAD = "upload"
    DOCUMENTS = "documents"
    ROOMS = "rooms"


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the link stands, as the agent last wrote it. Times are UTC texts by this machine's clock, versions 0 before the first.

    `server_time` is what the server's own clock last said. `acked` maps each epoch to the highest seq that the server has,
    with everything before it.
    """

    online: bool
    problem: str | None
    server_seen_at: str | None
    acked: dict[str, int]
    documents_version: int
    server_time: str | None = None


def read_link(path: Path) -> LinkState | None:
    """The link as sync.db at `path` has it; None when there is no such file, or none that can be read now."""
    if not path.exists():
        return None
    try:
        db = open_reader(path)
    except DatabaseError:
        return None
    try:
        online, problem, seen, server_time = db.execute(
            "SELECT online, problem, server_seen_at, server_time FROM link"
        ).fetchone()
        acked = dict(db.execute("SELECT epoch, acked_through FROM progress").fetchall())
        version = db.execute("SELECT version FROM documents").fetchone()[0]
    except (sqlite3.Error, TypeError):
        return None
    finally:
        db.close()
    return LinkState(bool(online), problem, seen, acked, version, server_time)


def newest_head(data: Path) -> SignedHead | None:
    """The highest head that the server has countersigned in the epoch it last heard of, from the station's folder; or None.

    Raises:
        DatabaseUnavailable, DatabaseCorrupt
    """
    path = data / "sync.db"
    if not path.exists():
        return None
    with closing(open_reader(path)) as db, database_errors(path):
        # The agent may just be making the file.
        made = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'heads'").fetchone()
        row = db.execute("SELECT head FROM heads ORDER BY noted DESC LIMIT 1").fetchone() if made else None
    return None if row is None else msgspec.json.decode(row[0], type=SignedHead)


class SyncState:
    """The one read-write connection to sync.db. Its methods may be called from any thread. `vfs` is for fault injection.

    Raises:
        DatabaseUnavailable, DatabaseCorrupt: from every method, when the file cannot be used.
    """

    def __init__(self, path: Path, clock: Clock, *, vfs: str | None = None) -> None:
        self._path, self._clock, self._lock = path, clock, threading.Lock()
        self._problems: dict[Channel, Problem | None] = {}
        self._shown: tuple[bool, Problem | None] = (False, None)
        self._noted_ns = -_NOTE_EVERY_NS
        self._db = open_database(path, vfs=vfs)
        try:
            with database_errors(path):
                self._db.executescript(_SCHEMA)
                self._db.execute("UPDATE link SET online = 0, problem = NULL")
        except DatabaseError:
            self._db.close()
            raise

    def acked(self, epoch: str) -> progress.Acked:
        """What the server has confirmed of `epoch`."""
        with self._lock, database_errors(self._path):
            row = self._db.execute("SELECT acked FROM progress WHERE epoch = ?", (epoch,)).fetchone()
        return _ranges.decode(row[0]) if row else ()

    def set_acked(self, epoch: str, acked: progress.Acked, head: SignedHead | None = None) -> None:
        """Remember what the server has confirmed of `epoch`, and the head it signed: the highest one is kept, as evidence."""
        row = (epoch, msgspec.json.encode(acked).decode(), progress.through(acked))
        with self._lock, database_errors(self._path), transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", row)
            if head is not None:
                self._db.execute(
                    # A head that did not grow says nothing new; `noted` puts epochs into the order in which they came.
                    "INSERT INTO heads VALUES (?, (SELECT count(*) FROM heads), ?, ?)"
                    " ON CONFLICT DO UPDATE SET seq = excluded.seq, head = excluded.head WHERE excluded.seq > seq",
                    (epoch, head.seq, msgspec.json.encode(head).decode()),
                )

    def documents_version(self, epoch: str) -> int:
        """The version of the documents handed over to the station whose newest epoch is `epoch`; 0 for none.

        A station that had to start a new file has lost its documents with the old one, so a new epoch starts at 0.
        """
        with self._lock, database_errors(self._path):
            row = self._db.execute("SELECT version FROM documents WHERE epoch = ?", (epoch,)).fetchone()
        return int(row[0]) if row else 0

    def set_documents_version(self, epoch: str, version: int) -> None:
        """Remember what was handed over."""
        with self._lock, database_errors(self._path), transaction(self._db):
            self._db.execute("UPDATE documents SET epoch = ?, version = ?", (epoch, version))

    def report(self, channel: Channel, problem: Problem | None, detail: str = "", *, server_time: str | None = None) -> None:
        """Say how the last try on `channel` went. Writes and logs when that changes how the link stands, else rarely."""
        now = self._clock.now()
        with self._lock, database_errors(self._path):
            self._problems[channel] = problem
            shown = (problem not in _NOT_ONLINE, problem or next((p for p in self._problems.values() if p), None))
            before, self._shown = self._shown, shown
            if shown == before and now.mono_ns - self._noted_ns < _NOTE_EVERY_NS:
                return
            self._noted_ns = now.mono_ns
            seen = now.claimed_at if problem is None else None
            self._db.execute(
                "UPDATE link SET online = ?, problem = ?, server_seen_at = coalesce(?, server_seen_at),"
                " server_time = coalesce(?, server_time)",
                (shown[0], shown[1], seen, server_time),
            )
        _log_change(before[1], shown[1], detail)

    def close(self) -> None:
        """Say that nobody keeps the link any more, and close the file."""
        with self._lock, database_errors(self._path):
            self._db.execute("UPDATE link SET online = 0")
            self._db.close()


def _log_change(before: Problem | None, now: Problem | None, detail: str) -> None:
    if now is not None and now != before:
        _log.warning("server link: %s%s; entries are kept and sent later", now, f": {detail}" if detail else "")
    elif now is None and before is not None:
        _log.info("server link: back to normal after %s", before)
