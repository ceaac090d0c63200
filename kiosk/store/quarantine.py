"""A station that opens whatever became of its file: what is damaged is set aside whole, and the door goes on under a new epoch.

quarantine/<time>/   kiosk.db, kiosk.db-wal and kiosk.db-shm as they were found; for a person to look at, never deleted by us

Damage and tampering are two things. A file that SQLite cannot trust is set aside, since nothing more may be written to it. A
chain that does not verify in a sound file is evidence: it stays where it is, and the next rows begin a chain of their own, so
that what was changed stands between the two for anybody to see.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from kiosk.store.database import KioskDatabase, open_kiosk_database, open_reader
from sync import journal
from sync.clock import Moment
from sync.database import DatabaseCorrupt, DatabaseError, database_errors, quick_check
from sync.files import sync_folder, write_whole
from sync.ids import RandomBytes
from sync.journal import Event, Verification
from sync.protocol.events import Kind

_log = logging.getLogger(__name__)

FOLDER = "quarantine"
ROWS_CHECKED = 1000
"""So many of the newest rows are verified at every start; the rest at night."""
FAULT = "journal"
"""Under this name `upkeep` holds, as JSON text, what the newest check found wrong with the journal; empty for nothing."""
_UNREPORTED = "unreported"
_DIRECTORY = ("people", "badges", "revoked_here", "guards", "directory_state", "pass_cards", "room_documents")


def folders(data: Path) -> list[Path]:
    """What was set aside in the station's folder `data`, oldest first."""
    return sorted(path for path in (data / FOLDER).glob("*") if path.is_dir())


def open_station(
    path: Path,
    *,
    device_id: str,
    place_id: str,
    random_bytes: RandomBytes,
    now: Callable[[], Moment],
    backups: Callable[[], list[Path]],
) -> KioskDatabase:
    """Open kiosk.db at `path`, checked and ready to be appended to. Only under the station's lock.

    A damaged file is set aside and a new one begun, with the directory of the newest of `backups` (oldest first) that can be
    read, and the last that the server signed in the inbox; its first row is `station.quarantined`. A chain that does not
    verify in its newest rows ends, and another begins, with that row too.

    Raises:
        DatabaseError: the folder cannot be used, or not even a new file.
    """

    def opened() -> KioskDatabase:
        return open_kiosk_database(path, device_id=device_id, place_id=place_id, random_bytes=random_bytes)

    _gather_leftovers(path, now)
    try:
        database = opened()
    except DatabaseCorrupt as exc:
        folder = new_folder(path, now())
        _log.critical("%s; it is kept in %s, and the door goes on with a new file", exc, folder)
        with database_errors(path):
            set_aside(path, folder)
        database = opened()
    try:
        _begin(database, now, backups)
        _look_back(database, random_bytes, now)
    except DatabaseError:
        database.close()
        raise
    return database


def new_folder(path: Path, moment: Moment) -> Path:
    """A folder of its own, beside `path`, for what is to be set aside now."""
    stamp = moment.wall.strftime("%Y%m%dT%H%M%S")
    place = path.parent / FOLDER
    with database_errors(place):
        place.mkdir(mode=0o700, exist_ok=True)
        for name in (stamp, *(f"{stamp}-{n}" for n in range(2, 1000))):
            with suppress(FileExistsError):
                (place / name).mkdir(mode=0o700)
                sync_folder(place)
                return place / name
    raise DatabaseError(f"{place}: too many files were set aside; look at them and move them away")


def set_aside(path: Path, folder: Path) -> None:
    """Move the file at `path` with its log into `folder`.

    The log goes last: a power cut in between leaves it alone, which the next start sees, while the file alone would look sound.

    Raises:
        OSError
    """
    (folder / _UNREPORTED).touch()
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        with suppress(FileNotFoundError):
            part.replace(folder / part.name)
            sync_folder(path.parent)
    sync_folder(folder)


