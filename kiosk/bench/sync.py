"""`gapura bench sync`: 100,000 waiting rows. Does a tap notice, and how long does the upload take?"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from kiosk.bench.commit import tap_commit
from kiosk.bench.figures import Figure, percentile, report
from kiosk.bench.process import resident_mib
from kiosk.simulation.door import Place, SimulatedDoor
from kiosk.store import projections
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync.clock import SystemClock
from sync.identity import read_identity
from sync.journal import Event
from sync.protocol.events import Kind
from sync.state import read_link

_UPLOAD_S, _TAP_RATIO = 30.0, 1.2
_QUIET_TAPS, _TAP_PAUSE_S, _LOOK_EVERY = 400, 0.02, 10
_TURNS, _TAPS_A_TURN = 25, 60


@click.command("sync")
@click.option("--rows", type=click.IntRange(100), default=100_000, show_default=True, help="How many rows wait.")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_sync(rows: int, as_json: bool) -> None:
    """Tap latency with many rows waiting beside an empty journal, and the time to upload them over loopback."""
    with tempfile.TemporaryDirectory() as folder:
        report([tap_ratio(Path(folder), rows), *upload(Path(folder), rows)], as_json)


def fill(database: KioskDatabase, rows: int) -> None:
    """Journal that many taps, a thousand a transaction."""
    clock = SystemClock(lambda: True)
    with click.progressbar(length=rows, label="Journaling", file=sys.stderr) as bar:
        for start in range(0, rows, 1000):
            count = min(1000, rows - start)
            with database.transaction() as db:
                for _ in range(count):
                    payload = {"person_id": "P001", "token_sha256": "0" * 64, "direction": "in", "direction_source": "kiosk"}
                    projections.apply(db, database.journal.append(Event(Kind.ATTENDANCE_TAPPED, payload), clock.now()))
            bar.update(count)


def tap_ratio(folder: Path, rows: int) -> Figure:
    """p95 of a tap's commit on a long journal over that on an empty one, in turns."""
    clock = SystemClock(lambda: True)
    full = open_kiosk_database(folder / "full.db", device_id="bench", place_id="bench", random_bytes=os.urandom)
    empty = open_kiosk_database(folder / "empty.db", device_id="bench", place_id="bench", random_bytes=os.urandom)
    with closing(full), closing(empty):
        fill(full, rows)
        ratios, empties = [], []
        for _ in range(_TURNS):
            slow, fast = _p95_ms(full, clock), _p95_ms(empty, clock)
            ratios.append(slow / fast)
            empties.append(fast)
    limit = _TAP_RATIO * statistics.median(empties)
    return Figure("sync.tap", statistics.median(ratios) * limit / _TAP_RATIO, "ms p95", limit, f"{_TAP_RATIO} x an empty journal")


def _p95_ms(database: KioskDatabase, clock: SystemClock) -> float:
    commit, took = tap_commit(database, clock), []
    for _ in range(_TAPS_A_TURN):
        start = time.perf_counter()
        commit()
        took.append(1000 * (time.perf_counter() - start))
    return percentile(took, 0.95)


def upload(folder: Path, rows: int) -> list[Figure]:
    """A real agent drains a full journal into a real server over loopback, while the kiosk is off."""
    place = Place(folder / "door")
    with SimulatedDoor(place, kind="off") as door:
        for name in ("sync", "kiosk"):
            door.processes[name].terminate()
            door.processes[name].wait()
        device_id = _device_id(place)
        database = open_kiosk_database(place.station / "kiosk.db", device_id=device_id, place_id="bench", random_bytes=os.urandom)
        with closing(database):
            fill(database, rows)
            epoch = database.journal.origin.epoch
            last = database.connection.execute("SELECT max(seq) FROM journal").fetchone()[0]
            quiet_ms = percentile(_paced_taps(database, lambda number: number < _QUIET_TAPS), 0.95)
            drained = _drain(place, database, epoch, last)
    limit_ms = _TAP_RATIO * quiet_ms
    busy_ms, limit_is = percentile(drained.taps_ms, 0.95), f"{_TAP_RATIO} x the same while nothing is sent"
    return [
        Figure("sync.upload", drained.took_s * 100_000 / rows, "s per 100,000 rows", _UPLOAD_S, "fixed, taps going on"),
        Figure("sync.tap_sending", busy_ms, "ms p95", limit_ms, limit_is),
        Figure("sync.memory", drained.memory_mib, "MiB", 150.0, "the agent's, resident, fixed"),
    ]


@dataclass(frozen=True, slots=True)
class Drained:
    """How long it took until the server had everything that waited, the agent's memory, and the taps made meanwhile."""

    took_s: float
    memory_mib: float
    taps_ms: list[float]


def _drain(place: Place, database: KioskDatabase, epoch: str, last: int) -> Drained:
    began, memory = time.perf_counter(), 0.0
    # As its unit runs it: behind the door.
    command = ["nice", "-n", "10", sys.executable, "-m", "kiosk", "sync", "--config", str(place.station / "sync.toml")]
    with subprocess.Popen(command) as agent:

        def goes_on(number: int) -> bool:
            nonlocal memory
            if number % _LOOK_EVERY:
                return True
            if agent.poll() is not None:
                raise click.ClickException("the sync agent ended before everything was sent")
            memory = max(memory, resident_mib(agent.pid))
            link = read_link(place.station / "sync.db")
            return link is None or link.acked.get(epoch, 0) < last

        taps_ms = _paced_taps(database, goes_on)
        took = time.perf_counter() - began
        agent.terminate()
    return Drained(took, memory, taps_ms)


def _paced_taps(database: KioskDatabase, goes_on: Callable[[int], bool]) -> list[float]:
    """Milliseconds of taps made one after the other with a pause between them, for as long as `goes_on(number)` says so."""
    commit, pause = tap_commit(database, SystemClock(lambda: True)), threading.Event()
    took: list[float] = []
    while goes_on(len(took)):
        start = time.perf_counter()
        commit()
        took.append(1000 * (time.perf_counter() - start))
        pause.wait(_TAP_PAUSE_S)
    return took


def _device_id(place: Place) -> str:
    identity = read_identity(place.station)
    if identity is None:
        raise click.ClickException("the simulated door was not enrolled")
    return identity.device_id
