"""`gapura central`: serving, and what an administrator does on the server's machine.

The parts are imported where they are used: `gapura kiosk` loads this file too, and must not carry a database server's library.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import click
import msgspec

from sync.clock import SystemClock
from sync.server.errors import BadSettings, ServerError
from sync.server.settings import Settings, load_settings, override

if TYPE_CHECKING:
    from sync.server.app import Store

_FILE = click.Path(dir_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
_DAY = click.DateTime(formats=["%Y-%m-%d"])


class _Given(NamedTuple):
    """What stood before the name of a command."""

    config: Path | None
    database: str | None


def _database_options(command: Callable[..., None]) -> Callable[..., None]:
    """--config and --database, wherever they are given: before or behind the name of a command."""

    @click.option("--config", type=_FILE, help="Settings file (TOML); see systemd/central.toml.example.")
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
def _store(settings: Settings) -> "Iterator[Store]":
    """The store, its tables brought to this version first."""
    from sync.server.app import open_store
    from sync.server.database import Database

    with closing(Database(settings.database)) as database:
        database.migrate()
        yield open_store(database)


@click.group(invoke_without_command=True)
@click.option("--bind", metavar="HOST:PORT", help="Where to listen; port 0 picks a free one.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; more than one needs a database server.")
@_JSON
@_database_options
def central(settings: Settings, bind: str | None, workers: int | None, as_json: bool) -> None:
    """The central server. Without a command it serves until it is stopped."""
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        return
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from sync.server.serving import serve

    def ready(url: str) -> None:
        click.echo(json.dumps({"central": url}) if as_json else f"Gapura central listens at {url}")

    serve(override(settings, bind=bind, workers=workers), ready)


@central.command()
@_database_options
def migrate(settings: Settings) -> None:
    """Bring the database to this version; an empty one gets its tables."""
    with _store(settings):
        click.echo("The database is up to date.", err=True)


@central.group()
def user() -> None:
    """Administrators who may sign in."""


@user.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@_database_options
def user_add(settings: Settings, name: str, password_stdin: bool) -> None:
    """Let NAME sign in, or give NAME a new password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with _store(settings) as store:
        added = store.users.add(name, password, now=_now())
    click.echo(f"{name} may sign in." if added else f"{name} has a new password.", err=True)


@central.group()
def devices() -> None:
    """Doors that may report."""


@devices.command("add")
@click.argument("name")
@click.option("--place", required=True, help="The id of the place it stands at.")
@click.option("--site", default="", help="The site it belongs to.")
@click.option("--zone", help="Its time zone, an IANA name. Default: the server's.")
@click.option("--key-file", type=_FILE, help="Write the key there, readable by you alone, instead of showing it.")
@_JSON
@_database_options
def devices_add(
    settings: Settings, name: str, place: str, site: str, zone: str | None, key_file: Path | None, as_json: bool
) -> None:
    """Register a door; shows its id and its key, once."""
    with _store(settings) as store:
        if key_file is not None:
            _reserve(key_file)
        device, key = store.devices.add(name, place_id=place, time_zone=zone or settings.time_zone, now=_now(), site=site)
    if key_file is not None:
        key_file.write_text(key + "\n")
    if as_json:
        click.echo(json.dumps({"device_id": device.id, "key": key}))
        return
    click.echo(f"device {device.id}")
    click.echo(f"key written to {key_file}" if key_file else f"key    {key}   (not shown again)")


@devices.command("list")
@_JSON
@_database_options
def devices_list(settings: Settings, as_json: bool) -> None:
    """Name the doors, the most recently heard first."""
    with _store(settings) as store:
        found = store.devices.all()
    for device in found:
        if as_json:
            click.echo(json.dumps(asdict(device)))
        else:
            state = "revoked" if device.revoked_at else f"last heard {device.last_contact_at or 'never'}"
            click.echo(f"{device.id}  {device.name}  ({device.place_id}, {device.time_zone})  {state}")
    if not found and not as_json:
        click.echo("No devices yet; add one with `gapura central devices add NAME --place PLACE`.", err=True)


@devices.command("revoke")
@click.argument("device_id")
@_database_options
def devices_revoke(settings: Settings, device_id: str) -> None:
    """Refuse DEVICE_ID from now on. What it reported stays."""
    with _store(settings) as store:
        device = store.devices.revoke(device_id, now=_now())
    click.echo(f"{device.name} is revoked since {device.revoked_at}.", err=True)


@central.command()
@click.option("--from", "first", type=_DAY, metavar="D", help="First day (YYYY-MM-DD, in the server's time zone).")
@click.option("--to", "last", type=_DAY, metavar="D", help="Last day, included.")
@click.option("--health", is_flag=True, help="With screening results and holds, which are left out otherwise.")
@_JSON
@_database_options
def export(settings: Settings, first: datetime | None, last: datetime | None, health: bool, as_json: bool) -> None:
    """Print stored events, one a line."""
    zone = ZoneInfo(settings.time_zone)
    start = _midnight(first.date(), zone) if first else None
    end = _midnight(last.date() + timedelta(days=1), zone) if last else None
    with _store(settings) as store:
        for event in store.reports.export(first=start, last=end, health=health):
            if as_json:
                payload = event["payload"]
                raw = None if payload is None else msgspec.Raw(payload.encode())
                click.echo(msgspec.json.encode(event | {"payload": raw}))
            else:
                click.echo("\t".join("" if value is None else str(value) for value in event.values()))


@central.group()
def directory() -> None:
    """Who the doors know."""


@directory.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@_database_options
def directory_import(settings: Settings, file: Path, dry_run: bool) -> None:
    """Put the people, badges and photos of FILE in place of those that are there."""
    from sync.server.documents import read_import

    found = read_import(file.read_bytes())
    people, badges, photos = len(found.directory.people), len(found.directory.badges), len(found.photos)
    what = f"{people} people, {badges} badges, {photos} photos"
    with _store(settings) as store:
        for sha256 in store.documents.missing_photos(found):
            click.echo(f"warning: no picture for photo {sha256}", err=True)
        if dry_run:
            click.echo(f"{file} is in order: {what}. Nothing was changed.", err=True)
            return
        with click.progressbar(length=people + badges + photos, label="Importing", file=sys.stderr) as bar:
            version = store.documents.replace_directory(found, now=_now(), progress=lambda: bar.update(1))
    click.echo(f"Directory version {version}: {what}.", err=True)


def _reserve(path: Path) -> None:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as exc:
        raise click.ClickException(f"{path}: cannot be made: {exc.strerror}") from exc


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _now() -> str:
    return SystemClock().now().claimed_at


commands: list[click.Command] = [central]
