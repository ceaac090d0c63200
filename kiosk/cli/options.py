"""Options that every command about a station has, and how its errors become sentences and exit codes."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kiosk import settings


def station_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--config FILE` and `--data DIR`; the command gets `settings` instead of both. Wrong settings exit with 2."""

    @click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="The station's settings file.")
    @click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The station's data folder.")
    @functools.wraps(command)
    def wrapped(*args: Any, config: Path | None, data: Path | None, **kwargs: Any) -> Any:
        try:
            loaded = settings.load(config, data)
        except settings.SettingsError as exc:
            raise click.UsageError(str(exc)) from exc
        return command(*args, settings=loaded, **kwargs)

    return wrapped


def fail(message: str) -> click.ClickException:
    """One sentence on standard error and exit code 1: the work could not be done."""
    return click.ClickException(message)
