"""Files that only their owner may read: badge codes, exports with photos."""

import os
from pathlib import Path


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
        OSError
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
