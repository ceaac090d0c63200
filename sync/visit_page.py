"""What a page of visit statistics shows, at a door and at the server: what was asked for, plots, totals and tables. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol

from sync.plots import Axis, Bar, Caption, Limit, bars, steps
from sync.protocol.satisfaction import Level
from sync.visit_figures import Figures, Spread, Statistics, rated_rooms

LONGEST_DAYS = 366
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)
_WORK_HOURS = (7, 17)
_MINUTES_A_DAY = 1440.0


class Say(Protocol):
    """The sentence of a key, such as `say("limit", count=10)`, in the reader's language."""

    def __call__(self, key: str, /, **values: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page was asked for: local days, both included, a room ("": all), and by what the days are sorted."""

    first: date
    last: date
    room: str = ""
    sort: str = "day"
    descending: bool = False

    def query(self, **changed: str) -> dict[str, str]:
        """The query of the same page with `changed` in it, for links."""
        whole = {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "room": self.room,
            "sort": self.sort,
            "dir": "desc" if self.descending else "asc",
        }
        return {key: value for key, value in (whole | changed).items() if value}


def asked_of(query: Mapping[str, str], today: date) -> Asked:
    """What a query such as {"from": "2020-06-08", "to": "2020-06-10", "room": "baca"} asks for; by default this week so far.

    Days the wrong way round are turned, more than a year is cut at its beginning, and what is no day is left out.
    """
    monday = today - timedelta(days=today.weekday())
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    if first is None and last is None:
        first, last = monday, today
    first, last = sorted((first or last or today, last or first or today))
    sort = query.get("sort", "")
    return Asked(
        first=max(first, last - timedelta(days=LONGEST_DAYS - 1)),
        last=last,
        room=query.get("room", "")[:80],
        sort=sort if sort in SORTS else "day",
        descending=query.get("dir") == "desc",
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _EARLIEST <= found <= _LATEST else None


@dataclass(frozen=True, slots=True)
class Total:
    """One figure at the top, in words, and what is to be known about it."""

    words: str
    figure: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HourRow:
    """An hour of the day: people who entered, and the most inside."""

    words: str
    entered: int
    most_inside: int


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Everything on the page. The plots are SVG text; `days` are sorted as asked; `notes` are sentences that must be read."""

    asked: Asked
    is_empty: bool
    notes: tuple[str, ...]
    totals: tuple[Total, ...]
    hours_plot: str
    inside_plot: str
    inside_title: str
    hours: tuple[HourRow, ...]
    columns: tuple[tuple[str, str, str], ...]
    days: tuple[tuple[str, tuple[str, ...]], ...]
    rooms: tuple[tuple[str, tuple[str, ...]], ...]
    quick: tuple[tuple[str, dict[str, str], bool], ...]
    satisfaction: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """By room: its name, and each column's words with what stands in it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the page: sentences, days in words, names of rooms, their limits, and what day it is there."""

    say: Say
    day: Callable[[date], str]
    room: Callable[[str], str]
    limit: int | None
    today: date
    asks: Callable[[str], bool] = lambda room: False  # noqa: ARG005
    """Whether those who leave that room are asked how it was: it has its line before anybody has answered."""
    until_min: float = _MINUTES_A_DAY
    """How far today's line goes: minutes since midnight."""


SORTS: dict[str, Callable[[date, Figures], Any]] = {
    "day": lambda day, _: day,
    "entered": lambda _, each: each.entered,
    "visits": lambda _, each: each.visits,
    "most_inside": lambda _, each: each.most_inside,
    "stay": lambda _, each: each.stay.median_s if each.stay else -1.0,
    "wait": lambda _, each: each.wait.median_s if each.wait else -1.0,
    "turned_to_wait": lambda _, each: each.turned_to_wait,
    "overrides": lambda _, each: each.overrides,
}


def visit_page(found: Statistics, asked: Asked, reader: Reader, notes: tuple[str, ...] = ()) -> VisitPage:
    """The page of these statistics."""
    say = reader.say
    hours = _hours(found)
    one_day = found.first == found.last
    inside_title = say("plot.inside" if one_day else "plot.inside_most")
    days = sorted(found.days, key=lambda each: (SORTS[asked.sort](*each), each[0]), reverse=asked.descending)
    return VisitPage(
        asked=asked,
        is_empty=not found.days and not found.unsure.visits and not found.unsure.turned_to_wait and not rated_rooms(found),
        notes=(*notes, *_notes(found, say)),
        totals=_totals(found.total, say),
        hours_plot=_hours_plot(found, hours, say),
        inside_plot=_inside_plot(found, inside_title, reader),
        inside_title=inside_title,
        hours=tuple(_hour_row(found, hour) for hour in hours),
        columns=tuple(_column(name, asked, say) for name in SORTS),
        days=tuple((reader.day(day), _cells(figures, say)) for day, figures in days),
        rooms=tuple((reader.room(room), _cells(figures, say)) for room, figures in found.rooms),
        quick=_quick(asked, reader),
        satisfaction=tuple(_satisfaction(found, reader)),
    )


def _notes(found: Statistics, say: Say) -> tuple[str, ...]:
    notes = []
    if found.unsure.visits or found.unsure.turned_to_wait:
        unsure = found.unsure
        notes.append(say("unsure", visits=unsure.visits, people=unsure.people, waiting=unsure.turned_to_wait))
    if found.strays:
        notes.append(say("strays", count=found.strays))
    if unsure_answers := sum(each.unsure for _, each in found.satisfaction):
        notes.append(say("satisfaction.unsure", count=unsure_answers))
    return tuple(notes)


def _totals(total: Figures, say: Say) -> tuple[Total, ...]:
    stay, wait = total.stay, total.wait
    entered = Total(say("column.entered"), str(total.entered), say("total.visits", count=total.visits))
    inside = Total(say("column.most_inside"), str(total.most_inside))
    how_long = Total(say("column.stay"), _median(stay, say), _stay_note(total, say))
    waited = Total(
        say("column.wait"), _median(wait, say), say("total.wait", longest=_minutes(wait.longest_s, say)) if wait else ""
    )
    rest = [
        Total(say(f"column.{name}"), str(getattr(total, name))) for name in ("turned_to_wait", "overrides", "groups", "priority")
    ]
    return (entered, inside, how_long, waited, *rest)


def _stay_note(total: Figures, say: Say) -> str:
    """Of how many visits, and how many were left out because nobody saw their end."""
    if total.stay is None:
        return say("total.no_stay") if total.visits else ""
    unseen = total.guessed + total.without_end
    mean = _minutes(total.stay.mean_s, say)
    return say("total.stay_unseen" if unseen else "total.stay", mean=mean, count=total.stay.count, unseen=unseen)


def _hours(found: Statistics) -> range:
    """The hours that are shown: those of an office's day, and those in which anybody was there."""
    busy = [hour for hour in range(24) if found.hours[hour] or max(found.profile[hour * 4 : hour * 4 + 4])]
    return range(min([_WORK_HOURS[0], *busy]), max([_WORK_HOURS[1] - 1, *busy]) + 1)


def _hour_row(found: Statistics, hour: int) -> HourRow:
    return HourRow(f"{hour:02d}.00–{hour + 1:02d}.00", found.hours[hour], max(found.profile[hour * 4 : hour * 4 + 4]))


def _hours_plot(found: Statistics, hours: range, say: Say) -> str:
    busiest = max(hours, key=lambda hour: found.hours[hour])
    said = say("plot.hours.said", hour=f"{busiest:02d}.00", count=found.hours[busiest], total=found.total.entered)
    caption = Caption("visits-hours", say("plot.hours"), said if found.total.entered else say("plot.none"))
    every = 1 if len(hours) <= 12 else 2
    return bars(caption, [Bar(f"{hour:02d}" if (hour - hours[0]) % every == 0 else "", found.hours[hour]) for hour in hours])


def _inside_plot(found: Statistics, title: str, reader: Reader) -> str:
    hours, most = _hours(found), max((level for _, level in found.line), default=0)
    begin, end = hours[0] * 60.0, (hours[-1] + 1) * 60.0
    every = 2 if len(hours) <= 14 else 4
    axis = Axis(begin, end, tuple((hour * 60.0, f"{hour:02d}.00") for hour in range(hours[0], hours[-1] + 2, every)))
    is_today = found.first == found.last == reader.today
    limit = None if reader.limit is None else Limit(reader.limit, reader.say("limit", count=reader.limit))
    said = reader.say("plot.inside.said", count=most) if most else reader.say("plot.none")
    before = [level for where, level in found.line if where <= begin]
    points = [(begin, before[-1] if before else 0), *(point for point in found.line if begin < point[0] < end)]
    until = min(max(reader.until_min, begin), end) if is_today else end
    return steps(Caption("visits-inside", title, said), points, axis, until=until, limit=limit)


def _satisfaction(found: Statistics, reader: Reader) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    say = reader.say
    for room, each in found.satisfaction:
        if each.answered or (each.left and reader.asks(room)):
            levels = tuple((say(f"column.{level}"), str(count)) for level, count in zip(Level, each.levels, strict=True))
            of = say("satisfaction.of", answered=each.answered, left=each.left)
            yield reader.room(room), (*levels, (say("column.answered"), of))


def _column(name: str, asked: Asked, say: Say) -> tuple[str, str, str]:
    """A column's key, its words, and how it is sorted now ("", "ascending", "descending")."""
    now = ("descending" if asked.descending else "ascending") if asked.sort == name else ""
    return name, say(f"column.{name}"), now


def _cells(figures: Figures, say: Say) -> tuple[str, ...]:
    counts = (figures.entered, figures.visits, figures.most_inside)
    rest = (figures.turned_to_wait, figures.overrides)
    return (*map(str, counts), _median(figures.stay, say), _median(figures.wait, say), *map(str, rest))


def _median(spread: Spread | None, say: Say) -> str:
    return "–" if spread is None else _minutes(spread.median_s, say)


def _minutes(seconds: float, say: Say) -> str:
    return say("minutes", count=round(seconds / 60))


def _quick(asked: Asked, reader: Reader) -> tuple[tuple[str, dict[str, str], bool], ...]:
    """Days that are often asked for: words, query, and whether they are shown now."""
    today = reader.today
    starts = (("today", today), ("week", today - timedelta(days=today.weekday())), ("month", today.replace(day=1)))
    found = []
    for key, first in starts:
        wanted = replace(asked, first=first, last=today)
        found.append((reader.say(f"quick.{key}"), wanted.query(), (asked.first, asked.last) == (first, today)))
    return tuple(found)
