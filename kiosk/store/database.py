"""Opening kiosk.db: the one writer of a running kiosk, and short-lived readers."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from kiosk.store.schema import TABLES, migrations
from sync import database
from sync.database import DatabaseCorrupt, DatabaseError, database_errors, open_reader
from sync.ids import RandomBytes
from sync.journal import Journal, Origin

__all__ = ["KioskDatabase", "open_kiosk_database", "open_reader"]


@dataclass(frozen=True, slots=True)
class KioskDatabase:
    """The read-write connection, its journal, and the lock under which both are used."""

    path: Path
    connection: sqlite3.Connection
    journal: Journal
    lock: threading.RLock

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction. When it returns, what was written survives a power cut.

        Raises:
            DatabaseError: nothing was written. The kiosk must stop, restart and verify.
        """
        with self.lock, database_errors(self.path), database.transaction(self.connection):
            yield self.connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The same connection for a few quick reads, outside a transaction."""
        with self.lock, database_errors(self.path):
            yield self.connection

    def begin_epoch(self, random_bytes: RandomBytes, *, device_id: str | None = None, place_id: str | None = None) -> None:
        """Start another chain: from the next row on, sequence numbers count from 1 again under an epoch that was never used.

        `device_id` and `place_id` are the station's from then on, if given: it was enrolled while it ran.

        Raises:
            DatabaseError: the chain goes on as it was.
        """
        before = self.journal.origin
        after = Origin(device_id or before.device_id, random_bytes(16).hex(), place_id or before.place_id)
        with self.lock:
            with self.transaction() as db:
                db.execute("UPDATE station SET device_id = ?, epoch = ?", (after.device_id, after.epoch))
            self.journal.origin = after

    def fold_log(self) -> bool:
        """Move the write-ahead log into the file and leave it empty; False if a reader holds it back just now. Never waits.

        Raises:
            DatabaseError
        """
        with self.reading() as db:
            (waits_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
            db.execute("PRAGMA busy_timeout = 0")  # a tap must not wait behind us for a reader
            try:
                busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                db.execute(f"PRAGMA busy_timeout = {int(waits_ms)}")
        return not busy

    def close(self) -> None:
        """Fold the log into the file and close."""
        with self.lock, database_errors(self.path):
            self.connection.close()


def open_kiosk_database(
    path: Path, *, device_id: str, place_id: str, random_bytes: RandomBytes, vfs: str | None = None
) -> KioskDatabase:
    """Open, check and migrate the file; make it, with a new epoch, if it is not there.

    Raises:
        DatabaseUnavailable, DatabaseCorrupt
    """
    connection = database.open_database(path, vfs=vfs)
    try:
        database.quick_check(connection, path)
        with database_errors(path):
            _migrate(connection, path)
            origin = _origin(connection, device_id, place_id, random_bytes)
    except DatabaseError:
        connection.close()
        raise
    return KioskDatabase(path, connection, Journal(connection, origin, random_bytes), threading.RLock())


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date, and look whether they are the ones that we know."""
    try:
        migrations.apply(Database(connection))
        for table, columns in TABLES.items():
            connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")
    except sqlite3.OperationalError as exc:
        if getattr(exc, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
            raise
        raise DatabaseCorrupt(f"{path} has other tables than a station's ({exc}); it must be set aside") from exc


def _origin(db: sqlite3.Connection, device_id: str, place_id: str, random_bytes: RandomBytes) -> Origin:
    """The chain to go on with. Another device id (a card moved, a kiosk enrolled anew) starts a new epoch."""
    with database.transaction(db):
        row = db.execute("SELECT device_id, epoch FROM station").fetchone()
        if row is not None and row[0] == device_id:
            return Origin(device_id, row[1], place_id)
        epoch = random_bytes(16).hex()
        db.execute("INSERT OR REPLACE INTO station VALUES (1, ?, ?)", (device_id, epoch))
        return Origin(device_id, epoch, place_id)
