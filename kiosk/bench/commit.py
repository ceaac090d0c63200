"""`gapura bench commit`: a tap's whole transaction beside a bare single-row commit, in turns on the same disk."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click

from kiosk.bench.figures import Figure, report
from kiosk.services import record
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync.clock import Clock, SystemClock
from sync.database import open_database, transaction
from sync.ids import uuid7
from sync.journal import Event
from sync.protocol.events import Kind

_SHARE = 0.5
_TURNS, _COMMITS_A_TURN = 25, 120


@click.command("commit")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder on the disk to measure.",
)
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_commit(data: Path | None, as_json: bool) -> None:
    """A tap (fact, projection, chain) beside bare single-row commits a second, both WAL and FULL."""
    with tempfile.TemporaryDirectory(dir=data) as folder:
        report([measure(Path(folder))], as_json)


def measure(folder: Path) -> Figure:
    """Interleave short turns of both and compare medians: the machine's own speed swings far more than the ratio."""
    clock = SystemClock(lambda: True)
    database = open_kiosk_database(folder / "kiosk.db", device_id="bench", place_id="bench", random_bytes=os.urandom)
    bare = open_database(folder / "bare.db")
    with closing(database), closing(bare):
        bare.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, at TEXT, what TEXT)")

        def bare_commit() -> None:
            with transaction(bare):
                bare.execute("INSERT INTO bare (at, what) VALUES (?, ?)", ("2020-06-10T00:12:00Z", "attendance.tapped"))

        tap = tap_commit(database, clock)
        taps, bares = [], []
        for _ in range(_TURNS):
            taps.append(_rate(tap))
            bares.append(_rate(bare_commit))
    ratio = statistics.median(a / b for a, b in zip(taps, bares, strict=True))
    limit = _SHARE * statistics.median(bares)
    return Figure("commit", ratio * limit / _SHARE, "taps/s", limit, f"{_SHARE} of bare single-row commits", at_least=True)


def tap_commit(database: KioskDatabase, clock: Clock) -> Callable[[], None]:
    """Commits one tap, as the lane does."""

    def commit() -> None:
        moment = clock.now()
        tap_id = uuid7(moment.wall, os.urandom)
        payload = {
            "tap_id": tap_id,
            "person_id": "P001",
            "token_sha256": "0" * 64,
            "direction": "in",
            "direction_source": "kiosk",
            "local_time": "2020-06-10T07:12:00+07:00",
        }
        record.commit(database, [Event(Kind.ATTENDANCE_TAPPED, payload, id=tap_id)], moment)

    return commit


def _rate(commit: Callable[[], None]) -> float:
    start = time.perf_counter()
    for _ in range(_COMMITS_A_TURN):
        commit()
    return _COMMITS_A_TURN / (time.perf_counter() - start)
