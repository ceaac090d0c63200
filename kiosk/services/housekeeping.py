"""What a kiosk does for its own file beside the taps: erasing what is due, the nightly check and backup, and keeping room."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from kiosk.core.room_book import ROOM_KINDS
from kiosk.services import erasure, retention
from kiosk.services.device_health import DISK_LOW_MIB, HealthKeeper
from kiosk.services.erasure import Limits
from kiosk.services.retention import Book, Count, Keep
from kiosk.store import backup, corrections, decisions, presence
from kiosk.store.arrivals import forget_before
from kiosk.store.backup import BackupFailed
from kiosk.store.database import KioskDatabase
from kiosk.store.quarantine import FAULT
from sync import journal
from sync.clock import Clock, Moment, SyncState
from sync.database import database_errors, open_reader
from sync.protocol.events import Kind
from sync.state import LinkState, read_link

_log = logging.getLogger(__name__)

BACKUPS_KEPT = 7
_EVERY_S = 60.0
_HELD_BACK_S = 5.0
_WRITTEN_EVERY_S = 3600.0
_FOLD_ABOVE_BYTES = 1 << 20
_LAST_ROOM_MIB = 50
_SCREENS_KEEP_DAYS = 35
_PAUSE_S = 0.005
_MIB = 1 << 20

NEEDED: frozenset[str] = ROOM_KINDS - {Kind.VISITOR_NAMED}
"""Kinds whose payload outlives its time because rooms, rights and open visits are rebuilt from it.

They name no visitor. What they do hold for good: which officer did it, what was typed as a note when a place was freed, and of
staff in a room that counts everyone a pass made of the person's id (`staff_visits.staff_pass`); in rows that an older version
wrote, the id itself.
"""

T = TypeVar("T")


class Stopped(Exception):
    """The kiosk stops; what was under way is given up and done another time."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What housekeeping keeps to: the door's time zone and how long payloads stay; and `free_bytes` of the disk it is on."""

    zone: ZoneInfo
    keep: Keep
    free_bytes: Callable[[], int]


