"""One go at the sensor: from the badge to its end."""

import math
from dataclasses import replace

import pytest

from kiosk.core.inputs import CodeHint, Reading
from kiosk.core.policy import Comparison, OnUnmeasured, Policy
from kiosk.core.screening import Evidence, Step
from kiosk.core.session import next_deadline_ms
from kiosk.core.values import Reason, ScreenKind, Standing
from sync.protocol.events import Kind
from tests.kiosk.core.door import RULE, SAMPLE_MS, Door, at


def test_a_forehead_in_order():
    """Green, with what was measured kept apart, and judged by a limit that says whose it is."""
    door = Door(temperature=replace(RULE, offset_c=0.5, offset_name="10 cm", limit_set_by="se-800"))
    read = door.badge("Siti")
    door.measure(36.0)
    assert door.of(Kind.SCREENING_MEASURED) == [
        {
            "tap_id": read,
            "person_id": "siti",
            "source": "sensor",
            "channel": "object",
            "object_c": 36.0,
            "body_c": None,
            "ambient_c": 25.0,
            "offset_c": 0.5,
            "offset_name": "10 cm",
            "skin_temperature_c": 36.5,
            "body_temperature_c": None,
            "samples": 7,
            "spread_c": 0.05,
            "limit_c": 37.3,
            "comparison": "gt",
            "limit_set_by": "se-800",
        }
    ]
    assert (door.screen.kind, door.screen.shown_temperature_c, door.sounds) == (ScreenKind.ADMITTED, 36.5, ["accepted"])


def test_a_body_number_is_never_called_skin():
    """Only a device that says so gives a body temperature, under that name."""
    door = Door()
    door.badge("Siti")
    for number in range(7):
        door.sample(34.0 + number / 100, channel="body", body_c=36.6)
    [measured] = door.of(Kind.SCREENING_MEASURED)
    assert (measured["skin_temperature_c"], measured["body_temperature_c"]) == (None, 36.6)


@pytest.mark.parametrize(
    ("value", "comparison", "end"),
    [
        (34.9, Comparison.GT, "screening.unmeasured"),
        (37.3, Comparison.GT, "verdict.admit"),
        (37.3, Comparison.GE, "hold.opened"),
        (37.4, Comparison.GT, "hold.opened"),
    ],
)
def test_the_offices_table(value, comparison, end):
    """34.9 is measured again and then said to be unmeasured; 37.3 passes with `gt` and is held with `ge`."""
    door = Door(temperature=replace(RULE, comparison=comparison), on_unmeasured=OnUnmeasured.ADMIT)
    door.badge("Siti")
    for number in range(60):
        if len(door.kinds) == 1:
            door.sample(value + number % 2 / 100)
    assert end in door.kinds
    assert (end == "hold.opened") == (door.screen.kind is ScreenKind.HELD)


def test_low_is_measured_again():
    """After a failed try the screen says so, and the second try's reading counts."""
    door = Door()
    door.badge("Siti")
    door.forehead(34.0, 1.7)
    assert (door.screen.kind, door.screen.reasons) == (ScreenKind.MEASURING, (Reason.NO_VALID_READING,))
    door.measure(36.4)
    assert door.kinds == ["attendance.tapped", "screening.measured", "verdict.admit"]


@pytest.mark.parametrize("value", [math.nan, 1037.55, -273.15, 54.67, None])
def test_a_broken_sensor_is_said_and_stops_nobody(value):
    """Two tries of rubbish: unmeasured with its reason, and the verdict that is set for it."""
    door = Door()
    read = door.badge("Siti")
    door.samples([value] * 40)
    [unmeasured] = door.of(Kind.SCREENING_UNMEASURED)
    assert (unmeasured["tap_id"], unmeasured["reason"]) == (read, "no_valid_reading")
    assert door.of(Kind.VERDICT_ADMIT)[0]["reasons"] == ["temperature_unmeasured", "no_valid_reading"]
    assert door.screen.shown_temperature_c is None


