"""A serial port made of a pseudo-terminal, which can be unplugged and plugged in again under one stable name."""

import os
import pty
import tty
from contextlib import suppress
from pathlib import Path


class PtyPort:
    """The far end of a serial port. The near end is a real tty behind the link `name`, as udev would make it.

    The caller makes calls one at a time.
    """

    def __init__(self, name: Path) -> None:
        self._name = name
        self._far_fd: int | None = None
        self._near_fd: int | None = None

    @property
    def name(self) -> Path:
        """The stable name to open. It is there only while the port is plugged in."""
        return self._name

    @property
    def plugged(self) -> bool:
        """True between `plug()` and `unplug()`."""
        return self._far_fd is not None

    def plug(self) -> None:
        """Let the port appear. A port that is there stays as it is; an old link of that name is replaced."""
        if self.plugged:
            return
        self._far_fd, self._near_fd = pty.openpty()
        # Raw before anybody opens it: a terminal would echo the device's bytes back to the device. The near end stays
        # open here too, because a pseudo-terminal forgets its settings with its last user.
        tty.setraw(self._near_fd)
        os.set_blocking(self._far_fd, False)
        fresh = self._name.with_name(f".{self._name.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._near_fd))
        fresh.replace(self._name)

    def unplug(self) -> None:
        """Let the port vanish: its name is gone, and whoever has it open gets errors. Unplugging twice is no error."""
        self._name.unlink(missing_ok=True)
        for fd in (self._near_fd, self._far_fd):
            if fd is not None:
                os.close(fd)
        self._far_fd = self._near_fd = None

    def write(self, data: bytes) -> None:
        """Send as the device. What nobody reads is lost once the kernel's buffer is full, as on a wire."""
        if self._far_fd is not None:
            with suppress(BlockingIOError):
                os.write(self._far_fd, data)

    def read(self) -> bytes:
        """What was sent to the device since the last call, up to 4096 bytes; b"" when nothing was."""
        if self._far_fd is not None:
            with suppress(BlockingIOError):
                return os.read(self._far_fd, 4096)
        return b""
