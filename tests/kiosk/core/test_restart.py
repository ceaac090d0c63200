"""After a power cut the lane takes up what the journal says."""

from kiosk.core.attendance import Recent
from kiosk.core.effects import Show
from kiosk.core.inputs import Decision
from kiosk.core.policy import Policy
from kiosk.core.session import Go, Hold, restart
from kiosk.core.state import IDLE
from kiosk.core.values import Direction, Reason, ScreenKind, Standing, Tap
from sync.protocol.events import Kind
from tests.kiosk.core.door import RULE, Door, at, staff

POLICY = Policy(direction=Direction.IN, temperature=RULE)
TAP = Tap("tap-1", at(50_000), Direction.IN)


def restarted(goes=(), holds=(), recents=()):
    door = Door(POLICY)
    door.now_ms = 60_000
    door.lane, effects = restart(60_000, goes, holds, recents, POLICY)
    door.effects.extend(effects)
    return door


def test_a_fresh_start_shows_the_idle_screen():
    """The panel is told what to show even if nothing happened before."""
    assert restarted().effects == [Show(IDLE)]


def test_an_open_go_is_closed_as_abandoned():
    """Its tap stays; the same badge within the window is measured on that tap."""
    door = restarted(
        [Go(staff("Siti"), TAP)], recents=[Recent(TAP, 50_000, Standing.KNOWN, staff("Siti"), "sha-Siti", waiting=True)]
    )
    assert door.of(Kind.SCREENING_ABANDONED) == [{"tap_id": "tap-1", "person_id": "siti", "reason": "restart"}]
    door.badge("Siti")
    door.measure(36.5)
    assert door.kinds == ["screening.abandoned", "attendance.repeated", "screening.measured", "verdict.admit"]
    assert door.of(Kind.VERDICT_ADMIT)[0]["tap_id"] == "tap-1"


def test_an_open_go_of_long_ago():
    """Without a recent tap beside it the next badge is a tap of its own."""
    door = restarted([Go(staff("Siti"), TAP)])
    door.badge("Siti")
    assert door.kinds == ["screening.abandoned", "attendance.tapped"]


def test_a_recent_tap_keeps_its_window():
    """A second scan after the power cut is a repeat, not another tap; an old one is forgotten."""
    old = Tap("tap-0", at(0), Direction.IN)
    door = restarted(recents=[Recent(TAP, 50_000, Standing.KNOWN, staff("Siti")), Recent(old, 0, Standing.KNOWN, staff("Budi"))])
    door.badge("Siti")
    assert (door.kinds, door.screen.kind, door.screen.tap) == (["attendance.repeated"], ScreenKind.REPEATED, TAP)
    door.badge("Budi")
    assert door.kinds == ["attendance.repeated", "attendance.tapped"]


def test_an_open_hold_stays_open():
    """The guard can still decide it, and its owner can still be measured again."""
    hold = Hold("tap-1", "known:siti", TAP, staff("Siti"), (Reason.TEMPERATURE_HIGH,), 50_000, 10**9, 59_000, 5, high=True)
    door = restarted(holds=[hold])
    door.badge("Siti")
    assert door.screen.kind is ScreenKind.MEASURING
    assert door.guard("tap-1", Decision.LET_IN).ok
