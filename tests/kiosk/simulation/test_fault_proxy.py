"""The proxy does to bytes what it was told, to the byte."""

import socket
import socketserver
import threading
import time
from contextlib import closing

import pytest

from kiosk.simulation.fault_proxy import FaultProxy, Toxics


class Echo(socketserver.BaseRequestHandler):
    """Answers with what comes, and remembers it."""

    def handle(self) -> None:
        while part := self.request.recv(65536):
            self.server.heard += part
            self.request.sendall(part)


@pytest.fixture
def echo():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.heard = b""
        server.handle_error = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


@pytest.fixture
def proxy(echo):
    with closing(FaultProxy("127.0.0.1", echo.server_address[1])) as made:
        yield made


def ask(proxy, text=b"0123456789"):
    """What comes back before the end, and whether the end was a reset."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as end:
        got = b""
        try:
            end.sendall(text)
            while len(got) < len(text) and (part := end.recv(65536)):
                got += part
        except ConnectionResetError:
            return got, True
    return got, False


def _heard(echo, wanted):
    """Wait until the server has heard just that."""
    pause = threading.Event()
    for _ in range(500):
        if echo.heard == wanted:
            return
        pause.wait(0.01)
    raise AssertionError(f"heard {echo.heard!r}")


@pytest.mark.parametrize("at", [0, 1, 9, 10])
def test_a_request_is_cut_to_the_byte(proxy, echo, at):
    """Just so many bytes reach the server; the next connection is whole."""
    proxy.spoil(Toxics(cut_request_after=at))
    ask(proxy)
    _heard(echo, b"0123456789"[:at])  # it may still be on its way when our end is over
    assert ask(proxy, b"abc") == (b"abc", False)
    assert echo.heard == b"0123456789"[:at] + b"abc"
    assert proxy.cuts == 1


@pytest.mark.parametrize("at", [0, 1, 9])
def test_an_answer_is_cut_to_the_byte(proxy, at):
    """Just so many bytes come back."""
    proxy.spoil(Toxics(cut_answer_after=at))
    assert ask(proxy) == (b"0123456789"[:at], False)
    assert ask(proxy) == (b"0123456789", False)


def test_a_reset_is_one(proxy):
    """The end of a connection can be a reset."""
    proxy.spoil(Toxics(cut_answer_after=0, reset=True))
    assert ask(proxy) == (b"", True)


@pytest.mark.parametrize(
    ("toxics", "at_least_s"),
    [
        (Toxics(latency_s=0.1), 0.2),
        (Toxics(bytes_per_s=100), 0.2),
        (Toxics(bytes_per_s=100, slice_bytes=1), 0.2),
        (Toxics(slow_close_s=0.3, cut_answer_after=0), 0.3),
    ],
    ids=["latency", "bandwidth", "slicer", "slow close"],
)
def test_slow(proxy, toxics, at_least_s):
    """What is slow takes its time, both ways, and is whole."""
    proxy.spoil(toxics)
    began = time.monotonic()
    answer, _ = ask(proxy)
    assert time.monotonic() - began >= at_least_s
    assert answer == (b"" if toxics.cut_answer_after == 0 else b"0123456789")


def test_down_refuses_and_drops(proxy):
    """Down, open connections end and new ones are refused; up again it is at the same address."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as end:
        end.sendall(b"x")
        assert end.recv(1) == b"x"
        proxy.set_up(False)
        proxy.set_up(False)
        assert end.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        ask(proxy)
    proxy.set_up(True)
    assert ask(proxy) == (b"0123456789", False)
