"""From a stream of samples to a measurement, or to the reason why there is none. Nothing is ever clamped or made to look normal.

One `Measuring` follows the sensor for as long as the lane runs; `begin` and `end` mark one person's go. Three rules keep a
reading from landing on somebody else's tap: only samples taken after `begin` count; the window starts empty with each go; and a
forehead that was there when a go ended must be seen gone before the next go may count anything (`lingering`). A gap between
samples does not do: silence is no proof that somebody left.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from statistics import median

from kiosk.core.inputs import Reading
from kiosk.core.policy import TemperatureRule

SENTINELS_C = (1037.55, -273.15, -273.01, 54.67)
"""What an MLX90614 says when it is not there or has failed: raw 0xFFFF, raw 0, and two seen with a loose wire."""
LOWEST_OBJECT_C, HIGHEST_OBJECT_C = -40.0, 125.0
"""Outside of this no person, wall or cup is meant."""
PERSON_WITHOUT_AMBIENT_C = 30.0
"""From here on a sensor that gives no ambient temperature is taken to see a person."""

_TENTH = Decimal("0.1")


class Trouble(StrEnum):
    """Why there is no valid reading. Codes are added, never renamed; they are journaled as `detail`."""

    NOT_A_NUMBER = "not_a_number"
    SENTINEL = "sentinel"
    OUT_OF_RANGE = "out_of_range"
    AMBIENT_OUT_OF_RANGE = "ambient_out_of_range"
    TOO_WARM_TO_TELL = "too_warm_to_tell"
    WARM_UP = "warm_up"
    FROZEN = "frozen"
    BELOW_PLAUSIBLE = "below_plausible"
    ABOVE_PLAUSIBLE = "above_plausible"
    UNSTEADY = "unsteady"
    NOT_LEFT = "not_left"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Invalid:
    """A try that gave no valid reading."""

    reason: Trouble


@dataclass(frozen=True, slots=True)
class Measurement:
    """The settled value. `object_c`, `body_c` and `ambient_c` are medians of what the device gave, untouched.

    `shown_c` is the main number with the offset, to 0.1 °C half up; a skin temperature, unless `channel` is "body".
    `spread_c` is the samples' highest less their lowest.
    """

    channel: str
    object_c: float | None
    body_c: float | None
    ambient_c: float | None
    offset_c: float
    offset_name: str
    shown_c: float
    samples: int
    spread_c: float


@dataclass(frozen=True, slots=True)
class Measuring:
    """What is known of the sensor, and of the go in progress if `from_ms` is set.

    `same` counts byte-identical samples in a row; `present` is whether somebody was there last; `lingering` is whether that is
    still the person of an earlier go. `seen` is whether somebody of this go was there; `bad` and `bad_from_ms` are the unusable
    samples in a row and since when.
    """

    since_ms: int | None = None
    last: Reading | None = None
    same: int = 0
    present: bool = False
    lingering: bool = False
    from_ms: int | None = None
    seen: bool = False
    window: tuple[Reading, ...] = ()
    bad: int = 0
    bad_from_ms: int = 0


def begin(state: Measuring, at_ms: int) -> Measuring:
    """Start a go, or its next try: only samples taken after `at_ms` count, beginning with none."""
    return replace(state, from_ms=at_ms, seen=False, window=(), bad=0)


def end(state: Measuring) -> Measuring:
    """The go is over. Whoever is at the sensor now must be seen gone before the next go counts."""
    return replace(state, from_ms=None, seen=False, window=(), bad=0, lingering=state.lingering or state.present)


def lost(state: Measuring) -> Measuring:
    """The sensor is gone; it warms up anew when it is back."""
    return replace(state, since_ms=None, same=0, window=(), bad=0)


def observe(state: Measuring, sample: Reading, rule: TemperatureRule) -> tuple[Measuring, Measurement | Invalid | None]:
    """Take in one sample. None means: nothing settled yet. A sample no later than the one before is passed over."""
    if state.last is not None and sample.at_ms <= state.last.at_ms:
        return state, None
    state = _heard(state, sample)
    trouble = _unusable(state, sample, rule)
    if trouble is None:
        present = _somebody(sample, rule)
        state = replace(state, present=present, lingering=state.lingering and present)
        if not present and _hidden(sample, rule):
            trouble = Trouble.TOO_WARM_TO_TELL
    if state.from_ms is None or sample.at_ms <= state.from_ms:
        return state, None
    if trouble is not None:
        return _spoilt(replace(state, window=()), sample, trouble, rule)
    if not state.present or state.lingering:
        return replace(state, window=(), bad=0), None
    return _weigh(replace(state, seen=True), sample, rule)


def shown(value_c: float, offset_c: float = 0.0) -> float:
    """A finite temperature as it is shown and judged: with the offset, to 0.1 °C, half up. Decimal, so that 37.35 is 37.4."""
    return float((Decimal(str(value_c)) + Decimal(str(offset_c))).quantize(_TENTH, ROUND_HALF_UP))


def implausible(shown_c: float, rule: TemperatureRule) -> Trouble | None:
    """Why a shown temperature cannot be a person's, or None if it can."""
    if not shown_c >= rule.plausible_min_c:
        return Trouble.BELOW_PLAUSIBLE
    if not shown_c <= rule.plausible_max_c:
        return Trouble.ABOVE_PLAUSIBLE
    return None


