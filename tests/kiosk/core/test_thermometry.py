"""From samples to a measurement, or to nothing: never to a number nobody measured."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.inputs import Reading
from kiosk.core.policy import TemperatureRule
from kiosk.core.thermometry import Invalid, Measurement, Measuring, Trouble, begin, end, implausible, lost, observe, shown

RULE = TemperatureRule()
GOOD = [36.50, 36.53, 36.48, 36.51, 36.52, 36.49, 36.50, 36.54]


def feed(values, rule=RULE, state=None, start_ms=1000, step_ms=70, ambient_c=25.0, **more):
    """Observe the values in a go that begins at `start_ms`; the state and everything that came out."""
    state = begin(state or Measuring(), start_ms)
    outcomes = []
    for number, value in enumerate(values, 1):
        state, outcome = observe(state, Reading(start_ms + number * step_ms, value, ambient_c, **more), rule)
        if outcome is not None:
            outcomes.append(outcome)
    return state, outcomes


def test_a_steady_forehead_is_measured():
    """Five samples or more over 0.4 s within the spread give their median, with everything kept apart."""
    rule = replace(RULE, offset_c=0.5, offset_name="10 cm")
    _, outcomes = feed(GOOD[:7], rule)
    assert outcomes == [Measurement("object", 36.50, None, 25.0, 0.5, "10 cm", 37.0, 7, 0.05)]


def test_a_slow_sensor_needs_fewer_samples_in_the_same_care():
    """At two samples a second five are enough."""
    _, outcomes = feed(GOOD[:5], step_ms=500)
    assert [outcome.samples for outcome in outcomes] == [5]


def test_the_window_is_the_newest_samples():
    """Somebody coming nearer is measured once they stand still, by the samples taken then."""
    _, outcomes = feed([28.0, 31.0, 34.0, 35.5, *GOOD[:7]])
    assert [outcome.object_c for outcome in outcomes] == [36.50]


def test_an_unsteady_forehead_gives_nothing():
    """A spread above the limit is no measurement, however long it lasts."""
    assert feed([36.0, 36.6] * 20)[1] == []


@pytest.mark.parametrize(
    ("value_c", "offset_c", "result_c"),
    [(37.35, 0.0, 37.4), (37.34, 0.0, 37.3), (37.25, 0.0, 37.3), (36.45, 0.9, 37.4), (36.0, 1.34, 37.3), (36.96, 0.0, 37.0)],
)
def test_what_is_shown_is_rounded_half_up(value_c, offset_c, result_c):
    """To a tenth, half up, in decimal: 37.35 is 37.4, also where the sum of floats falls short of it."""
    assert shown(value_c, offset_c) == result_c


BAD = [
    (math.nan, Trouble.NOT_A_NUMBER),
    (None, Trouble.NOT_A_NUMBER),
    (math.inf, Trouble.OUT_OF_RANGE),
    (-math.inf, Trouble.OUT_OF_RANGE),
    (1037.55, Trouble.SENTINEL),
    (-273.15, Trouble.SENTINEL),
    (-273.01, Trouble.SENTINEL),
    (54.67, Trouble.SENTINEL),
    (-100.0, Trouble.OUT_OF_RANGE),
    (126.0, Trouble.OUT_OF_RANGE),
]


@pytest.mark.parametrize(("value", "trouble"), BAD)
def test_what_a_broken_sensor_says_is_no_reading(value, trouble):
    """Sentinels, NaN and the impossible give the reason and never a number, once they have gone on for a second."""
    state, outcomes = feed([value] * 16)
    assert outcomes[:1] == [Invalid(trouble)]
    assert feed([value] * 15)[1] == []
    assert not state.seen


@pytest.mark.parametrize(("value", "_"), BAD)
def test_a_bad_sample_starts_the_window_anew(value, _):
    """Samples on both sides of a bad one are not put together."""
    assert feed([*GOOD[:6], value, *GOOD[:6]])[1] == []


@pytest.mark.parametrize("ambient_c", [15.9, 40.1, math.nan, math.inf])
def test_a_hall_outside_the_envelope_gives_no_reading(ambient_c):
    """The sensor is not believed where its maker does not vouch for it."""
    assert feed([36.5, 36.52] * 10, ambient_c=ambient_c)[1][:1] == [Invalid(Trouble.AMBIENT_OUT_OF_RANGE)]


def test_a_hall_too_warm_to_tell_is_said():
    """Where a forehead cannot be told from the air it is no reading, and not nobody either."""
    assert feed([36.5, 36.52] * 10, ambient_c=35.5)[1][:1] == [Invalid(Trouble.TOO_WARM_TO_TELL)]


@pytest.mark.parametrize("value", [36.5, 25.0])
def test_a_stuck_sensor_gives_no_reading(value):
    """Byte-identical samples are never a measurement, and are named as soon as there are enough of them."""
    outcomes = feed([value] * 40)[1]
    assert outcomes[:1] == [Invalid(Trouble.FROZEN)]
    assert {type(outcome) for outcome in outcomes} == {Invalid}


def test_a_coarse_sensor_can_be_exempted():
    """With `frozen_samples` 0 identical samples are believed."""
    assert [found.shown_c for found in feed([36.5] * 7, replace(RULE, frozen_samples=0))[1]] == [36.5]


def test_warming_up():
    """For the warm-up after it appeared, and again after it was lost, a sensor is not believed."""
    rule = replace(RULE, warm_up_ms=5000)
    state, outcomes = feed([36.5, 36.52] * 10, rule)
    assert outcomes[:1] == [Invalid(Trouble.WARM_UP)]
    state, outcomes = feed(GOOD[:7], rule, state, start_ms=9000)
    assert len(outcomes) == 1
    assert feed([36.5, 36.52] * 10, rule, lost(state), start_ms=20_000)[1][:1] == [Invalid(Trouble.WARM_UP)]


@pytest.mark.parametrize(
    ("value", "trouble"), [(34.9, Trouble.BELOW_PLAUSIBLE), (27.5, Trouble.BELOW_PLAUSIBLE), (42.2, Trouble.ABOVE_PLAUSIBLE)]
)
def test_what_no_person_has_is_measured_again(value, trouble):
    """A steady value outside the plausible range is a failed try, not a number pulled to 36."""
    outcomes = feed([value, value + 0.02] * 12)[1]
    assert outcomes[:1] == [Invalid(trouble)]
    assert implausible(shown(value), RULE) is trouble


def test_the_plausible_range_is_about_the_value_with_the_offset():
    """Skin at 34.2 with an offset of 2 is 36.2."""
    rule = replace(RULE, offset_c=2.0, offset_name="skin to oral")
    assert feed([34.2, 34.22] * 4, rule)[1][0].shown_c == 36.2


def test_nan_is_implausible():
    """NaN is on neither side of any limit and still no person's temperature."""
    assert implausible(math.nan, RULE) is Trouble.BELOW_PLAUSIBLE