def _gather_leftovers(path: Path, now: Callable[[], Moment]) -> None:
    """A log without its file: a power cut came while they were set aside, or somebody took the file away."""
    log = path.with_name(path.name + "-wal")
    if path.exists() or not log.exists() or not log.stat().st_size:
        return
    waiting = [folder for folder in folders(path.parent) if not (folder / f"{path.name}-wal").exists()]
    with database_errors(path):
        set_aside(path, waiting[-1] if waiting else new_folder(path, now()))


def _begin(database: KioskDatabase, now: Callable[[], Moment], backups: Callable[[], list[Path]]) -> None:
    """Give a new file the directory of its predecessor, and say in its first row what became of that."""
    data = database.path.parent
    with database.reading() as db:
        is_new = journal.last_position(db) == 0
    copies, set_aside_here = backups() if is_new else [], folders(data)
    if not is_new or not (copies or set_aside_here):
        return
    unreported = [folder for folder in set_aside_here if (folder / _UNREPORTED).exists()]
    taken = next((found for copy in reversed(copies) if (found := _directory_of(copy)) is not None), None)
    with database.transaction() as db:
        if taken is not None:
            _put_directory(db, taken)
        version = db.execute("SELECT version FROM directory_state").fetchone()[0]
        payload = {
            "reason": "damaged" if unreported else "missing",
            "folder": unreported[-1].name if unreported else "",
            "people": 0 if taken is None else len(taken["people"]),
        }
        database.journal.append(Event(Kind.STATION_QUARANTINED, payload, directory_version=version), now())
    with database_errors(data):
        _hand_in_again(data)
        for folder in unreported:
            (folder / _UNREPORTED).unlink()
    _log.warning("a new journal was begun; %d people of the last backup are known here", payload["people"])


def _hand_in_again(data: Path) -> None:
    """Put the newest directory that the server signed back into the inbox: it may be newer than the backup's."""
    kept, inbox = data / "documents" / "directory.json", data / "inbox"
    if kept.exists():
        inbox.mkdir(exist_ok=True)
        write_whole(inbox / "directory-kept.json", kept.read_bytes())


def _directory_of(backup: Path) -> dict[str, list[tuple[object, ...]]] | None:
    try:
        with closing(open_reader(backup)) as db:
            quick_check(db, backup)
            with database_errors(backup):
                # An older backup lacks the newest tables.
                there = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master")}
                return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in _DIRECTORY if table in there}
    except DatabaseError as exc:
        _log.warning("this backup is of no use: %s", exc)
        return None


def _put_directory(db: sqlite3.Connection, taken: dict[str, list[tuple[object, ...]]]) -> None:
    for table, rows in taken.items():
        db.execute(f"DELETE FROM {table}")
        if rows:
            places = ", ".join("?" * len(rows[0]))
            db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _look_back(database: KioskDatabase, random_bytes: RandomBytes, now: Callable[[], Moment]) -> None:
    """Verify the newest rows; where they do not fit, raise the alarm and begin another chain behind them."""
    found = _verified(database.path)
    if found.ok:
        return
    _log.critical("%s: row %s does not fit: %s; the next rows begin a new chain", database.path, found.first_bad, found.reason)
    database.begin_epoch(random_bytes)
    payload = {"reason": "chain", "position": found.first_bad, "fault": found.reason}
    with database.transaction() as db:
        fault = msgspec.json.encode(f"row {found.first_bad} does not fit: {found.reason}").decode()
        db.execute("INSERT OR REPLACE INTO upkeep VALUES (?, ?)", (FAULT, fault))
        database.journal.append(Event(Kind.STATION_QUARANTINED, payload), now())


def _verified(path: Path) -> Verification:
    with closing(open_reader(path)) as db, database_errors(path):
        # A row that was changed must be found, so text that is not UTF-8 is no reason to stop.
        db.text_factory = lambda raw: str(raw, "utf-8", "replace")
        return journal.verify_newest(db, ROWS_CHECKED)
