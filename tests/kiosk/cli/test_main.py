import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kiosk.__main__ import build
from kiosk.cli.rooms import EXAMPLE
from tests.kiosk.cli.programs import gapura


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command by the words that call it, groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


COMMANDS = dict(every_command(build()))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    """`--help` works everywhere, and says what the command does."""
    done = CliRunner().invoke(build(), [*path, "--help"])
    assert done.exit_code == 0, done.output
    command = COMMANDS[path]
    assert command.help


def test_the_parts_of_one_group_come_together() -> None:
    """The door's and the agent's journal commands are one group, and so are the benchmarks of two packages."""
    assert {("journal", "rebuild"), ("journal", "verify"), ("journal", "tail"), ("journal", "export")} <= set(COMMANDS)
    assert {("bench", "decode"), ("bench", "commit"), ("bench", "tap")} <= set(COMMANDS)


def test_the_program_itself() -> None:
    """Help and version end with 0, a command that is not there with 2, as one sentence."""
    assert gapura("--help").returncode == 0
    assert gapura("--version").stdout.startswith("gapura")
    wrong = gapura("open-sesame")
    assert wrong.returncode == 2
    assert "No such command 'open-sesame'" in wrong.stderr


PRINTING = ["rooms example", "rooms list --data .", "visits stats --data .", "visits export --data .", "journal export --data ."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station's folder, with a room."""
    made: Path = tmp_path_factory.mktemp("station")
    (made / "rooms.toml").write_text(EXAMPLE)
    assert gapura("rooms", "import", str(made / "rooms.toml"), "--letter", "A", "--data", str(made)).returncode == 0
    return made


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", PRINTING)
def test_a_standard_output_that_is_full(words: str, unbuffered: str, folder: Path, tmp_path: Path) -> None:
    """Whatever a command prints, where there is no room for it one sentence says so, with exit code 1."""
    limited = ["sh", "-c", 'ulimit -f 20000; exec "$@"', "sh", sys.executable, "-m", "kiosk", *words.split()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": unbuffered}
    (tmp_path / "full").touch()
    os.truncate(tmp_path / "full", 1 << 26)  # beyond the limit; takes no room
    with (tmp_path / "full").open("ab") as full:
        done = subprocess.run(
            limited, cwd=folder, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert done.stderr.endswith("Error: standard output cannot be written (File too large)\n")


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    """`gapura ... | head` ends without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = [sys.executable, "-m", "kiosk", "rooms", "example"]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
