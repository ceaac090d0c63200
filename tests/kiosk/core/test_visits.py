"""Who comes in, who leaves, and which rights come and go, rule by rule."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core import visits
from kiosk.core.presence_rule import Instant
from kiosk.core.room_codes import FreeReason, OverrideReason, Said
from kiosk.core.room_here import Decided, Guest, Pass
from sync.protocol.rooms import Grant
from tests.kiosk.core.room import CARD, CODE, FIRST_GENERATION, LONE, START, THERE, Desk, shared

# Coming in


def test_a_lone_room_gives_itself_its_rights_once():
    """The office sets a room up with all its places, and not again."""
    desk = Desk(LONE).opens()
    assert desk.held == 4
    assert visits.set_up(desk.here()).drafts == ()


@pytest.mark.parametrize(("limit", "held", "debt"), [(6, 4, 0), (3, 1, 0), (1, 0, 1)])
def test_a_changed_limit_takes_effect_as_rights_come_back(limit, held, debt):
    """A higher limit adds places at once; one below those inside makes debt and sends nobody out."""
    desk = Desk(LONE).opens()
    desk.arrives(2, CODE)
    desk.room = msgspec.structs.replace(LONE, max_people=limit)
    desk.opens()
    assert (desk.book.account.usable, desk.book.account.debt, desk.book.inside) == (held, debt, 2)
    desk.leaves(CODE)
    assert desk.book.account.usable == limit


def test_a_group_comes_in_together_or_waits():
    """Four places: a group of three, then one of two waits although one place is free, and one of five never fits."""
    desk = Desk(LONE).opens()
    assert desk.arrives(3).said is Said.ENTERED
    assert desk.arrives(2).said is Said.WAITING
    assert desk.arrives(5).said is Said.GROUP_TOO_LARGE
    assert (desk.book.inside, desk.held) == (3, 1)


def test_nobody_goes_in_past_those_who_wait():
    """With one place free and a group of two before, somebody alone waits too."""
    desk = Desk(LONE).opens()
    desk.arrives(3)
    desk.arrives(2)
    assert desk.arrives(1).said is Said.WAITING


def test_what_people_say_of_themselves_is_apart():
    """Names stand in an event of their own, so that they can be erased while places are still counted."""
    desk = Desk(LONE).opens()
    desk.arrives(1, CODE, name="Dian", purpose="skripsi")
    assert desk.told("visitor.named") == [
        {
            "room_id": "baca",
            "generation": FIRST_GENERATION,
            "day": "2020-06-10",
            "visit_id": "id1",
            "name": "Dian",
            "purpose": "skripsi",
        }
    ]
    (entered,) = desk.told("visitor.entered")
    assert {"person_id", "name"}.isdisjoint(entered)


def test_a_place_kept_for_a_number_is_theirs():
    """Whoever was called comes in on the place that is kept; another number, not called, does not."""
    desk = Desk(LONE).opens()
    desk.arrives(4, CODE)
    first, second = desk.arrives(1, name="Dian").ticket_id, desk.arrives(4).ticket_id
    desk.leaves(CODE)
    desk.now_s += 30
    assert visits.enter(desk.here(), Guest(4), None, ticket_id=second).said is Said.NOT_YOUR_TURN
    assert desk.does(visits.enter(desk.here(), Guest(1), CARD, ticket_id=first)).said is Said.ENTERED
    (entered,) = desk.told("visitor.entered")
    assert (entered["number"], entered["waited_s"], entered["card"]) == ("A 001", 30, 7)
    (inside,) = desk.book.visits.values()
    assert inside.name == "Dian"
    assert visits.enter(desk.here(), Guest(1), None).said is Said.ENTERED


def test_a_number_that_is_not_called_does_not_come_in():
    """Also with places free: whoever stepped away, or looked for a card until the call was over, comes when they are called."""
    desk = Desk(LONE).opens()
    desk.arrives(4, CODE)
    ticket = desk.arrives(1).ticket_id
    desk.does(visits.step_away(desk.here(), ticket))
    desk.leaves(CODE)
    assert (desk.here().free, visits.enter(desk.here(), Guest(1), CARD, ticket_id=ticket).said) == (4, Said.NOT_YOUR_TURN)
    desk.does(visits.come_back(desk.here(), ticket))
    assert visits.enter(desk.here(), Guest(1), CARD, ticket_id=ticket).said is Said.ENTERED


def test_a_wait_that_no_clock_can_tell_is_not_told():
    """A number taken in another boot without a trusted clock: how long they waited is left out."""
    desk = Desk(LONE).opens()
    desk.arrives(4, CODE)
    ticket = desk.arrives(1).ticket_id
    desk.leaves(CODE)
    here = replace(desk.here(), now=Instant(START, 5, "another boot", trusted=False))
    (entered,) = (each.payload for each in visits.enter(here, Guest(1), None, ticket_id=ticket).drafts)
    assert "waited_s" not in entered


@pytest.mark.parametrize(("inside", "people", "debt"), [(0, 1, 0), (4, 1, 1), (3, 2, 1)])
def test_an_override_makes_what_is_missing_a_debt(inside, people, debt):
    """A guard lets people into a full room; what comes back repays it before anybody else comes in."""
    desk = Desk(LONE).opens()
    for number in range(inside):
        desk.arrives(1, Pass(f"code {number}"))
    decided = desk.does(visits.override(desk.here(), Guest(people), OverrideReason.OFFICIAL, "", by="g"))
    assert (decided.said, desk.told("room.overridden")[0]["debt"], desk.book.account.debt) == (Said.OVERRIDDEN, debt, debt)
    if debt:
        desk.leaves(Pass("code 0"))
        assert (desk.held, desk.arrives().said) == (0, Said.WAITING)


# Leaving


@pytest.mark.parametrize(
    ("desk", "carried", "how", "minted"),
    [
        (Desk(LONE).opens(), CARD, "scan", 2),
        (Desk(LONE).opens(), CARD, "desk", 2),
        (Desk(LONE).opens(), None, "desk", 2),
        (shared(), CARD, "scan", 2),
        (shared(), CODE, "scan", 2),
        (shared(), CARD, "desk", 0),
        (shared(), CARD, "desk, card in hand", 2),
        (shared(), None, "desk", 2),
        (shared(), CARD, "sweep", 0),
        (shared(), CODE, "sweep", 2),
    ],
)
def test_which_door_makes_the_rights_of_a_visit_that_began_there(desk, carried, how, minted):
    """The home makes them, but in a room of several doors not of a card that nobody has seen."""
    visit = desk.arrives(2, carried).visit_id
    here = desk.here()
    if how == "scan":
        desk.does(visits.leave(here, carried))
    elif how == "sweep":
        desk.does(visits.sweep(here, by="g"))
    else:
        freed = visits.free(here, visit, FreeReason.FORGOT, "", card_here="hand" in how, by="g")
        assert freed.said is (Said.FREED if minted else Said.FREED_LATER)
        desk.does(freed)
    assert (desk.told("visitor.left")[0]["minted"], desk.book.inside) == (minted, 0)
    assert desk.book.tied_up == (0 if minted else 2)


def test_a_visit_that_began_elsewhere():
    """Its card makes one right at the exit, a group's others come free at its home; without the card none do here."""
    desk = shared(0)
    desk.is_told(elsewhere=[THERE])
    assert visits.leave(desk.here(), Pass("card 9", 9)).drafts[0].payload["minted"] == 1
    freed = visits.free(desk.here(), "v2", FreeReason.SEEN_LEAVING, "", card_here=False, by="g")
    assert (freed.said, freed.drafts[0].payload["minted"]) == (Said.FREED_LATER, 0)
    desk.is_told(elsewhere=[msgspec.structs.replace(THERE, card=None)])
    assert desk.does(visits.leave(desk.here(), Pass("card 9"))).said is Said.LEFT_UNKNOWN
    assert (desk.held, visits.visit_of(desk.here(), "card 9")) == (0, None)


