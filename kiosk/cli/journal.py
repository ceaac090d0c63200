"""`gapura journal rebuild`: the projections made anew. The other journal commands come with the sync package."""

import click

from kiosk.cli.options import fail, station_options
from kiosk.services.changes import StationBusy, station_lock
from kiosk.settings import Settings
from kiosk.store import projections
from kiosk.wiring import open_database
from sync.database import DatabaseError


@click.group("journal")
def journal() -> None:
    """The door's journal: look at it, export it, verify it, rebuild what is derived from it."""


@journal.command("rebuild")
@station_options
def rebuild(settings: Settings) -> None:
    """Make everything that screens show anew from the journal. The kiosk must not be running."""
    if not settings.database.exists():
        raise fail(f"{settings.database}: no journal here; give the station's --data or --config")
    try:
        with station_lock(settings.data_dir):
            database = open_database(settings)
            try:
                with database.transaction() as db:
                    rows = projections.rebuild(db)
            finally:
                database.close()
    except (StationBusy, DatabaseError, OSError) as exc:
        raise fail(str(exc)) from exc
    click.echo(f"Rebuilt from {rows} journal rows.", err=True)
