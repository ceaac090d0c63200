"""The figures for IPLM (Indeks Pembangunan Literasi Masyarakat): visits a day, divided by how many people live there. Pure.

One of the index's seven elements is daily visits divided by the population; this gives that figure by month and room. The
official form was not at hand when this was written: what it takes for a visit, and which days it divides by, is to be checked
against the form of the year. Here every person who enters is a visit, as in SLiMS, and a day with a visit is an opening day.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo

from sync.visits import Visit

MOST_INHABITANTS = 10_000_000_000
_WHOLE = re.compile(r"[0-9]{1,11}|[0-9]{1,3}([. ][0-9]{3}){1,3}")


class NoPopulation(ValueError):
    """A number that no place has for inhabitants. The message says what one is."""

    def __init__(self, given: object) -> None:
        super().__init__(f"{given} inhabitants: the population must be a whole number from 1 to {MOST_INHABITANTS}")


@dataclass(frozen=True, slots=True)
class IplmRow:
    """A room's month, such as "2020-06". `room` "" is all rooms, `month` "" all months; `visits` are people who entered."""

    month: str
    room: str
    opening_days: int
    visits: int

    def __post_init__(self) -> None:
        if not 1 <= self.opening_days <= self.visits:
            raise ValueError(f"{self.visits} visits on {self.opening_days} days")

    @property
    def per_day(self) -> float:
        """The average of an opening day."""
        return self.visits / self.opening_days

    def percent_of(self, population: int) -> float:
        """Visits of an opening day for a hundred inhabitants.

        Raises:
            NoPopulation
        """
        return self.per_day / checked_population(population) * 100


def checked_population(population: int) -> int:
    """The same number.

    Raises:
        NoPopulation: it is below 1, or more than live anywhere.
    """
    if not 1 <= population <= MOST_INHABITANTS:
        raise NoPopulation(population)
    return population


def population_of(typed: str) -> int | None:
    """What somebody typed, as "250000" or "250.000"; None for nothing.

    Raises:
        NoPopulation
    """
    text = typed.strip()
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise NoPopulation(repr(text[:20]))
    return checked_population(int(text.replace(".", "").replace(" ", "")))


def iplm_rows(visits: Iterable[Visit], zone: tzinfo) -> tuple[IplmRow, ...]:
    """Each month's rooms and then all of them; last, where there are several, all months. The last row is always the total.

    Visits whose time is not certain are left out, since they have no day. Who moved to another room is a visit there, and no
    second one of the house.
    """
    sure = [visit for visit in visits if visit.trusted]
    is_house = len({visit.room_id for visit in sure}) > 1
    of: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for visit in sure:
        day = visit.entered.astimezone(zone).date()
        month = f"{day:%Y-%m}"
        of[month, visit.room_id][day] += visit.people
        if not (is_house and visit.moved_in):
            of[month, ""][day] += visit.people
            of["", ""][day] += visit.people
    if len({month for month, _ in of if month}) == 1:
        of.pop(("", ""), None)
    # "" is after everything else: a total stands below what it is of.
    in_order = sorted(of, key=lambda key: (not key[0], key[0], not key[1], key[1]))
    return tuple(IplmRow(*key, len(of[key]), sum(of[key].values())) for key in in_order)
