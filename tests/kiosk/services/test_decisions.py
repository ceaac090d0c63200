"""Decisions of guards, from the screen to the journal and back, over a real lane and a real database."""

from dataclasses import replace

import pytest

from kiosk.core.inputs import Decision
from kiosk.core.values import LetInReason, Reason, ScreenKind
from kiosk.services.decisions import Decisions
from kiosk.services.views import Guard
from kiosk.store import projections
from tests.kiosk.services.post import Post, hash_of, tables
from tests.kiosk.services.toolbox import tools_of

BUDI, TRI = Guard("budi", "Budi", "guard"), Guard("tri", "Tri", "guard")


def duty_of(post):
    """Decisions over the lane of `post`, which runs on its own thread."""
    return Decisions(replace(tools_of(post), journal=post.lane.journal, ask=post.lane.ask))


@pytest.fixture
def post(tmp_path):
    post = Post(tmp_path)
    yield post
    post.close()


@pytest.fixture
def held(post):
    """Orang 1 was just too warm, and the lane runs on its own thread; gives the hold's id."""
    post.badge(1)
    post.forehead(37.9)
    post.run()
    post.station.refresh()
    return post.station.guard.current().holds[0].hold_id


def test_who_was_faster(post, held):
    """Of two guards who decide the same hold the second is told by whom and when it was decided, also after a restart."""
    assert post.station.decide(BUDI, held, Decision.LET_IN, reason=LetInReason.RESTED).ok
    at = post.clock.now().wall
    late = post.station.decide(TRI, held, Decision.CLINIC)
    assert (late.ok, late.code, late.by, late.at) == (False, "already_closed", "Budi", at)
    assert [row["decision"] for row in post.of("hold.closed")] == ["let_in"]
    assert post.of("hold.closed")[0]["reason"] == "rested"
    again = post.restart()
    again.run()
    assert again.station.decide(TRI, held, Decision.CLINIC).by == "Budi"
    again.close()


def test_undo(post, held):
    """The decision can be taken back for a minute, by another guard too; then the hold waits as before."""
    duty = duty_of(post)
    post.station.decide(BUDI, held, Decision.TYPED_TEMPERATURE, typed_temperature_c=36.5)
    post.clock.advance(20)
    post.station.refresh()
    [row] = post.station.guard.current().undoable
    assert (row.hold_id, row.by, row.left_s, row.person.id) == (held, "Budi", 40, "P1")
    assert duty.undo(TRI, held).ok
    post.station.refresh()
    view = post.station.guard.current()
    assert (view.undoable, view.holds[0].reasons) == ((), (Reason.TEMPERATURE_HIGH,))
    assert (view.feed[0].verdict, view.feed[0].decision) == ("hold", None)
    assert post.of("hold.reopened")[0]["by"] == "tri"


def test_undo_too_late(post, held):
    """After a minute an undo is refused and journaled, and the screen no longer offers it."""
    duty = duty_of(post)
    post.station.decide(BUDI, held, Decision.LET_IN)
    post.clock.advance(61)
    assert duty.undo(BUDI, held).code == "undo_too_late"
    assert post.of("guard.refused")[0]["reason"] == "too_late"
    post.station.refresh()
    assert post.station.guard.current().undoable == ()


def test_undo_of_another_boot(post, held):
    """What was decided before a restart stays decided: the screen does not offer to undo it, and says who decided."""
    post.station.decide(BUDI, held, Decision.LET_IN)
    post.clock.advance(1)
    again = post.restart()
    again.run()
    again.station.refresh()
    assert again.station.guard.current().undoable == ()
    answered = duty_of(again).undo(BUDI, held)
    assert (answered.ok, answered.code, answered.by) == (False, "already_closed", "Budi")
    again.close()


def test_steps_on_any_recent_arrival(post):
    """A mask given and gloves seen are journaled by whom, and stand in the row; the newest word counts."""
    post.badge(2)
    post.forehead(36.5)
    tap_id = post.of("attendance.tapped")[0]["tap_id"]
    post.run()
    duty = duty_of(post)
    assert duty.step(BUDI, tap_id, "mask", "missing").ok
    assert duty.step(TRI, tap_id, "mask", "given").ok
    assert duty.step(TRI, tap_id, "gloves", "seen").ok
    assert post.of("screening.step")[0] == {
        "tap_id": tap_id,
        "person_id": "P2",
        "step": "mask",
        "state": "missing",
        "by": "budi",
    }
    post.station.refresh()
    assert post.station.guard.current().feed[0].steps == (("mask", "given"), ("gloves", "seen"))


@pytest.mark.parametrize(("tap", "step", "state"), [("?", "mask", "given"), (None, "hat", "seen"), (None, "mask", "worn")])
def test_steps_of_nothing(post, tap, step, state):
    """A tap nobody made, and steps or states there are none of, are refused, and nothing is journaled."""
    post.badge(2)
    tap_id = tap or post.of("attendance.tapped")[0]["tap_id"]
    post.run()
    answered = duty_of(post).step(BUDI, tap_id, step, state)
    assert answered.code in ("unknown_tap", "unknown_step")
    assert post.of("screening.step") == []


