"""Days of a room with a queue, made up from a seed: what people are told when they take a number, and how long they wait."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from kiosk.core import visits
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Guest, Pass
from kiosk.services.room_view import ticket_row
from kiosk.services.room_views import WaitRange
from sync.protocol.rooms import Room
from tests.kiosk.core.room import Desk

TEN = Room(id="baca", name="Ruang Baca", max_people=10)
_OPEN_S = 8 * 3600
_DAY_S = 86_400

Stay = Callable[[Random], float]
"""Seconds that the next visitor stays."""


@dataclass
class Told:
    """Somebody with a number: what they were told and when, and how long it took until they were called."""

    told: WaitRange | None
    at_s: float
    waited_min: float | None = None


@dataclass(frozen=True)
class Scores:
    """Of those who were told a range. `longer_of_soon`: of those who were told that it begins at five minutes or less."""

    told: int
    within: float
    longer: float
    longer_of_soon: float
    width_min: float


@dataclass
class Days:
    """One room of ten, day after day. People come at random, some more than there are places for, and stay as `stay` says."""

    seed: int
    stay: Stay
    every_s: float
    desk: Desk = field(default_factory=lambda: Desk(TEN).opens())
    told: dict[str, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random, self._due = Random(self.seed), list[tuple[float, int, Callable[[], None]]]()
        self._count = 0

    def run(self, days: int) -> "Days":
        """Each day until the last one has left."""
        for day in range(days):
            self.desk.now_s = self._closes_s = day * _DAY_S
            self._closes_s += _OPEN_S
            self._next_comes()
            while self._due:
                self.desk.now_s, _, happens = heapq.heappop(self._due)
                happens()
                self._hear_calls()
        return self

    def _in(self, seconds: float, happens: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (self.desk.now_s + seconds, self._count, happens))

    def _next_comes(self) -> None:
        after_s = self._random.expovariate(1 / self.every_s)
        if self.desk.now_s + after_s < self._closes_s:
            self._in(after_s, self._comes)

    def _comes(self) -> None:
        carried = Pass(f"code {self._count}")
        decided = self.desk.arrives(1, carried)
        if decided.said is Said.ENTERED:
            self._in(self.stay(self._random), lambda: self._leaves(carried))
        elif decided.ticket_id is not None:
            self.told[decided.ticket_id] = Told(ticket_row(self.desk.here(), decided.ticket_id).wait, self.desk.now_s)
        self._next_comes()

    def _leaves(self, carried: Pass) -> None:
        self.desk.leaves(carried)

    def _hear_calls(self) -> None:
        for call in self.desk.told("visitor.called"):
            ticket_id = str(call["ticket_id"])
            one = self.told[ticket_id]
            one.waited_min = (self.desk.now_s - one.at_s) / 60
            self._in(self._random.uniform(10, 110), self._entering(ticket_id))

    def _entering(self, ticket_id: str) -> Callable[[], None]:
        def enters() -> None:
            carried = Pass(f"code of {ticket_id}")
            self.desk.does(visits.enter(self.desk.here(), Guest(), carried, ticket_id=ticket_id))
            self._in(self.stay(self._random), lambda: self._leaves(carried))

        return enters

    def scores(self) -> Scores:
        """How honest it was."""
        both = [(each.told, each.waited_min) for each in self.told.values() if each.told and each.waited_min is not None]
        soon = [(told, waited) for told, waited in both if told.from_min <= 5]
        return Scores(
            told=len(both),
            within=_share(told.from_min <= waited <= told.to_min for told, waited in both),
            longer=_share(waited > told.to_min for told, waited in both),
            longer_of_soon=_share(waited > told.to_min for told, waited in soon),
            width_min=sum(told.to_min - told.from_min for told, _ in both) / len(both),
        )


def _share(of: Iterator[bool]) -> float:
    counted = list(of)
    return sum(counted) / len(counted)