def test_an_unsteady_head_runs_out_of_time():
    """Somebody who is there but never still has their tries, each of measure_timeout_ms."""
    door = Door()
    door.badge("Siti")
    door.samples([36.0, 37.0] * 21)
    assert door.kinds == ["attendance.tapped"]
    door.samples([36.0, 37.0] * 24)
    assert door.of(Kind.SCREENING_UNMEASURED)[0] == {
        "tap_id": "read-1",
        "person_id": "siti",
        "reason": "measure_timeout",
        "detail": "unsteady",
    }
    assert door.kinds[-1] == "verdict.admit"


def test_a_silent_sensor_is_a_dead_one():
    """With no sample at all there is an answer after measure_timeout_ms, not after every try."""
    door = Door()
    door.badge("Siti")
    door.wait(2.9)
    assert door.kinds == ["attendance.tapped"]
    door.wait(0.1)
    assert [record["detail"] for record in door.of(Kind.SCREENING_UNMEASURED)] == ["silent"]
    assert door.screen.kind is ScreenKind.ADMITTED


def test_going_away_leaves_the_tap():
    """Nobody at the sensor for went_away_ms: abandoned, no verdict, the tap stays."""
    door = Door()
    read = door.badge("Siti")
    door.nobody(8.2)
    assert door.kinds == ["attendance.tapped", "screening.abandoned"]
    assert door.of(Kind.SCREENING_ABANDONED) == [{"tap_id": read, "person_id": "siti", "reason": "went_away"}]
    assert door.screen.kind is ScreenKind.IDLE


def test_coming_back_after_going_away():
    """Another scan within the window is recorded as a repeat, and measured on the same tap."""
    door = Door()
    read = door.badge("Siti")
    door.nobody(8.2)
    door.badge("Siti")
    door.measure(36.5)
    assert door.kinds[2:] == ["attendance.repeated", "screening.measured", "verdict.admit"]
    assert {payload["tap_id"] for payload in (record.payload for record in door.records)} == {read}
    door.badge("Siti")
    assert door.screen.kind is ScreenKind.REPEATED


def test_rubbish_now_and_then_is_not_nobody():
    """Where the sensor was last seen failing the person is answered as unmeasured, not as gone."""
    door = Door()
    door.badge("Siti")
    door.nobody(7.7)
    door.samples([math.nan] * 4)
    door.wait(0.5)
    assert door.kinds[1:] == ["screening.unmeasured", "verdict.admit"]


def test_a_forehead_that_stays_is_never_the_next_persons():
    """Until the first was seen gone nothing counts for the second; then the second's own does."""
    door = Door()
    first = door.badge("Siti")
    door.forehead(36.2, 0.7)
    second = door.badge("Budi")
    door.forehead(36.2, 3)
    assert [record["tap_id"] for record in door.of(Kind.SCREENING_MEASURED)] == [first]
    door.nobody(0.1)
    door.forehead(36.8, 0.7)
    assert [record["tap_id"] for record in door.of(Kind.SCREENING_MEASURED)] == [first, second]
    assert [record["skin_temperature_c"] for record in door.of(Kind.SCREENING_MEASURED)] == [36.2, 36.8]


def test_a_forehead_that_never_goes():
    """Whoever is behind it is answered as unmeasured, with the reason."""
    door = Door()
    door.badge("Siti")
    door.forehead(36.2, 0.7)
    door.badge("Budi")
    door.forehead(36.2, 8.4)
    assert [record["detail"] for record in door.of(Kind.SCREENING_UNMEASURED)] == ["not_left"]


def test_samples_taken_before_the_tap_do_not_count():
    """Somebody who stands there before their badge is read is measured by what comes after."""
    door = Door()
    door.forehead(38.5, 1)
    door.badge("Siti")
    door.forehead(36.5, 0.7)
    assert [record["skin_temperature_c"] for record in door.of(Kind.SCREENING_MEASURED)] == [36.5]