def test_not_the_person(post):
    """A hold of its own opens on the tap, which stays, and outlives a restart as what it is."""
    post.badge(3)
    post.forehead(36.5)
    tap_id = post.of("attendance.tapped")[0]["tap_id"]
    post.run()
    assert duty_of(post).not_the_person(BUDI, tap_id, " a  beard ").ok
    assert post.of("badge.reported")[0]["note"] == "a beard"
    again = post.restart()
    again.station.refresh()
    [hold] = again.station.guard.current().holds
    assert (hold.tap_id, hold.reasons, hold.recheck_in_s) == (tap_id, (Reason.NOT_THE_PERSON,), None)
    again.clock.advance(61)
    again.badge(3)
    assert len(again.of("attendance.tapped")) == 2
    again.close()


def test_not_the_person_in_a_hold(post, held):
    """The open hold carries the word too, also after a restart, and no sensor ends it any more."""
    assert duty_of(post).not_the_person(BUDI, post.station.guard.current().holds[0].tap_id).ok
    again = post.restart()
    again.station.refresh()
    assert again.station.guard.current().holds[0].reasons == (Reason.TEMPERATURE_HIGH, Reason.NOT_THE_PERSON)
    again.clock.advance(301)
    again.badge(1)
    assert (again.screen.kind, again.screen.recheck_at_ms) == (ScreenKind.HELD, None)
    again.close()


def test_nobody_is_named_on_an_unknown_badge(post):
    """Of a badge nobody knows there is no photo to compare with."""
    post.badge(77)
    tap_id = post.of("badge.unmatched")[0]["tap_id"]
    post.run()
    assert duty_of(post).not_the_person(BUDI, tap_id).code == "unknown_tap"
    assert post.of("badge.reported") == []


@pytest.mark.parametrize("what", ["lost", "shared"])
def test_a_reported_badge_opens_nothing(post, what):
    """From the moment it is reported the badge is refused here, after a restart and a rebuild too."""
    post.run()
    duty = duty_of(post)
    assert duty.reportable("P4").badges == 1
    assert duty.report_badge(BUDI, "P4", what, "left on a bus").ok
    assert post.of("badge.reported") == [
        {"what": what, "person_id": "P4", "token_sha256": [hash_of(4)], "by": "budi", "note": "left on a bus"}
    ]
    assert duty.report_badge(BUDI, "P4", what).code == "no_badge"
    again = post.restart()
    with again.database.transaction() as db:
        projections.rebuild(db)
    again.badge(4)
    assert again.of("badge.refused")[0]["reason"] == "badge_revoked"
    again.close()


@pytest.mark.parametrize(("person", "what", "code"), [("nobody", "lost", "no_badge"), ("P4", "eaten", "unknown_trouble")])
def test_reports_of_nothing(post, person, what, code):
    """A person without a badge, and a trouble there is none of, are refused, and nothing is journaled."""
    post.run()
    assert duty_of(post).report_badge(BUDI, person, what).code == code
    assert post.of("badge.reported") == []


def test_by_hand(post):
    """Offered after three unmeasured in a row; while on, every screen says so and taps wait for a typed temperature; it lasts."""
    for number in (1, 2, 3):
        post.station.refresh()
        assert not post.station.guard.current().offers_by_hand
        post.badge(number)
        post.wait(3.1)
    post.station.refresh()
    assert post.station.guard.current().offers_by_hand
    post.run()
    assert duty_of(post).hand_thermometer(BUDI, on=True).ok
    post.station.refresh()
    assert (post.station.guard.current().health.by_hand, post.station.guard.current().offers_by_hand) == (True, False)
    again = post.restart()
    again.badge(5)
    again.forehead(39.0)
    again.station.refresh()
    [row] = again.station.guard.current().holds
    assert (row.reasons[-1], row.recheck_in_s, row.shown_temperature_c) == (Reason.HAND_THERMOMETER, None, None)
    again.run()
    assert again.station.decide(TRI, row.hold_id, Decision.TYPED_TEMPERATURE, typed_temperature_c=36.6).ok
    assert again.of("verdict.admit")[-1]["reasons"] == ["temperature_in_order", "guard_measured"]
    assert duty_of(again).hand_thermometer(TRI, on=False).ok
    again.station.refresh()
    assert not again.station.guard.current().health.by_hand
    again.close()


def test_the_projection_is_the_journals(post, held):
    """Made anew from the journal, every table of decisions is the same."""
    duty = duty_of(post)
    duty.hand_thermometer(BUDI, on=True)
    duty.step(BUDI, post.of("attendance.tapped")[0]["tap_id"], "mask", "given")
    post.station.decide(BUDI, held, Decision.TYPED_TEMPERATURE, typed_temperature_c=36.5)
    duty.undo(TRI, held)
    duty.not_the_person(TRI, post.of("attendance.tapped")[0]["tap_id"])
    post.station.decide(BUDI, held, Decision.CLINIC)
    again = post.restart()
    with again.database.transaction() as db:
        before = tables(db)
        projections.rebuild(db)
        assert tables(db) == before
    assert all(before[name] for name in ("decisions", "steps_seen", "door_modes"))
    again.close()
