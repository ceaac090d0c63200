"""The hooks through which SQLite reaches a `FaultDisk`, by apsw. SQLite's own Unix code keeps the locks and the shared memory."""

# ruff: noqa: N802, ARG002  # SQLite names the hooks, and what they are given

from types import TracebackType
from typing import TYPE_CHECKING, Any

from kiosk.simulation.disk_files import Change, Operation, StoredFile

if TYPE_CHECKING:
    from kiosk.simulation.disk import FaultDisk

_POWERSAFE_OVERWRITE = 0x1000
"""What Unix says of every disk: a torn write damages nothing beside itself."""


def make(disk: "FaultDisk") -> Any:
    """Register the disk's VFS under its name. Unregister what is given to take it away."""
    apsw = disk.apsw
    opened = type("LockedFile", (_LockedFile, apsw.VFSFile), {})
    vfs = type("DiskVfs", (_Vfs, apsw.VFS), {})(disk.name, "")
    vfs.disk, vfs.locked_file = disk, opened
    return vfs


class _Hooks:
    disk: "FaultDisk"

    def excepthook(self, kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
        """SQLite's errors are meant and reach the program; anything else is a fault of the simulation, and is kept."""
        if not isinstance(exc, self.disk.apsw.Error):
            self.disk.unexpected.append(exc)


class _File(_Hooks):
    """An open file. Nothing reaches the disk through it once the power has gone."""

    def on(self, disk: "FaultDisk", file: StoredFile, *, syncs_names: bool) -> Any:
        self.disk, self._boot, self._file, self._syncs_names = disk, disk.boot, file, syncs_names
        return self

    def xRead(self, amount: int, offset: int) -> bytes:
        self.disk.begin(Operation.READ, self._boot)
        return bytes(self._file.content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.begin(Operation.WRITE, self._boot)
        self.disk.write(self._file, offset, data)
        self.disk.end()

    def xTruncate(self, size: int) -> None:
        self.disk.begin(Operation.TRUNCATE, self._boot)
        self._file.change(Change(size, None))
        self.disk.end()

    def xSync(self, flags: int) -> None:
        try:
            self.disk.begin(Operation.SYNC, self._boot)
        except self.disk.apsw.IOError:
            if self.disk.powered and self.disk.boot == self._boot:
                self._file.fail_sync()
            raise
        self.disk.sync(self._file, names=self._syncs_names)
        self._syncs_names = False

    def xFileSize(self) -> int:
        return len(self._file.content)

    def xSectorSize(self) -> int:
        return self.disk.sector_bytes

    def xDeviceCharacteristics(self) -> int:
        return _POWERSAFE_OVERWRITE

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False


class _LockedFile(_File):
    """A database: what is in it is on the disk, its locks and shared memory hang on a real and empty file."""


class _AloneFile(_File):
    """A log or a journal, which SQLite guards through its database's locks."""

    def xLock(self, level: int) -> None: ...

    def xUnlock(self, level: int) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None: ...


class _Vfs(_Hooks):
    locked_file: Any

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        apsw, disk = self.disk.apsw, self.disk
        disk.check_power()
        flags[1] = flags[0]
        if name is None:
            return _AloneFile().on(disk, StoredFile(), syncs_names=False)
        path = name if isinstance(name, str) else name.filename()
        file = self._find(path, may_create=bool(flags[0] & apsw.SQLITE_OPEN_CREATE))
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            return self.locked_file("unix", disk.lock_file(path), flags).on(disk, file, syncs_names=False)
        # As SQLite's Unix code: the first sync of a log or a journal that may be new makes the folder's names durable too.
        return _AloneFile().on(disk, file, syncs_names=bool(flags[0] & apsw.SQLITE_OPEN_CREATE))

    def _find(self, path: str, *, may_create: bool) -> StoredFile:
        file = self.disk.directory.files.get(path)
        if file is not None:
            return file
        if not may_create:
            raise self.disk.apsw.CantOpenError("no such file")
        self.disk.begin(Operation.CREATE, self.disk.boot)
        file = StoredFile()
        self.disk.directory.change({path: file})
        self.disk.end()
        return file

    def xDelete(self, path: str, sync_names: bool) -> None:
        self.disk.begin(Operation.DELETE, self.disk.boot)
        if path in self.disk.directory.files:
            self.disk.directory.change({path: None})
        self.disk.end()
        if sync_names and not self.disk.lying:
            self.disk.directory.sync()

    def xAccess(self, path: str, flags: int) -> bool:
        self.disk.check_power()
        return path in self.disk.directory.files

    def xFullPathname(self, path: str) -> str:
        return path
