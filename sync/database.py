"""How Gapura opens SQLite: write-ahead log, full syncs, one writer; and how SQLite's errors become ours.

DatabaseError
├── DatabaseUnavailable   cannot be opened or written: permissions, a full disk, an I/O error
└── DatabaseCorrupt       the file is damaged
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_FIXED_IN = (3, 51, 3)
"""From this version on SQLite is free of the WAL-reset fault; before it, only one writing connection is safe. We have one."""

_UNREAD = re.compile(r"unable to get the page\. error code=(\d+)")
"""How quick_check words a page that it could not read; it raises nothing then."""


class DatabaseError(Exception):
    """A database file cannot be used. The message names the file and says what to do."""


class DatabaseUnavailable(DatabaseError):
    """The file cannot be opened, read or written."""


class DatabaseCorrupt(DatabaseError):
    """The file is damaged and must be set aside."""


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Raise sqlite3's and the OS's errors as ours."""
    try:
        yield
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DatabaseCorrupt(f"{path} is damaged ({exc}); it must be set aside") from exc
        raise DatabaseUnavailable(f"{path}: {exc}; check the disk, its free space and the folder's permissions") from exc
    except OSError as exc:
        raise DatabaseUnavailable(f"{path}: {exc.strerror or exc}; check the disk and the folder's permissions") from exc


def open_database(path: Path, *, vfs: str | None = None) -> sqlite3.Connection:
    """The one read-write connection to a file: WAL, synchronous FULL, deleted content overwritten, transactions by hand.

    The connection may be used from any thread, by one at a time. `vfs` names an SQLite VFS, for fault injection.

    Raises:
        DatabaseUnavailable, DatabaseCorrupt
    """
    with database_errors(path):
        if vfs is None:
            _forget_cached(path)
            # SQLite makes files that only their owner may write; made here, it is the umask that says who else may.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660))
        uri = f"file:{quote(str(path.absolute()))}" + (f"?vfs={vfs}" if vfs else "")
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            db.execute("PRAGMA page_size = 4096")
            mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA foreign_keys = ON")
            full = db.execute("PRAGMA synchronous").fetchone()[0] == 2
        except BaseException:
            db.close()
            raise
    if mode != "wal" or not full:
        db.close()
        raise DatabaseUnavailable(f"{path}: no write-ahead logging with full syncs here; use a local ext4 disk")
    return db


def _forget_cached(path: Path) -> None:
    """Read the file from the disk again, not from memory.

    After a sync has failed, Linux shows what was written although the disk never got it, and no later sync writes it. Going on
    from such a log would lose what is committed behind it. Only the process's first opening may do this: closing a file ends
    the process's locks on it.
    """
    for part in (path, path.with_name(f"{path.name}-wal")):
        try:
            descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def open_reader(path: Path, *, vfs: str | None = None) -> sqlite3.Connection:
    """A read-only connection to a file that another connection may be writing. Close it soon: it holds the log back.

    Raises:
        DatabaseUnavailable, DatabaseCorrupt
    """
    with database_errors(path):
        uri = f"file:{quote(str(path.absolute()))}?mode=ro" + (f"&vfs={vfs}" if vfs else "")
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            db.execute("SELECT 1 FROM sqlite_master LIMIT 1")
        except BaseException:
            db.close()
            raise
        return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One immediate transaction: committed at the end, rolled back on any exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def quick_check(db: sqlite3.Connection, path: Path) -> None:
    """Read the whole file's structure.

    Raises:
        DatabaseCorrupt: something is damaged.
        DatabaseUnavailable: something cannot be read now; that says nothing against the file.
    """
    with database_errors(path):
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    unread = _UNREAD.search(found)
    if unread and int(unread[1]) & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM):
        raise DatabaseUnavailable(f"{path}: {found}; check the disk")
    if found != "ok":
        raise DatabaseCorrupt(f"{path} is damaged ({found}); it must be set aside")


def version_note() -> str | None:
    """A sentence if this SQLite is older than the WAL-reset fix, else None. Our single writer does not meet that fault."""
    if sqlite3.sqlite_version_info >= _FIXED_IN:
        return None
    fixed = ".".join(map(str, _FIXED_IN))
    return f"SQLite {sqlite3.sqlite_version} is older than {fixed} (WAL-reset fault; one writer avoids it)"
