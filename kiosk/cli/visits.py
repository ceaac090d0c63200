"""`gapura visits`: the visit statistics of this door, and its visits as files. Read-only; the kiosk may be running."""

import sys
from contextlib import closing
from zoneinfo import ZoneInfo

import click

from kiosk.cli.options import fail, station_options
from kiosk.services.visit_statistics import Report, report
from kiosk.settings import Settings
from kiosk.store import room_documents
from sync.cli_visits import Days, Wanted, days_options, file_options, refuse_unknown_room, say_figures, say_whole_from, write_file
from sync.clock import SystemClock
from sync.database import DatabaseError, database_errors, open_reader


@click.group()
def visits() -> None:
    """How many people came to the rooms of this door, when, and how long they stayed."""


@visits.command()
@days_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with everything in it.")
@station_options
def stats(settings: Settings, days: Days, *, as_json: bool) -> None:
    """Figures by day, room and in all. Stays are of visits whose end was seen; guesses are left out of them."""
    found = _report(settings, days)
    say_figures(found.found, as_json=as_json)
    _say_what_is_missing(found)


@visits.command()
@days_options
@file_options
@station_options
def export(settings: Settings, days: Days, wanted: Wanted) -> None:
    """The visits as CSV or a workbook, for SLiMS's visitor counter or for IPLM. Without names unless --names is given."""
    found = _report(settings, days)
    zone, place = ZoneInfo(settings.station.time_zone), settings.station.place
    form = wanted.form_in(zone, lambda _: place)
    write_file(found.found, form, wanted)
    _say_what_is_missing(found)


def _report(settings: Settings, days: Days) -> Report:
    """The figures, with a progress bar on a terminal; ends with a sentence where there is no journal that can be read."""
    path = settings.database
    if not path.exists():
        raise fail(f"{path}: no journal here; give the station's --data or --config")
    span = days.span(SystemClock().now().wall.astimezone(ZoneInfo(settings.station.time_zone)))
    try:
        with (
            closing(open_reader(path)) as db,
            database_errors(path),
            click.progressbar(length=1000, label="Journal", file=sys.stderr) as bar,
        ):
            found = report(db, span, days.room, lambda done, of: bar.update(done * 1000 // max(1, of) - bar.pos))
            known = room_documents.read(db).rooms
    except DatabaseError as exc:
        raise fail(str(exc)) from exc
    refuse_unknown_room(days, found.found, (room.id for room in known))
    return found


def _say_what_is_missing(found: Report) -> None:
    say_whole_from(found.complete_from)
    if found.recorded_from is not None:
        click.echo(f"the journal begins on {found.recorded_from}", err=True)
