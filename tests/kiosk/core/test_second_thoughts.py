"""What guards take back, the face that is not the photo's, and measuring by hand."""

import pytest

from kiosk.core.effects import AnswerCode
from kiosk.core.inputs import Decision, GuardDecision
from kiosk.core.session import restart
from kiosk.core.values import LetInReason, Reason, ScreenKind, Standing
from sync.protocol.events import Kind
from tests.kiosk.core.door import Door, at, staff


@pytest.fixture
def held():
    """A door where Siti was just too warm; her hold is read-1."""
    door = Door()
    door.badge("Siti")
    door.measure(37.4)
    return door


@pytest.mark.parametrize("decision", Decision)
def test_undo(held, decision):
    """Within 60 s every decision that closed a hold can be taken back by any guard; the hold is as it was before."""
    before = held.lane.holds["known:siti"]
    assert held.guard("read-1", decision, 36.5).ok
    held.now_ms += 59_000
    held.forget()
    assert held.undo("read-1").code is AnswerCode.OK
    assert held.of(Kind.HOLD_REOPENED) == [
        {
            "hold_id": "read-1",
            "tap_id": "read-1",
            "person_id": "siti",
            "reasons": ["temperature_high"],
            "by": "guard-2",
            "undone": str(decision),
        }
    ]
    after = held.lane.holds["known:siti"]
    assert (after.reasons, after.recheck_at_ms, after.high) == (before.reasons, before.recheck_at_ms, before.high)
    assert held.calls == ["read-1"]
    assert held.guard("read-1", Decision.LET_IN).ok


def test_undo_takes_the_green_screen_away(held):
    """Whoever was let in by mistake does not go on reading that they may go in."""
    held.wait(10)
    held.guard("read-1", Decision.LET_IN)
    assert held.screen.kind is ScreenKind.ADMITTED
    held.undo("read-1")
    assert held.screen.kind is ScreenKind.IDLE


def test_undo_leaves_the_screen_of_others(held):
    """Another person's result stays."""
    held.wait(10)
    held.guard("read-1", Decision.CLINIC)
    held.badge("Budi")
    held.measure(36.5)
    held.undo("read-1")
    assert (held.screen.kind, held.screen.person) == (ScreenKind.ADMITTED, staff("Budi"))


def test_undo_too_late(held):
    """After 60 s by the monotonic clock an undo is refused, and that it was tried is journaled."""
    held.guard("read-1", Decision.LET_IN)
    held.now_ms += 60_001
    held.forget()
    answer = held.undo("read-1")
    assert (answer.ok, answer.code) == (False, AnswerCode.UNDO_TOO_LATE)
    assert held.of(Kind.GUARD_REFUSED) == [{"guard_id": "guard-2", "reason": "too_late", "what": "undo", "hold_id": "read-1"}]
    assert held.kinds == ["guard.refused"]


def test_nothing_to_undo(held):
    """An open hold, a hold never heard of, and one that closed by itself have no decision to take back."""
    assert held.undo("read-1").code is AnswerCode.NOT_DECIDED
    assert held.undo("no-such").code is AnswerCode.UNKNOWN_HOLD
    held.wait(301)
    held.badge("Siti")
    held.measure(36.5)
    assert held.undo("read-1").code is AnswerCode.NOT_DECIDED
    assert "hold.reopened" not in held.kinds


def test_undo_under_a_newer_hold():
    """Where the same badge is held anew meanwhile, the old hold stays closed: nobody is held twice."""
    door = Door(temperature=None, repeat_window_ms=0)
    first = door.badge("x", Standing.UNKNOWN)
    door.guard(first, Decision.CLINIC)
    second = door.badge("x", Standing.UNKNOWN)
    assert door.undo(first).code is AnswerCode.NEWER_HOLD
    assert [hold.id for hold in door.lane.holds.values()] == [second]


def test_undo_while_a_newer_tap_is_measured(held):
    """Whoever tapped anew meanwhile is in the hold that was opened again, and the new tap has its verdict too."""
    held.wait(61)
    held.guard("read-1", Decision.LET_IN)
    second = held.badge("Siti")
    assert held.undo("read-1").ok
    held.forget()
    held.wait(30)
    [verdict] = held.of(Kind.VERDICT_HOLD)
    assert (verdict["tap_id"], verdict["hold_id"]) == (second, "read-1")
    assert list(held.lane.holds) == ["known:siti"]


def test_why_somebody_was_let_in(held):
    """The reason that the guard chose is kept with the decision."""
    held.ask(GuardDecision(at(held.now_ms), "ask", "read-1", Decision.LET_IN, "guard-1", reason=LetInReason.RESTED))
    assert held.of(Kind.HOLD_CLOSED)[0]["reason"] == "rested"


