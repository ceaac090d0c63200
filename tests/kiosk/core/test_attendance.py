"""Attendance is not admission: the scan is a fact before anything is asked."""

from itertools import pairwise

import pytest

from kiosk.core.effects import Append, Show
from kiosk.core.policy import OnUnmeasured
from kiosk.core.values import Reason, ScreenKind, Standing
from sync.protocol.events import Kind
from tests.kiosk.core.door import Door, staff


def test_a_known_badge_is_a_tap_before_anything_else():
    """The tap comes first, with its direction and who said so, and its record's id is the tap's."""
    door = Door()
    read = door.badge("Siti")
    assert door.records == [
        Append(
            Kind.ATTENDANCE_TAPPED,
            {"tap_id": read, "person_id": "siti", "token_sha256": "sha-Siti", "direction": "in", "direction_source": "kiosk"},
            read,
        )
    ]
    assert (door.screen.kind, door.screen.person, door.screen.tap.id) == (ScreenKind.MEASURING, staff("Siti"), read)


def test_nothing_in_force_asks_for_a_temperature():
    """Without a rule the tap and the verdict come at once, and the reason says that nobody asked."""
    door = Door(temperature=None)
    read = door.badge("Siti")
    assert door.kinds == ["attendance.tapped", "verdict.admit"]
    assert door.of(Kind.VERDICT_ADMIT) == [{"tap_id": read, "person_id": "siti", "reasons": ["temperature_not_asked"]}]
    assert (door.screen.kind, door.sounds) == (ScreenKind.ADMITTED, ["accepted"])


def normal(door):
    door.badge("Siti")
    door.measure(36.5)


def high(door):
    door.badge("Siti")
    door.measure(37.6)


def dead(door):
    door.lose_sensor()
    door.badge("Siti")


@pytest.mark.parametrize(
    ("case", "settings", "kinds"),
    [
        (normal, {}, ["attendance.tapped", "screening.measured", "verdict.admit"]),
        (high, {}, ["attendance.tapped", "screening.measured", "verdict.hold", "hold.opened"]),
        (dead, {}, ["attendance.tapped", "screening.unmeasured", "verdict.admit"]),
        (
            dead,
            {"on_unmeasured": OnUnmeasured.HOLD},
            ["attendance.tapped", "screening.unmeasured", "verdict.hold", "hold.opened"],
        ),
        (lambda door: door.badge("x", Standing.UNKNOWN), {}, ["badge.unmatched", "verdict.hold", "hold.opened"]),
        (lambda door: door.badge("Siti", Standing.REVOKED), {}, ["badge.refused", "verdict.hold", "hold.opened"]),
        (lambda door: door.badge("Siti", Standing.EXPIRED), {}, ["badge.refused", "verdict.hold", "hold.opened"]),
        (lambda door: door.badge("?", Standing.NOT_A_BADGE), {}, ["badge.refused"]),
    ],
)
def test_the_table(case, settings, kinds):
    """Whatever the door says, the scan is recorded for what it is, and first."""
    door = Door(**settings)
    case(door)
    assert door.kinds == kinds


def test_an_unknown_badge():
    """Its hash is kept for the server, the guard is called, and nobody is named."""
    door = Door()
    read = door.badge("x", Standing.UNKNOWN)
    [unmatched] = door.of(Kind.BADGE_UNMATCHED)
    assert unmatched == {"tap_id": read, "token_sha256": "sha-x", "direction": "in", "direction_source": "kiosk"}
    assert door.records[0].id == read
    assert (door.screen.kind, door.screen.person, door.calls) == (ScreenKind.UNKNOWN_BADGE, None, [read])
    assert door.of(Kind.HOLD_OPENED)[0]["recheck_after_min"] is None


