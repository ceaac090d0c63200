"""A disk that loses power, lies, fills up and fails, for SQLite: a VFS in memory under the standard library's own `sqlite3`.

    with FaultDisk(Random(7)) as disk:
        database = open_kiosk_database(Path("/door/kiosk.db"), ..., vfs=disk.name)
        disk.cut_at(12)                # the power goes at the 12th change from now
        ...                            # the kiosk gets DatabaseUnavailable, and so does every try to open again, until
        disk.power_on()                # what survived is there to be opened

One seed, one disk: what survives depends on the given random numbers and on the order of operations alone.
"""

import functools
import importlib.util
import itertools
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from importlib.machinery import PathFinder
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from kiosk.simulation import disk_vfs
from kiosk.simulation.disk_files import Change, Directory, Image, Operation, StoredFile
from sync.database import DatabaseError, open_database, transaction

_SYSTEM_PACKAGES = "/usr/lib/python3/dist-packages"
_INSTALL = "install it with `apt-get install python3-apsw`, and use the system's own Python for .venv"
_numbers = itertools.count(1)


class FaultInjectionUnavailable(RuntimeError):
    """Faults cannot be put under the standard library's sqlite3 here. The message says what to install."""


@functools.cache
def load_apsw(folder: str = _SYSTEM_PACKAGES) -> Any:
    """Debian's apsw, which uses the very SQLite library that the standard library's sqlite3 uses.

    Raises:
        FaultInjectionUnavailable: it is not there, or has an SQLite of its own, so that faults would reach nobody.
    """
    spec = PathFinder.find_spec("apsw", [folder])
    if spec is None or spec.loader is None:
        raise FaultInjectionUnavailable(f"no apsw for this Python in {folder}; {_INSTALL}")
    apsw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(apsw)
    with closing(sqlite3.connect(":memory:")) as db:
        ours = db.execute("SELECT sqlite_source_id()").fetchone()[0]
    theirs = apsw.sqlite3_sourceid()
    if ours != theirs:
        raise FaultInjectionUnavailable(f"apsw has SQLite {theirs[:19]}, the standard library {ours[:19]}; {_INSTALL}")
    probe = apsw.VFS("gapura-probe", "")
    try:
        sqlite3.connect("file::memory:?vfs=gapura-probe", uri=True).close()
    except sqlite3.Error as exc:
        raise FaultInjectionUnavailable(f"apsw has a copy of SQLite to itself ({exc}); {_INSTALL}") from exc
    finally:
        probe.unregister()
    return apsw


