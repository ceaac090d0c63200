"""`gapura guard`: who may decide at this door."""

import re
import sys

import click

from kiosk.cli.options import fail, station_options
from kiosk.services import pins
from kiosk.services.changes import DirectoryChange, NewGuard, Submitted
from kiosk.services.station_secret import station_secret
from kiosk.settings import Settings
from kiosk.store import guards
from kiosk.store.database import open_reader
from kiosk.wiring import submit_change
from sync.database import DatabaseError, database_errors

ROLES = ("guard", "desk", "head", "administrator")


@click.group("guard")
def guard() -> None:
    """Guards of this station and their PINs."""


@guard.command("add")
@station_options
@click.argument("guard_id", metavar="ID")
@click.option("--name", help="As the sign-in page shows it; the ID if left out.")
@click.option("--role", type=click.Choice(ROLES), default="guard", show_default=True)
@click.option("--pin-stdin", is_flag=True, help="Read the PIN from standard input instead of asking for it.")
def add(settings: Settings, guard_id: str, name: str | None, role: str, pin_stdin: bool) -> None:
    """Add a guard, or give one a new PIN."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", guard_id):
        raise click.UsageError("the ID takes letters, digits, '.', '_' and '-', 64 at most")
    pin = sys.stdin.readline().strip() if pin_stdin else _ask_pin()
    if not pins.is_usable_pin(pin):
        raise fail("a PIN has 4 to 12 digits, not all the same and not a straight run")
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        pin_hash = pins.hash_pin(pin, station_secret(settings.data_dir))
        change = DirectoryChange(guards=[NewGuard(guard_id, name or guard_id, role, pin_hash)])
        _say(submit_change(settings, change, {}), f"{guard_id} can sign in")
    except (OSError, DatabaseError) as exc:
        raise fail(str(exc)) from exc


@guard.command("remove")
@station_options
@click.argument("guard_id", metavar="ID")
def remove(settings: Settings, guard_id: str) -> None:
    """Remove a guard. What they did stays in the journal."""
    try:
        _say(submit_change(settings, DirectoryChange(remove_guards=[guard_id]), {}), f"{guard_id} can no longer sign in")
    except (OSError, DatabaseError) as exc:
        raise fail(str(exc)) from exc


@guard.command("list")
@station_options
def show(settings: Settings) -> None:
    """Who can sign in here."""
    try:
        db = open_reader(settings.database)
        try:
            with database_errors(settings.database):
                rows = guards.everyone(db)
        finally:
            db.close()
    except DatabaseError as exc:
        raise fail(str(exc)) from exc
    for guard_id, name, role in rows:
        click.echo(f"{guard_id}\t{name}\t{role}")
    if not rows:
        click.echo("No guards yet; add one with: gapura guard add ID", err=True)


def _ask_pin() -> str:
    return str(click.prompt("PIN", hide_input=True, confirmation_prompt=True))


def _say(submitted: Submitted, what: str) -> None:
    when = "" if submitted is Submitted.APPLIED else " as soon as the running kiosk has taken it over (about a second)"
    click.echo(f"{what}{when}.", err=True)
