"""A simulation that somebody stops: what it found until then is told all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

EXIT_CODE = 130
"""As shells have it for a program that was ended by Ctrl-C."""


@dataclass(slots=True)
class Stop:
    """Whether somebody stopped it."""

    asked: bool = False

    def exit_code(self, *, is_broken: bool) -> int:
        """What to end with: 130 when stopped, else 1 for a broken promise."""
        return EXIT_CODE if self.asked else int(is_broken)

    def tell(self, done: int, of: int, what: str) -> None:
        """Say how much there was, if it was stopped."""
        if self.asked:
            click.echo(f"stopped: {done} of {of} {what} were run", err=True)


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ctrl-C ends what is in here, and not the program."""
    stop = Stop()
    try:
        yield stop
    except KeyboardInterrupt:
        stop.asked = True
