"""A TCP proxy that is as bad as a network can be: slow, narrow, choppy, deaf, and cut at any byte. For tests of both ends."""

import selectors
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass

_CHUNK_BYTES = 65536
_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing then sends a reset and throws away what is on its way."""


@dataclass(frozen=True, slots=True)
class Toxics:
    """What is done to whatever passes, in both directions unless named. Seconds and bytes; None and 0 do nothing.

    A cut counts the bytes that pass from when the toxics were set, over all connections, and happens once: it ends the connection
    behind the last byte that may pass; 0 ends it before the first. `reset` makes every ending a reset, not a close.
    """

    latency_s: float = 0.0
    bytes_per_s: float | None = None
    slice_bytes: int | None = None
    slow_close_s: float = 0.0
    cut_request_after: int | None = None
    cut_answer_after: int | None = None
    reset: bool = False


class FaultProxy:
    """Forwards connections from a loopback port to `host:port`, spoilt by `toxics`; while down it refuses and drops them."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._toxics = Toxics()
        self._left: dict[str, int | None] = {"request": None, "answer": None}
        self.cuts = 0
        self.port = self._listen(0)

    @property
    def url(self) -> str:
        """Its address for a client that speaks HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def spoil(self, toxics: Toxics) -> None:
        """Do this from now on, also to the connections that are open; `Toxics()` mends everything."""
        with self._lock:
            self._toxics = toxics
            self._left = {"request": toxics.cut_request_after, "answer": toxics.cut_answer_after}

    def set_up(self, up: bool) -> None:
        """Go down, dropping everything, or come back on the same port."""
        if up and self._listener is None:
            self._listen(self.port)
        elif not up:
            self._stop_listening()

    def close(self) -> None:
        """End every connection and thread soon."""
        self._ending.set()
        self._stop_listening()

    def _stop_listening(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._open = self._open, set()
        if listener is not None:
            _shut(listener)
            listener.close()
        for end in ends:
            _shut(end)  # its own thread sees the end, and closes it

    def _listen(self, port: int) -> int:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="fault proxy", daemon=True).start()
        return int(listener.getsockname()[1])

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError:
                near.close()
                continue
            with self._lock:
                is_down = self._listener is not listener
                if not is_down:
                    self._open |= {near, far}
            if is_down:
                near.close()
                far.close()
                return
            threading.Thread(target=self._carry, args=(near, far), name="fault proxy carrier", daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        """Carry one connection until an end closes, or a cut does."""
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(10)
        with suppress(OSError), selectors.DefaultSelector() as waiting:
            waiting.register(near, selectors.EVENT_READ, ("request", far))
            waiting.register(far, selectors.EVENT_READ, ("answer", near))
            while self._pass_on(waiting):
                pass
        with self._lock:
            toxics = self._toxics
            self._open -= {near, far}
        self._ending.wait(toxics.slow_close_s)
        for end in (near, far):
            _close(end, reset=toxics.reset)

    def _pass_on(self, waiting: selectors.BaseSelector) -> bool:
        """Pass on what has come; False when the connection is to end."""
        for ready, _ in waiting.select(timeout=1.0):
            direction, sink = ready.data
            source = ready.fileobj
            chunk = source.recv(_CHUNK_BYTES) if isinstance(source, socket.socket) else b""
            if not chunk or not self._send(direction, sink, chunk):
                return False
        return not self._ending.is_set()

    def _send(self, direction: str, sink: socket.socket, chunk: bytes) -> bool:
        """Send what may pass; False when that was all."""
        with self._lock:
            toxics, left = self._toxics, self._left[direction]
            if left is not None:
                chunk = chunk[:left]
                self._left[direction] = left - len(chunk)
            is_cut = left is not None and left <= len(chunk)
            if is_cut:
                self._left[direction] = None
                self.cuts += 1
        self._ending.wait(toxics.latency_s)
        step = toxics.slice_bytes or len(chunk) or 1
        for start in range(0, len(chunk), step):
            piece = chunk[start : start + step]
            if toxics.bytes_per_s:
                self._ending.wait(len(piece) / toxics.bytes_per_s)
            sink.sendall(piece)
        return not is_cut


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _close(end: socket.socket, *, reset: bool) -> None:
    with suppress(OSError):
        if reset:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        else:
            end.shutdown(socket.SHUT_RDWR)
    end.close()
