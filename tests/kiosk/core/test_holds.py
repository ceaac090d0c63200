"""Holds: sit, measure again, and then a person decides."""

import math

import pytest

from kiosk.core.effects import AnswerCode
from kiosk.core.holds import REMEMBERED_CLOSED
from kiosk.core.inputs import Decision
from kiosk.core.policy import OnUnmeasured
from kiosk.core.session import next_deadline_ms
from kiosk.core.values import Reason, ScreenKind, Standing
from sync.protocol.events import Kind
from tests.kiosk.core.door import Door, staff


@pytest.fixture
def held():
    """A door where Siti was just too warm; her hold is read-1."""
    door = Door()
    door.badge("Siti")
    door.measure(37.4)
    return door


def test_a_first_high_reading(held):
    """Held with five minutes to sit, the guard called, no number on the screen, and the lane is free soon after."""
    assert held.of(Kind.VERDICT_HOLD) == [
        {"tap_id": "read-1", "person_id": "siti", "reasons": ["temperature_high"], "hold_id": "read-1"}
    ]
    assert held.of(Kind.HOLD_OPENED) == [
        {
            "hold_id": "read-1",
            "tap_id": "read-1",
            "person_id": "siti",
            "reasons": ["temperature_high"],
            "recheck_after_min": 5,
            "unattended": False,
        }
    ]
    screen = held.screen
    assert (screen.kind, screen.shown_temperature_c, screen.recheck_minutes) == (ScreenKind.HELD, None, 5)
    assert held.calls == ["read-1"]
    held.wait(2.5)
    assert held.screen.kind is ScreenKind.IDLE


def test_too_early(held):
    """The badge before the wait is over shows the hold again: no tap, no repeat, the same time to wait."""
    recheck_at_ms = held.screen.recheck_at_ms
    held.wait(200)
    held.forget()
    held.badge("Siti")
    assert (held.kinds, held.screen.kind, held.screen.recheck_at_ms) == ([], ScreenKind.HELD, recheck_at_ms)
    assert recheck_at_ms - held.now_ms < 300_000 - 200_000


def test_in_order_the_second_time(held):
    """37.4, five minutes, 36.9: admitted on the first tap, the hold closed by the measurement."""
    held.wait(301)
    held.forget()
    held.badge("Siti")
    assert (held.screen.kind, held.kinds) == (ScreenKind.MEASURING, [])
    held.measure(36.9)
    assert held.kinds == ["screening.measured", "hold.rechecked", "verdict.admit", "hold.closed"]
    assert {record.payload["tap_id"] for record in held.records} == {"read-1"}
    assert held.of(Kind.HOLD_CLOSED)[0]["decision"] == "remeasured"
    assert held.screen.shown_temperature_c == 36.9
    assert not held.lane.holds


def test_high_the_second_time(held):
    """37.4 then 37.5: two readings stored, the hold stays, and from here on only an officer decides."""
    held.wait(301)
    held.badge("Siti")
    held.measure(37.5)
    assert [record["skin_temperature_c"] for record in held.of(Kind.SCREENING_MEASURED)] == [37.4, 37.5]
    assert held.of(Kind.HOLD_RECHECKED) == [{"hold_id": "read-1", "tap_id": "read-1", "reasons": ["temperature_high_again"]}]
    assert held.screen.reasons == (Reason.TEMPERATURE_HIGH_AGAIN,)
    assert (held.screen.recheck_at_ms, held.calls) == (None, ["read-1", "read-1"])
    held.wait(400)
    held.forget()
    held.badge("Siti")
    assert (held.kinds, held.screen.kind) == ([], ScreenKind.HELD)
    assert len(held.lane.holds) == 1


def test_a_second_measurement_waits_in_line(held):
    """While another is measured the held person takes a place in line, and scanning again shows it."""
    held.wait(301)
    held.badge("Budi")
    held.badge("Siti")
    assert (held.screen.line, held.screen.notice.kind) == ((staff("Siti"),), ScreenKind.TAPPED)
    held.badge("Siti")
    assert held.kinds.count("attendance.repeated") == 0
    held.measure(36.5)
    held.nobody(2.5)
    held.measure(36.5)
    assert not held.lane.holds


