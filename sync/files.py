"""Files that are there whole or not at all, also after a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EEXIST
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut. `mode` as for open(2): the umask applies.

    Raises:
        OSError: names `path`; what was there before is as it was.
    """
    with whole_file(path, mode=mode) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` at the end, whole and durable; after an error nothing has changed.

    Raises:
        OSError: names `path`, which is all that the caller knows of.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        _refuse_odd(path)
        try:
            with _created(partial, mode) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)  # a full disk is left as it was found
            raise
        sync_folder(path.parent)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, str(path)) from exc


def _refuse_odd(path: Path) -> None:
    """What is replaced is a file: renamed over, a device or a link to one would be gone."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(EEXIST, "is there and is no regular file; name another")


def _created(path: Path, mode: int) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
