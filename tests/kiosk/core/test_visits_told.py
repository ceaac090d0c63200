"""What the server tells a door of its room, and which of its rights then come and go."""

from dataclasses import replace

import pytest

from kiosk.core import visits
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Decided, Pass
from sync.protocol.rooms import Elsewhere, Ended, Grant
from tests.kiosk.core.room import CARD, CODE, FIRST_GENERATION, SHARED, THERE, Desk, shared


def test_a_grant_counts_once_here_and_now():
    """By its serial, its generation and its epoch, in whatever order they come."""
    desk = shared(0)
    good = [Grant(serial=serial, amount=1, generation=FIRST_GENERATION, epoch="e1") for serial in (2, 1)]
    bad = [
        Grant(serial=3, amount=1, generation=FIRST_GENERATION, epoch="e0"),
        Grant(serial=4, amount=1, generation="000002@x", epoch="e1"),
    ]
    for _ in range(2):
        desk.is_told(grants=[*good, *bad])
    assert (desk.held, desk.book.account.last_grant) == (2, 2)


@pytest.mark.parametrize(("mints", "made", "held"), [(True, 0, 2), (True, 1, 1), (True, 9, 0), (False, 0, 0)])
def test_a_visit_that_ended_elsewhere(mints, made, held):
    """Its home makes the rights that no other door has made, once."""
    desk = shared(2)
    visit = desk.arrives(2, CODE).visit_id
    for _ in range(2):
        desk.is_told(ended=[Ended(visit_id=visit, mints=mints, how="scanned", made=made)])
    assert (desk.held, desk.book.inside, desk.book.tied_up) == (held, 0, 0)


def test_a_visit_without_a_pass_ends_elsewhere():
    """Nothing is told of a pass that is not there."""
    desk = shared(1)
    visit = desk.arrives(1).visit_id
    desk.is_told(ended=[Ended(visit_id=visit, mints=True, how="desk")])
    assert "pass_sha256" not in desk.told("visitor.left")[0]


def test_rights_go_back_when_others_wait_longer():
    """Idle ones go at once; with somebody waiting here, only if the others come first; and never while the link is cut."""
    desk = shared(2)
    desk.is_told(wanted=1)
    assert (desk.held, desk.told("rights.released")[0]["amount"]) == (1, 1)
    desk.released = 1
    desk.waits(1)
    assert desk.held == 1
    desk.arrives(1, CODE)
    desk.arrives(1)
    desk.leaves(CODE)
    assert desk.state_of("A 001") == "called"
    desk.is_told(wanted=1, wanted_since="1970-01-01T00:00:00.000000Z")
    assert desk.held == 1
    desk.is_online = False
    assert desk.here().wanted == 0


@pytest.mark.parametrize(
    ("others", "has_priority", "priority_here", "gives"),
    [
        ("2020-06-10T00:59:00.000000Z", False, False, True),
        ("2020-06-10T01:30:00.000000Z", False, False, False),
        ("2020-06-10T01:30:00.000000Z", True, False, True),
        ("2020-06-10T00:59:00.000000Z", False, True, False),
        ("2020-06-10T00:59:00.000000Z", True, True, True),
        (None, False, False, False),
    ],
)
def test_who_comes_first_at_several_doors(others, has_priority, priority_here, gives):
    """Priority, and then who took a number first, at whichever door."""
    desk = shared(1)
    desk.arrives(2, priority=priority_here)
    desk.is_told(wanted=1, wanted_since=others, wanted_priority=has_priority)
    assert desk.held == (0 if gives else 1)


def test_a_missed_number_keeps_the_place_for_its_door():
    """The server sends a place for whoever waits longest; the door does not give it back because another number is next."""
    desk = shared(0)
    desk.arrives(1)
    desk.now_s = 60
    desk.arrives(2)
    desk.is_given(1)
    assert desk.state_of("A 001") == "called"
    desk.waits(121)
    assert (desk.state_of("A 001"), desk.state_of("A 002")) == ("missed", "waiting")
    desk.is_told(wanted=1, wanted_since="2020-06-10T01:00:30.000000Z")
    assert desk.held == 1
    desk.is_told(wanted=1, wanted_since="2020-06-10T00:59:30.000000Z")
    assert desk.held == 0


def test_a_place_that_is_gone_takes_back_the_call():
    """A head count elsewhere voids the place that somebody was called for: they wait on, first in the line."""
    desk = shared(1)
    desk.arrives(1, CODE)
    desk.arrives(1)
    desk.leaves(CODE)
    assert desk.state_of("A 001") == "called"
    desk.is_told(generation="000002@door-2.x")
    assert desk.told("visitor.back")[0]["reason"] == "place_gone"
    assert desk.state_of("A 001") == "waiting"


def test_a_door_on_an_old_card():
    """What it held and the ends of what it knew make no rights; once the server knows its new epoch, what was over is ended."""
    desk = shared(2)
    kept, over = desk.arrives(1, CARD).visit_id, desk.arrives(1, CODE).visit_id
    desk.leaves(Pass("card 8", 8))
    desk.is_given(1)
    assert desk.book.cards_here == ("card 8",)
    desk.epoch = "e2"
    assert (desk.here().free, desk.here().book.is_void, desk.here().book.cards_here) == (0, True, ())
    desk.is_told(epoch="e1", elsewhere=[THERE])
    assert (set(desk.here().book.visits), visits.elsewhere(desk.here())) == ({kept, over}, ())
    mine = Elsewhere(visit_id=kept, door="door-1", since="2020-06-10T01:00:00.000000Z", people=1, card=7, pass_sha256="card 7")
    desk.is_told(epoch="e2", elsewhere=[mine])
    assert set(desk.book.visits) == {kept}
    desk.leaves(CARD)
    assert (desk.held, desk.book.inside, desk.book.tied_up) == (0, 0, 0)
    assert visits.set_up(replace(desk.here(), room=SHARED)).drafts == ()


def test_without_a_word_of_the_server_nothing_happens():
    """A door of several that was told nothing holds nothing, and everybody waits."""
    desk = Desk(SHARED)
    assert visits.hear(desk.here()) == Decided(Said.CHECKED)
    assert (desk.arrives().said, desk.here().others, visits.elsewhere(desk.here())) == (Said.WAITING, None, ())
