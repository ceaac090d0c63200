"""`gapura bench search`: people found by the beginnings of their names, among 50,000."""

import os
import random
import tempfile
import time
from contextlib import closing
from pathlib import Path

import click

from kiosk.bench.figures import Figure, percentile, report
from kiosk.store import directory, search
from kiosk.store.database import open_kiosk_database, open_reader
from sync.protocol.wire import Person

_LIMIT_MS = 100.0
_PEOPLE, _FOUND_AT_MOST = 50_000, 20
_TIMES_EACH = 20
_TYPED = ("s", "rah siti", "1987", "19870512 201001", "kusuma wijaya 4999", "ñur hid", "nobody at all", "a b c d e f g h")
_WORDS = (
    *("Siti", "Rahayu", "Budi", "Santoso", "Ayu", "Made", "Kusuma", "Wijaya", "Nur", "Hidayah"),
    *("Agus", "Prasetyo", "Dewi", "Lestari", "Ñuñez", "O'Brien", "Al-Rashid"),
)


@click.command("search")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_search(as_json: bool) -> None:
    """Milliseconds to find people among 50,000, p95 over questions that many, few and none answer to."""
    with tempfile.TemporaryDirectory() as folder:
        report([measure(Path(folder))], as_json)


def measure(folder: Path) -> Figure:
    """Each question several times, each on a connection of its own, as pages ask it."""
    path, numbers = folder / "kiosk.db", random.Random(1)
    people = [
        Person(id=str(197001011990011000 + n * 7_919_000_003), name=" ".join([*numbers.choices(_WORDS, k=3), str(n)]))
        for n in range(_PEOPLE)
    ]
    with closing(open_kiosk_database(path, device_id="bench", place_id="bench", random_bytes=os.urandom)) as database:
        with database.transaction() as db:
            directory.change_local(db, people, [], [], "")
        took = [_milliseconds(path, typed) for _ in range(_TIMES_EACH) for typed in _TYPED]
    limit_is = f"fixed; {_PEOPLE} people, median {percentile(took, 0.5):.0f}"
    return Figure("search", percentile(took, 0.95), "ms p95", _LIMIT_MS, limit_is)


def _milliseconds(path: Path, typed: str) -> float:
    start = time.perf_counter()
    with closing(open_reader(path)) as db:
        search.find(db, typed, _FOUND_AT_MOST)
    return (time.perf_counter() - start) * 1000