def test_a_pass_shown_twice():
    """The second time nothing is made: it has left already."""
    desk = Desk(LONE).opens()
    desk.arrives(1, CODE)
    assert [desk.leaves(CODE).said, desk.leaves(CODE).said] == [Said.LEFT, Said.ALREADY_LEFT]
    assert desk.held == 4


@pytest.mark.parametrize("how", ["sweep", "count"])
def test_a_pass_after_the_sweep_or_of_yesterday(how):
    """A visit that was ended as a guess: its pass is an old one, and makes no right."""
    desk = Desk(LONE).opens()
    desk.arrives(1, CODE)
    desk.does(visits.sweep(desk.here(), by="g") if how == "sweep" else visits.count(desk.here(), (), 0, (), by="g"))
    desk.now_s += 86400
    assert desk.leaves(CODE).said is (Said.OLD_PASS if how == "sweep" else Said.NOT_INSIDE)
    assert desk.held == 4


def test_leaving_without_having_entered():
    """A lone door knows everybody; one of several reports the pass to the server, and makes no right."""
    assert Desk(LONE).opens().leaves(CODE).said is Said.NOT_INSIDE
    desk = shared(0)
    assert [desk.leaves(each).said for each in (CODE, CARD)] == [Said.LEFT_UNKNOWN, Said.LEFT_UNKNOWN]
    (left,) = desk.told("visitor.left")
    assert (left["visit_id"], left["minted"], left["card_here"], desk.held) == (None, 0, True, 0)


