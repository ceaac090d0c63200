"""Real servers on loopback ports of their own: the central server's application, and one that plays answers from a list."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cheroot.wsgi import Server


@contextmanager
def serving(app: Any, tls: Any = None) -> Iterator[str]:
    """The WSGI application behind cheroot; gives its address. `tls` is one of cheroot's adapters."""
    server = Server(("127.0.0.1", 0), app, numthreads=2)
    server.ssl_adapter = tls
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.bind_addr[1]}"
    finally:
        server.stop()
        thread.join(5)


@dataclass
class Reply:
    """What to send back. `cut_after` ends the connection after so many bytes of the body; `reset` does so before any answer."""

    status: int = 200
    body: bytes | Callable[[bytes], bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str | None = "application/json"
    cut_after: int | None = None
    reset: bool = False


@dataclass
class Played:
    """A server that plays `replies` in order, the last one for ever. `asked` has what came: (method, path, headers, body)."""

    replies: list[Reply]
    url: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Player(ThreadingHTTPServer):
    daemon_threads = False
    played: Played
    connections: list[socket.socket]

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Player

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.played.asked.append((self.command, self.path, dict(self.headers), body))
        reply = self.server.played.next()
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        content = reply.body(body) if callable(reply.body) else reply.body
        self.send_response_only(reply.status)
        headers = {"Content-Length": str(len(content)), "Content-Type": reply.kind} | reply.headers
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content if reply.cut_after is None else content[: reply.cut_after])
        self.close_connection = reply.cut_after is not None

    do_POST = do_GET  # noqa: N815 - the library's own name


@contextmanager
def playing(*replies: Reply) -> Iterator[Played]:
    """Play these replies on a port of its own."""
    with _Player(("127.0.0.1", 0), _Handler) as server:
        server.connections = []
        server.played = Played(list(replies), f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.played
        finally:
            server.shutdown()
            thread.join(5)
            server.hang_up()
