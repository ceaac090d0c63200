"""A running `gapura demo` for tests: the programs as they really are, driven over HTTP as a script would."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
from click.testing import CliRunner

from kiosk.__main__ import build

T = TypeVar("T")
_STEP_UP_S = 0.5
"""Between two people at the sensor."""


@dataclass(frozen=True)
class Demo:
    """Its addresses, its badges by name, and its data folder."""

    addresses: dict[str, str]
    badges: dict[str, str]
    gone: list[float] = field(default_factory=lambda: [time.monotonic()])
    """When each who came goes away from the sensor."""

    @property
    def station(self) -> Path:
        return Path(self.addresses["data"]) / "station"

    def present(self, name: str | None, skin_c: float | None, *, seconds: float = 3.0, ambient_c: float = 27.0) -> None:
        """Somebody holds their badge up and stands before the sensor, once whoever stood there has gone."""
        code = None if name is None else self.badges[name]
        time.sleep(max(0.0, self.gone[-1] + _STEP_UP_S - time.monotonic()))
        self.gone.append(time.monotonic() + seconds)
        self._post("present", {"code": code, "skin_temperature_c": skin_c, "ambient_c": ambient_c, "seconds": seconds})

    def fault(self, device: str, fault: str) -> None:
        self._post("fault", {"device": device, "fault": fault})

    def network(self, up: bool) -> None:
        self._post("network", {"up": up})

    def _post(self, what: str, body: dict[str, Any]) -> None:
        answer = requests.post(f"{self.addresses['simulator'].rstrip('/')}/{what}", json=body, timeout=10)
        assert answer.ok, answer.text

    def journal(self) -> list[dict[str, Any]]:
        """The door's journal, payloads and all."""
        return gapura_json("journal", "export", "--json", "--health", "--names", "--data", str(self.station))

    def central(self) -> list[dict[str, Any]]:
        """What the server has."""
        database = f"sqlite:///{Path(self.addresses['data']) / 'central' / 'central.db'}"
        return gapura_json("central", "export", "--json", "--health", "--names", "--database", database)


@contextmanager
def running_demo(data: Path, *options: str) -> Iterator[Demo]:
    """Start it, wait for the one line it prints, and stop it as a person would."""
    command = [sys.executable, "-m", "kiosk", "demo", "--json", "--port", "0", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line, "the demo did not start"
            badges = json.loads((data / "badges" / "demo.json").read_text(encoding="utf-8"))
            yield Demo(json.loads(line), badges)
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0


def gapura_json(*arguments: str) -> list[dict[str, Any]]:
    """Run a command with --json and give its lines: in this process, as a new one takes a second to start and some ask often."""
    done = CliRunner().invoke(build(), arguments)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def eventually(look: Callable[[], T], *, within_s: float = 20.0, what: str = "") -> T:
    """What `look` gives once it is true."""
    pause = threading.Event()
    for _ in range(int(within_s / 0.2)):
        found = look()
        if found:
            return found
        pause.wait(0.2)
    raise AssertionError(f"not within {within_s} s: {what}")