def test_a_card_that_comes_from_outside_after_its_visit_was_ended():
    """Its place waits for it: the exit is reported. Once it lies in the box, it is not."""
    desk = shared(1)
    visit = desk.arrives(1, CARD).visit_id
    desk.does(visits.free(desk.here(), visit, FreeReason.LOST_CARD, "", card_here=False, by="g"))
    assert [desk.leaves(CARD).said, desk.leaves(CARD).said] == [Said.LEFT_UNKNOWN, Said.ALREADY_LEFT]


def test_a_card_in_this_box_is_not_out_elsewhere():
    """What the server said before does not make the right of a card a second time, until it is taken again."""
    desk = shared(1)
    desk.is_told(elsewhere=[THERE])
    card = Pass("card 9", 9)
    assert desk.leaves(card).said is Said.LEFT
    desk.is_told(elsewhere=[THERE, msgspec.structs.replace(THERE, visit_id="v3")])
    assert (desk.leaves(card).said, desk.held) == (Said.ALREADY_LEFT, 2)
    assert (desk.arrives(1, card).said, desk.book.cards_here) == (Said.ENTERED, ())


@pytest.mark.parametrize("decide", ["free", "call", "skip", "away", "move"])
def test_what_nobody_knows(decide):
    """A visit or a number that is not there gives a code and no event."""
    here = Desk(LONE).opens().here()
    decided = {
        "free": lambda: visits.free(here, "x", FreeReason.OTHER, "", card_here=False, by="g"),
        "call": lambda: visits.call(here, "x", by="g"),
        "skip": lambda: visits.skip(here, "x", by="g"),
        "away": lambda: visits.step_away(here, "x"),
        "move": lambda: visits.move(here, here, "x", by="g"),
    }[decide]()
    assert decided.said in (Said.NO_SUCH_VISIT, Said.NO_SUCH_NUMBER)
    assert decided.drafts == ()


# The desk


def test_calling_again_pausing_and_skipping():
    """The desk calls once more, stops the time, and takes a number out; a call needs a place."""
    desk = Desk(LONE).opens()
    assert visits.call_next(desk.here(), by="g").said is Said.NO_SUCH_NUMBER
    desk.arrives(4, CODE)
    ticket = desk.arrives(1).ticket_id
    assert visits.call_next(desk.here(), by="g").said is Said.FULL
    desk.leaves(CODE)
    assert desk.told("visitor.called")[0]["calls"] == 1
    desk.does(visits.call(desk.here(), ticket, by="g", is_paused=True))
    assert (desk.told("visitor.called")[0]["calls"], desk.told("visitor.called")[0]["timeout_s"]) == (1, None)
    desk.waits(100_000)
    assert desk.state_of("A 001") == "called"
    desk.does(visits.call(desk.here(), ticket, by="g"))
    assert desk.told("visitor.called")[0]["calls"] == 2
    assert desk.does(visits.skip(desk.here(), ticket, by="g")).said is Said.SKIPPED
    assert (desk.book.tickets, desk.here().free) == ({}, 4)


def test_away_and_back():
    """A turn is kept for ten minutes, a place inside without end."""
    desk = Desk(LONE).opens()
    visit = desk.arrives(4, CODE).visit_id
    ticket = desk.arrives(1).ticket_id
    assert desk.does(visits.step_away(desk.here(), visit)).said is Said.AWAY
    assert desk.book.visits[visit].away is not None
    assert desk.does(visits.come_back(desk.here(), visit)).said is Said.BACK
    desk.does(visits.step_away(desk.here(), ticket))
    desk.waits(599)
    assert desk.state_of("A 001") == "away"
    desk.does(visits.come_back(desk.here(), ticket))
    assert desk.state_of("A 001") == "waiting"
    desk.does(visits.step_away(desk.here(), ticket, by="g"))
    desk.waits(601)
    assert desk.state_of("A 001") == ""


def test_moving_to_another_room():
    """The right of one room is made and that of the other spent, in one transaction; full is full."""
    desk, other = shared(1), Desk(msgspec.structs.replace(LONE, id="uji")).opens()
    visit = desk.arrives(1, CARD).visit_id
    full = replace(other.here(), book=replace(other.book, account=replace(other.book.account, held=0)))
    assert visits.move(desk.here(), full, visit, by="g").said is Said.FULL
    moved = visits.move(desk.here(), other.here(), visit, by="g")
    left, told, entered = (each.payload for each in moved.drafts)
    assert (left["minted"], left["card_here"], told["to_room"], entered["spent"], entered["card"]) == (1, False, "uji", 1, 7)
    desk.only(Decided(moved.said, visits.then(desk.here(), moved.drafts[:1])))
    assert visits.then(other.here(), moved.drafts) == moved.drafts
    bare = desk.does(visits.override(desk.here(), Guest(1), OverrideReason.OTHER, "", by="g")).visit_id
    assert "pass_sha256" not in visits.move(desk.here(), other.here(), bare, by="g").drafts[2].payload


