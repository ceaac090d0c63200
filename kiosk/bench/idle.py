"""`gapura bench idle`: what a kiosk costs while nobody comes, and how soon it is ready."""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import click

from kiosk.bench.figures import Figure, report
from kiosk.bench.process import cpu_seconds, resident_mib
from kiosk.simulation.door import Place, SimulatedDoor

_SETTLE_S, _WATCH_S = 5.0, 20.0
_CORE_SHARE, _MEMORY_MIB, _READY_S = 0.10, 150.0, 3.0


@click.command("idle")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_idle(as_json: bool) -> None:
    """Processor share and memory of a kiosk watching an empty hall at 640x480, 30 frames a second, and its time to be ready."""
    with tempfile.TemporaryDirectory() as folder:
        report(measure(Path(folder)), as_json)


def measure(folder: Path) -> list[Figure]:
    """The kiosk is a process of its own and the camera another, so only the kiosk is measured."""
    pause = threading.Event()
    with SimulatedDoor(Place(folder), kind="off") as door:
        kiosk = door.processes["kiosk"].pid
        pause.wait(_SETTLE_S)
        before, began = cpu_seconds(kiosk), time.perf_counter()
        pause.wait(_WATCH_S)
        share = (cpu_seconds(kiosk) - before) / (time.perf_counter() - began)
        memory = resident_mib(kiosk)
    return [
        Figure("idle.core", share, "cores", _CORE_SHARE, "one tenth of a core"),
        Figure("idle.memory", memory, "MiB", _MEMORY_MIB, "resident, fixed"),
        Figure("idle.ready", _start_s(folder), "s", _READY_S, "from start to listening, fixed"),
    ]


def _start_s(folder: Path) -> float:
    """Seconds from starting the program until it says it is ready. Its camera is gone by now: it starts anyway."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "kiosk", "kiosk", "--config", str(folder / "station" / "kiosk.toml"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        line = process.stdout.readline() if process.stdout is not None else ""
        took = time.perf_counter() - began
        process.terminate()
    json.loads(line)
    return took
