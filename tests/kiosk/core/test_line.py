"""Several people at once: every tap at its own time, one at the sensor, the rest in line."""

from kiosk.core.inputs import TimePassed
from kiosk.core.policy import OnUnmeasured
from kiosk.core.values import ScreenKind, Standing
from sync.protocol.events import Kind
from tests.kiosk.core.door import Door, at, staff


def test_two_people_a_second_apart():
    """Each tap at once, each reading on its own tap, the second called when the first's result was shown."""
    door = Door()
    first = door.badge("Siti")
    door.wait(1)
    second = door.badge("Budi")
    assert [record["tap_id"] for record in door.of(Kind.ATTENDANCE_TAPPED)] == [first, second]
    assert (door.screen.kind, door.screen.person, door.screen.line) == (ScreenKind.MEASURING, staff("Siti"), (staff("Budi"),))
    assert (door.screen.notice.kind, door.screen.notice.person) == (ScreenKind.TAPPED, staff("Budi"))
    door.measure(36.4)
    assert (door.screen.kind, door.screen.person) == (ScreenKind.ADMITTED, staff("Siti"))
    door.nobody(2.5)
    assert (door.screen.kind, door.screen.person, door.screen.line) == (ScreenKind.MEASURING, staff("Budi"), ())
    door.measure(36.7)
    measured = door.of(Kind.SCREENING_MEASURED)
    assert [(record["tap_id"], record["skin_temperature_c"]) for record in measured] == [(first, 36.4), (second, 36.7)]


def test_a_notice_goes_after_a_while_and_when_its_owner_is_called():
    """The place in line is noted for 2.5 s, and not beside the owner's own go."""
    door = Door()
    door.badge("Siti")
    door.badge("Budi")
    door.nobody(2.6)
    assert door.screen.notice is None
    door.nobody(5.3)
    door.badge("Budi")
    assert door.screen.notice is not None
    door.nobody(0.3)
    assert (door.screen.person, door.screen.notice) == (staff("Budi"), None)


def test_one_is_called_in_the_moment_another_joins():
    """The line on the screen is the people in it, not only as many."""
    door = Door()
    door.badge("Siti")
    door.badge("Budi")
    door.measure(36.4)
    door.now_ms += 2500
    door.badge("Dewi")
    assert (door.screen.person, door.screen.line) == (staff("Budi"), (staff("Dewi"),))


def test_scanning_again_in_line_is_no_repeat():
    """Whoever waits sees their place again, also long after the window; whoever is at the sensor sees no change."""
    door = Door(went_away_ms=100_000)
    door.badge("Siti")
    door.badge("Budi")
    door.nobody(70)
    door.forget()
    door.badge("Budi")
    assert (door.kinds, door.screen.notice.person) == ([], staff("Budi"))
    door.nobody(3)
    door.forget()
    door.badge("Siti")
    assert (door.kinds, door.shown) == ([], [])


def test_nothing_overwrites_the_go_on_the_screen():
    """Unknown, refused, unreadable and repeated badges are noted beside it; only trouble sounds."""
    door = Door()
    door.badge("Siti")
    door.measure(36.4)
    door.badge("Budi")
    sounds = len(door.sounds)
    seen = []
    for name, standing in [
        ("x", Standing.UNKNOWN),
        ("y", Standing.REVOKED),
        ("?", Standing.NOT_A_BADGE),
        ("Siti", Standing.KNOWN),
    ]:
        door.badge(name, standing)
        assert (door.screen.kind, door.screen.person) == (ScreenKind.MEASURING, staff("Budi"))
        seen.append(door.screen.notice.kind)
    assert seen == [ScreenKind.UNKNOWN_BADGE, ScreenKind.REFUSED_BADGE, ScreenKind.UNREADABLE_CODE, ScreenKind.REPEATED]
    assert door.sounds[sounds:] == ["attention"] * 3


def test_a_strangers_badge_does_not_keep_the_line_waiting():
    """While somebody waits for the sensor, a result is not replaced by one after another."""
    door = Door()
    door.badge("Siti")
    door.badge("Budi")
    door.measure(36.4)
    for _ in range(4):
        door.nobody(0.7)
        door.badge("x", Standing.UNKNOWN)
    assert (door.screen.kind, door.screen.person) == (ScreenKind.MEASURING, staff("Budi"))


def test_a_sensor_that_fails_stops_nobody_in_line():
    """All of them are answered in that moment, and shown one after another; a newcomer is shown at once."""
    door = Door()
    names = ["Siti", "Budi", "Dewi"]
    for name in names:
        door.badge(name)
    door.lose_sensor()
    assert [record["person_id"] for record in door.of(Kind.VERDICT_ADMIT)] == ["siti", "budi", "dewi"]
    assert (door.screen.person, door.screen.line) == (staff("Siti"), ())
    door.badge("Eko")
    assert door.screen.person == staff("Eko")
    door.wait(2.5)
    assert door.screen.person == staff("Budi")
    door.wait(2.5)
    assert door.screen.person == staff("Dewi")
    door.wait(2.5)
    assert door.screen.kind is ScreenKind.IDLE


def test_a_sensor_that_fails_between_two_people():
    """Who waits while a result is shown is answered as well, after the result."""
    door = Door()
    door.badge("Siti")
    door.badge("Budi")
    door.measure(36.4)
    door.lose_sensor()
    assert len(door.of(Kind.VERDICT_ADMIT)) == 2
    assert door.screen.person == staff("Siti")
    door.wait(2.5)
    assert (door.screen.person, door.screen.kind) == (staff("Budi"), ScreenKind.ADMITTED)


def test_a_rush_with_a_sensor_that_fails_halfway():
    """120 badges in 600 s: 120 taps, each in the call of its own scan, and 120 verdicts; the failure loses nobody."""
    door, badge_ms = Door(), [1000 + 5000 * number for number in range(120)]
    late = 0
    for number, moment_ms in enumerate(badge_ms):
        while door.now_ms < moment_ms - 70:
            if door.now_ms < 300_000:
                door.forehead(36.5, 0.7) if door.lane.at_sensor else door.nobody(0.3)
                door.nobody(0.14)
            else:
                door.now_ms = moment_ms - 70
                door.do(TimePassed(at(door.now_ms)))
        if door.now_ms >= 300_000 and door.lane.lost_at_ms is None:
            door.lose_sensor()
        late = max(late, door.now_ms - moment_ms)
        door.now_ms = max(door.now_ms, moment_ms)
        before = len(door.of(Kind.ATTENDANCE_TAPPED))
        door.badge(f"P{number}")
        assert len(door.of(Kind.ATTENDANCE_TAPPED)) == before + 1
    assert late < 1000
    assert len({record["tap_id"] for record in door.of(Kind.ATTENDANCE_TAPPED)}) == 120
    assert len({record["tap_id"] for record in door.of(Kind.VERDICT_ADMIT)}) == 120
    reasons = [record["reasons"][0] for record in door.of(Kind.VERDICT_ADMIT)]
    assert reasons.count("temperature_in_order") > 50
    assert reasons.count("temperature_unmeasured") > 50


def test_a_long_line_with_a_sensor_that_fails():
    """A hundred taps while one person is measured: a hundred and one answers when the sensor is lost."""
    door = Door(on_unmeasured=OnUnmeasured.HOLD)
    for number in range(101):
        door.badge(f"P{number}")
    assert len(door.screen.line) == 100
    door.lose_sensor()
    assert len(door.of(Kind.HOLD_OPENED)) == len(door.calls) == 101