def test_a_sensor_lost_while_measuring():
    """The go ends at once, by setting; the sensor's return, by notice or by a sample, is taken up."""
    door = Door()
    door.badge("Siti")
    door.lose_sensor()
    assert door.of(Kind.SCREENING_UNMEASURED)[0]["reason"] == "sensor_lost"
    assert door.screen.kind is ScreenKind.ADMITTED
    door.do(Reading(door.now_ms, 36.5, 25.0))
    door.badge("Budi")
    assert door.screen.person.name == "Budi"
    assert door.screen.kind is ScreenKind.ADMITTED
    door.find_sensor()
    door.badge("Dewi")
    assert door.screen.kind is ScreenKind.MEASURING
    door.lose_sensor()
    door.nobody()
    door.badge("Eko")
    assert door.screen.kind is ScreenKind.MEASURING


def test_the_rule_lapses_while_somebody_is_measured():
    """Everybody who waits is told that nobody asks any more."""
    door = Door()
    door.badge("Siti")
    door.badge("Budi")
    door.policy = replace(door.policy, temperature=None)
    door.sample(36.5)
    assert [record["reasons"] for record in door.of(Kind.VERDICT_ADMIT)] == [["temperature_not_asked"]] * 2


def test_steps_are_shown_with_a_go():
    """The notices in force are on the screen while measuring and on the green one, in order."""
    door = Door(steps=(Step("wash"), Step("temperature", evidence=Evidence.SENSOR), Step("mask")))
    door.badge("Siti")
    assert door.screen.steps == ("wash", "mask")
    door.measure(36.5)
    assert door.screen.steps == ("wash", "mask")
    door.wait(3)
    assert door.screen.steps == ()


def test_a_hint_is_shown_until_it_is_old_or_a_badge_is_read():
    """The hint goes with the code, with time, and with the next badge."""
    door = Door()
    hint = CodeHint(at(door.now_ms), "located_not_read")
    door.do(hint)
    assert door.screen.hint == "located_not_read"
    door.do(CodeHint(at(door.now_ms), None))
    assert door.screen.hint is None
    door.do(hint)
    door.wait(2.5)
    assert door.screen.hint is None
    door.do(CodeHint(at(door.now_ms), "several_codes"))
    door.badge("x", Standing.UNKNOWN)
    assert door.screen.hint is None


def test_the_next_deadline():
    """The lane says until when nothing has to be done: nothing at all, the hint, the silent sensor, the result, the notice."""
    door = Door()
    assert next_deadline_ms(door.lane) is None
    door.do(CodeHint(at(1000), "several_codes"))
    assert next_deadline_ms(door.lane) == 3500
    door.badge("Siti")
    assert next_deadline_ms(door.lane) == 4000
    door.now_ms = 1100
    door.badge("Budi")
    assert next_deadline_ms(door.lane) == 3600
    door = Door(temperature=None)
    door.badge("Siti")
    assert next_deadline_ms(door.lane) == 3500


def test_time_does_not_run_backwards():
    """An input that says it is older than the newest is taken as happening now."""
    door = Door()
    door.now_ms = 50_000
    door.badge("Siti")
    door.now_ms = 10
    door.badge("Budi")
    assert door.lane.now_ms == 50_000
    assert [record.kind for record in door.records] == [Kind.ATTENDANCE_TAPPED] * 2


def test_a_whole_go_takes_less_than_four_seconds():
    """With a live sensor: badge, a second to the sensor, measured, admitted."""
    door = Door()
    door.badge("Siti")
    started_ms = door.now_ms
    door.nobody(1)
    while door.screen.kind is ScreenKind.MEASURING:
        door.forehead(36.5, SAMPLE_MS / 1000)
    assert door.now_ms - started_ms < 2000


def test_a_policy_of_its_own():
    """The default door states no direction and asks for no temperature."""
    door = Door(Policy())
    door.badge("Siti")
    assert door.of(Kind.ATTENDANCE_TAPPED)[0]["direction"] == "unstated"
    door.sample(36.5)
    assert door.screen.kind is ScreenKind.ADMITTED
