"""The wires to a receipt printer: a socket, a device file. (The third, a serial port, is `drivers.serial_link.SerialLink`.)

No error of the OS gets out.
"""

import errno
import fcntl
import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from drivers.errors import DeviceTimeout, DeviceUnavailable

PORT = 9100
"""Where network printers listen."""

_ADVICE = {
    errno.ECONNREFUSED: "nothing prints there; check that the printer is on and the address is its own",
    errno.EHOSTUNREACH: "there is no way to it; check its network cable and the address",
    errno.ENETUNREACH: "there is no way to it; check its network cable and the address",
    errno.EPERM: "this program may not reach it; open the unit to its address (see kiosk.toml.example)",
    errno.ENOENT: "there is no such printer; check the cable and the name",
    errno.ENODEV: "the printer is gone; check the cable",
    errno.ENXIO: "the printer is gone; check the cable",
    errno.EIO: "the printer is gone; check the cable",
    errno.EACCES: "this user may not open it; add the user to the group `lp`",
    errno.EBUSY: "another program holds it; stop that program first",
    errno.EAGAIN: "another program holds it; stop that program first",
    errno.EISDIR: "this is a folder and not a printer",
}


class Link(Protocol):
    """One wire. It is opened for a slip and closed behind it; a link belongs to one thread at a time."""

    def open(self) -> None:
        """Open it, if it is not open. What arrived before is thrown away. Raises DeviceUnavailable."""

    def read(self, max_bytes: int = 4096, *, timeout_s: float | None = None) -> bytes:
        """What arrived, as soon as something does; empty if nothing did in time. Raises DeviceUnavailable."""

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises DeviceUnavailable, DeviceTimeout."""

    def close(self) -> None:
        """Let it go. Closing twice is no error."""


@contextmanager
def link_errors(name: str) -> Iterator[None]:
    """Raise the OS's errors as ours, each with the printer's name and what to do."""
    try:
        yield
    except TimeoutError as exc:
        raise DeviceTimeout(f"{name}: the printer does not take what is sent to it") from exc
    except OSError as exc:
        advice = _ADVICE.get(exc.errno or 0, "the printer is gone, or the address is none; check its cable and power")
        raise DeviceUnavailable(f"{name}: {advice}") from exc


class NetworkLink:
    """A printer that listens on the network."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self._address = (host, port)
        self._name = f"{host}:{port}"
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None

    def open(self) -> None:
        with link_errors(self._name):
            self._opened()

    def read(self, max_bytes: int = 4096, *, timeout_s: float | None = None) -> bytes:
        with link_errors(self._name):
            end = self._opened()
            end.settimeout(self._timeout_s if timeout_s is None else timeout_s)
            try:
                received = end.recv(max_bytes)
            except TimeoutError:
                return b""
            if not received:
                raise OSError(errno.ENODEV, "it ended the connection")
            return received

    def write(self, data: bytes) -> None:
        with link_errors(self._name):
            end = self._opened()
            end.settimeout(self._timeout_s)
            end.sendall(data)

    def close(self) -> None:
        end, self._socket = self._socket, None
        if end is not None:
            with suppress(OSError):
                end.shutdown(socket.SHUT_WR)
            end.close()

    def _opened(self) -> socket.socket:
        if self._socket is None:
            try:
                self._socket = socket.create_connection(self._address, self._timeout_s)
            except TimeoutError as exc:
                raise OSError(errno.EHOSTUNREACH, "nobody answers") from exc
        return self._socket


class FileLink:
    """A printer that is a device file, such as /dev/usb/lp0. Held alone. `two_way` False: it can only be written to."""

    def __init__(self, path: str, *, timeout_s: float, two_way: bool) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._way = (os.O_RDWR if two_way else os.O_WRONLY) | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY
        self._two_way = two_way
        self._fd: int | None = None

    def open(self) -> None:
        with link_errors(self._path):
            self._opened()

    def read(self, max_bytes: int = 4096, *, timeout_s: float | None = None) -> bytes:
        with link_errors(self._path):
            fd = self._opened()
            if not _waited(fd, select.POLLIN, self._timeout_s if timeout_s is None else timeout_s):
                return b""
            received = os.read(fd, max_bytes)
            if not received:
                raise OSError(errno.ENODEV, "its end was reached")
            return received

    def write(self, data: bytes) -> None:
        with link_errors(self._path):
            fd, rest = self._opened(), memoryview(data)
            while rest:
                if not _waited(fd, select.POLLOUT, self._timeout_s):
                    raise TimeoutError
                rest = rest[os.write(fd, rest) :]

    def close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            with suppress(OSError):
                os.close(fd)

    def _opened(self) -> int:
        if self._fd is None:
            fd = os.open(self._path, self._way)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                while self._two_way and _waited(fd, select.POLLIN, 0) and os.read(fd, 4096):
                    pass
            except OSError:
                os.close(fd)
                raise
            self._fd = fd
        return self._fd


def _waited(fd: int, event: int, timeout_s: float) -> bool:
    """True as soon as it can be read or written; what is broken counts as ready, so that the call behind this says how."""
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(timeout_s * 1000))
