"""The race for one place: at two doors, each a process of its own, somebody asks at the same moment, again and again.

Where the right of the place lies when they ask is left to wander: with whoever leaves, to a number that waits at the other door,
or on its way while both ask. Never do both enter; one does at once where a door has the right, and soon where none
has: how soon is in the report.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kiosk.core.room_codes import Said
from kiosk.simulation.race_site import DoorProcess, Site
from kiosk.simulation.racer import Answer
from sync.clock import Clock

SAME_MOMENT_NS = 1_000_000
MOST_ROUNDS = 20
"""So many rounds are run for each that counts; a machine that is too busy for more gives no verdict."""

_AHEAD_NS = 20_000_000
_LOOK_S, _SETTLES_S = 0.01, 20.0
"""A place that was not offered within the latter never will be."""
_GIVES_UP_S = 0.08
_SETTLED_SHARE = 0.8
Pair = tuple[Answer, Answer]


class TooBusy(Exception):
    """The doors could not be made to ask at the same moment often enough."""


class Ending(StrEnum):
    """How a round ends: who waits gives up before the other leaves, is called and comes in, or gives up just after."""

    SKIPPED = "skipped"
    CALLED = "called"
    GIVES_UP = "gives_up"


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that broke, and in which round."""

    round: int
    what: str


@dataclass
class Report:
    """What a race came to. `counted` rounds began at both doors within a millisecond; `right_at` is where the right was then.

    `offered_s`: how long each took who was called for a place that no door had, or that came free at the other one.
    """

    seed: int
    rounds: int = 0
    counted: int = 0
    entered: int = 0
    right_at: Counter[str] = field(default_factory=Counter)
    offered_s: list[float] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def same_moment(pair: Pair) -> bool:
    """True if both were asked within a millisecond."""
    return abs(pair[0].began_ns - pair[1].began_ns) <= SAME_MOMENT_NS


def right_at(pair: Pair) -> str:
    """Where the right was when they were asked: "first", "second", or "elsewhere"."""
    return "first" if pair[0].held else "second" if pair[1].held else "elsewhere"


def fault(pair: Pair) -> str | None:
    """What is wrong with how both doors answered at once; None for nothing."""
    said = [each.said for each in pair]
    if said == [Said.ENTERED, Said.ENTERED]:
        return "both doors let somebody in"
    if sum(each.held for each in pair) > 1:
        return f"one place, and {pair[0].held} and {pair[1].held} rights at the doors"
    wanted = [str(Said.ENTERED if each.held else Said.WAITING) for each in pair]
    if said != wanted:
        return f"with {pair[0].held} and {pair[1].held} rights the doors said {said[0]} and {said[1]}"
    return None


def differing(states: Sequence[Answer], listed: Mapping[str, Any]) -> str | None:
    """Where doors and server do not agree that the one place is free at one door; None where they do."""
    held, told = sorted(each.held for each in states), sorted(each["held"] for each in listed["doors"])
    if held == told == [0, 1] and not (listed["inside"] or listed["waiting"] or any(each.inside for each in states)):
        return None
    return f"in the end the doors hold {held}, {[each.inside for each in states]} inside, and the server says {listed}"


