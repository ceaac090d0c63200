"""Runs `gapura` as a process of its own, as people and systemd do."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BENCH = '[web]\nport = 0\n[camera]\nsource = "off"\n[clock]\nsynced_by = "host"\n'


def gapura(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def kiosk(data: Path, settings: str = BENCH) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running kiosk and its addresses; ended at the end."""
    data.mkdir(exist_ok=True)
    (data / "kiosk.toml").write_text(settings)
    command = [sys.executable, "-m", "kiosk", "kiosk", "--data", str(data), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield process, json.loads(line)
        finally:
            process.terminate()
            process.communicate(timeout=20)
