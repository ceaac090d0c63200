"""`gapura central visits`: the visit statistics of all doors, and visits as files."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from sync.cli_visits import Days, Wanted, days_options, file_options, refuse_unknown_room, say_figures, say_whole_from, write_file
from sync.server.cli_options import JSON, database_options, now, opened_store
from sync.server.settings import Settings

if TYPE_CHECKING:
    from sync.server.visits import Report


@click.group()
def visits() -> None:
    """How many people came to the rooms of all doors, when, and how long they stayed."""


@visits.command()
@days_options
@JSON
@database_options
def stats(settings: Settings, days: Days, as_json: bool) -> None:
    """Figures by day, room and in all. Stays are of visits whose end was seen; guesses are left out of them."""
    found, _ = _report(settings, days)
    say_figures(found.found, as_json=as_json)
    say_whole_from(found.complete_from)


@visits.command()
@days_options
@file_options
@database_options
def export(settings: Settings, days: Days, wanted: Wanted) -> None:
    """The visits as CSV or a workbook, for SLiMS's visitor counter or for IPLM. Without names unless --names is given."""
    found, doors = _report(settings, days)
    zone = ZoneInfo(settings.time_zone)
    form = wanted.form_in(zone, lambda door: doors.get(door, door))
    write_file(found.found, form, wanted)
    say_whole_from(found.complete_from)


def _report(settings: Settings, days: Days) -> "tuple[Report, dict[str, str]]":
    from sync.server.visits import VisitReports

    span = days.span(now().wall.astimezone(ZoneInfo(settings.time_zone)))
    with opened_store(settings) as store:
        reports = VisitReports(store.database)
        found = reports.of(span, days.room)
        refuse_unknown_room(days, found.found, reports.rooms())
        return found, reports.doors()
