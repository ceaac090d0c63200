"""What the commands of a station's end of the protocol share: whose station it is, and errors as sentences."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from sync import agent, settings
from sync.bundle import AnswerRefused
from sync.database import DatabaseError
from sync.enrol import EnrolmentRefused
from sync.identity import IdentityError

_F = TypeVar("_F", bound=Callable[..., Any])


def station_options(command: _F) -> _F:
    """--config and --data."""
    config = click.option("--config", type=click.Path(path_type=Path), help="The agent's settings (sync.toml).")
    where = "The station's folder; its sync.toml is read if there."
    return config(click.option("--data", type=click.Path(path_type=Path, file_okay=False), help=where)(command))


@contextmanager
def plain_errors() -> Iterator[None]:
    """What can go wrong, as one sentence and an exit code."""
    try:
        yield
    except settings.SettingsError as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(2)
    except (agent.AgentBusy, agent.StartRefused, EnrolmentRefused, IdentityError, AnswerRefused, DatabaseError) as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(1)


def station_settings(config: Path | None, data: Path | None) -> settings.Settings:
    """The settings that the options name, or those that stood before the command's name.

    Raises:
        SettingsError
    """
    context = click.get_current_context()
    outer = context.parent.params if context.parent else {}
    config, data = config or outer.get("config"), data or outer.get("data")
    if config is None and data is None:
        raise click.UsageError("say which station: --config FILE or --data DIR")
    return settings.load(config, data)