@pytest.mark.parametrize("settings", [{}, {"on_unmeasured": OnUnmeasured.HOLD}])
def test_a_second_measurement_that_fails_lets_nobody_in(settings):
    """Whoever was too warm is not admitted because the sensor died."""
    door = Door(**settings)
    door.badge("Siti")
    door.measure(37.4)
    door.wait(301)
    door.badge("Siti")
    door.lose_sensor()
    assert door.kinds[-1] == "screening.unmeasured"
    assert (door.screen.kind, "verdict.admit" in door.kinds) == (ScreenKind.HELD, False)
    door.badge("Siti")
    assert door.screen.kind is ScreenKind.HELD


def test_a_second_measurement_nobody_asks_for_any_more(held):
    """Where the rule lapsed meanwhile an open hold still takes an officer."""
    held.wait(301)
    held.badge("Siti")
    held.policy = Door(temperature=None).policy
    held.wait(0.1)
    assert (held.screen.kind, "verdict.admit" in held.kinds) == (ScreenKind.HELD, False)


def test_held_because_nothing_was_measured():
    """With HOLD for the unmeasured the badge may try again at once; a first high one then waits its five minutes."""
    door = Door(on_unmeasured=OnUnmeasured.HOLD)
    door.badge("Siti")
    door.wait(3)
    assert (door.screen.kind, door.screen.recheck_minutes) == (ScreenKind.HELD, None)
    door.badge("Siti")
    door.measure(37.5)
    assert door.screen.reasons == (Reason.TEMPERATURE_HIGH,)
    assert (door.screen.recheck_minutes, len(door.of(Kind.HOLD_OPENED))) == (5, 1)
    door.wait(301)
    door.badge("Siti")
    door.measure(37.5)
    assert (door.screen.reasons, door.screen.recheck_at_ms) == ((Reason.TEMPERATURE_HIGH_AGAIN,), None)


def test_let_in(held):
    """The guard's word is journaled with who and why, and shown to the person."""
    held.forget()
    answer = held.guard("read-1", Decision.LET_IN)
    assert (answer.ok, answer.code, answer.request_id) == (True, AnswerCode.OK, "ask")
    assert held.kinds == ["verdict.override", "verdict.admit", "hold.closed"]
    assert held.of(Kind.VERDICT_OVERRIDE) == [{"tap_id": "read-1", "hold_id": "read-1", "by": "guard-1", "decision": "let_in"}]
    assert held.of(Kind.VERDICT_ADMIT)[0]["reasons"] == ["guard_let_in"]
    assert held.of(Kind.HOLD_CLOSED)[0] == {
        "hold_id": "read-1",
        "tap_id": "read-1",
        "person_id": "siti",
        "decision": "let_in",
        "by": "guard-1",
        "note": "seen",
        "reason": None,
    }
    assert (held.screen.kind, held.screen.shown_temperature_c) == (ScreenKind.ADMITTED, None)


def test_sent_to_the_clinic(held):
    """No admission is recorded, and nothing is said of it on the panel."""
    held.wait(10)
    held.forget()
    assert held.guard("read-1", Decision.CLINIC).ok
    assert held.kinds == ["verdict.override", "hold.closed"]
    assert held.shown == []


@pytest.mark.parametrize("decision", Decision)
def test_deciding_twice(held, decision):
    """The second decision on a hold is answered as late and changes nothing; on a hold never heard of, as that."""
    held.guard("read-1", Decision.LET_IN)
    held.forget()
    assert held.guard("read-1", decision, 36.5).code is AnswerCode.ALREADY_CLOSED
    assert held.guard("no-such", decision, 36.5).code is AnswerCode.UNKNOWN_HOLD
    assert held.kinds == []


def test_old_holds_are_forgotten():
    """Only so many closed holds are remembered by name."""
    door = Door()
    for number in range(REMEMBERED_CLOSED + 1):
        door.guard(door.badge(f"x{number}", Standing.UNKNOWN), Decision.CLINIC)
    assert door.guard("read-1", Decision.LET_IN).code is AnswerCode.UNKNOWN_HOLD
    assert door.guard("read-2", Decision.LET_IN).code is AnswerCode.ALREADY_CLOSED


def test_typed_in_order(held):
    """A hand thermometer in order: measured by the guard, admitted, closed."""
    held.forget()
    assert held.guard("read-1", Decision.TYPED_TEMPERATURE, 36.45).ok
    assert held.kinds == ["screening.measured", "hold.rechecked", "verdict.admit", "hold.closed"]
    [measured] = held.of(Kind.SCREENING_MEASURED)
    assert (measured["source"], measured["skin_temperature_c"], measured["object_c"]) == ("guard", 36.5, None)
    assert held.of(Kind.VERDICT_ADMIT)[0]["reasons"] == ["temperature_in_order", "guard_measured"]
    assert held.of(Kind.HOLD_CLOSED)[0]["decision"] == "typed_temperature"


