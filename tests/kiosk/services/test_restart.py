from collections.abc import Callable

import pytest

from kiosk.core.inputs import Decision
from kiosk.core.values import ScreenKind
from kiosk.services.views import Guard
from sync.protocol.wire import BadgeState
from tests.kiosk.services.post import Post

GUARD = Guard("budi", "Budi", "guard")


def test_an_open_go_is_abandoned_once(post: Post) -> None:
    """A restart closes who was measured and who waited, once each, with its reason; the next restart finds nothing to do."""
    post.badge(1)
    post.badge(2)
    once = post.restart()
    assert [(row["person_id"], row["reason"]) for row in once.of("screening.abandoned")] == [("P1", "restart"), ("P2", "restart")]
    rows = once.rows()
    again = once.restart().restart()
    assert again.rows() == rows
    again.close()


def test_an_abandoned_go_is_taken_up_by_the_next_read(post: Post) -> None:
    """Who badges again after a restart is measured on the same tap, also after two restarts."""
    post.badge(1)
    after = post.restart().restart()
    after.badge(1)
    assert after.screen.kind is ScreenKind.MEASURING
    after.forehead(36.5)
    assert len(after.of("attendance.tapped")) == 1
    assert after.of("verdict.admit")[0]["tap_id"] == after.of("attendance.tapped")[0]["tap_id"]
    after.close()


def test_a_hold_survives_and_can_be_decided(post: Post) -> None:
    """A held person is still held after a restart, and a guard can let them in."""
    post.badge(1)
    post.forehead(38.2)
    after = post.restart()
    after.run()
    after.station.refresh()
    [hold] = after.station.guard.current().holds
    assert (hold.person.id if hold.person else None, hold.shown_temperature_c) == ("P1", 38.2)
    assert after.station.decide(GUARD, hold.hold_id, Decision.LET_IN).code == "ok"
    assert [row["decision"] for row in after.of("hold.closed")] == ["let_in"]
    after.close()


def test_a_held_person_is_measured_again_after_a_restart(post: Post) -> None:
    """The second reading belongs to the hold, and a second high one is called that."""
    post.badge(1)
    post.forehead(38.2)
    after = post.restart()
    after.wait(6 * 60)
    after.badge(1)
    after.forehead(38.4)
    assert after.of("hold.rechecked")[-1]["reasons"] == ["temperature_high_again"]
    assert len(after.of("hold.opened")) == 1
    after.close()


def test_a_typed_temperature_does_not_mend_a_revoked_badge(post: Post) -> None:
    """A hold about a badge stays one across a restart, whatever a hand thermometer said in between."""
    with post.database.transaction() as db:
        db.execute("UPDATE badges SET state = ? WHERE person_id = 'P2'", (BadgeState.REVOKED,))
    post.badge(2)
    [hold] = post.of("hold.opened")
    answer_typed(post, hold["hold_id"])
    after = post.restart()
    answer_typed(after, hold["hold_id"])
    after.station.refresh()
    assert [str(reason) for reason in after.station.guard.current().holds[0].reasons] == ["badge_revoked"]
    after.close()


def answer_typed(post: Post, hold_id: str) -> None:
    """A guard types a temperature in order, and nobody is let in by it."""
    post.run()
    answer = post.station.decide(GUARD, hold_id, Decision.TYPED_TEMPERATURE, typed_temperature_c=36.4)
    assert answer.code == "ok"
    assert not {"verdict.admit", "hold.closed"} & set(post.kinds())


@pytest.mark.parametrize("reboot", [False, True], ids=["program", "machine"])
@pytest.mark.parametrize(("passed_s", "kind"), [(30, "attendance.repeated"), (90, "attendance.tapped")])
def test_the_repeat_window_goes_on(post: Post, reboot: bool, passed_s: int, kind: str) -> None:
    """A second read within a minute is a repeat also after a restart, on the same boot or a new one; later it is a tap."""
    post.badge(1)
    post.forehead(36.5)
    if reboot:
        post.clock.reboot("00000000-0000-4000-8000-000000000002")
    post.clock.advance(passed_s)
    after = post.restart()
    after.badge(1)
    assert after.kinds()[-1] == kind
    after.close()


def test_a_forgotten_person_can_still_be_let_in(make_post: Callable[..., Post]) -> None:
    """Somebody held who has left the directory since is named by their id; the door starts all the same."""
    post = make_post()
    post.badge(1)
    post.forehead(38.2)
    with post.database.transaction() as db:
        db.execute("DELETE FROM people WHERE id = 'P1'")
        db.execute("DELETE FROM badges WHERE person_id = 'P1'")
    after = post.restart()
    after.run()
    hold = after.of("hold.opened")[0]
    assert after.station.decide(GUARD, hold["hold_id"], Decision.CLINIC).code == "ok"
    after.close()
