import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from kiosk.simulation.relay import Relay


class Echo(socketserver.StreamRequestHandler):
    """Answers every line in capitals."""

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line.upper())


@pytest.fixture
def relay() -> Iterator[Relay]:
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        made = Relay("127.0.0.1", server.server_address[1])
        yield made
        made.close()
        server.shutdown()
        thread.join(5)


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=5)


def say(end: socket.socket, text: bytes) -> bytes:
    end.sendall(text)
    answer = b""
    while len(answer) < len(text) and (part := end.recv(65536)):
        answer += part
    return answer


def test_bytes_go_both_ways(relay: Relay) -> None:
    """What is sent arrives, what is answered comes back, over several connections and in pieces larger than one read."""
    with connect(relay) as one, connect(relay) as other:
        assert say(one, b"hello\n") == b"HELLO\n"
        assert say(other, b"x" * 200_000 + b"\n") == b"X" * 200_000 + b"\n"
        assert say(one, b"again\n") == b"AGAIN\n"


def test_a_cut_link_drops_and_refuses(relay: Relay) -> None:
    """Open connections end, new ones are refused, and cutting twice is no error."""
    with connect(relay) as end:
        say(end, b"hello\n")
        relay.set_up(False)
        relay.set_up(False)
        assert not relay.is_up
        with suppress(ConnectionResetError):
            assert end.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            connect(relay)


def test_a_mended_link_works_on_the_same_port(relay: Relay) -> None:
    """The agent need not be told anything; mending twice is no error."""
    port = relay.port
    for _ in range(3):
        with connect(relay) as end:
            say(end, b"hello\n")
            relay.set_up(False)
        relay.set_up(True)
        relay.set_up(True)
    assert (relay.port, relay.is_up) == (port, True)
    with connect(relay) as end:
        assert say(end, b"back\n") == b"BACK\n"


def test_a_server_that_is_away_is_a_dropped_connection() -> None:
    """The relay is there, what is behind it is not: whoever connects is dropped, not left waiting."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    relay = Relay("127.0.0.1", port)
    try:
        with connect(relay) as end:
            assert end.recv(1) == b""
        with connect(relay) as end:
            assert end.recv(1) == b""
    finally:
        relay.close()


def test_when_one_side_hangs_up_the_other_is_told(relay: Relay) -> None:
    """No connection is left half open."""
    before = threading.active_count()
    for _ in range(5):
        with connect(relay) as end:
            say(end, b"hello\n")
    pause = threading.Event()
    for _ in range(100):
        if threading.active_count() <= before:
            break
        pause.wait(0.02)
    assert threading.active_count() <= before
