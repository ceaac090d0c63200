"""`gapura`: one program. Each package contributes its commands through the entry-point group "gapura.commands"."""

from collections.abc import Iterable
from importlib.metadata import entry_points

import click

GROUP = "gapura.commands"


def build(contributions: Iterable[Iterable[click.Command]]) -> click.Group:
    """The program with all contributed commands; groups of the same name become one."""
    program = click.Group(
        "gapura", help=__doc__.splitlines()[0] if __doc__ else None, context_settings={"max_content_width": 110}
    )
    program.help = "Check-in stations for office entrances, and the central server behind them."
    click.version_option(package_name="gapura")(program)
    for commands in contributions:
        for command in commands:
            _add(program, command)
    return program


def _add(program: click.Group, command: click.Command) -> None:
    there = program.commands.get(command.name or "")
    if isinstance(there, click.Group) and isinstance(command, click.Group):
        for each in command.commands.values():
            there.add_command(each)
    else:
        program.add_command(command)


def main() -> None:
    """Run the program."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    build(point.load() for point in points)()


if __name__ == "__main__":
    main()