def test_nobody_there_is_no_reading_and_no_trouble():
    """Air and walls give nothing, for as long as it takes."""
    state, outcomes = feed([25.4, 25.42, 25.39] * 20)
    assert (outcomes, state.seen, state.present) == ([], False, False)


def test_a_sensor_without_ambient():
    """Where no ambient is given a person is somebody from 30 degrees on."""
    assert feed([29.0, 29.02] * 10, ambient_c=None)[0].seen is False
    assert feed(GOOD[:7], ambient_c=None)[1][0].ambient_c is None


def test_a_body_channel():
    """A body number is judged as such; whether somebody is there is told by the object."""
    state, low = begin(Measuring(), 0), []
    for number in range(1, 9):
        state, outcome = observe(state, Reading(number * 70, 25.1 + number / 100, 25.0, "body", 36.6), RULE)
        low.append(outcome)
    assert low == [None] * 8
    for number in range(9, 16):
        state, outcome = observe(state, Reading(number * 70, 34.0 + number / 100, 25.0, "body", 36.6), RULE)
    assert (outcome.channel, outcome.body_c, outcome.object_c, outcome.shown_c) == ("body", 36.6, 34.12, 36.6)


def test_an_object_number_that_lies_spoils_the_body_number():
    """A sentinel beside a body number is a broken sensor."""
    assert feed([1037.55] * 16, channel="body", body_c=36.6)[1] == [Invalid(Trouble.SENTINEL)]


