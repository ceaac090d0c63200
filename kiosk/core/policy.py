"""What is set for a door, by the office or by the circular in force. Checked whole when it is built."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.screening import Step
from kiosk.core.values import Direction, DirectionSource

LOWEST_LIMIT_C = 36.0
HIGHEST_LIMIT_C = 39.0
LARGEST_OFFSET_C = 6.0


class Comparison(StrEnum):
    """What counts as high: above the limit, or at it as well."""

    GT = "gt"
    GE = "ge"


class OnUnmeasured(StrEnum):
    """What happens to somebody whose temperature could not be measured."""

    ADMIT = "admit"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class TemperatureRule:
    """How a temperature is measured and judged.

    `limit_c` and the plausible range are about the value after `offset_c`, at the precision shown (0.1 °C).
    `limit_set_by` is "office" or the id of a circular. A measurement is `stable_samples` or more over at least `stable_ms`
    within `max_spread_c`; somebody is there when the object is `present_above_ambient_c` above ambient.
    What cannot be used counts as a try once it has gone on for `settle_ms`. `frozen_samples` byte-identical samples mean a
    stuck sensor; 0 turns that off, for a device so coarse that still air reads the same. For `warm_up_ms` after it
    (re)appeared a sensor is not believed.
    """

    limit_c: float = 37.3
    comparison: Comparison = Comparison.GT
    wait_min: int = 5
    plausible_min_c: float = 35.0
    plausible_max_c: float = 42.0
    offset_c: float = 0.0
    offset_name: str = "none"
    limit_set_by: str = "office"
    ambient_min_c: float = 16.0
    ambient_max_c: float = 40.0
    stable_samples: int = 5
    stable_ms: int = 400
    max_spread_c: float = 0.4
    present_above_ambient_c: float = 2.0
    settle_ms: int = 1000
    frozen_samples: int = 15
    warm_up_ms: int = 0

    def __post_init__(self) -> None:
        wrong = next((message for holds, message in self._promises() if not holds), None)
        if wrong is not None:
            raise ValueError(wrong)

    def _promises(self) -> Iterator[tuple[bool, str]]:
        """What must hold, and what to say where it does not. NaN holds nowhere."""
        low, high, offset = LOWEST_LIMIT_C, HIGHEST_LIMIT_C, LARGEST_OFFSET_C
        yield low <= self.limit_c <= high, f"limit_c={self.limit_c}: must be from {low} to {high}"
        yield 0 < self.plausible_min_c < self.limit_c, f"plausible_min_c={self.plausible_min_c}: must be below limit_c"
        yield self.limit_c < self.plausible_max_c < 100, f"plausible_max_c={self.plausible_max_c}: must be above limit_c"
        yield -offset <= self.offset_c <= offset, f"offset_c={self.offset_c}: must be from -{offset} to {offset}"
        yield self.offset_c == 0 or self.offset_name not in ("", "none"), "offset_name: an offset needs a name"
        yield -40 <= self.ambient_min_c < self.ambient_max_c <= 85, "ambient_min_c must be below ambient_max_c"
        yield 0 < self.max_spread_c < 5, f"max_spread_c={self.max_spread_c}: must be above 0 and below 5"
        yield 0 < self.present_above_ambient_c < 20, "present_above_ambient_c must be above 0 and below 20"
        yield self.stable_samples >= 2, "stable_samples must be at least 2"
        yield self.frozen_samples == 0 or self.frozen_samples > self.stable_samples, "frozen_samples must exceed stable_samples"
        yield min(self.wait_min, self.stable_ms, self.settle_ms, self.warm_up_ms) >= 0, "times must not be negative"


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything set for a door. `temperature` is None while nothing in force asks for one.

    `measure_timeout_ms` is how long one try may take once somebody is at the sensor, and how long the sensor may be silent;
    `went_away_ms` how long nobody may be there. A high reading can be measured again on the same hold for
    `recheck_within_ms`; after that the badge is a new tap. A hold nobody decides is closed after `hold_lasts_ms`.
    """

    direction: Direction = Direction.UNSTATED
    direction_source: DirectionSource = DirectionSource.KIOSK
    temperature: TemperatureRule | None = None
    steps: tuple[Step, ...] = ()
    measure_timeout_ms: int = 3000
    max_invalid_tries: int = 2
    result_ms: int = 2500
    notice_ms: int = 2500
    repeat_window_ms: int = 60_000
    went_away_ms: int = 8000
    on_unmeasured: OnUnmeasured = OnUnmeasured.ADMIT
    unattended: bool = False
    recheck_within_ms: int = 3_600_000
    hold_lasts_ms: int = 12 * 3_600_000

    def __post_init__(self) -> None:
        for name in ("measure_timeout_ms", "result_ms", "notice_ms", "went_away_ms", "hold_lasts_ms", "max_invalid_tries"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")
        if min(self.repeat_window_ms, self.recheck_within_ms) < 0:
            raise ValueError("repeat_window_ms and recheck_within_ms must not be negative")
