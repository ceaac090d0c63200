"""What the commands of `gapura central` share: their settings, their store, and errors as sentences.

The store's parts are imported where they are used: `gapura kiosk` loads these files too, and must not carry a database server's
library.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sync.clock import Moment, SystemClock
from sync.server.errors import BadSettings, ServerError
from sync.server.settings import Settings, load_settings

if TYPE_CHECKING:
    from sync.server.app import Store

FILE = click.Path(dir_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")


class _Given(NamedTuple):
    """What stood before the name of a command."""

    config: Path | None
    database: str | None


def database_options(command: Callable[..., None]) -> Callable[..., None]:
    """--config and --database, wherever they are given: before or behind the name of a command."""

    @click.option("--config", type=FILE, help="Settings file (TOML); see systemd/central.toml.example.")
    @click.option("--database", metavar="URL", help="Where events are kept, for example sqlite:///central.db.")
    @click.pass_context
    def with_settings(context: click.Context, /, config: Path | None, database: str | None, **options: Any) -> None:
        outer = context.obj or _Given(None, None)
        context.obj = given = _Given(config or outer.config, database or outer.database)
        with _plain_errors():
            command(load_settings(given.config, database=given.database), **options)

    return update_wrapper(with_settings, command)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except BadSettings as exc:
        raise click.UsageError(str(exc)) from exc
    except ServerError as exc:
        raise click.ClickException(str(exc)) from exc


@contextmanager
def opened_store(settings: Settings) -> "Iterator[Store]":
    """The store, its tables brought to this version first."""
    from sync.server.app import open_store
    from sync.server.database import Database

    with closing(Database(settings.database)) as database:
        database.migrate()
        yield open_store(database)


def now() -> Moment:
    """The time of this command."""
    return SystemClock().now()