def test_typed_high(held):
    """A hand thermometer that says the same: recorded, and the hold stays."""
    held.forget()
    assert held.guard("read-1", Decision.TYPED_TEMPERATURE, 38.0).ok
    assert held.kinds == ["screening.measured", "hold.rechecked"]
    assert held.lane.holds["known:siti"].reasons == (Reason.TEMPERATURE_HIGH_AGAIN, Reason.GUARD_MEASURED)


@pytest.mark.parametrize("typed_c", [None, math.nan, math.inf, -math.inf, 0.0, 34.9, 42.1, 365.0, 1e300])
def test_typed_wrong(held, typed_c):
    """What no thermometer says of a person is refused, and nothing is journaled."""
    held.forget()
    answer = held.guard("read-1", Decision.TYPED_TEMPERATURE, typed_c)
    assert (answer.ok, answer.code, held.kinds) == (False, AnswerCode.IMPLAUSIBLE_TEMPERATURE, [])


def test_a_temperature_does_not_make_a_badge_good():
    """On a hold about the badge a typed temperature is recorded, and letting in is still the guard's to say."""
    door = Door(temperature=None)
    read = door.badge("x", Standing.UNKNOWN)
    door.wait(3)
    door.forget()
    assert door.guard(read, Decision.TYPED_TEMPERATURE, 36.5).ok
    assert (door.kinds, len(door.lane.holds)) == (["screening.measured", "hold.rechecked"], 1)
    assert door.guard(read, Decision.LET_IN).ok
    assert (door.kinds[-1], door.shown) == ("hold.closed", [])


def test_a_decision_while_the_held_person_is_measured_again(held):
    """The measurement going on is dropped with the hold, its owner is told, and the next in line is called."""
    held.wait(301)
    held.badge("Siti")
    held.badge("Budi")
    held.forehead(36.5, 0.3)
    held.guard("read-1", Decision.LET_IN)
    assert (held.screen.kind, held.screen.person) == (ScreenKind.ADMITTED, staff("Siti"))
    assert (held.lane.sensor.from_ms, held.lane.sensor.lingering) == (None, True)
    held.nobody(2.5)
    assert (held.screen.kind, held.screen.person) == (ScreenKind.MEASURING, staff("Budi"))
    held.measure(36.5)
    assert [record["tap_id"] for record in held.of(Kind.SCREENING_MEASURED)] == ["read-1", "read-3"]


def test_a_decision_while_the_held_person_waits_in_line(held):
    """Their place in line goes with the hold; who is measured is not disturbed, nor told that they may go in."""
    held.wait(301)
    held.badge("Budi")
    held.badge("Siti")
    sounds = len(held.sounds)
    held.guard("read-1", Decision.LET_IN)
    assert (held.screen.person, held.screen.line) == (staff("Budi"), ())
    assert (held.screen.notice.kind, held.sounds[sounds:]) == (ScreenKind.ADMITTED, [])
    held.badge("Siti")
    assert held.kinds[-1] == "attendance.tapped"


def test_without_a_guard():
    """Unattended: shown, recorded as such, nobody called, and the lane goes on."""
    door = Door(unattended=True)
    door.badge("Siti")
    door.measure(37.8)
    assert door.of(Kind.HOLD_OPENED)[0]["unattended"] is True
    assert (door.calls, door.screen.unattended) == ([], True)
    door.badge("Budi")
    door.measure(36.5)
    assert door.screen.person == staff("Budi")


def test_a_badge_long_after_is_a_tap(held):
    """Going home with a hold still open is a tap of its own: the old hold gives way."""
    held.wait(3600)
    held.forget()
    held.badge("Siti")
    assert held.kinds == ["attendance.tapped", "hold.closed"]
    assert held.of(Kind.HOLD_CLOSED)[0]["decision"] == "superseded"
    held.measure(36.5)
    assert held.kinds[-1] == "verdict.admit"


def test_a_hold_nobody_decides(held):
    """After half a day it is closed by nobody, admits nobody, and the lane knew when."""
    held.wait(3)
    assert next_deadline_ms(held.lane) == held.lane.holds["known:siti"].expires_ms
    held.now_ms = next_deadline_ms(held.lane)
    held.wait(0)
    [closed] = held.of(Kind.HOLD_CLOSED)
    assert (closed["decision"], closed["by"], "verdict.admit" in held.kinds) == ("expired", None, False)
    assert next_deadline_ms(held.lane) is None
