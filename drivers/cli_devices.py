"""`gapura devices`: what is plugged in, what it speaks, live readings."""

import click


@click.group()
def devices() -> None:
    """What is plugged in, what it speaks, live readings."""