def test_a_body_number_alone():
    """A device that gives nothing but a body number is told by that."""
    state, outcome = begin(Measuring(), 0), None
    for number in range(1, 8):
        state, outcome = observe(state, Reading(number * 70, None, None, "body", GOOD[number]), RULE)
    assert outcome.object_c is None
    assert outcome.shown_c == 36.5


def test_an_ambient_channel_is_no_temperature_of_anybody():
    """A device whose main number is the air's measures nobody."""
    assert feed([36.5, 36.52] * 10, channel="ambient")[1][:1] == [Invalid(Trouble.NOT_A_NUMBER)]


def test_samples_before_the_go_do_not_count():
    """Only samples taken after `begin` count, and one at the same millisecond is not after."""
    state = Measuring()
    for number in range(6):
        state, outcome = observe(state, Reading(number * 70, GOOD[number], 25.0), RULE)
        assert outcome is None
    state, outcome = observe(begin(state, 420), Reading(420, 36.5, 25.0), RULE)
    assert (state.window, outcome) == ((), None)


def test_each_try_begins_with_nothing():
    """The samples of a try that failed do not count in the next."""
    state, outcomes = feed([*GOOD[:6]])
    assert outcomes == []
    assert feed([36.5], state=state, start_ms=2000)[1] == []


def test_a_sample_that_is_not_newer_is_passed_over():
    """A sample that comes twice or late changes nothing."""
    state, _ = feed(GOOD[:3])
    assert observe(state, Reading(1000, 36.5, 25.0), RULE) == (state, None)
    assert observe(state, state.last, RULE) == (state, None)


def test_the_forehead_of_the_go_before_never_counts():
    """Who was there when a go ended must be seen gone; a gap in the samples is no proof."""
    state, first = feed(GOOD[:7])
    state, second = feed(GOOD, state=end(state), start_ms=10_000)
    assert (len(first), second, state.lingering, state.seen) == (1, [], True, False)
    state, third = feed([math.nan, *GOOD], state=state, start_ms=20_000)
    assert third == []
    state, fourth = feed([25.4, *GOOD[:7]], state=state, start_ms=30_000)
    assert (len(fourth), state.lingering) == (1, False)


numbers = st.one_of(
    st.sampled_from([math.nan, math.inf, 1037.55, -273.15, 54.67, 25.4, 25.41, 36.5, 36.52, 36.48, 34.0, 38.2, None]),
    st.floats(),
    st.floats(36.0, 36.3),
)


@given(
    st.lists(
        st.tuples(st.integers(-5, 400), numbers, st.one_of(st.none(), st.just(25.0), st.just(25.0), st.floats())), max_size=40
    )
)
def test_whatever_comes_a_measurement_is_of_samples_that_came(samples):
    """Any samples leave it answering, and a number is always within what the newest samples said."""
    state, now_ms, given_c = begin(Measuring(), 0), 0, []
    for step_ms, value, ambient_c in samples:
        now_ms += step_ms
        state, outcome = observe(state, Reading(now_ms, value, ambient_c), RULE)
        given_c.append(value)
        if isinstance(outcome, Measurement):
            assert outcome.object_c is not None
            assert min(v for v in given_c if v is not None) <= outcome.object_c
            assert RULE.plausible_min_c <= outcome.shown_c <= RULE.plausible_max_c
            assert abs(outcome.shown_c - outcome.object_c) <= 0.05 + 1e-9
