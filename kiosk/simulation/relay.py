"""A TCP relay between the sync agent and the server, which can be cut. The agent speaks real HTTP through a real, broken link."""

import socket
import threading
from contextlib import suppress

_CHUNK_BYTES = 65536


class Relay:
    """Forwards connections from a loopback port to `host:port`; while cut, it refuses them and drops those that are open."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = self._listen(0)

    @property
    def is_up(self) -> bool:
        """False while cut."""
        return self._listener is not None

    def set_up(self, up: bool) -> None:
        """Cut the link, or mend it; both take hold before this returns, and doing either twice is no error."""
        if up and self._listener is None:
            self._listen(self.port)
        elif not up:
            self.close()

    def close(self) -> None:
        """Refuse new connections and drop the open ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._open = self._open, set()
        if listener is not None:
            _drop(listener)
        for end in ends:
            _drop(end)

    def _listen(self, port: int) -> int:
        listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="relay", daemon=True).start()
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
            far.settimeout(None)
            with self._lock:
                is_cut = self._listener is not listener
                if not is_cut:
                    self._open |= {near, far}
            if is_cut:  # between the greeting and here
                _drop(near)
                _drop(far)
                return
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), name="relay pump", daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                sink.sendall(chunk)
        with self._lock:
            self._open -= {source, sink}
        _drop(source)
        _drop(sink)


def _drop(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
