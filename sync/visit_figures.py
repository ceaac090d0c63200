"""Visit statistics: people by day, room and hour, stays, waits, and how many were inside. Pure.

What is not known is not counted as if it were: stays are of visits whose end was seen, and visits that began while a door's clock
was not trusted stand apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import fmean, median

from sync.satisfaction import Satisfaction
from sync.visits import Visit, Visits, Waiting

QUARTERS = 96
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `count` durations, in seconds."""

    count: int
    mean_s: float
    median_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one day, one room, or all. `entered`, `turned_to_wait` and `priority` are people; `visits`, `groups`, `overrides`,
    `guessed` and `without_end` are visits. `most_inside` includes staff where the room counts them.
    """

    visits: int
    entered: int
    groups: int
    priority: int
    overrides: int
    turned_to_wait: int
    guessed: int
    without_end: int
    most_inside: int
    stay: Spread | None
    wait: Spread | None


@dataclass(frozen=True, slots=True)
class Unsure:
    """What began while the clock was not trusted: visits and people of it, and people who got a number."""

    visits: int
    people: int
    turned_to_wait: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of the local days from `first` to `last`, both included.

    `hours` are people entered by hour of the day, `profile` the most inside by quarter of an hour, over all days. `line` is how
    many were inside, as (minute of the day, people) at each change: of the one day exactly, of several days from the profile.
    `visits` are those of visitors, certain ones first, each by time. `strays` are exits that belong to none of the visits.
    `satisfaction` is what those who left said of it, by room.
    """

    first: date
    last: date
    total: Figures
    days: tuple[tuple[date, Figures], ...]
    rooms: tuple[tuple[str, Figures], ...]
    hours: tuple[int, ...]
    profile: tuple[int, ...]
    line: tuple[tuple[float, int], ...]
    unsure: Unsure
    visits: tuple[Visit, ...]
    strays: int
    satisfaction: tuple[tuple[str, Satisfaction], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """The local days that are asked about, both included, in which zone, and when it is now (aware)."""

    first: date
    last: date
    zone: tzinfo
    now: datetime

    def day_of(self, at: datetime) -> date:
        """The local day."""
        return at.astimezone(self.zone).date()

    def holds(self, at: datetime) -> bool:
        """True for a time in one of the days."""
        return self.first <= self.day_of(at) <= self.last

    def begins(self, day: date) -> datetime:
        """Its local midnight."""
        return datetime.combine(day, time(), self.zone)


def statistics(found: Visits, span: Span, room_id: str | None = None) -> Statistics:
    """The figures of `found` in `span`, of one room or of all."""
    here = [visit for visit in found.visits if room_id in (None, visit.room_id)]
    waiting = [each for each in found.waiting if room_id in (None, each.room_id)]
    sure = [each for each in here if each.trusted and span.holds(each.entered)]
    waits = [each for each in waiting if each.trusted and span.holds(each.at)]
    unsure = [each for each in here if not each.trusted and each.in_span and not each.is_staff]
    inside = _Inside(_steps(here, span), span)
    people = [each for each in sure if not each.is_staff]
    own = [each for each in people if room_id is not None or not each.moved_in]
    hours = [0] * 24
    for visit in own:
        hours[visit.entered.astimezone(span.zone).hour] += visit.people
    return Statistics(
        first=span.first,
        last=span.last,
        total=_figures(own, waits, inside.most(), span),
        days=tuple(_by_day(own, waits, inside, span)),
        rooms=tuple(_by_room(people, waits, here, inside, span)),
        hours=tuple(hours),
        profile=tuple(inside.profile),
        line=_line(inside, span),
        unsure=Unsure(
            len(unsure),
            sum(each.people for each in unsure),
            sum(each.people for each in waiting if not each.trusted and each.in_span),
        ),
        visits=tuple(people + unsure),
        strays=found.strays,
    )


def rated_rooms(found: Statistics) -> list[tuple[str, Satisfaction]]:
    """The rooms of which anybody said how it was, with what they said."""
    return [(room, each) for room, each in found.satisfaction if each.answered or each.unsure]


class _Inside:
    """How many were inside: by day and by quarter of an hour the most, and every change."""

    def __init__(self, steps: Sequence[tuple[datetime, int]], span: Span) -> None:
        self.steps = steps
        self.days: dict[date, int] = {}
        self.profile = [0] * QUARTERS
        first, end = span.first.toordinal() * QUARTERS, (span.last.toordinal() + 1) * QUARTERS
        most: dict[int, int] = defaultdict(int)
        quarters = [_quarter(at.astimezone(span.zone)) for at, _ in steps]
        for (begin, _), (until, is_sharp), (_, count) in zip(quarters, quarters[1:], steps, strict=False):
            # Until a quarter has just begun is not in it.
            for quarter in range(max(begin, first), min(until + (not is_sharp), end)) if count > 0 else ():
                most[quarter] = max(most[quarter], count)
        for quarter, count in most.items():
            day, slot = date.fromordinal(quarter // QUARTERS), quarter % QUARTERS
            self.days[day] = max(self.days.get(day, 0), count)
            self.profile[slot] = max(self.profile[slot], count)

    def most(self) -> int:
        return max(self.days.values(), default=0)


def _quarter(at: datetime) -> tuple[int, bool]:
    """The quarter of an hour of a local time, counted through all days, and whether it begins just then."""
    is_sharp = at.minute % 15 == 0 and at.second == 0 and at.microsecond == 0
    return at.toordinal() * QUARTERS + at.hour * 4 + at.minute // 15, is_sharp


def _steps(visits: Iterable[Visit], span: Span) -> list[tuple[datetime, int]]:
    """How many people are inside from each moment on, by time; those without an end until their day is over, or until now."""
    changes: dict[datetime, int] = defaultdict(int)
    for visit in visits:
        until = visit.left
        if until is None or until < visit.entered:
            until = min(span.now, span.begins(span.day_of(visit.entered) + _DAY))
        if visit.trusted and visit.entered < until:
            changes[visit.entered] += visit.people
            changes[until] -= visit.people
    inside, found = 0, []
    for at in sorted(changes):
        inside += changes[at]
        found.append((at, inside))
    return found


def _line(inside: _Inside, span: Span) -> tuple[tuple[float, int], ...]:
    if span.first != span.last:
        points = [(slot * 15.0, count) for slot, count in enumerate(inside.profile)]
    else:
        begin, end = span.begins(span.first), span.begins(span.first + _DAY)
        before = [count for at, count in inside.steps if at <= begin]
        points = [(0.0, before[-1] if before else 0)]
        points += [((at - begin).total_seconds() / 60, count) for at, count in inside.steps if begin < at < end]
    return tuple(point for index, point in enumerate(points) if index == 0 or point[1] != points[index - 1][1])


def _by_day(visits: Iterable[Visit], waits: Iterable[Waiting], inside: _Inside, span: Span) -> Iterator[tuple[date, Figures]]:
    of_day: dict[date, list[Visit]] = defaultdict(list)
    waits_of: dict[date, list[Waiting]] = defaultdict(list)
    for visit in visits:
        of_day[span.day_of(visit.entered)].append(visit)
    for each in waits:
        waits_of[span.day_of(each.at)].append(each)
    for day in sorted(of_day.keys() | waits_of.keys() | inside.days.keys()):
        yield day, _figures(of_day[day], waits_of[day], inside.days.get(day, 0), span)


def _by_room(
    visits: Iterable[Visit], waits: Iterable[Waiting], everybody: Iterable[Visit], inside: _Inside, span: Span
) -> Iterator[tuple[str, Figures]]:
    of_room: dict[str, list[Visit]] = defaultdict(list)
    waits_of: dict[str, list[Waiting]] = defaultdict(list)
    inside_of: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        of_room[visit.room_id].append(visit)
    for each in waits:
        waits_of[each.room_id].append(each)
    for visit in everybody:
        inside_of[visit.room_id].append(visit)
    for room in sorted(of_room.keys() | waits_of.keys()):
        alone = inside if len(inside_of) == 1 else _Inside(_steps(inside_of[room], span), span)
        yield room, _figures(of_room[room], waits_of[room], alone.most(), span)


def _figures(visits: Sequence[Visit], waits: Sequence[Waiting], most_inside: int, span: Span) -> Figures:
    return Figures(
        visits=len(visits),
        entered=sum(each.people for each in visits),
        groups=sum(each.people > 1 for each in visits),
        priority=sum(each.people for each in visits if each.priority),
        overrides=sum(each.overridden for each in visits),
        turned_to_wait=sum(each.people for each in waits),
        guessed=sum(each.is_guess for each in visits),
        without_end=sum(each.left is None and span.day_of(each.entered) < span.day_of(span.now) for each in visits),
        most_inside=most_inside,
        stay=_spread([each.stay_s for each in visits if each.stay_s is not None]),
        wait=_spread([each.waited_s for each in visits if each.waited_s is not None]),
    )


def _spread(durations_s: Sequence[float]) -> Spread | None:
    if not durations_s:
        return None
    return Spread(len(durations_s), fmean(durations_s), median(durations_s), max(durations_s))
