"""What the commands about visits share, at a door and at the server: their options, figures in words or JSON, and files."""

import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import click
import msgspec

from sync.files import write_whole
from sync.names_option import names_option
from sync.visit_exports import FILES, Form, RoomCodesClash, Words
from sync.visit_figures import Figures, Span, Statistics, rated_rooms
from sync.visit_iplm import NoPopulation, checked_population

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_YEARS = (2000, 2999)
_FORMS = (
    "slims: the columns of its visitor counter. iplm: visits a day by month and room, for the element of IPLM that divides them"
    " by the population; made without the official form at hand, so check it against that of the year."
)


@dataclass(frozen=True, slots=True)
class Days:
    """The local days and the room that were asked for; what was left out is this week so far, and all rooms."""

    first: date | None
    last: date | None
    room: str | None

    def span(self, now: datetime) -> Span:
        """The days as of `now`, an aware time in the zone of the days."""
        zone = now.tzinfo
        if zone is None:
            raise ValueError("a local time must be aware")
        today = now.date()
        last = self.last or max(today, self.first or today)
        first = self.first or last - timedelta(days=last.weekday())
        if first > last:
            raise click.UsageError(f"--from {first} is after --to {last}")
        if first.year < _YEARS[0] or last.year > _YEARS[1]:
            raise click.UsageError(f"days from {_YEARS[0]} to {_YEARS[1]} can be asked for")
        return Span(first, last, zone, now)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that was asked for: its form (one of `FILES`), where to (None: standard output), and what is in it."""

    form: str
    out: Path | None
    names: bool
    institution: str
    population: int | None = None

    def form_in(self, zone: tzinfo, doors: Words) -> Form:
        """How the file is written: with times of that zone, and names for ids of doors."""
        return Form(zone, doors=doors, names=self.names, institution=self.institution, population=self.population)


def days_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--from`, `--to` and `--room`; the command gets `days`."""

    @click.option("--from", "first", type=_DAY, metavar="D", help="First day (YYYY-MM-DD, local); Monday of the last day's week.")
    @click.option("--to", "last", type=_DAY, metavar="D", help="Last day, included; today if not given.")
    @click.option("--room", metavar="ID", help="Only this room.")
    @functools.wraps(command)
    def wrapped(*args: Any, first: datetime | None, last: datetime | None, room: str | None, **kwargs: Any) -> Any:
        days = Days(first.date() if first else None, last.date() if last else None, room)
        return command(*args, days=days, **kwargs)

    return wrapped


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--format`, `--out`, `--names`, `--institution` and `--population`; gives the command `wanted`. XLSX needs `--out`."""

    @click.option("--format", "form", type=click.Choice(list(FILES)), default="csv", show_default=True, help=_FORMS)
    @click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of standard output.")
    @names_option
    @click.option("--institution", default="Umum", show_default=True, help="In slims, where a visitor named none.")
    @click.option("--population", type=int, metavar="N", help="In iplm: how many live there. Without it two columns are empty.")
    @functools.wraps(command)
    def wrapped(*args: Any, form: str, out: Path | None, **kwargs: Any) -> Any:
        wanted = Wanted(form, out, *(kwargs.pop(each) for each in ("names", "institution", "population")))
        _check(wanted)
        return command(*args, wanted=wanted, **kwargs)

    return wrapped


def _check(wanted: Wanted) -> None:
    if wanted.form == "xlsx" and wanted.out is None:
        raise click.UsageError("a workbook cannot be printed; name a file with --out")
    if wanted.names and not FILES[wanted.form].may_name:
        raise click.UsageError(f"--names: nobody is named in {wanted.form}")
    if wanted.population is None:
        return
    if not FILES[wanted.form].divides_by_population:
        raise click.UsageError("--population goes with --format iplm")
    try:
        checked_population(wanted.population)
    except NoPopulation as exc:
        raise click.UsageError(f"--population: {exc}") from exc


def say_figures(found: Statistics, *, as_json: bool) -> None:
    """Print the figures: a line a day and room and one for all, or one JSON object for each."""
    lines = [
        *(("day", day.isoformat(), figures) for day, figures in found.days),
        *(("room", room, figures) for room, figures in found.rooms),
        ("total", f"{found.first}..{found.last}", found.total),
    ]
    if as_json:
        for what, name, figures in lines:
            click.echo(msgspec.json.encode({"what": what, "name": name, **asdict(figures)}))
        click.echo(msgspec.json.encode({"what": "hours", "entered": found.hours}))
        click.echo(msgspec.json.encode({"what": "unsure", **asdict(found.unsure), "strays": found.strays}))
        for room, each in rated_rooms(found):
            click.echo(msgspec.json.encode({"what": "satisfaction", "name": room, **asdict(each), "answered": each.answered}))
        return
    click.echo(f"{'':24} {'people':>7} {'visits':>7} {'most in':>8} {'stay':>7} {'wait':>7} {'waiting':>8} {'over':>5}")
    for _, name, figures in lines:
        click.echo(_line(name, figures))
    _say_satisfaction(found)
    if found.unsure.visits:
        click.echo(
            f"not counted above: {found.unsure.visits} visits ({found.unsure.people} people) of an uncertain time", err=True
        )
    if found.strays:
        click.echo(f"{found.strays} exits belong to no known visit", err=True)


def _say_satisfaction(found: Statistics) -> None:
    """A line for each room of which anybody said how it was."""
    rated = rated_rooms(found)
    if rated:
        click.echo(f"\n{'how it was':24} {'very good':>9} {'good':>6} {'poor':>6} {'bad':>6} {'answered':>9} {'of left':>8}")
    for room, each in rated:
        levels = f"{each.very_good:9} {each.good:6} {each.poor:6} {each.bad:6}"
        click.echo(f"{room[:24]:24} {levels} {each.answered:9} {each.left:8}")
    if unsure := sum(each.unsure for _, each in rated):
        click.echo(f"not counted above: {unsure} answers of an uncertain time", err=True)


def _line(name: str, each: Figures) -> str:
    stay = "-" if each.stay is None else f"{each.stay.median_s / 60:.0f} min"
    wait = "-" if each.wait is None else f"{each.wait.median_s / 60:.0f} min"
    counts = f"{each.entered:7} {each.visits:7} {each.most_inside:8}"
    return f"{name[:24]:24} {counts} {stay:>7} {wait:>7} {each.turned_to_wait:8} {each.overrides:5}"


def say_whole_from(day: date | None) -> None:
    """Say on standard error from which day on nothing is missing; nothing for None."""
    if day is not None:
        click.echo(f"details before {day} have been erased; figures are whole from that day on", err=True)


def refuse_unknown_room(days: Days, found: Statistics, known: Iterable[str]) -> None:
    """Nothing for a room that is known or was visited; one that was removed still has its visits.

    Raises:
        click.ClickException: a room that is none would be an empty file, and pass for a quiet week.
    """
    rooms = sorted(known)
    if days.room is None or days.room in rooms or found.rooms or found.visits:
        return
    there = f"there are: {', '.join(rooms)}" if rooms else "no room is set up"
    raise click.ClickException(f"there is no room {days.room} here, and no visit of one on these days; {there}")


def write_file(found: Statistics, form: Form, wanted: Wanted) -> None:
    """Write the visits as they are wanted, with a progress bar on a terminal.

    Raises:
        click.ClickException: it cannot be done; the sentence says why.
    """
    write = FILES[wanted.form].write
    try:
        with click.progressbar(length=len(found.visits), label="Visits", file=sys.stderr) as bar:
            body = write(found, form, lambda: bar.update(1))
    except RoomCodesClash as exc:
        raise click.ClickException(f"{exc} (--room ID)") from exc
    if wanted.out is None:
        click.echo(body, nl=False)
        return
    try:
        write_whole(wanted.out, body, mode=0o600)
    except OSError as exc:
        raise click.ClickException(f"{wanted.out}: cannot be written ({exc.strerror})") from exc
    click.echo(f"{len(found.visits)} visits are in {wanted.out}", err=True)
