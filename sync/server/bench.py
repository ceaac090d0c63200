"""`gapura bench ingest`: what the server takes in over HTTP, beside what the database takes in with nothing between."""

import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import click

from sync.protocol import signing
from sync.server import bench_lane
from sync.server.cli_options import now
from sync.server.database import Database
from sync.server.errors import ServerError
from sync.server.schema import devices
from sync.server.throwaway_postgres import another_database, throwaway_postgres

_LANES, _THREADS, _DOORS_A_LANE = 2, 2, 16
_BATCHES_A_TURN, _RECORDS = 16, 500
_SHARE, _TOLERANCE, _GROWTH, _P99_MS = 0.6, 0.95, 1.1, 1000.0
_KIOSKS, _KIOSK_RECORDS = 2000, 20
_SERVER = [sys.executable, "-c", "from sync.server.cli import central; central(prog_name='gapura central')"]


@click.group()
def bench() -> None:
    """Measure, each figure beside the limit measured in the same run."""


@bench.command("ingest")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
@click.option("--turns", type=click.IntRange(1, 50), default=7, show_default=True, help="How often each way is measured.")
@click.option(
    "--kiosks", type=click.IntRange(10, 5000), default=_KIOSKS, show_default=True, help="Simulated doors in the last part."
)
def ingest(as_json: bool, turns: int, kiosks: int) -> None:
    """Signed batches into PostgreSQL through two workers; new, replayed, and from thousands of doors.

    The yardstick is COPY into a staging table and INSERT ... ON CONFLICT of the same records over one connection, turn about.
    """
    try:
        figures = list(_measure(turns, kiosks))
    except ServerError as exc:
        raise click.ClickException(str(exc)) from exc
    for figure in figures:
        click.echo(json.dumps(figure) if as_json else "{bench}: {figure} {unit}; limit {limit} ({limit_is})".format(**figure))
    if not all(_is_kept(figure) for figure in figures):
        raise click.ClickException("a limit was not kept")


def _measure(turns: int, kiosks: int) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        postgres = stack.enter_context(throwaway_postgres(durable=True))
        urls = [stack.enter_context(another_database(postgres, name)) for name in ("served", "yardstick")]
        for url in urls:
            _register(url, _LANES * _DOORS_A_LANE + kiosks)
        context = multiprocessing.get_context("spawn")
        lanes = [stack.enter_context(ProcessPoolExecutor(1, context)) for _ in range(_LANES)]
        address, pid = stack.enter_context(_serving(urls[0]))
        yield from _rates(lanes, address, urls[1].replace("+psycopg", ""), turns)
        yield from _many(lanes, address, pid, kiosks)


def _register(url: str, doors: int) -> None:
    with closing(Database(url)) as database:
        database.migrate()
        at = now().claimed_at
        with database.writing() as connection:
            for number in range(doors):
                door = bench_lane.kiosk(number)
                public = signing.public_text(door.key.public_key())
                row = {"id": door.device_id, "name": door.device_id, "place_id": "bench", "site": "", "time_zone": "Asia/Jakarta"}
                connection.execute(devices.insert().values(**row, public_key=public, created_at=at))


@contextmanager
def _serving(url: str) -> Iterator[tuple[str, int]]:
    command = [*_SERVER, "--database", url, "--bind", "127.0.0.1:0", "--workers", "2", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise click.ClickException("the server did not start")
            yield json.loads(line)["central"], process.pid
        finally:
            process.terminate()
            process.wait()


def _rates(lanes: list[ProcessPoolExecutor], address: str, yardstick: str, turns: int) -> Iterator[dict[str, Any]]:
    _each(lanes, bench_lane.prepare, _DOORS_A_LANE, turns=turns + 1, batches_a_turn=_BATCHES_A_TURN, size=_RECORDS)
    new, replayed, plain = [], [], []
    for turn in range(turns + 1):
        plain.append(_rate(lanes[:1], bench_lane.copy, yardstick, turn))
        new.append(_rate(lanes, bench_lane.send, address, turn))
        replayed.append(_rate(lanes, bench_lane.send, address, turn))
    for rates in (new, replayed, plain):
        del rates[0]  # the first turn opens connections and fills caches
    share = statistics.median(a / b for a, b in zip(new, plain, strict=True))
    again = statistics.median(a / b for a, b in zip(replayed, new, strict=True))
    limit, usual = _SHARE * statistics.median(plain), statistics.median(new)
    yield _figure(
        "ingest",
        share * limit / _SHARE,
        "records/s",
        limit,
        f"at least {_SHARE} x COPY, staging and ON CONFLICT over one connection",
    )
    yield _figure("ingest.replay", again * usual, "records/s", _TOLERANCE * usual, f"at least {_TOLERANCE} x new batches")


def _rate(lanes: list[ProcessPoolExecutor], act: Any, where: str, turn: int) -> float:
    start = time.perf_counter()
    for done in [lane.submit(act, where, turn) for lane in lanes]:
        done.result()
    return len(lanes) * _BATCHES_A_TURN * _RECORDS / (time.perf_counter() - start)


def _many(lanes: list[ProcessPoolExecutor], address: str, pid: int, kiosks: int) -> Iterator[dict[str, Any]]:
    each = kiosks // len(lanes)
    _each(lanes, bench_lane.prepare, each, first=_LANES * _DOORS_A_LANE, turns=2, batches_a_turn=each, size=_KIOSK_RECORDS)
    _answers(lanes, address, 0)
    before = _memory_mib(pid)
    took = sorted(_answers(lanes, address, 1))
    after = _memory_mib(pid)
    p99 = took[min(len(took) - 1, int(0.99 * len(took)))]
    yield _figure("ingest.accepted", len(took), "kiosks", each * len(lanes), "at least all that sent, each with its own key")
    yield _figure("ingest.p99", p99, "ms", _P99_MS, f"at most, {each * len(lanes)} kiosks, fixed")
    yield _figure("ingest.memory", after, "MiB", _GROWTH * before, f"at most {_GROWTH} x before, all workers resident")


def _answers(lanes: list[ProcessPoolExecutor], address: str, turn: int) -> list[float]:
    return [took for done in [lane.submit(bench_lane.send, address, turn) for lane in lanes] for took in done.result()]


def _each(lanes: list[ProcessPoolExecutor], act: Any, doors: int, *, first: int = 0, **options: int) -> None:
    starts = range(first, first + doors * len(lanes), doors)
    made = [
        lane.submit(act, range(start, start + doors), threads=_THREADS, **options)
        for lane, start in zip(lanes, starts, strict=True)
    ]
    for done in made:
        done.result()


def _memory_mib(pid: int) -> float:
    """What the processes that `pid` has started hold resident, together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    statuses = (Path(f"/proc/{child}/status").read_text() for child in children)
    return sum(int(line.split()[1]) for text in statuses for line in text.splitlines() if line.startswith("VmRSS")) / 1024


def _figure(name: str, figure: float, unit: str, limit: float, limit_is: str) -> dict[str, Any]:
    rounded = {"figure": round(figure, 4), "limit": round(limit, 4), "ratio": round(figure / limit, 4)}
    return {"bench": name, "unit": unit, "limit_is": limit_is, **rounded}


def _is_kept(figure: dict[str, Any]) -> bool:
    return bool(figure["ratio"] >= 1 if figure["limit_is"].startswith("at least") else figure["ratio"] <= 1)
