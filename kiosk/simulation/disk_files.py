"""What a disk holds, and what of it outlives a power cut: files and names as programs see them, and as the platter has them.

The rules are POSIX's, not one file system's: what was not synced may survive whole, in part, in any order, or not at all.
"""

from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import NamedTuple

Image = dict[str, bytes]
"""A disk's files by name, all of it durable."""


class Operation(StrEnum):
    """What a program asks of a disk. All but READ change it."""

    CREATE = "create"
    READ = "read"
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    DELETE = "delete"


class Change(NamedTuple):
    """A write at `offset`, or, with no data, the file cut or stretched to that size."""

    offset: int
    data: bytes | None


class StoredFile:
    """One file: what reads see, what is durable, and the changes between them, oldest first."""

    __slots__ = ("changes", "content", "durable")

    def __init__(self, content: bytes = b"") -> None:
        self.content, self.durable = bytearray(content), bytearray(content)
        self.changes: list[Change] = []

    def change(self, change: Change) -> None:
        """Seen at once, durable at the next sync."""
        _apply(self.content, change)
        self.changes.append(change)

    def sync(self) -> None:
        """Make every change durable."""
        for change in self.changes:
            _apply(self.durable, change)
        self.changes.clear()

    def fail_sync(self) -> None:
        """What Linux does when a sync fails: the changes stay to be seen and count as written, yet no later sync writes them."""
        self.changes.clear()

    def forget_cached(self) -> None:
        """Show what the disk has, with the changes that are still to be synced."""
        self.content = bytearray(self.durable)
        for change in self.changes:
            _apply(self.content, change)

    def lose_power(self, rng: Random, sector_bytes: int) -> None:
        """Keep what is durable and, of the changes, what happened to get there."""
        for change in survivors(self.changes, rng, sector_bytes):
            _apply(self.durable, change)
        self.changes.clear()
        self.content = bytearray(self.durable)


class Directory:
    """Names and their files. A name made, changed or removed is durable at the next `sync`, apart from the file's content."""

    def __init__(self, image: Image) -> None:
        self.files = {name: StoredFile(content) for name, content in image.items()}
        self._durable = dict(self.files)
        self._changes: list[dict[str, StoredFile | None]] = []

    def change(self, names: dict[str, StoredFile | None]) -> None:
        """Set names to files, or remove them with None; all together survive a cut or none of them does."""
        _rename(self.files, names)
        self._changes.append(names)

    def sync(self) -> None:
        """Make every name durable."""
        for names in self._changes:
            _rename(self._durable, names)
        self._changes.clear()

    def lose_power(self, rng: Random, sector_bytes: int) -> None:
        """Keep durable names and, of the others, a prefix: directories are journaled, and so in order."""
        for names in self._changes[: rng.randint(0, len(self._changes))]:
            _rename(self._durable, names)
        self._changes.clear()
        self.files = dict(self._durable)
        for name in sorted(self.files):
            self.files[name].lose_power(rng, sector_bytes)

    def image(self) -> Image:
        """What programs see now."""
        return {name: bytes(file.content) for name, file in self.files.items()}


def survivors(changes: Sequence[Change], rng: Random, sector_bytes: int) -> list[Change]:
    """What is left of changes that were not synced: nothing, all, a torn prefix, or sectors here and there."""
    match rng.randrange(5):
        case 0:
            return []
        case 1:
            return list(changes)
        case 2:
            pieces = _in_sectors(changes, sector_bytes)
            return pieces[: rng.randint(0, len(pieces))]
        case _:
            kept = rng.choice((0.1, 0.5, 0.9))
            return [piece for piece in _in_sectors(changes, sector_bytes) if rng.random() < kept]


def _in_sectors(changes: Sequence[Change], sector_bytes: int) -> list[Change]:
    pieces = []
    for change in changes:
        if change.data is None:
            pieces.append(change)
            continue
        start, end = change.offset, change.offset + len(change.data)
        while start < end:
            stop = min(end, (start // sector_bytes + 1) * sector_bytes)
            pieces.append(Change(start, change.data[start - change.offset : stop - change.offset]))
            start = stop
    return pieces


def _apply(content: bytearray, change: Change) -> None:
    if len(content) < change.offset:
        content.extend(bytes(change.offset - len(content)))
    if change.data is None:
        del content[change.offset :]
    else:
        content[change.offset : change.offset + len(change.data)] = change.data


def _rename(files: dict[str, StoredFile], names: dict[str, StoredFile | None]) -> None:
    for name, file in names.items():
        if file is None:
            files.pop(name, None)
        else:
            files[name] = file
