"""Copies of kiosk.db: made while it is written, checked before they count, and brought back.

backups/kiosk-000012.db   the nightly ones, counted up: their names need no right clock
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from kiosk.store import quarantine
from kiosk.store.database import open_kiosk_database, open_reader
from sync import journal
from sync.clock import Moment
from sync.database import DatabaseError, database_errors
from sync.files import sync_folder
from sync.ids import RandomBytes
from sync.journal import Event, Verification
from sync.protocol.events import Kind

FOLDER = "backups"
_NAME = re.compile(r"^kiosk-(\d{6,})\.db$")
_STEP_PAGES = 256
"""A mebibyte at a time, so that a tap's commit finds the disk free in between."""


class BackupFailed(Exception):
    """There is no backup of this try, or the file cannot be brought back. The door is not touched by it."""


def _no_pause() -> None:
    pass


def kept(data: Path) -> list[Path]:
    """The nightly backups of the station in `data`, oldest first. Each was checked when it got its name."""
    found = [(int(match[1]), path) for path in (data / FOLDER).glob("kiosk-*.db") if (match := _NAME.match(path.name))]
    return [path for _, path in sorted(found)]


def next_path(data: Path) -> Path:
    """Where the next nightly backup goes. The folder is made, closed to strangers."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    newest = kept(data)[-1:]
    number = int(newest[0].stem.partition("-")[2]) + 1 if newest else 1
    return folder / f"kiosk-{number:06}.db"


def make(source: Path, target: Path, *, pause: Callable[[], None] = _no_pause) -> Verification:
    """Copy the journal file `source`, which may be in use, to `target`; gives what the copy's journal verified as.

    The copy gets its name only when it is whole: structure checked, synced, and its chain unbroken, or broken just where the
    original's is. `pause` is called between steps; what it raises ends the try and leaves nothing behind.

    Raises:
        BackupFailed
    """
    with _partial(target) as partial:
        _copy(source, partial, pause)
        found = _checked(partial, pause)
        if not found.ok and _verified(source, pause) != found:
            raise BackupFailed(f"{target}: row {found.first_bad} was damaged in copying; check that disk")
        with _failures(target):
            partial.replace(target)
            sync_folder(target.parent)
    return found


def check(path: Path, *, pause: Callable[[], None] = _no_pause) -> Verification:
    """Check a whole file, structure and chain.

    Raises:
        BackupFailed: it is no journal, or is damaged.
    """
    return _checked(path, pause)


def restore(
    source: Path, path: Path, *, device_id: str, place_id: str, random_bytes: RandomBytes, moment: Moment
) -> Verification:
    """Put a checked copy of the backup `source` in the place of kiosk.db at `path`. Only under the station's lock.

    The file that was there is set aside whole. The restored journal goes on under a new epoch: rows that were written after the
    backup have used its next numbers, and the server may hold them.

    Raises:
        BackupFailed: nothing was changed.
        DatabaseError: the station's folder cannot be written.
    """
    with _partial(path) as partial:
        # Not private as a backup is: the sync agent, of the same group, reads this file.
        _copy(source, partial, _no_pause, 0o660)
        found = _checked(partial, _no_pause)
        if not found.ok:
            raise BackupFailed(f"{source}: row {found.first_bad} does not fit ({found.reason}); use another backup")
        folder = quarantine.new_folder(path, moment) if path.exists() else None
        database = open_kiosk_database(partial, device_id=device_id, place_id=place_id, random_bytes=random_bytes)
        try:
            database.begin_epoch(random_bytes)
            payload = {"reason": "restored", "folder": folder.name if folder else "", "backup": source.name}
            with database.transaction():
                database.journal.append(Event(Kind.STATION_QUARANTINED, payload), moment)
        finally:
            database.close()
        with database_errors(path):
            if folder is not None:
                quarantine.set_aside(path, folder)
            partial.replace(path)
            sync_folder(path.parent)
    return found


@contextmanager
def open_backup(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-write connection to a backup, for erasing in it. What is overwritten leaves nothing in the file.

    Raises:
        BackupFailed
    """
    with _failures(path), closing(sqlite3.connect(_uri(path, "rw"), uri=True, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA synchronous = FULL")
        yield db


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A private file beside `target` to work on; whatever becomes of it, its name is free afterwards."""
    partial = target.with_name(f".{target.name}.partial")
    _discard(partial)
    try:
        yield partial
    finally:
        _discard(partial)


def _discard(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _copy(source: Path, target: Path, pause: Callable[[], None], mode: int = 0o600) -> None:
    with _failures(target):
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        with closing(open_reader(source)) as reader, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # One reading transaction: without it the copy would start over at every tap.
            reader.execute("BEGIN")
            reader.execute("SELECT 1 FROM sqlite_master").fetchone()
            reader.backup(copy, pages=_STEP_PAGES, progress=lambda *_: pause())
            reader.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode = DELETE")  # so that looking at it later leaves no files beside it
        with target.open("rb") as file:
            os.fsync(file.fileno())


def _checked(path: Path, pause: Callable[[], None]) -> Verification:
    with _failures(path), closing(open_reader(path)) as db:
        faults = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if faults != "ok":
        raise BackupFailed(f"{path} is damaged ({faults})")
    return _verified(path, pause)


def _verified(path: Path, pause: Callable[[], None]) -> Verification:
    with _failures(path), closing(open_reader(path)) as db:
        db.text_factory = lambda raw: str(raw, "utf-8", "replace")
        return journal.verify(db, pause=pause)


@contextmanager
def _failures(path: Path) -> Iterator[None]:
    try:
        yield
    except DatabaseError as exc:
        raise BackupFailed(str(exc)) from exc
    except sqlite3.Error as exc:
        raise BackupFailed(f"{path}: {exc}") from exc
    except OSError as exc:
        raise BackupFailed(f"{exc.filename or path}: {exc.strerror or exc}") from exc


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"