# Head counts


def test_a_head_count_takes_over_everybody_and_every_place():
    """Own visits, others', and people without any; all places are at this door, and grants of before are void."""
    desk = shared(2)
    visit, gone = desk.arrives(1, CARD).visit_id, desk.arrives(1, CODE).visit_id
    desk.is_told(elsewhere=[THERE])
    desk.does(visits.count(desk.here(), (visit, "v2"), 1, ("door-2",), by="g"))
    assert (desk.book.inside, desk.held, gone in desk.book.visits) == (4, 0, False)
    assert {each.home for each in desk.book.visits.values()} == {"door-1"}
    assert desk.book.account.generation.startswith("000002@door-1.")
    old = Grant(serial=9, amount=1, generation=FIRST_GENERATION, epoch="e1")
    assert desk.is_told(grants=[old], generation=FIRST_GENERATION).drafts == ()
    assert desk.does(visits.leave(desk.here(), Pass("card 9", 9))).said is Said.LEFT
    assert desk.held == 2


def test_a_count_below_and_above_the_limit():
    """More than the room holds leave a debt."""
    desk = Desk(LONE).opens()
    desk.does(visits.count(desk.here(), (), 6, (), by="g"))
    assert (desk.book.account.debt, desk.book.inside) == (2, 6)


def test_two_counts_never_have_one_name():
    """A door on an old card counts a second time under another name."""
    here = shared(0).here()
    names = {visits.count(here, (), 0, (), by="g").drafts[0].payload["generation"] for _ in range(3)}
    assert len(names) == 3


def test_hearing_of_a_count_elsewhere():
    """All that is here is void, and a server that has not heard of it yet changes nothing."""
    desk = shared(2)
    desk.arrives(1, CODE)
    desk.is_told(generation="000002@door-2.x", elsewhere=[THERE])
    assert (desk.held, desk.book.visits, desk.book.account.generation) == (0, {}, "000002@door-2.x")
    assert desk.is_told(generation="000001@").drafts == ()
    assert visits.elsewhere(desk.here()) == ()


@pytest.mark.parametrize("own_counts", [1, 2])
def test_a_count_that_contradicts_this_doors_own(own_counts):
    """Of two head counts that did not know of each other neither is to be trusted: nothing is left here, at once."""
    desk = shared(2)
    for _ in range(own_counts):
        desk.does(visits.count(desk.here(), (), 1, ["door-2"], by="g"))
    assert desk.held == 3
    assert desk.is_told(generation=FIRST_GENERATION).drafts == ()
    assert desk.held == 3
    desk.is_told(generation="000002@door-2.x")
    assert (desk.held, desk.book.visits, desk.book.account.generation) == (0, {}, "000002@door-2.x")
    assert desk.is_told(generation="000002@door-2.x").drafts == ()
    desk.is_told(generation="000003@")
    assert (desk.held, desk.book.account.generation) == (0, "000003@")


def test_what_is_owed_by_a_contradicted_count_stays_owed():
    """Five were counted where four may be: nobody is let in for the first two who leave, whichever count was later."""
    desk = shared(2)
    desk.does(visits.count(desk.here(), (), 5, ["door-2"], by="g"))
    desk.is_told(generation="000002@door-2.x")
    assert (desk.held, desk.book.account.generation) == (-1, "000002@door-2.x")


def test_a_count_by_an_earlier_card_of_this_kiosk():
    """It is older than what this card counted: the debt that was found stays, until the server has heard of it."""
    desk = shared(2)
    desk.does(visits.count(desk.here(), (), 5, ["door-2"], by="g"))
    assert desk.is_told(generation="000002@door-1.earlier").drafts == ()
    assert desk.held == -1


@given(st.lists(st.tuples(st.sampled_from("ilsocw"), st.integers(1, 3)), max_size=40))
def test_a_lone_room_is_never_overfull(steps):
    """Whatever people do at one door: inside and places left are always as many as the room holds and debt accounts for."""
    desk, carried = Desk(LONE).opens(), list[Pass]()
    for number, (step, people) in enumerate(steps):
        one = Pass(f"code {number}")
        if step == "i" and desk.arrives(people, one).said is Said.ENTERED:
            carried.append(one)
        elif step == "l" and carried:
            desk.leaves(carried[people % len(carried)])
        elif step == "s":
            desk.does(visits.sweep(desk.here(), by="g"))
        elif step == "o":
            desk.does(visits.override(desk.here(), Guest(people), OverrideReason.OTHER, "", by="g"))
        elif step == "c":
            desk.does(visits.count(desk.here(), list(desk.book.visits)[:people], 0, (), by="g"))
        else:
            desk.waits(100)
        assert desk.book.inside + desk.held == 4
        assert desk.here().free >= 0
