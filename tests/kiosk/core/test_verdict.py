"""What is known to be in order is admitted; nothing else is."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.policy import Comparison, OnUnmeasured, TemperatureRule
from kiosk.core.values import Reason
from kiosk.core.verdict import Advice, judge, unmeasured

GT, GE = TemperatureRule(), TemperatureRule(comparison=Comparison.GE)


@pytest.mark.parametrize(
    ("rule", "shown_c", "previous_high", "advice", "reason"),
    [
        (GT, 36.5, False, Advice.ADMIT, Reason.TEMPERATURE_IN_ORDER),
        (GT, 37.3, False, Advice.ADMIT, Reason.TEMPERATURE_IN_ORDER),
        (GE, 37.3, False, Advice.HOLD, Reason.TEMPERATURE_HIGH),
        (GE, 37.2, False, Advice.ADMIT, Reason.TEMPERATURE_IN_ORDER),
        (GT, 37.4, False, Advice.HOLD, Reason.TEMPERATURE_HIGH),
        (GT, 36.9, True, Advice.ADMIT, Reason.TEMPERATURE_IN_ORDER),
        (GT, 37.5, True, Advice.HOLD, Reason.TEMPERATURE_HIGH_AGAIN),
        (GT, 35.0, False, Advice.ADMIT, Reason.TEMPERATURE_IN_ORDER),
        (GT, 34.9, False, Advice.HOLD, Reason.NO_VALID_READING),
    ],
)
def test_the_table(rule, shown_c, previous_high, advice, reason):
    """The office's table: the limit itself passes with `gt` and not with `ge`; a second high one says so."""
    verdict = judge(rule, shown_c, previous_high=previous_high)
    assert (verdict.advice, verdict.reasons) == (advice, (reason,))


@given(shown_c=st.floats(), rule=st.sampled_from([GT, GE]), previous_high=st.booleans())
@example(shown_c=math.nan, rule=GT, previous_high=False)
def test_only_a_plausible_number_up_to_the_limit_is_admitted(shown_c, rule, previous_high):
    """NaN, the infinities and everything out of order are never admitted."""
    if judge(rule, shown_c, previous_high=previous_high).advice is Advice.ADMIT:
        assert rule.plausible_min_c <= shown_c <= rule.limit_c


def test_the_unmeasured_follow_the_setting():
    """Not measured is never in order: it is said, whichever way it is set."""
    for setting, advice in ((OnUnmeasured.ADMIT, Advice.ADMIT), (OnUnmeasured.HOLD, Advice.HOLD)):
        verdict = unmeasured(setting, Reason.SENSOR_LOST)
        assert verdict.advice is advice
        assert verdict.reasons == (Reason.TEMPERATURE_UNMEASURED, Reason.SENSOR_LOST)
