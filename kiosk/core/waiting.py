"""How long somebody with a number may have to wait: a range from recent visits, or nothing where too little is known. Pure.

In a room with a queue every place is taken again as soon as it is free. So a place frees itself when whoever has it now has
stayed as long as people lately did, and again when those who follow have: a renewal process, begun in the middle. What is known
of it is the mean and the variance of the departures so far, at every step of five minutes.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import mul
from statistics import fmean, median, pvariance

_ENOUGH = 5
_STEP_MIN = 5
_STEP_S = 60 * _STEP_MIN
_LONGEST_MIN = 240
_STEPS = _LONGEST_MIN // _STEP_MIN
_EARLY_SIGMAS = 1.0
_LATE_SIGMAS = 1.3
"""How far from the mean a range reaches. A little further on the late side: who is called early was not promised too much."""

Curve = tuple[float, ...]
"""A figure at every step from now on, the first at once."""


@dataclass(frozen=True, slots=True)
class Inside:
    """People who came in together `age_s` seconds ago; None where that cannot be known."""

    people: int
    age_s: float | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """People who will have left a room by each step: the mean and the variance. Empty where too little is known."""

    mean: Curve = ()
    variance: Curve = ()

    def wait_min(self, places_needed: int) -> tuple[int, int] | None:
        """Minutes, from and to in steps of five, until so many places have come free; None where that would say nothing."""
        if places_needed <= 0:
            return 0, _STEP_MIN
        early, late = self._reached(places_needed, _EARLY_SIGMAS), self._reached(places_needed, -_LATE_SIGMAS)
        if early is None or late is None:
            return None
        from_min = math.floor(early) * _STEP_MIN
        return from_min, max(from_min + _STEP_MIN, math.ceil(late) * _STEP_MIN)

    def _reached(self, places: int, sigmas: float) -> float | None:
        """The step, with its fraction, at which so many have left if that many deviations more leave than are expected."""
        before = 0.0
        for step, (mean, variance) in enumerate(zip(self.mean, self.variance, strict=True)):
            missing = places - 0.5 - mean - sigmas * math.sqrt(variance)
            if missing <= 0:
                return step - 1 + before / (before - missing)
            before = missing
        return None


def outlook(inside: Sequence[Inside], stays_s: Sequence[int]) -> Outlook:
    """Who will have left, by those inside and at least five recent stays in seconds."""
    if len(stays_s) < _ENOUGH or not inside:
        return Outlook()
    stays = tuple(sorted(stays_s))
    mean, variance = [0.0] * (_STEPS + 1), [0.0] * (_STEPS + 1)
    for each in inside:
        once = _departures(None if each.age_s is None else round(each.age_s / _STEP_S), stays)
        for step in range(_STEPS + 1):
            mean[step] += each.people * once.mean[step]
            variance[step] += each.people**2 * once.variance[step]
    # A few recent visits know the mean stay only so well, and all places are wrong by it together.
    doubt = pvariance(stays) / max(1.0, fmean(stays)) ** 2 / len(stays)
    return Outlook(tuple(mean), tuple(v + doubt * m * m for m, v in zip(mean, variance, strict=True)))


@lru_cache(maxsize=256)
def _departures(age_steps: int | None, stays_s: tuple[int, ...]) -> Outlook:
    """Departures from one place that somebody took so many steps ago."""
    gone, renewed = _gone(age_steps, stays_s), _renewed(stays_s)
    mean = tuple(map(sum, zip(gone, _followed(gone, renewed), strict=True)))
    pairs = _followed(mean, renewed)
    return Outlook(mean, tuple(max(0.0, 2 * pair + one - one * one) for one, pair in zip(mean, pairs, strict=True)))


def _gone(age_steps: int | None, stays_s: tuple[int, ...]) -> Curve:
    """How likely somebody has left by each step, given that they have not yet: by the recent stays that were longer.

    One more is made up that was longer than all of them, so that who stays longest is neither gone at once nor here for ever.
    """
    steps_s = range(0, (_STEPS + 1) * _STEP_S, _STEP_S)
    if age_steps is None:  # anywhere between coming and leaving
        return tuple(fmean(min(1.0, step_s / max(1, each)) for each in stays_s) for step_s in steps_s)
    rest_s = [each - age_steps * _STEP_S for each in stays_s if each > age_steps * _STEP_S]
    longest_s, soon_s = max(rest_s, default=0), max(60.0, median(stays_s) / 2)
    made_up = (1 - math.exp(-max(0, step_s - longest_s) / soon_s) for step_s in steps_s)
    return tuple((bisect_right(rest_s, t) + one) / (len(rest_s) + 1) for t, one in zip(steps_s, made_up, strict=True))


@lru_cache(maxsize=8)
def _renewed(stays_s: tuple[int, ...]) -> Curve:
    """Departures expected from a place that somebody takes now, theirs and those of all who follow."""
    gone = _gone(0, stays_s)
    shares = [later - earlier for earlier, later in pairwise(gone)]
    renewed, middles = [0.0], list[float]()
    for step in range(1, _STEPS + 1):
        known = gone[step] + sum(map(mul, shares[1:step], reversed(middles))) + shares[0] * renewed[-1] / 2
        renewed.append(known / (1 - shares[0] / 2))
        middles.append((renewed[-2] + renewed[-1]) / 2)
    return tuple(renewed)


def _followed(gone: Curve, renewed: Curve) -> Curve:
    """Departures expected of those who follow, each beginning when somebody goes: in the middle of a step."""
    shares = [later - earlier for earlier, later in pairwise(gone)]
    middles = [(earlier + later) / 2 for earlier, later in pairwise(renewed)]
    return (0.0, *(sum(map(mul, shares[:step], reversed(middles[:step]))) for step in range(1, len(gone))))
