"""`gapura central`: serving, and what an administrator does on the server's machine.

The parts are imported where they are used: `gapura kiosk` loads this file too, and must not carry a database server's library.
"""

import json
import logging
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from sync.clock import utc_text
from sync.names_option import names_option
from sync.server.cli_bundle import import_bundle
from sync.server.cli_doors import devices, enrolments
from sync.server.cli_options import JSON, database_options, now, opened_store
from sync.server.cli_rooms import rooms
from sync.server.cli_visits import visits
from sync.server.settings import Settings, override

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(invoke_without_command=True)
@click.option("--bind", metavar="HOST:PORT", help="Where to listen; port 0 picks a free one.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; more than one needs a database server.")
@JSON
@database_options
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
@database_options
def migrate(settings: Settings) -> None:
    """Bring the database to this version; an empty one gets its tables."""
    with opened_store(settings):
        click.echo("The database is up to date.", err=True)


@central.group()
def user() -> None:
    """Administrators who may sign in."""


@user.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@database_options
def user_add(settings: Settings, name: str, password_stdin: bool) -> None:
    """Let NAME sign in, or give NAME a new password."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with opened_store(settings) as store:
        added = store.users.add(name, password, now=now().claimed_at)
    click.echo(f"{name} may sign in." if added else f"{name} has a new password.", err=True)


@central.command()
@click.option("--from", "first", type=_DAY, metavar="D", help="First day (YYYY-MM-DD, in the server's time zone).")
@click.option("--to", "last", type=_DAY, metavar="D", help="Last day, included.")
@click.option("--health", is_flag=True, help="With screening results and holds, which are left out otherwise.")
@names_option
@JSON
@database_options
def export(settings: Settings, first: datetime | None, last: datetime | None, health: bool, names: bool, as_json: bool) -> None:
    """Print stored events, one a line. `left_out` says why a payload that is there was left out."""
    zone = ZoneInfo(settings.time_zone)
    start = _midnight(first.date(), zone) if first else None
    end = _midnight(last.date() + timedelta(days=1), zone) if last else None
    with opened_store(settings) as store:
        for event in store.reports.export(first=start, last=end, health=health, names=names):
            if as_json:
                payload = event["payload"]
                raw = None if payload is None else msgspec.Raw(payload.encode())
                click.echo(msgspec.json.encode(event | {"payload": raw}))
            else:
                click.echo("\t".join("" if value is None else str(value) for value in event.values()))


@central.command("erase-names")
@click.option("--dry-run", is_flag=True, help="Say how many entries are due and change nothing.")
@database_options
def erase_names(settings: Settings, dry_run: bool) -> None:
    """Erase what visitors said of themselves and is older than [retention] visitor_days; a running server does so daily."""
    from sync.server import retention

    before = utc_text(now().wall - timedelta(days=settings.retention.visitor_days))
    with opened_store(settings) as store:
        if dry_run:
            click.echo(f"{retention.count_named(store.database, before)} entries are due. Nothing was changed.", err=True)
            return
        click.echo(f"{retention.erase_names(store.database, before)} entries were erased.", err=True)


@central.group()
def directory() -> None:
    """Who the doors know."""


@directory.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@database_options
def directory_import(settings: Settings, file: Path, dry_run: bool) -> None:
    """Put the people, badges and photos of FILE in place of those that are there."""
    from sync.server.documents import read_import

    found = read_import(file.read_bytes())
    people, badges, photos = len(found.directory.people), len(found.directory.badges), len(found.photos)
    what = f"{people} people, {badges} badges, {photos} photos"
    with opened_store(settings) as store:
        for sha256 in store.documents.missing_photos(found):
            click.echo(f"warning: no picture for photo {sha256}", err=True)
        if dry_run:
            click.echo(f"{file} is in order: {what}. Nothing was changed.", err=True)
            return
        with click.progressbar(length=people + badges + photos, label="Importing", file=sys.stderr) as bar:
            version = store.documents.replace_directory(found, now=now().claimed_at, progress=lambda: bar.update(1))
    click.echo(f"Directory version {version}: {what}.", err=True)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


central.add_command(devices)
central.add_command(import_bundle)
central.add_command(enrolments)
central.add_command(rooms)
central.add_command(visits)
commands: list[click.Command] = [central]