def test_not_the_person_after_being_admitted():
    """The tap stays; a hold of its own opens, which no thermometer ends, and the badge's owner has a tap of their own."""
    door = Door()
    door.badge("Siti")
    door.measure(36.5)
    door.forget()
    assert door.not_the_person("read-1", "Siti", ask="face-1").ok
    assert door.kinds == ["badge.reported", "verdict.hold", "hold.opened"]
    assert door.of(Kind.BADGE_REPORTED) == [
        {"what": "not_the_person", "tap_id": "read-1", "person_id": "siti", "by": "guard-1", "note": "beard"}
    ]
    assert (door.of(Kind.HOLD_OPENED)[0]["hold_id"], door.calls) == ("face-1", ["face-1"])
    assert door.guard("face-1", Decision.TYPED_TEMPERATURE, 36.5).ok
    assert len(door.lane.holds) == 1
    door.wait(61)
    door.forget()
    door.badge("Siti")
    assert door.kinds == ["attendance.tapped"]
    assert door.guard("face-1", Decision.CLINIC).ok


def test_not_the_person_while_measured_or_in_line():
    """Their go ends there: no reading makes it good; the others go on."""
    door = Door()
    for name in ("Siti", "Budi", "Dewi"):
        door.badge(name)
    door.not_the_person("read-1", "Siti", ask="face-1")
    assert door.screen.person == staff("Budi")
    door.not_the_person("read-3", "Dewi", ask="face-3")
    assert door.lane.line == ()
    door.measure(36.5)
    assert [each["tap_id"] for each in door.of(Kind.VERDICT_ADMIT)] == ["read-2"]


def test_not_the_person_in_a_hold(held):
    """An open hold is marked, once; a second reading cannot let them in any more."""
    held.forget()
    assert held.not_the_person("read-1", "Siti").ok
    assert held.not_the_person("read-1", "Siti").ok
    assert held.kinds == ["badge.reported"]
    hold = held.lane.holds["known:siti"]
    assert hold.reasons == (Reason.TEMPERATURE_HIGH, Reason.NOT_THE_PERSON)
    held.wait(301)
    held.badge("Siti")
    assert (held.screen.kind, held.screen.recheck_minutes) == (ScreenKind.HELD, None)
    assert held.guard("read-1", Decision.TYPED_TEMPERATURE, 36.5).ok
    assert len(held.lane.holds) == 1


def test_measuring_by_hand():
    """Taps are recorded at once, readings are not looked at, and the guard's number admits."""
    door = Door()
    assert door.by_hand().ok
    assert door.by_hand().ok
    assert door.of(Kind.GUARD_NOTED) == [{"what": "hand_thermometer", "on": True, "by": "guard-1"}]
    door.badge("Siti")
    door.measure(38.9)
    assert door.kinds == ["guard.noted", "attendance.tapped", "verdict.hold", "hold.opened"]
    assert door.of(Kind.HOLD_OPENED)[0]["reasons"] == ["temperature_unmeasured", "hand_thermometer"]
    assert door.lane.at_sensor is None
    assert door.guard("read-1", Decision.TYPED_TEMPERATURE, 36.5).ok
    assert door.kinds[-2:] == ["verdict.admit", "hold.closed"]


def test_measured_high_by_hand():
    """A high number holds; showing the badge again does not ask the sensor either."""
    door = Door()
    door.by_hand()
    door.badge("Siti")
    door.guard("read-1", Decision.TYPED_TEMPERATURE, 37.9)
    assert door.lane.holds["known:siti"].reasons == (Reason.TEMPERATURE_HIGH, Reason.GUARD_MEASURED)
    door.wait(301)
    door.badge("Siti")
    assert (door.screen.kind, door.lane.at_sensor) == (ScreenKind.HELD, None)


def test_by_hand_begins_while_people_wait(held):
    """Whoever is at the sensor or in line is held for the guard at once, also who came for their second reading."""
    held.wait(301)
    held.badge("Siti")
    held.badge("Budi")
    held.forget()
    held.by_hand()
    assert (held.lane.at_sensor, held.lane.line) == (None, ())
    assert held.kinds == ["guard.noted", "verdict.hold", "hold.opened"]
    assert set(held.lane.holds) == {"known:siti", "known:budi"}


def test_by_hand_ends():
    """The sensor is asked again; who waited for the guard may show the badge instead."""
    door = Door()
    door.by_hand()
    door.badge("Siti")
    door.by_hand(on=False)
    door.wait(3)
    door.badge("Siti")
    door.measure(36.5)
    assert door.of(Kind.VERDICT_ADMIT)[0]["reasons"] == ["temperature_in_order"]


def test_by_hand_where_nothing_is_measured():
    """A circular that asks for no temperature does not begin to because of a guard."""
    door = Door(temperature=None)
    door.by_hand()
    door.badge("Siti")
    assert door.kinds[-1] == "verdict.admit"


def test_by_hand_over_a_restart():
    """The lane takes up what the journal says."""
    door = Door()
    door.lane, _ = restart(1000, [], [], [], door.policy, hand_mode=True)
    door.badge("Siti")
    assert door.kinds[-1] == "hold.opened"
