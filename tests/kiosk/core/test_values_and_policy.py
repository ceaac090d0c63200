"""What is wrong cannot be built."""

import math

import pytest

from kiosk.core.inputs import BadgeRead
from kiosk.core.policy import Policy, TemperatureRule
from kiosk.core.screening import Evidence, Step, shown
from kiosk.core.values import Person, Standing
from kiosk.core.verdict import Advice, Verdict
from tests.kiosk.core.door import at

SITI = Person("siti", "Siti")


def test_the_office_default_is_the_one_of_the_field():
    """Without any setting: above 37.3, five minutes, plausible from 35 to 42, set by the office, no offset."""
    rule = TemperatureRule()
    assert (rule.limit_c, rule.comparison, rule.wait_min, rule.limit_set_by) == (37.3, "gt", 5, "office")
    assert (rule.plausible_min_c, rule.plausible_max_c, rule.offset_c, rule.offset_name) == (35.0, 42.0, 0.0, "none")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit_c", 35.9),
        ("limit_c", 39.1),
        ("limit_c", math.nan),
        ("plausible_min_c", 37.3),
        ("plausible_min_c", math.nan),
        ("plausible_max_c", 37.3),
        ("plausible_max_c", math.inf),
        ("offset_c", 1.0),
        ("offset_c", 6.1),
        ("offset_c", math.nan),
        ("ambient_min_c", 40.0),
        ("max_spread_c", 0.0),
        ("present_above_ambient_c", -1.0),
        ("stable_samples", 1),
        ("frozen_samples", 5),
        ("wait_min", -1),
        ("warm_up_ms", -1),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(field, value):
    """A wrong number is refused when the rule is built, by a message that names something."""
    with pytest.raises(ValueError, match=r"\w+"):
        TemperatureRule(**{field: value})


@pytest.mark.parametrize(
    "field", ["measure_timeout_ms", "max_invalid_tries", "result_ms", "notice_ms", "went_away_ms", "hold_lasts_ms"]
)
def test_a_span_of_nothing_is_refused(field):
    """A span that would make the lane turn without end is refused and named."""
    with pytest.raises(ValueError, match=field):
        Policy(**{field: 0})


@pytest.mark.parametrize("field", ["repeat_window_ms", "recheck_within_ms"])
def test_a_negative_window_is_refused(field):
    """A window may be nothing, not less."""
    assert getattr(Policy(**{field: 0}), field) == 0
    with pytest.raises(ValueError, match=field):
        Policy(**{field: -1})


@pytest.mark.parametrize(
    "fields",
    [
        {"standing": Standing.KNOWN, "token_sha256": "aa"},
        {"standing": Standing.UNKNOWN},
        {"standing": Standing.REVOKED, "person": SITI},
        {"standing": Standing.EXPIRED},
        {"standing": Standing.UNKNOWN, "token_sha256": "aa", "person": SITI},
        {"standing": Standing.NOT_A_BADGE, "person": SITI},
        {"standing": Standing.NOT_A_BADGE, "token_sha256": "aa"},
    ],
)
def test_a_read_that_contradicts_itself_is_refused(fields):
    """A known badge has a person, any badge a token, and of what is no badge nothing is kept."""
    with pytest.raises(ValueError, match=r"\w+"):
        BadgeRead(at(0), "r", **fields)


def test_a_verdict_always_has_a_reason():
    """There is no verdict without a reason."""
    with pytest.raises(ValueError, match="reason"):
        Verdict(Advice.WAIT, ())


def test_steps_are_shown_in_the_order_of_the_circular():
    """Every step but the sensor's own is a notice, in order."""
    steps = (Step("wash"), Step("temperature", evidence=Evidence.SENSOR), Step("mask", evidence=Evidence.GUARD_SEEN))
    assert shown(steps) == ("wash", "mask")