class Housekeeping:
    """One `step()` does what is due and says how many seconds to wait before the next. Only one thread may call it."""

    def __init__(
        self, database: KioskDatabase, clock: Clock, duties: Duties, *, health: HealthKeeper, stopping: threading.Event
    ) -> None:
        self._database, self._clock, self._duties = database, clock, duties
        self._health, self._stopping = health, stopping
        self._data = database.path.parent
        self._began_ns = clock.now().mono_ns
        self._count: Count | None = self._load("count", Count)
        self._book = self._load("acknowledged", Book) or Book()
        self._written_s = float("-inf")
        fault = self._load(FAULT, str) or ""
        self._trouble = {FAULT: fault}
        health.journal_checked(sound=not fault)

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set.

        Raises:
            DatabaseError: kiosk.db cannot be read or written; the kiosk must end.
        """
        try:
            while not stop.wait(self.step()):
                pass
        except Stopped:
            return

    def step(self) -> float:
        """Do what is due.

        Raises:
            DatabaseError, Stopped
        """
        moment, link = self._clock.now(), read_link(self._data / "sync.db")
        self._count = count = retention.count_on(self._count, moment, link.server_time if link else None)
        self._make_room()
        if link is not None:
            self._erase(link, count)
        held_back = self._book.to_clean and not self._clean()
        if retention.check_is_due(count, (moment.mono_ns - self._began_ns) / 1e9, moment, self._duties.zone):
            self._nightly()
            self._count = count = msgspec.structs.replace(count, checked_s=count.counted_s)
            self._written_s = float("-inf")
        if count.counted_s - self._written_s >= _WRITTEN_EVERY_S:
            self._write_down(moment, count)
        if self._log_bytes() > _FOLD_ABOVE_BYTES:
            self._database.fold_log()
        return _HELD_BACK_S if held_back else _EVERY_S

    def _write_down(self, moment: Moment, count: Count) -> None:
        """Keep the count, and drop what no screen shows any more: not by a clock that nobody vouches for."""
        self._written_s = count.counted_s
        self._save("count", count)
        if moment.sync_state is SyncState.SYNCED:
            with self._database.transaction() as db:
                forget_before(db, moment.wall, _SCREENS_KEEP_DAYS)
                presence.forget_before(db, moment.wall)
                corrections.forget_before(db, moment.wall)
                decisions.forget_before(db, moment.wall, _SCREENS_KEEP_DAYS)

    # Retention

    def _erase(self, link: LinkState, count: Count) -> None:
        book = retention.saw(self._book, link.acked, count.counted_s)
        keep = self._duties.keep
        health = retention.ripe(book, link.acked, count.counted_s, keep.health_days)
        others = retention.ripe(book, link.acked, count.counted_s, max(keep.ordinary_days, keep.health_days))
        done = Limits(book.health, book.all)
        if _exceeds(health, book.health) or _exceeds(others, book.all):
            erase, path = erasure.erase, self._database.path
            rows = erase(path, self._database.transaction, Limits(health, others, NEEDED), done=done, pause=self._pause)
            book = retention.erased(book, health, others)
            _log.info("retention: the payloads of %d acknowledged rows were erased", rows)
        if book is not self._book:
            self._book = book
            self._save("acknowledged", book)

    def _clean(self) -> bool:
        """Get what was erased out of the log and out of the backups; False if that must be tried again."""
        if not self._database.fold_log():
            return False
        limits = Limits(self._book.health, self._book.all, NEEDED)
        for path in backup.kept(self._data):
            try:
                erasure.erase_in_backup(path, limits, done=_done_in, pause=self._pause)
            except BackupFailed as exc:
                _log.warning("a backup that cannot be erased in is removed: %s", exc)
                path.unlink(missing_ok=True)
        self._book = msgspec.structs.replace(self._book, to_clean=False)
        self._save("acknowledged", self._book)
        return True

    # The nightly check

    def _nightly(self) -> None:
        path = self._database.path
        room_mib = (self._duties.free_bytes() - self._log_bytes() - path.stat().st_size) // _MIB
        if room_mib < DISK_LOW_MIB:
            self._say("backup", "no room for a backup")
            self._check_in_place()
            return
        try:
            found = backup.make(path, backup.next_path(self._data), pause=self._pause)
        except (BackupFailed, OSError) as exc:
            self._say("backup", str(exc))
            self._check_in_place()
            return
        self._say("backup", "")
        self._journal_found(found)
        for old in backup.kept(self._data)[:-BACKUPS_KEPT]:
            old.unlink(missing_ok=True)

    def _check_in_place(self) -> None:
        """Without a copy to look at: the structure in one go, the rows page by page."""
        with closing(open_reader(self._database.path)) as db, database_errors(self._database.path):
            faults = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            db.text_factory = lambda raw: str(raw, "utf-8", "replace")
            found = journal.verify(db, pause=self._pause)
        self._journal_found(found, "" if faults == "ok" else str(faults))

    def _journal_found(self, found: journal.Verification, faults: str = "") -> None:
        fault = faults or ("" if found.ok else f"row {found.first_bad} does not fit: {found.reason}")
        if fault != self._trouble.get(FAULT, ""):
            self._save(FAULT, fault)
        self._say(FAULT, fault)
        self._health.journal_checked(sound=not fault)

    # Room

    def _make_room(self) -> None:
        """A journal that can go on is worth more than old backups."""
        free_mib = self._duties.free_bytes() // _MIB
        if free_mib >= DISK_LOW_MIB:
            return
        copies = backup.kept(self._data)
        for path in copies if free_mib < _LAST_ROOM_MIB else copies[:-1]:
            _log.warning("%s is removed: only %d MiB are free", path, free_mib)
            path.unlink(missing_ok=True)

    def _log_bytes(self) -> int:
        log = self._database.path.with_name(self._database.path.name + "-wal")
        return log.stat().st_size if log.exists() else 0

    # Small things

    def _pause(self) -> None:
        if self._stopping.wait(_PAUSE_S):
            raise Stopped

    def _say(self, what: str, trouble: str) -> None:
        """Log a trouble when it begins and when it ends."""
        before = self._trouble.get(what, "")
        self._trouble[what] = trouble
        if trouble and trouble != before:
            _log.error("nightly check: %s: %s", what, trouble)
        elif before and not trouble:
            _log.info("nightly check: %s: all is well again", what)

    def _load(self, name: str, kind: type[T]) -> T | None:
        with self._database.reading() as db:
            return _read(db, name, kind)

    def _save(self, name: str, value: Count | Book | str) -> None:
        with self._database.transaction() as db:
            db.execute("INSERT OR REPLACE INTO upkeep VALUES (?, ?)", (name, msgspec.json.encode(value).decode()))


def _done_in(backup_db: sqlite3.Connection) -> Limits:
    """What had been erased when the backup was made. Later erasures in it are looked for again: they find nothing left."""
    book = _read(backup_db, "acknowledged", Book) or Book()
    return Limits(book.health, book.all)


def _read(db: sqlite3.Connection, name: str, kind: type[T]) -> T | None:
    row = db.execute("SELECT value FROM upkeep WHERE name = ?", (name,)).fetchone()
    try:
        return None if row is None else msgspec.json.decode(row[0], type=kind)
    except msgspec.MsgspecError:
        _log.error("what was known of %s cannot be read; ages are counted anew", name)
        return None


def _exceeds(limits: dict[str, int], done: dict[str, int]) -> bool:
    return any(through > done.get(epoch, 0) for epoch, through in limits.items())