def _heard(state: Measuring, sample: Reading) -> Measuring:
    same = state.same + 1 if state.last is not None and replace(state.last, at_ms=sample.at_ms) == sample else 1
    return replace(state, since_ms=sample.at_ms if state.since_ms is None else state.since_ms, last=sample, same=same)


def _value(sample: Reading) -> float:
    """The device's main number; NaN where it gave none."""
    value_c = sample.body_c if sample.channel == "body" else sample.object_c
    return math.nan if value_c is None else value_c


def _untrue(value_c: float) -> Trouble | None:
    if math.isnan(value_c):
        return Trouble.NOT_A_NUMBER
    if any(abs(value_c - sentinel) < 0.005 for sentinel in SENTINELS_C):
        return Trouble.SENTINEL
    return None if LOWEST_OBJECT_C <= value_c <= HIGHEST_OBJECT_C else Trouble.OUT_OF_RANGE


def _unusable(state: Measuring, sample: Reading, rule: TemperatureRule) -> Trouble | None:
    trouble = _untrue(_value(sample)) or (_untrue(sample.object_c) if sample.object_c is not None else None)
    if trouble is not None or sample.channel == "ambient":
        return trouble or Trouble.NOT_A_NUMBER
    if sample.ambient_c is not None and not rule.ambient_min_c <= sample.ambient_c <= rule.ambient_max_c:
        return Trouble.AMBIENT_OUT_OF_RANGE
    if sample.at_ms - (state.since_ms or 0) < rule.warm_up_ms:
        return Trouble.WARM_UP
    if 0 < rule.frozen_samples <= state.same:
        return Trouble.FROZEN
    return None


def _somebody(sample: Reading, rule: TemperatureRule) -> bool:
    """True where something clearly above ambient is in front of the sensor. The object says so; a body number says little."""
    seen_c = _value(sample) if sample.object_c is None else sample.object_c
    from_c = PERSON_WITHOUT_AMBIENT_C if sample.ambient_c is None else sample.ambient_c + rule.present_above_ambient_c
    return seen_c >= from_c


def _hidden(sample: Reading, rule: TemperatureRule) -> bool:
    """True where a person could stand without being told apart from a hot hall."""
    return _value(sample) + rule.offset_c >= rule.plausible_min_c


def _spoilt(
    state: Measuring, sample: Reading, trouble: Trouble, rule: TemperatureRule
) -> tuple[Measuring, Measurement | Invalid | None]:
    state = replace(state, bad=state.bad + 1, bad_from_ms=state.bad_from_ms if state.bad else sample.at_ms)
    if state.bad >= rule.stable_samples and sample.at_ms - state.bad_from_ms >= rule.settle_ms:
        return state, Invalid(trouble)
    return state, None


def _weigh(state: Measuring, sample: Reading, rule: TemperatureRule) -> tuple[Measuring, Measurement | Invalid | None]:
    window = _trimmed((*state.window, sample), rule)
    state = replace(state, window=window)
    if len(window) < rule.stable_samples or window[-1].at_ms - window[0].at_ms < rule.stable_ms:
        return replace(state, bad=0), None
    if rule.frozen_samples and state.same >= len(window):
        return replace(state, bad=0), None
    values = [_value(reading) for reading in window]
    spread = max(values) - min(values)
    if spread > rule.max_spread_c:
        return replace(state, bad=0), None
    settled = _settled(window, median(values), spread, rule)
    trouble = implausible(settled.shown_c, rule)
    if trouble is not None:
        return _spoilt(state, sample, trouble, rule)
    return state, settled


def _trimmed(window: tuple[Reading, ...], rule: TemperatureRule) -> tuple[Reading, ...]:
    """The newest samples, as few as are enough in number and in time."""
    first, last = 0, window[-1].at_ms
    while len(window) - first > rule.stable_samples and last - window[first + 1].at_ms >= rule.stable_ms:
        first += 1
    return window[first:]


def _settled(window: tuple[Reading, ...], value_c: float, spread_c: float, rule: TemperatureRule) -> Measurement:
    return Measurement(
        channel=window[-1].channel,
        object_c=_middle(reading.object_c for reading in window),
        body_c=_middle(reading.body_c for reading in window),
        ambient_c=_middle(reading.ambient_c for reading in window),
        offset_c=rule.offset_c,
        offset_name=rule.offset_name,
        shown_c=shown(value_c, rule.offset_c),
        samples=len(window),
        spread_c=round(spread_c, 4),
    )


def _middle(values_c: Iterable[float | None]) -> float | None:
    given = [value for value in values_c if value is not None and math.isfinite(value)]
    return median(given) if given else None
