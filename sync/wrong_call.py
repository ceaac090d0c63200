"""The call itself is wrong, at the door and at the server: it is said in one way, and ends in one exit code."""

from collections.abc import Iterable
from pathlib import Path

import click


class WrongCall(click.ClickException):
    """The call itself, or the file it names, is wrong: what it is on standard error, and exit code 2."""

    exit_code = 2


def wrong_file(file: Path, sentences: Iterable[str], example: str) -> WrongCall:
    """What is wrong with a file, each sentence with its name, and the command that prints a good one."""
    return WrongCall("\n".join([*(f"{file}: {each}" for each in sentences), f"`{example}` prints a good file"]))
