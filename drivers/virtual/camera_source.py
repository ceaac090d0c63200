"""The near end of the virtual camera: its frames as a `FrameSource`. They are real JPEG, opened as a real camera's are."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.errors import BadFrame, DeviceTimeout, DeviceUnavailable
from drivers.scanners.camera import JpegFrame
from drivers.scanners.frames import Frame

HEADER = struct.Struct(">I")
"""Before each frame: how many bytes it has."""

_MAX_BYTES = 4 * 1024 * 1024


class SocketSource:
    """Frames from a Unix socket, each after its length. `timeout_s` is how long one `grab` waits."""

    def __init__(self, path: str | Path, *, timeout_s: float = 0.5) -> None:
        self._path = str(path)
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._received = bytearray()

    @property
    def name(self) -> str:
        return self._path

    def open(self) -> None:
        if self._socket is not None:
            return
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(self._timeout_s)
        try:
            with _socket_errors(self._path):
                end.connect(self._path)
        except DeviceUnavailable:
            end.close()
            raise
        self._socket = end

    def grab(self) -> Frame:
        self._fill(HEADER.size)
        (size,) = HEADER.unpack_from(self._received)
        if size > _MAX_BYTES:
            raise BadFrame(f"{self._path}: a frame of {size} bytes")
        self._fill(HEADER.size + size)
        data = bytes(self._received[HEADER.size :])
        self._received.clear()
        return JpegFrame(data)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._received.clear()

    def _fill(self, size: int) -> None:
        """Receive until there are so many bytes; what came before a timeout is kept for the next call."""
        if self._socket is None:
            raise DeviceUnavailable(f"{self._path}: the camera is not open")
        while (missing := size - len(self._received)) > 0:
            with _socket_errors(self._path):
                part = self._socket.recv(missing)
            if not part:
                raise DeviceUnavailable(f"{self._path}: the camera was unplugged")
            self._received += part


@contextmanager
def _socket_errors(path: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as exc:
        raise DeviceTimeout(f"{path}: the camera gave no frame") from exc
    except OSError as exc:
        raise DeviceUnavailable(f"{path}: no camera there: {exc}") from exc
