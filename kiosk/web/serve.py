"""A web server for one app, with enough threads for every screen that stays open."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cheroot import wsgi
from cheroot.errors import FatalSSLAlert
from cheroot.ssl.builtin import BuiltinSSLAdapter

SPARE_THREADS = 16
_DEAD_PEER_MS = 10_000


class Tls(BuiltinSSLAdapter):
    """TLS 1.2 and later, with the certificate and key in these PEM files.

    Raises:
        OSError: a file cannot be read, or holds no matching pair (ssl.SSLError is one).
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(str(certificate), str(key))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.sslsocket_class = _LateSocket

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """The handshake comes with the first read, in a thread of its own: whoever is silent keeps nobody else out."""
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class _LateSocket(ssl.SSLSocket):
    """What is wrong with TLS (plain HTTP, an old version, a tablet that left) gets no answer and no line in the log."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        with _quietly():
            return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        with _quietly():
            return super().send(*args, **kwargs)


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as exc:
        raise FatalSSLAlert(*exc.args) from exc


class KioskServer:
    """Serves a WSGI app in threads. Port 0 picks a free one; `start()` returns once it listens.

    `threads` must be the cap of open streams plus `SPARE_THREADS`: each stream holds one.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], host: str, port: int, threads: int, tls: "Tls | None" = None) -> None:
        self._address = (host, port)
        self._server: Any = wsgi.Server(
            self._address, app, numthreads=threads, max=threads, server_name="gapura", request_queue_size=64, shutdown_timeout=3
        )
        self._server.ssl_adapter = tls
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return int(self._server.bind_addr[1])

    def start(self) -> None:
        """Listen, and serve in the background.

        Raises:
            OSError: the address is taken, or is not ours.
        """
        # Asked first by ourselves: cheroot leaves a socket open, and drops the error's number, when it cannot bind.
        socket.create_server(self._address, family=socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET).close()
        self._server.prepare()
        # A guard's tablet that fell asleep never says goodbye: without this its stream holds a thread for a quarter of an hour.
        self._server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_PEER_MS)
        self._thread = threading.Thread(target=self._server.serve, name="web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end what is under way. Streams end by themselves once the station is stopping; set that first."""
        self._server.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
