"""`--names`, in the same words wherever something would say who a visitor is."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

NAMES = "names"
"""What stands as `left_out` in an exported row whose payload may say who a visitor is, and was not asked for."""

_F = TypeVar("_F", bound=Callable[..., Any])
_WHO = "Names, purposes and institutions too (guest book): only where somebody has decided that they are needed."


def names_option(command: _F) -> _F:
    """Adds `--names`; the command gets `names`."""
    return click.option("--names", is_flag=True, help=_WHO)(command)
