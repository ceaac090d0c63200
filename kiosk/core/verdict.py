"""The machine's advice about the door. A person decides."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.policy import Comparison, OnUnmeasured, TemperatureRule
from kiosk.core.values import Reason


class Advice(StrEnum):
    """Go in, wait for a place, or wait for an officer."""

    ADMIT = "admit"
    WAIT = "wait"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The advice and why. There is always a reason."""

    advice: Advice
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a verdict has a reason")


BY_HAND = Verdict(Advice.HOLD, (Reason.TEMPERATURE_UNMEASURED, Reason.HAND_THERMOMETER))
NOT_ASKED = Verdict(Advice.ADMIT, (Reason.TEMPERATURE_NOT_ASKED,))


def judge(rule: TemperatureRule, shown_c: float, *, previous_high: bool) -> Verdict:
    """The verdict on a temperature at the precision it is shown. `previous_high`: an earlier one of this hold was high too."""
    # Admit what is known to be in order, not what is not known to be out of it: every comparison with NaN is false.
    in_order = shown_c <= rule.limit_c if rule.comparison is Comparison.GT else shown_c < rule.limit_c
    if in_order and shown_c >= rule.plausible_min_c:
        return Verdict(Advice.ADMIT, (Reason.TEMPERATURE_IN_ORDER,))
    if not shown_c >= rule.plausible_min_c:
        return Verdict(Advice.HOLD, (Reason.NO_VALID_READING,))
    return Verdict(Advice.HOLD, (Reason.TEMPERATURE_HIGH_AGAIN if previous_high else Reason.TEMPERATURE_HIGH,))


def unmeasured(setting: OnUnmeasured, why: Reason) -> Verdict:
    """The verdict on somebody who could not be measured."""
    advice = Advice.ADMIT if setting is OnUnmeasured.ADMIT else Advice.HOLD
    return Verdict(advice, (Reason.TEMPERATURE_UNMEASURED, why))