class FaultDisk:
    """A disk in memory, seen by SQLite under the VFS name `name`; several may be used side by side, each by one thread at a time.

    `counts` says how many operations of each kind were done, `cuts` how often the power went. `lying` makes syncs do nothing,
    `capacity_bytes` is the room there is (None: no limit). `unexpected` collects what went wrong in the disk itself.
    `close` it, or use it in a `with`.

    Raises:
        FaultInjectionUnavailable
    """

    def __init__(self, rng: Random, *, sector_bytes: int = 512, image: Image | None = None) -> None:
        self.apsw = load_apsw()
        self.name = f"gapura-disk-{next(_numbers)}"
        self.counts: Counter[Operation] = Counter()
        self.cuts = 0
        self.lying = False
        self.capacity_bytes: int | None = None
        self.unexpected: list[BaseException] = []
        self.directory = Directory(image or {})
        self._rng, self.sector_bytes = rng, sector_bytes
        self.powered, self.boot = True, 1
        self._until_cut: int | None = None
        self._until_failure: int | None = None
        self._failing: frozenset[Operation] = frozenset()
        self._keeps_failing = False
        shared_memory = Path("/dev/shm")
        self._locks = Path(tempfile.mkdtemp(prefix="gapura-disk-", dir=shared_memory if shared_memory.is_dir() else None))
        self._vfs = disk_vfs.make(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Take the disk away. Close the connections to it first."""
        self._vfs.unregister()
        shutil.rmtree(self._locks, ignore_errors=True)

    @property
    def changes(self) -> int:
        """How many operations have changed the disk, or tried to."""
        return self.counts.total() - self.counts[Operation.READ]

    def cut_at(self, change: int | None) -> None:
        """Let the power go at that change from now (1 is the next); None takes the plan back."""
        self._until_cut = change

    def fail_at(self, operation: int | None, kinds: frozenset[Operation], *, keeps_failing: bool = False) -> None:
        """Let the n-th operation of those kinds from now fail with an I/O error, and all behind it too if so; None: no more."""
        self._until_failure, self._failing, self._keeps_failing = operation, kinds, keeps_failing

    def cut(self) -> None:
        """The power goes now. Everything open on the disk is dead for good, and nothing opens before `power_on`."""
        self.powered = False
        self.cuts += 1
        self._end_boot()
        self.directory.lose_power(self._rng, self.sector_bytes)

    def power_on(self) -> None:
        """The next boot: what survived can be opened."""
        self.powered = True

    def image(self) -> Image:
        """Every file as programs see it now."""
        return self.directory.image()

    def restore(self, image: Image) -> None:
        """Put another card in, with those files. Everything open is dead."""
        self.powered = True
        self._end_boot()
        self.directory = Directory(image)

    def _end_boot(self) -> None:
        self.boot += 1
        self._until_cut = self._until_failure = None
        for file in self._locks.iterdir():
            file.unlink()

    def forget_cached(self) -> None:
        """Let reads find what the disk has, not what memory still shows of a failed sync: `posix_fadvise` of a real disk."""
        for file in self.directory.files.values():
            file.forget_cached()

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, in one step; durable with the next sync of the directory.

        Raises:
            FileNotFoundError
        """
        if old not in self.directory.files:
            raise FileNotFoundError(old)
        self.directory.change({old: None, new: self.directory.files[old]})

    def lock_file(self, name: str) -> str:
        """A real file of this boot to lock and to hang shared memory on: SQLite's own code does both."""
        return str(self._locks / f"{self.boot}-{name.encode().hex()[-200:]}")

    def check_power(self, boot: int | None = None) -> None:
        """Fail while the power is off, and for what was opened in an earlier boot."""
        if not self.powered or (boot is not None and boot != self.boot):
            raise self.apsw.IOError("the power is off")

    def begin(self, operation: Operation, boot: int) -> None:
        """Before an operation through something opened in `boot`: count it, and fail it if that is planned."""
        self.check_power(boot)
        self.counts[operation] += 1
        if self._until_failure is not None and operation in self._failing:
            self._until_failure -= 1
            if self._until_failure == 0 or (self._until_failure < 0 and self._keeps_failing):
                raise self.apsw.IOError("a planned I/O error")
        if operation is not Operation.READ and self._until_cut is not None:
            self._until_cut -= 1
            if operation is Operation.SYNC:
                self.end()

    def end(self) -> None:
        """After a change, and before a sync: let the power go if its time has come."""
        if self._until_cut == 0:
            self.cut()
            raise self.apsw.IOError("the power went")

    def write(self, file: StoredFile, offset: int, data: bytes) -> None:
        """Write as much as there is room for.

        Raises:
            apsw.FullError: there was not room for all of it.
        """
        room = self._room(file, offset, len(data))
        if room:
            file.change(Change(offset, data[:room]))
        if room < len(data):
            raise self.apsw.FullError("the disk is full")

    def sync(self, file: StoredFile, *, names: bool) -> None:
        """Make a file's content durable, and the disk's names if so."""
        if not self.lying:
            file.sync()
            if names:
                self.directory.sync()

    def _room(self, file: StoredFile, offset: int, count: int) -> int:
        if self.capacity_bytes is None or offset + count <= len(file.content):
            return count
        used = sum(len(each.content) for each in self.directory.files.values())
        return max(0, min(count, self.capacity_bytes - used + len(file.content) - offset))


def prove_hooks() -> None:
    """Commit a row as the product does, on a disk of ours, and see the write, the sync and the cut do what they claim.

    Raises:
        FaultInjectionUnavailable: they do not; whatever a test then found would mean nothing.
    """
    path, marker = Path("/proof/proof.db"), "through the standard library"
    with FaultDisk(Random(0)) as disk:
        for lying in (False, True):
            disk.restore({})
            kept = _survives_a_cut(disk, path, marker, lying=lying)
            if kept is lying:
                raise FaultInjectionUnavailable(
                    f"a committed row was {'kept' if kept else 'lost'} with lying={lying}; faults miss"
                )


def _survives_a_cut(disk: FaultDisk, path: Path, marker: str, *, lying: bool) -> bool:
    disk.lying = False
    with closing(open_database(path, vfs=disk.name)) as db:
        db.execute("CREATE TABLE proof (text TEXT)")
        disk.lying = lying
        syncs, writes = disk.counts[Operation.SYNC], disk.counts[Operation.WRITE]
        with transaction(db):
            db.execute("INSERT INTO proof VALUES (?)", (marker,))
        if disk.counts[Operation.SYNC] == syncs or disk.counts[Operation.WRITE] == writes:
            raise FaultInjectionUnavailable("a commit did not reach the simulated disk: its write and sync hooks stayed silent")
        unsynced = [file for file in disk.directory.files.values() if file.changes]
        if bool(unsynced) is not lying:
            raise FaultInjectionUnavailable("a sync did not do on the simulated disk what it should")
        for file in unsynced:
            file.changes.clear()
        disk.cut()
    disk.power_on()
    disk.lying = False
    try:
        with closing(open_database(path, vfs=disk.name)) as db:
            return db.execute("SELECT text FROM proof").fetchall() == [(marker,)]
    except (DatabaseError, sqlite3.Error):
        return False