def test_a_revoked_badge():
    """It is recorded with whose it was; the screen does not name them to whoever holds it."""
    door = Door()
    door.badge("Siti", Standing.REVOKED)
    [refused] = door.of(Kind.BADGE_REFUSED)
    assert (refused["person_id"], refused["reason"], refused["token_sha256"]) == ("siti", "badge_revoked", "sha-Siti")
    assert (door.screen.kind, door.screen.person) == (ScreenKind.REFUSED_BADGE, None)
    assert door.screen.reasons == (Reason.BADGE_REVOKED,)


def test_something_that_is_no_badge():
    """Nothing of it is kept, nobody is held for it, and each showing is recorded."""
    door = Door()
    door.badge("?", Standing.NOT_A_BADGE)
    door.badge("?", Standing.NOT_A_BADGE)
    assert [record["token_sha256"] for record in door.of(Kind.BADGE_REFUSED)] == [None, None]
    assert (door.screen.kind, door.calls, dict(door.lane.holds)) == (ScreenKind.UNREADABLE_CODE, [], {})


def test_a_repeat_is_no_second_tap():
    """Within the window the first tap is named on screen and in the record; after it the badge is a tap again."""
    door = Door(temperature=None)
    first = door.badge("Siti")
    door.wait(59)
    again = door.badge("Siti")
    assert door.of(Kind.ATTENDANCE_REPEATED) == [{"tap_id": first, "person_id": "siti"}]
    assert door.records[-1].id == again
    assert (door.screen.kind, door.screen.tap.id) == (ScreenKind.REPEATED, first)
    door.wait(1)
    door.badge("Siti")
    assert len(door.of(Kind.ATTENDANCE_TAPPED)) == 2


@pytest.mark.parametrize("standing", [Standing.UNKNOWN, Standing.REVOKED, Standing.EXPIRED])
def test_a_badge_that_is_not_good_repeats_as_well(standing):
    """Its repeat names the first read; after the window it is recorded anew, on the hold that is still open."""
    door = Door()
    first = door.badge("x", standing)
    screen = door.screen
    door.wait(10)
    door.badge("x", standing)
    assert [record["tap_id"] for record in door.of(Kind.ATTENDANCE_REPEATED)] == [first]
    assert (door.screen, len(door.of(Kind.HOLD_OPENED))) == (screen, 1)
    door.wait(60)
    later = door.badge("x", standing)
    assert [hold["hold_id"] for hold in door.of(Kind.VERDICT_HOLD)] == [first, first]
    assert [hold["tap_id"] for hold in door.of(Kind.VERDICT_HOLD)] == [first, later]
    assert (len(door.of(Kind.HOLD_OPENED)), door.calls) == (1, [first, first])


def test_a_badge_that_has_become_known_is_a_tap():
    """A directory that arrives within the window is not hidden by it."""
    door = Door(temperature=None)
    door.badge("Siti", Standing.UNKNOWN)
    door.badge("Siti")
    assert [kind for kind in door.kinds if not kind.startswith(("verdict", "hold"))] == ["badge.unmatched", "attendance.tapped"]


def test_results_stay_for_a_while_or_until_the_next_badge():
    """A result is shown for 2.5 s, or gives way to the next badge's, and then the screen is idle."""
    door = Door(temperature=None)
    door.badge("Siti")
    door.wait(2.4)
    door.badge("Budi")
    assert door.screen.person == staff("Budi")
    door.wait(2.4)
    assert door.screen.kind is ScreenKind.ADMITTED
    door.wait(0.1)
    assert door.screen.kind is ScreenKind.IDLE


def test_a_screen_is_shown_exactly_when_it_changes():
    """Time, samples and repeated hints that change nothing show nothing."""
    door = Door()
    normal(door)
    for _ in range(10):
        door.wait(1)
    shown = door.shown
    assert all(before != after for before, after in pairwise(shown))
    assert shown[-1] == door.screen
    door.forget()
    door.nobody()
    door.wait(1)
    assert [effect for effect in door.effects if isinstance(effect, Show)] == []
