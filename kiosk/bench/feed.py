"""`gapura bench feed`: eight guards' screens are open. How soon do they show a tap, and does the tap notice them?"""

import http.client
import http.cookiejar
import re
import sqlite3
import statistics
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import click

from kiosk.bench.figures import Figure, percentile, report
from kiosk.simulation.door import GUARD_ID, GUARD_PIN, Place, SimulatedDoor
from kiosk.store.database import open_reader

SCREENS = 8
_FEED_MS, _TAP_RATIO = 300.0, 1.2
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_TAP = re.compile(r"more-([0-9a-f-]{36})")
AGENT = "gapura bench"
_BLOCKS, _TAPS_A_BLOCK = 4, 5


@click.command("feed")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_feed(as_json: bool) -> None:
    """With 8 guards' screens open and a tap each second: commit -> fragment received, and the tap with screens beside without."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SimulatedDoor(Place(Path(folder)), kind="off", station={"repeat_window_s": 0}) as door,
    ):
        report(measure(door), as_json)


@dataclass
class Screen:
    """One guard's screen: when (monotonic) it first received each tap's row."""

    arrived_ns: dict[str, int] = field(default_factory=dict)


def measure(door: SimulatedDoor) -> list[Figure]:
    """Blocks of taps without and with the screens, in turns, so that both meet the same machine."""
    pause, alone, beside, feed = threading.Event(), [], [], []
    pause.wait(4.0)
    numbers = count()  # the same code again at once would be no new sighting
    tap(door, next(numbers))  # whatever happens only once
    for block in range(_BLOCKS):
        alone += [tap(door, next(numbers))[1] for _ in range(_TAPS_A_BLOCK)]
        with screens(door.addresses["guard"]) as watching:
            taps = [tap(door, next(numbers)) for _ in range(_TAPS_A_BLOCK)]
            pause.wait(1.0)
        beside += [took for _, took, _ in taps]
        feed += [
            (screen.arrived_ns[tap_id] - committed_ns) / 1e6 if tap_id in screen.arrived_ns else float("inf")
            for tap_id, _, committed_ns in taps
            for screen in watching
        ]
        pause.wait(0.05 * block)
    of, watched = f"{len(alone)} taps without screens", f"fixed; {SCREENS} screens, median {statistics.median(feed):.0f}"
    limit = _TAP_RATIO * statistics.median(alone)
    return [
        Figure("feed", percentile(feed, 0.95), "ms p95", _FEED_MS, watched),
        Figure("feed.tap", statistics.median(beside), "ms median", limit, f"{_TAP_RATIO} x {of}"),
    ]


def tap(door: SimulatedDoor, number: int) -> tuple[str, float, int]:
    """Show a badge: its tap's id, ms from the frame to the row that can be read, and when it was journaled (monotonic)."""
    began_ns, pause = time.monotonic_ns(), threading.Event()
    codes = [code for _, code in door.simulator.badges()]
    with closing(open_reader(Path(door.addresses["data"]) / "station" / "kiosk.db")) as db:
        before = _newest(db)[0]
        shown_ns = door.simulator.camera.control.present(codes[number % len(codes)], 0.4)
        if shown_ns is None:
            raise click.ClickException("the simulated camera showed nothing")
        while time.monotonic_ns() - began_ns < 5_000_000_000:
            position, tap_id, committed_ns = _newest(db)
            if position > before:
                took_ms = (time.monotonic_ns() - shown_ns) / 1e6
                pause.wait(max(0.0, 1.0 - (time.monotonic_ns() - began_ns) / 1e9))
                return tap_id, took_ms, committed_ns
            pause.wait(0.001)
    raise click.ClickException("a badge was shown, and no tap was recorded")


def _newest(db: sqlite3.Connection) -> tuple[int, str, int]:
    """The newest tap: position, id, and when it was journaled by the kiosk's monotonic clock, which is this machine's."""
    row = db.execute("SELECT position, tap_id, mono_ns FROM arrivals ORDER BY position DESC LIMIT 1").fetchone()
    return (0, "", 0) if row is None else (int(row[0]), str(row[1]), int(row[2]))


@contextmanager
def screens(guard_url: str) -> Iterator[list[Screen]]:
    """So many signed-in screens, each reading the event stream over a connection and a thread of its own."""
    cookies = sign_in(guard_url)
    found = [Screen() for _ in range(SCREENS)]
    address = urllib.parse.urlsplit(guard_url)
    connections = [http.client.HTTPConnection(address.hostname or "", address.port, timeout=30) for _ in found]
    threads = []
    for screen, connection in zip(found, connections, strict=True):
        connection.request("GET", "/guard/events", headers={"Cookie": cookies, "User-Agent": AGENT})
        answer = connection.getresponse()
        if answer.status != 200:
            raise click.ClickException(f"the event stream answered {answer.status}")
        threads.append(threading.Thread(target=_read, args=(answer, screen), daemon=True))
        threads[-1].start()
    threading.Event().wait(1.0)
    try:
        yield found
    finally:
        for connection in connections:
            if connection.sock is not None:
                connection.sock.shutdown(2)
        for thread in threads:
            thread.join(5.0)
        for connection in connections:
            connection.close()


def _read(answer: http.client.HTTPResponse, screen: Screen) -> None:
    try:
        for line in answer:
            if b"more-" in line:
                for tap_id in _TAP.findall(line.decode()):
                    screen.arrived_ns.setdefault(tap_id, time.monotonic_ns())
    except (OSError, ValueError, http.client.HTTPException):
        return  # this end closed the connection


def sign_in(guard_url: str) -> str:
    """The Cookie header of a guard who signed in."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.addheaders = [("User-Agent", AGENT)]  # a session is good at the screen it was opened at alone
    with opener.open(guard_url, timeout=10) as page:
        token = _TOKEN.search(page.read().decode())
    if token is None:
        raise click.ClickException("the guard's page has no form to sign in with")
    form = urllib.parse.urlencode({"csrf_token": token[1], "guard": GUARD_ID, "pin": GUARD_PIN}).encode()
    with opener.open(f"{guard_url.rstrip('/')}/sign-in", data=form, timeout=10) as page:
        if b"data-events" not in page.read():
            raise click.ClickException("the guard could not sign in")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
