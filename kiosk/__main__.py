"""`gapura`: one program. Each package contributes its commands through the entry-point group "gapura.commands"."""

import os
import sys
from errno import EPIPE
from importlib.metadata import EntryPoint, entry_points
from typing import TextIO

import click

GROUP = "gapura.commands"


class Program(click.Group):
    """Loads a command's package only when that command is called, so that a kiosk does not carry the server's libraries."""

    def __init__(self, points: list[EntryPoint]) -> None:
        purpose = "Check-in stations for office entrances, and the central server behind them."
        super().__init__("gapura", help=purpose, context_settings={"max_content_width": 110})
        self._points = points

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted({_command_name(point) for point in self._points})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        parts = [point.load() for point in self._points if _command_name(point) == cmd_name]
        if len(parts) < 2:
            return parts[0] if parts else None
        merged = click.Group(cmd_name, help=parts[0].help)
        for part in parts:
            for each in part.commands.values():
                merged.add_command(each)
        return merged


def _command_name(point: EntryPoint) -> str:
    return point.name.partition(".")[0]


def build() -> click.Group:
    """The program with everything that is installed."""
    program = Program(sorted(entry_points(group=GROUP), key=lambda point: point.name))
    click.version_option(package_name="gapura")(program)
    return program


def main() -> None:
    """Run the program. A standard output that takes no more is one sentence and exit code 1, whatever command it was."""
    try:
        build()(prog_name="gapura")
    except OSError:
        _flush_output("\n")  # without a buffer only one more line tells whether it was the output
        raise
    finally:
        _flush_output()


def _flush_output(more: str = "") -> None:
    out: TextIO | None = sys.stdout
    if out is None:  # closed by who called
        return
    try:
        out.write(more)
        out.flush()
    except OSError as exc:
        # What is left would be tried again, and be a traceback, when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        if exc.errno != EPIPE:
            click.echo(f"Error: standard output cannot be written ({exc.strerror})", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
