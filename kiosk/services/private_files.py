"""Files that only their owner may read: badge codes, exports with photos."""

from pathlib import Path

from sync.files import write_whole


def private_folder(path: Path) -> None:
    """Make `path`, if it is not there, and close it to everybody else.

    Raises:
        OSError
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, also after a power cut, and was never readable by others (mode 0600).

    Raises:
        OSError: names `path`; what was there before is as it was.
    """
    write_whole(path, content, mode=0o600)
