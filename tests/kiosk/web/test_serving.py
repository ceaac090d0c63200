import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import requests
from flask import Flask

from kiosk.core.values import Reason, Screen, ScreenKind
from kiosk.web.serve import SPARE_THREADS, KioskServer
from tests.kiosk.web.station import SITI, MemoryStation, tap

CAP = 2


@pytest.fixture
def server(app: Flask, station: MemoryStation) -> Iterator[KioskServer]:
    server = KioskServer(app, "127.0.0.1", 0, CAP + SPARE_THREADS)
    server.start()
    yield server
    station.stopping.set()
    server.stop()


@pytest.fixture
def base(server: KioskServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def opened(base: str) -> requests.Response:
    return requests.get(f"{base}/panel/events", stream=True, timeout=5)


def events(answer: requests.Response) -> Iterator[tuple[str, str]]:
    name, data = "", []
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("event: "):
            name, data = line[7:], []
        elif line.startswith("data: "):
            data.append(line[6:])
        elif not line and name:
            yield name, "\n".join(data)
            name = ""


def until(true: Callable[[], bool], within_s: float = 8) -> bool:
    """Look every 50 ms until it is true."""
    pause = threading.Event()
    return any(true() or pause.wait(0.05) for _ in range(int(within_s / 0.05)))


def test_a_change_reaches_the_screen(base: str, station: MemoryStation):
    """An open panel is told of the next screen as HTML, with the sound that belongs to it."""
    with closing(opened(base)) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        told = events(answer)
        assert "Selamat datang" in next(html for name, html in told if name == "screen")
        station.show(Screen(ScreenKind.ADMITTED, SITI, tap(), (Reason.TEMPERATURE_IN_ORDER,), 36.5))
        html = next(html for name, html in told if name == "screen")
        assert "Silakan masuk" in html
        assert 'data-sound="accepted"' in html


def test_the_clock_beats(base: str):
    """A quiet stream still says something at least every five seconds, so that a lost one is noticed."""
    with closing(opened(base)) as answer:
        told = events(answer)
        clocks = [html for _ in range(8) for name, html in [next(told)] if name == "clock"]
    assert len(clocks) >= 3
    assert all("07.12 WIB" in html for html in clocks)


def test_streams_are_capped_and_seats_are_given_back(base: str):
    """Over the cap a screen is told when to come again; pages still answer; a browser that left frees its seat."""
    with closing(opened(base)) as first, closing(opened(base)) as second:
        assert (first.status_code, second.status_code) == (200, 200)
        with closing(opened(base)) as third:
            assert (third.status_code, third.headers["Retry-After"]) == (503, "5")
        assert requests.get(f"{base}/", timeout=5).status_code == 200

    def seat_is_free() -> bool:
        with closing(opened(base)) as answer:
            return answer.status_code == 200

    assert until(seat_is_free)


def test_head_takes_no_seat(base: str):
    """Looking at a stream's headers costs nothing, however often."""
    for _ in range(CAP * 3):
        assert requests.head(f"{base}/panel/events", timeout=5).status_code == 200
    with closing(opened(base)) as answer:
        assert answer.status_code == 200


def test_stopping_ends_streams_at_once(app: Flask, station: MemoryStation):
    """A shutdown does not wait for browsers."""
    server = KioskServer(app, "127.0.0.1", 0, CAP + SPARE_THREADS)
    server.start()
    with closing(opened(f"http://127.0.0.1:{server.port}")) as answer:
        station.stopping.set()
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        list(events(answer))
        stopping.join(2)
        assert not stopping.is_alive()


def test_a_taken_port_is_an_error(app: Flask, server: KioskServer):
    """Starting on a port in use raises, and does not hang."""
    with pytest.raises(OSError, match="in use"):
        KioskServer(app, "127.0.0.1", server.port, 1).start()


def test_half_a_request_does_not_hold_the_door(base: str, server: KioskServer):
    """Somebody who connects and says nothing keeps nobody else out."""
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(b"GET / HT")
        assert requests.get(f"{base}/healthz", timeout=5).text == "ok\n"


def test_pages_are_light(base: str):
    """The panel with all that it loads, photos and streams apart, is under 100 KB; no file is loaded from elsewhere."""
    page = requests.get(f"{base}/", timeout=5)
    sounds = [f"sounds/{one}.wav" for one in ("accepted", "attention", "full")]
    files = ["tokens.css", "panel.css", "live.js", "icon.svg", *sounds]
    total = len(page.content) + sum(len(requests.get(f"{base}/static/{file}", timeout=5).content) for file in files)
    assert total < 100_000
    assert "http" not in page.text.replace("http-equiv", "")
