"""Files that are there whole or not at all."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.files import whole_file, write_whole


@contextmanager
def no_room_beyond(size_bytes: int) -> Iterator[None]:
    """As on a full disk: the operating system takes no more than so many bytes in one file of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """The new content is there, readable as was asked for, and nothing else is left in the folder."""
    path = tmp_path / "list"
    path.write_bytes(b"before")
    write_whole(path, b"after", mode=0o600)
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_without_room_the_file_before_stays(tmp_path: Path) -> None:
    """A disk that is full halfway leaves the folder as it was, and the error names the file that was asked for."""
    path = tmp_path / "list"
    path.write_bytes(b"before")
    with no_room_beyond(4096), pytest.raises(OSError, match="File too large") as failed:
        write_whole(path, b"x" * 100_000)
    assert failed.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_gives_up_changes_nothing(tmp_path: Path) -> None:
    """What was written until then is gone, whatever went wrong."""
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "list") as file:
        file.write(b"%d" % (1 // 0))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named_by_the_file(tmp_path: Path) -> None:
    """People know the name they gave, and no other."""
    with pytest.raises(FileNotFoundError) as failed:
        write_whole(tmp_path / "nowhere" / "list", b"")
    assert failed.value.filename == str(tmp_path / "nowhere" / "list")


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    """A pipe, as a device would be, a folder and a link are not replaced by a file: that is refused, and they are there after."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "list").write_bytes(b"before")
    (tmp_path / "link").symlink_to(tmp_path / "list")
    for name in ("pipe", "folder", "link"):
        with pytest.raises(FileExistsError, match="is there and is no regular file") as failed:
            write_whole(tmp_path / name, b"after")
        assert failed.value.filename == str(tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "folder").is_dir()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "list").read_bytes() == b"before"