class Race:
    """Runs rounds at a site and counts them in `report`, whose seed says how they end."""

    def __init__(self, site: Site, clock: Clock, report: Report) -> None:
        self._site, self._clock, self._chance = site, clock, random.Random(report.seed)
        self._pause = threading.Event()
        self.report = report

    def run(self, rounds: int, progress: Callable[[], object] = lambda: None) -> Report:
        """Race until so many rounds counted; ends early where a promise breaks, since what comes after follows of it.

        Raises:
            HasEnded, TooBusy
        """
        self._settle()
        while self.report.counted < rounds and not self.report.broken:
            if self.report.rounds >= MOST_ROUNDS * rounds:
                raise TooBusy(
                    f"{self.report.counted} of {self.report.rounds} rounds began within a millisecond; is the machine busy?"
                )
            before = self.report.counted
            self._round()
            if self.report.counted > before:
                progress()
        if not self.report.broken:
            self._settle()
            self._compare()
        return self.report

    def _round(self) -> None:
        pair = self._ask()
        self.report.rounds += 1
        if same_moment(pair):
            self.report.counted += 1
            self.report.right_at[right_at(pair)] += 1
        what = fault(pair)
        if what is not None:
            self._break(what)
            return
        first, second = self._site.doors
        if pair[0].said == Said.ENTERED:
            self._end(first, second)
        elif pair[1].said == Said.ENTERED:
            self._end(second, first)
        else:
            entered = self._called(self._site.doors, "both wait, and nobody was called")
            if entered is not None:
                self._end(entered, second if entered is first else first)

    def _ask(self) -> Pair:
        at_ns = self._clock.now().mono_ns + _AHEAD_NS
        for door in self._site.doors:
            door.tell(f"ask {at_ns}")
        first, second = (door.answer() for door in self._site.doors)
        self.report.entered += [first.said, second.said].count(Said.ENTERED)
        return first, second

    def _called(self, doors: Sequence[DoorProcess], otherwise: str) -> DoorProcess | None:
        """The door where a waiting number is called first, and comes in; the other's must go on waiting."""
        began_ns = self._clock.now().mono_ns
        for _ in self._looks(_SETTLES_S):
            entered = [door for door in doors if door.do("enter").said == Said.ENTERED]
            self.report.entered += len(entered)
            if len(entered) == 1:
                self.report.offered_s.append((self._clock.now().mono_ns - began_ns) / 1e9)
                return entered[0]
            if entered:
                self._break("both numbers were called, and both came in")
                return None
        states = [door.do("state") for door in self._site.doors]
        self._break(f"{otherwise} within {_SETTLES_S:g} s: {states}; {self._site.listed()}")
        return None

    def _end(self, inside: DoorProcess, waits: DoorProcess) -> None:
        """The place comes free again, and nobody waits."""
        ending = self._chance.choice(list(Ending))
        if ending is Ending.SKIPPED:
            waits.do("skip")
        self._leave(inside)
        if ending is Ending.CALLED:
            if self._called((waits,), "the place came free, and the number at the other door was not called") is None:
                return
            self._leave(waits)
        elif ending is Ending.GIVES_UP:
            self._pause.wait(self._chance.uniform(0.0, _GIVES_UP_S))
            waits.do("skip")
        if self._chance.random() < _SETTLED_SHARE and ending is not Ending.GIVES_UP:
            self._settle()

    def _leave(self, door: DoorProcess) -> None:
        said = door.do("leave").said
        if said != Said.FREED:
            self._break(f"somebody inside left, and the door said {said or 'that nobody was inside'}")

    def _settle(self) -> None:
        """Wait until the right is at a door."""
        held: list[int] = []
        for _ in self._looks(_SETTLES_S):
            states = [door.do("state") for door in self._site.doors]
            held = [each.held for each in states]
            if all(each.is_open for each in states) and sum(held) == 1:
                return
        self._break(f"one place is free, and after {_SETTLES_S:g} s the doors hold {held}")

    def _compare(self) -> None:
        """Doors and server must come to agree: nobody inside, one place, and as many visits as were let in."""
        what = None
        for _ in self._looks(_SETTLES_S):
            states = [door.do("state") for door in self._site.doors]
            if not all(each.is_sent for each in states):
                continue
            # The right may be on its way just then, for a number that is waiting no more.
            what = differing(states, self._site.listed()) or self._miscounted(states)
            if what is None:
                return
        self._break(what or "the server has not confirmed what the doors journaled")

    def _miscounted(self, states: Sequence[Answer]) -> str | None:
        counts = (self.report.entered, sum(each.entered for each in states), self._site.entered())
        return f"visits let in, in the doors' journals and at the server: {counts}" if len(set(counts)) > 1 else None

    def _looks(self, within_s: float) -> "_Looks":
        return _Looks(self._clock, self._pause, within_s)

    def _break(self, what: str) -> None:
        self.report.broken.append(Broken(self.report.rounds, what))


class _Looks:
    """Iterate to look again and again until the time is over."""

    def __init__(self, clock: Clock, pause: threading.Event, within_s: float) -> None:
        self._clock, self._pause = clock, pause
        self._ends_ns = clock.now().mono_ns + int(within_s * 1e9)

    def __iter__(self) -> "_Looks":
        return self

    def __next__(self) -> None:
        if self._clock.now().mono_ns >= self._ends_ns:
            raise StopIteration
        self._pause.wait(_LOOK_S)
