from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from kiosk.__main__ import build
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
