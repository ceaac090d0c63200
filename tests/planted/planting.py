"""Plants a fault in a copy of the program, and asks its detector."""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.planted.faults import Fault

ROOT = Path(__file__).parents[2]
_COPIED = ("kiosk", "drivers", "sync", "templates", "tests", "pyproject.toml")
_PATIENCE_S = 120


class DoesNotApply(Exception):
    """The text that a fault changes is not there, or not once: the fault must be written anew."""


def copy_to(folder: Path) -> Path:
    """A copy of the program in `folder`."""
    for name in _COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.partial"))
        else:
            shutil.copy2(source, target)
    return folder


def compile_all(copy: Path) -> None:
    """Spare each program that is linked to the copy its own compiling."""
    for name in ("kiosk", "drivers", "sync"):
        compileall.compile_dir(copy / name, quiet=2)


def linked_to(copy: Path, folder: Path) -> Path:
    """The files of a copy once more, in `folder`; what is planted there does not change the copy."""
    return Path(shutil.copytree(copy, folder, copy_function=os.link))


def plant(root: Path, fault: Fault) -> None:
    """Put the fault into the copy at `root`.

    Raises:
        DoesNotApply
    """
    for change in fault.changes:
        path = root / change.path
        text = path.read_text(encoding="utf-8")
        if text.count(change.old) != 1:
            raise DoesNotApply(f"{fault.name}: {change.path} has {text.count(change.old)} times {change.old!r}")
        path.unlink()  # it may be a link
        path.write_text(text.replace(change.old, change.new), encoding="utf-8")


def detect(root: Path, detector: tuple[str, ...]) -> tuple[int, str]:
    """Run a detector on the copy at `root`; gives how it ended, and the last that it said."""
    environment = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    proof = f"import runpy, sys, kiosk; assert kiosk.__file__.startswith({str(root)!r}); sys.argv = {list(detector)!r};"
    command = [sys.executable, "-c", f"{proof} runpy.run_module({detector[0]!r}, run_name='__main__', alter_sys=True)"]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, "no end"
    return done.returncode, (done.stdout + done.stderr)[-2000:]
