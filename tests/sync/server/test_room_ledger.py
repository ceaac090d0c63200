"""The server's ledger of a room: every place is somewhere, once, whatever doors say, in whatever order."""

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.rooms import Room
from sync.server.room_ledger import (
    Ledger,
    empty,
    hear,
    inside,
    needs_count,
    places,
    share_out,
    state_for,
    with_doors,
    with_doubt,
    with_limit,
)
from tests.sync.server.rooming import FIRST_GENERATION, SECOND_COUNT, Office, at, total

CARD = {"card": 7, "pass_sha256": "c7"}
CODE = {"pass_sha256": "q1"}


@pytest.fixture
def office():
    return Office()


def test_a_new_room_is_all_free():
    """Nothing was heard: every right is in the pool, and goes to the doors once each was heard."""
    ledger = share_out(empty(Room(id="r", name="R", max_people=3, doors=["a"])), connected={"a"})
    assert (places(ledger).free, ledger.room_id) == (3, "r")
    ledger = hear(ledger, device_id="a", epoch="e", kind="station.started", payload={}, claimed_at=at(0))
    ledger = share_out(ledger, connected={"a"})
    assert [(grant.serial, grant.amount, grant.epoch) for grant in state_for(ledger, "a").grants] == [(1, 3, "e")]


def test_rights_go_round(office):
    """Granted, spent, made by leaving, given back: each place is where the last word about it says."""
    office.opens()
    assert (office.held("a"), office.held("b")) == (5, 5)
    office.enters("a", "v", 2)
    assert (office.sums.inside, office.held("a")) == (2, 3)
    office.leaves("a", "v", 2).hears("a", "rights.released", amount=4)
    assert (office.sums.inside, office.held("a"), office.sums.free) == (0, 1, 4)


def test_a_grant_counts_once(office):
    """Said again, a grant that was applied is one that was written off: the door has it, and the pool pays."""
    office.opens().hears("a", "rights.granted", serial=1, amount=5)
    assert (office.held("a"), office.sums.debt) == (10, 5)


def test_a_grant_that_was_passed_over_comes_back(office):
    """A door applies grants in order: what it has not applied when it applies a later one is free again."""
    office.opens().hears("a", "rights.released", amount=5).shares().hears("a", "rights.released", amount=0)
    office.ledger = with_limit(office.ledger, 20)
    office.shares()
    first, second = office.ledger.doors["a"].in_flight
    office.hears("a", "rights.granted", serial=second.serial, amount=second.amount)
    assert office.ledger.doors["a"].in_flight == ()
    assert office.sums.free == first.amount


def test_a_right_from_before_a_restore_is_paid_by_the_pool(office):
    """A grant that this server does not know was given before it was restored."""
    office.hears("a", "rights.granted", serial=4, amount=3)
    assert (office.held("a"), office.sums.free, office.ledger.doors["a"].issued) == (3, 7, 4)


def test_the_offices_own_rights_are_not_given_twice(office):
    """A door that had the room for itself brings its rights along; none of them is left to give away."""
    office.hears("a", "rights.granted", serial=0, amount=10, cause="setup").shares()
    assert (office.held("a"), office.sums.free, office.sums.in_flight) == (10, 0, 0)


def test_only_what_is_held_can_be_given_back(office):
    """A door that gives back more than it has says nothing."""
    office.opens().hears("a", "rights.released", amount=6)
    assert (office.held("a"), office.sums.free) == (5, 0)


def test_an_override_is_a_debt_that_is_repaid_first(office):
    """Eleven of ten: the next right that comes back goes to the door that owes, before those who wait."""
    office.opens()
    for n in range(6):
        office.enters("a", f"v{n}", overridden=n == 5)
    assert (office.held("a"), office.sums.debt) == (-1, 1)
    office.hears("b", "visitor.waiting", ticket_id="t", people=6)
    assert (office.state("b").wanted, office.state("a").wanted) == (1, 2)
    office.hears("b", "rights.released", amount=1).shares()
    assert [grant.amount for grant in office.state("a").grants] == [1]
    office.applies("a")
    assert (office.held("a"), office.sums.debt) == (0, 0)


# Leaving


def told(office, door):
    """What the door is told to end, and whether the places come free there."""
    return [(each.visit_id, each.mints) for each in office.state(door).ended]


def test_a_card_makes_its_right_where_it_is_handed_in(office):
    """The door that has the card has the right; the home only hears of the end."""
    office.opens().enters("a", "v", **CARD).leaves("b", "v", 1, card_here=True, **CARD)
    assert (office.held("a"), office.held("b")) == (4, 6)
    assert told(office, "a") == [("v", False)]
    office.leaves("a", "v", 0, heard=True)
    assert office.state("a").ended == []
    assert (office.held("a"), office.held("b"), office.sums.stranded) == (4, 6, 0)


def test_a_code_makes_its_right_at_home(office):
    """A code that was shown elsewhere comes home as a right on its way, and again only changes nothing."""
    office.opens().enters("a", "v", **CODE).leaves("b", "v", 0, **CODE).leaves("b", "v", 0, **CODE)
    assert (office.sums.in_flight, office.sums.inside) == (1, 0)
    assert told(office, "a") == [("v", True)]
    office.leaves("a", "v", 1, heard=True)
    assert (office.sums.in_flight, office.held("a"), office.state("a").ended) == (0, 5, [])


def test_a_photographed_code_makes_one_right(office):
    """Shown at both doors while they were cut off, in either order: one place comes free, at home."""
    for first, second in (("a", "b"), ("b", "a")):
        office = Office().opens().enters("a", "v", **CODE)
        for door in (first, second):
            office.leaves(door, "v", 1 if door == "a" else 0, **CODE)
        assert (office.held("a"), office.held("b"), office.sums.in_flight, office.sums.debt) == (5, 5, 0, 0)


def test_a_card_that_the_desk_writes_off_is_tied_up(office):
    """Freed without its card, in a room of several doors: the place waits for the card, and comes with it."""
    office.opens().enters("a", "v", **CARD).leaves("a", "v", 0, how="desk", **CARD)
    assert (office.sums.inside, office.sums.stranded, needs_count(office.ledger)) == (0, 1, True)
    office.leaves("a", "v", 1, card_here=True, **CARD)
    assert (office.held("a"), office.sums.stranded) == (5, 0)


def test_a_card_freed_at_another_door_is_tied_up_too(office):
    """The desk of another door frees somebody without the card: the home hears of the end and makes no right."""
    office.opens().enters("a", "v", **CARD).leaves("b", "v", 0, how="desk", **CARD)
    assert told(office, "a") == [("v", False)]
    assert office.sums.stranded == 1


def test_an_unknown_card_finds_its_only_visit(office):
    """A card that nobody at this door knows ends the one open visit that has it, and its home makes the right."""
    office.opens().enters("a", "v", **CARD).leaves("b", None, 0, card_here=True, **CARD)
    assert told(office, "a") == [("v", True)]


@pytest.mark.parametrize(
    ("entered", "left", "is_over"),
    [
        ({}, {}, True),
        ({"at": at(500)}, {"at": at(400)}, False),
        ({}, {"trusted": False}, False),
        ({"trusted": False}, {}, False),
    ],
)
def test_a_card_ends_nothing_that_began_after_it_was_handed_in(office, entered, left, is_over):
    """Cards go from hand to hand: one that lay in a box when the visit began, or may have, is somebody else's."""
    office.opens().enters("a", "v", **CARD, **entered).leaves("b", None, 0, card_here=True, **CARD, **left)
    assert (inside(office.ledger) == 0) is is_over


def test_two_visits_with_one_card_are_not_guessed_at(office):
    """An unknown exit that could be of two visits ends neither."""
    office.opens().enters("a", "v1", **CARD).enters("a", "v2", **CARD).leaves("b", None, 0, card_here=True, **CARD)
    assert inside(office.ledger) == 2


def test_an_old_visits_card_ends_the_visit_that_has_it_now(office):
    """A door that was cut off takes the card for a visit that ended long ago: the right that it makes is the present visit's."""
    office.opens().enters("a", "v1", **CARD).leaves("b", "v1", 1, card_here=True, **CARD)
    office.enters("b", "v2", **CARD).leaves("a", "v1", 1, card_here=True, **CARD)
    assert (inside(office.ledger), office.held("a"), office.held("b"), office.sums.debt) == (0, 5, 5, 0)
    assert told(office, "b") == [("v2", False)]


def test_an_exit_before_its_entry(office):
    """A visit that ended elsewhere before its beginning was heard is over when it is heard, and its home makes the right."""
    office.opens().leaves("b", None, 0, **CODE).enters("a", "v", **CODE)
    assert (inside(office.ledger), office.sums.in_flight) == (0, 1)
    assert told(office, "a") == [("v", True)]


def test_a_right_made_before_its_entry_is_heard(office):
    """What was made for an unknown visit is owed until the visit is heard, and then is the visit's own."""
    office.opens().leaves("b", "v", 1, card_here=True, **CARD)
    assert (office.held("b"), office.sums.debt) == (6, 1)
    office.enters("a", "v", at=at(1), **CARD)
    assert (office.held("a"), office.held("b"), office.sums.debt, inside(office.ledger)) == (4, 6, 0, 0)


def test_an_exit_before_two_entries_with_its_card(office):
    """The home closes the visit that was matched by itself: the exit was the next one's with that card."""
    office.opens().leaves("b", None, 0, card_here=True, at=at(300), **CARD)
    office.enters("a", "v1", at=at(100), **CARD).leaves("a", "v1", 1, card_here=True, at=at(150), **CARD)
    assert (inside(office.ledger), office.held("a"), office.sums.in_flight) == (0, 5, 0)
    office.enters("a", "v2", at=at(200), **CARD)
    assert (inside(office.ledger), office.sums.in_flight) == (0, 1)
    office.leaves("a", "v2", 1, heard=True)
    assert (office.held("a"), office.ledger.orphans) == (5, {})


@pytest.mark.parametrize("is_home_first", [True, False])
def test_an_exit_that_was_matched_to_the_wrong_visit_finds_its_own(office, is_home_first):
    """A card goes out at a, is handed in at b, goes out again there and is handed in at c, which knows neither; b is heard last.
    The exit at c was matched to the first visit; it turns out to be the second's, nobody stays inside, and no place is lost.
    """
    office = Office(room=Room(id="baca", name="B", max_people=9, doors=["a", "b", "c"]), connected=frozenset("abc")).opens()
    before = {door: office.held(door) for door in "abc"}
    office.enters("a", "v1", at=at(100), **CARD).leaves("c", None, 0, card_here=True, at=at(400), **CARD)
    assert told(office, "a") == [("v1", True)]
    if is_home_first:
        office.leaves("a", "v1", 1, heard=True)
    office.leaves("b", "v1", 1, card_here=True, at=at(200), **CARD).enters("b", "v2", at=at(300), **CARD)
    if not is_home_first:
        office.leaves("a", "v1", 1, heard=True)
    assert (inside(office.ledger), office.sums.debt, office.sums.stranded, office.sums.in_flight) == (0, 0, 0, 0)
    assert {door: office.held(door) for door in "abc"} == before
    assert told(office, "b") == [("v2", False)]


def test_an_exit_that_was_matched_wrongly_finds_a_visit_that_is_known(office):
    """As before, where the second visit was heard of before the first one's true end."""
    office.opens().enters("a", "v1", at=at(100), **CARD).leaves("b", None, 0, card_here=True, at=at(400), **CARD)
    office.leaves("a", "v1", 1, heard=True).enters("b", "v2", at=at(300), **CARD)
    office.leaves("b", "v1", 1, card_here=True, at=at(200), **CARD)
    assert (inside(office.ledger), office.sums.debt, office.held("a"), office.held("b")) == (0, 0, 5, 5)


def test_an_exit_of_a_card_ends_no_later_entry(office):
    """A card that was handed in before somebody came in with it says nothing of them."""
    office.opens().leaves("b", None, 0, card_here=True, **CARD).enters("a", "v", **CARD)
    assert inside(office.ledger) == 1


def test_an_exit_of_nobody(office):
    """Without a visit and without a pass nothing is to be remembered; a right that was made is owed."""
    office.opens().leaves("b", None, 0).leaves("b", None, 1)
    assert (office.ledger.orphans, office.sums.debt) == ({}, 1)


def test_a_visit_may_come_back_under_its_name(office):
    """Somebody who was moved to another room and back is inside again, and ends again."""
    office.opens().enters("a", "v").leaves("a", "v", 1).enters("a", "v")
    assert inside(office.ledger) == 1
    office.leaves("a", "v", 1)
    assert (office.held("a"), inside(office.ledger)) == (5, 0)


def test_a_name_used_again_before_its_place_came_home(office):
    """A visit whose place is still on its way does not lose it when its name comes up again."""
    office.opens().enters("a", "v", **CODE).leaves("b", "v", 0, **CODE).enters("a", "v", **CODE).leaves("b", "v", 0, **CODE)
    assert (office.sums.in_flight, office.sums.stranded, inside(office.ledger)) == (1, 1, 0)


def test_more_or_fewer_rights_than_people(office):
    """What a door makes too much is owed; what it makes too little is tied up."""
    office.opens().enters("a", "v1", 2).leaves("a", "v1", 3)
    assert office.sums.debt == 1
    office.enters("a", "v2", 2).leaves("a", "v2", 1)
    assert office.sums.stranded == 1
    office.enters("a", "v3", 2, **CODE).leaves("b", "v3", 0, **CODE).leaves("a", "v3", 1, heard=True)
    assert office.sums.stranded == 2
    office.enters("a", "v4", 2, **CODE).leaves("b", "v4", 0, **CODE).leaves("a", "v4", 3, heard=True)
    assert (office.sums.stranded, office.held("a")) == (1, 5 + 1 - 1)


def test_entered_twice_is_entered_once(office):
    """The same visit again changes nothing."""
    office.opens().enters("a", "v")
    before = office.ledger
    office.enters("a", "v")
    assert replace(office.ledger, doors=before.doors) == before
    assert office.held("a") == 4


# Epochs


def test_a_new_epoch_voids_what_the_door_had(office):
    """A restored card or a new file: what was held, in flight or on its way home is stranded; new grants name the epoch."""
    office.opens().enters("a", "v", **CODE).leaves("b", "v", 0, **CODE)
    office.ledger = with_limit(office.ledger, 12)
    office.shares().hears("a", "station.started", epoch="a2")
    assert (office.held("a"), office.ledger.doors["a"].in_flight, office.sums.stranded) == (0, (), 4 + 2 + 1)
    office.hears("b", "rights.released", amount=3).hears("a", "visitor.waiting", epoch="a2", ticket_id="t", people=2).shares()
    assert {grant.epoch for grant in office.state("a").grants} == {"a2"}


def test_epoch_after_epoch_strands_more(office):
    """What is void stays void when the journal begins anew once more, and what the door was given since is added."""
    office.opens().hears("a", "station.started", epoch="a2").hears("b", "rights.released", amount=2).shares()
    given = sum(grant.amount for grant in office.state("a").grants)
    office.hears("a", "station.started", epoch="a3")
    assert (given > 0, office.sums.stranded) == (True, 5 + given)


def test_what_an_old_epoch_says_changes_no_rights(office):
    """The other copy of a card, or a late rest of a journal: who came in is inside, and no right of the door changes."""
    office.opens().hears("a", "station.started", epoch="a2")
    office.enters("a", "v", 2, epoch="a1")
    assert (office.sums.inside, office.sums.stranded, office.held("a")) == (2, 3, 0)
    office.leaves("a", "v", 2, epoch="a1").hears("a", "rights.released", epoch="a1", amount=1)
    office.hears("a", "rights.granted", epoch="a1", serial=9, amount=1)
    assert (office.sums.inside, office.sums.stranded, office.held("a"), office.sums.free) == (0, 5, 0, 0)
    office.enters("a", "w", 7, epoch="a1")
    assert (office.sums.stranded, office.sums.debt) == (0, 2)


def test_a_right_that_an_old_epoch_made_frees_nothing_at_home(office):
    """The copy of a card has the visitor's card and made a void right of it: the home makes none besides."""
    office.opens().hears("a", "station.started", epoch="a2").enters("b", "v", **CARD)
    office.leaves("a", "v", 1, epoch="a1", card_here=True, **CARD)
    assert told(office, "b") == [("v", False)]
    assert (office.held("a"), office.sums.stranded) == (0, 6)


def test_a_debt_outlives_the_epoch(office):
    """What a door owed before its journal began anew, everybody owes."""
    office.opens()
    for n in range(6):
        office.enters("a", f"v{n}", overridden=True)
    office.hears("a", "station.started", epoch="a2")
    assert (office.held("a"), office.sums.debt, office.ledger.free) == (0, 1, -1)


def test_a_visit_of_an_epoch_before_does_not_come_home(office):
    """Its home knows nothing of it any more: ended elsewhere without a right, its place is tied up; the door is told of it."""
    office.opens().enters("a", "v", **CODE).hears("a", "station.started", epoch="a2")
    assert [(each.visit_id, each.door) for each in office.state("a").elsewhere] == [("v", "a")]
    office.leaves("b", "v", 0, **CODE)
    assert told(office, "a") == [("v", False)]
    assert office.sums.stranded == 4 + 1


def test_who_waited_before_an_epoch_is_not_served(office):
    """Numbers of a card that is out of the machine ask for no places, whether they were heard before the new card or after."""
    office.opens().hears("a", "visitor.waiting", ticket_id="t", people=9)
    office.hears("a", "station.started", epoch="a2").hears("a", "visitor.waiting", epoch="a1", ticket_id="u", people=9)
    assert office.ledger.doors["a"].tickets == {}


def test_a_home_that_had_ended_its_visit_without_a_right(office):
    """Shown elsewhere first, and then written off at home, which had not heard: nobody makes the right, so the pool has it."""
    office.opens().enters("a", "v", **CODE).leaves("b", "v", 0, **CODE).leaves("a", "v", 0, how="desk", **CODE)
    assert (office.sums.free, office.sums.in_flight, office.sums.stranded) == (1, 0, 0)


# Head counts


def test_a_head_count_begins_anew(office):
    """Who was found is inside, the counting door has every other place, and what all others had is void."""
    office.opens().enters("a", "v1", 2).enters("b", "v2", **CARD).enters("b", "v3").leaves("b", None, 0, pass_sha256="x")
    adopted = [{"visit_id": "v2", "people": 1, "since": at(3), **CARD}, {"visit_id": "new", "people": 3}]
    office.counts("a", inside=6, kept=["v1"], adopted=adopted, others=3)
    assert (office.sums.inside, office.held("a"), office.held("b"), office.sums.stranded) == (6, 4, 0, 0)
    assert {name: each.home for name, each in office.ledger.visits.items()} == {"v1": "a", "v2": "a", "new": "a"}
    assert [each.visit_id for each in office.state("b").elsewhere] == ["v1", "v2", "new"]
    assert office.state("a").elsewhere == []
    assert (office.state("b").generation, office.ledger.orphans) == (SECOND_COUNT, {})


def test_rights_of_before_a_count_are_void(office):
    """Whatever a door says under the generation before changes no rights; who it lets in then is owed, until they leave."""
    office.opens().counts("a", inside=0)
    office.hears("b", "rights.released", generation=FIRST_GENERATION, amount=2)
    office.enters("b", "v", generation=FIRST_GENERATION)
    assert (office.held("a"), office.held("b"), office.sums.free, office.sums.debt, office.sums.inside) == (10, 0, 0, 1, 1)
    assert [each.visit_id for each in office.state("b").elsewhere] == ["v"]
    office.leaves("b", "v", 1, generation=FIRST_GENERATION)
    assert (office.sums.debt, office.sums.inside, office.held("b")) == (0, 0, 0)


@pytest.mark.parametrize(
    ("carried", "left", "debt", "stranded"),
    [
        (CARD, {"card_here": True}, 0, 0),
        (CARD, {"how": "desk"}, 1, 1),
        (CARD, {"how": "counted"}, 0, 0),
        (CODE, {}, 0, 0),
    ],
)
def test_what_was_owed_for_a_visit_of_before_a_count(office, carried, left, debt, stranded):
    """It is repaid when the visit ends for certain, and not while its card may still turn up."""
    office.opens().counts("a", inside=0).enters("b", "v", generation=FIRST_GENERATION, **carried)
    office.leaves("b", "v", 0, **carried, **left)
    assert (office.sums.debt, office.sums.stranded) == (debt, stranded)


def test_a_count_is_heard_once_and_only_the_newest(office):
    """The same one again, and the word that there was one elsewhere, change nothing."""
    office.opens().counts("a", "000003@a", inside=0)
    before = office.ledger
    office.counts("b", "000003@a", inside=5)
    office.counts("b", "000004@b", heard=True)
    assert replace(office.ledger, doors=before.doors) == before


@pytest.mark.parametrize("generation", ["000002@b", "000003@a.again", "000003@b"])
def test_counts_that_did_not_know_of_each_other(office, generation):
    """Which was the later cannot be told: what both left to their doors is void, until somebody counts anew."""
    office.opens().counts("a", "000003@a", inside=1, adopted=[{"visit_id": "v", "people": 1}])
    office.counts("b", generation, inside=5)
    assert office.ledger.generation == "000004@"
    assert (office.sums.inside, office.sums.stranded, office.sums.held, office.sums.free) == (1, 9, 0, 0)
    office.ledger = with_limit(office.ledger, 12)
    office.shares()
    assert (office.sums.in_flight, office.sums.stranded, needs_count(office.ledger)) == (0, 11, True)
    assert (office.state("a").free, office.state("a").wanted) == (0, 0)
    office.ledger = with_limit(office.ledger, 10)
    office.shares().counts("b", "000005@b", inside=0)
    assert (office.held("b"), office.sums.stranded) == (10, 0)


def test_a_visit_that_was_counted_is_not_ended_by_a_door_that_heard_of_it(office):
    """A door that closes its visits because of a head count elsewhere does not end those that were found."""
    office.opens().enters("b", "v").counts("a", inside=1, adopted=[{"visit_id": "v", "people": 1}])
    office.leaves("b", "v", 0, how="counted")
    assert office.sums.inside == 1
    office.leaves("b", "v", 1, how="counted")
    assert (office.sums.inside, office.held("b")) == (0, 1)


def test_people_that_nothing_is_known_of(office):
    """A count may name visits that were not heard, and more people than visits: they leave, and are heard of, one by one."""
    office.opens().counts("a", inside=5, kept=["v1", "v2"])
    assert (office.sums.inside, office.ledger.others) == (5, 3)
    office.enters("a", "v1", 2, generation=FIRST_GENERATION, **CARD)
    assert (office.sums.inside, office.ledger.others, office.ledger.visits["v1"].card) == (5, 2, 7)
    office.leaves("a", "v2", 2).leaves("a", "v1", 2, card_here=True, **CARD)
    assert (office.sums.inside, office.ledger.others, office.held("a")) == (1, 1, 9)
    office.leaves("a", "v1", 1)
    assert (office.sums.inside, office.held("a")) == (0, 10)
    office.counts("a", "000003@a", inside=1, kept=["v9"]).enters("a", "v9", 4, generation=FIRST_GENERATION)
    assert (office.sums.inside, office.sums.debt) == (4, 3)


def test_a_count_of_fewer_than_are_named(office):
    """What the visits say is the least that is inside."""
    office.opens().enters("a", "v", 4).counts("a", inside=1, kept=["v"], held=9)
    assert (office.sums.inside, office.sums.debt) == (4, 3)


@pytest.mark.parametrize(("held", "stranded", "debt"), [(10, 10, 0), (-1, 0, 0)])
def test_a_count_in_an_epoch_that_is_over(office, held, stranded, debt):
    """It counts, and what it left to its door is void: that journal does not go on."""
    office.opens().hears("a", "station.started", epoch="a2").counts("a", epoch="a1", inside=10 - held, held=held)
    assert (office.ledger.generation, office.held("a"), office.sums.stranded) == (SECOND_COUNT, 0, stranded)
    assert office.sums.debt == debt + max(0, -held)


def test_what_was_said_after_a_count_that_is_heard_later(office):
    """A restored server hears of a head count after what followed it, and comes to the same."""
    told = [
        ("b", "rights.granted", {"serial": 1, "amount": 2}),
        ("b", "visitor.entered", {"visit_id": "v", "people": 1, "spent": 1}),
    ]
    late = Office().opens()
    for door, kind, payload in told:
        late.hears(door, kind, generation=SECOND_COUNT, **payload)
    assert late.sums.inside == 0
    late.counts("a", inside=0, held=8)
    soon = Office().opens().counts("a", inside=0, held=8)
    soon.ledger = share_out(replace(soon.ledger, doors={**soon.ledger.doors}), connected=set())
    for door, kind, payload in told:
        soon.hears(door, kind, **payload)
    assert (late.sums, late.held("b")) == (soon.sums, soon.held("b"))


# Limits and doors


def test_a_lower_limit_is_repaid_as_people_leave(office):
    """Nobody is sent out: every door is asked for what it has, and the pool keeps what comes back."""
    office.opens().enters("a", "v")
    office.ledger = with_limit(office.ledger, 5)
    assert (office.sums.debt, office.state("a").wanted, office.state("a").wanted_since) == (5, 5, "1970-01-01T00:00:00.000000Z")
    office.hears("b", "rights.released", amount=5).checked()
    assert (office.sums.debt, office.state("a").wanted_since) == (0, None)


def test_what_a_lost_door_has_is_stranded(office):
    """A door that is none any more gets nothing and keeps nothing usable; it may still give back; a new one begins empty."""
    office.opens().enters("a", "v", **CODE).leaves("b", "v", 0, **CODE)
    office.ledger = with_doors(office.ledger, ["b", "c"])
    office.checked()
    assert (office.sums.stranded, needs_count(office.ledger), office.ledger.doors["c"].held) == (5, True, 0)
    office.hears("a", "rights.released", amount=4).shares()
    assert (office.sums.stranded, office.state("a").grants) == (1, [])
    assert [each.device_id for each in office.state("b").doors] == ["a", "c"]


def test_the_debt_of_a_lost_door_is_kept_back(office):
    """What a door owed that is gone is not given away to others."""
    office.opens()
    for n in range(7):
        office.enters("a", f"v{n}", overridden=True)
    office.ledger = with_doors(office.ledger, ["b"])
    office.hears("b", "rights.released", amount=3).shares()
    assert (office.ledger.free, [grant.amount for grant in office.state("b").grants]) == (2, [1])
    assert office.state("b").wanted == 0


def test_a_stranger_says_nothing_of_the_room(office):
    """A door that is not of the room is heard only with words about it, and gets nothing."""
    office.hears("x", "station.started")
    assert "x" not in office.ledger.doors
    office.hears("x", "visitor.entered", visit_id="v", people=1).shares()
    assert (office.sums.inside, office.sums.debt, office.state("x").grants) == (1, 1, [])


def test_a_restored_server_gives_nothing_away(office):
    """What it gave away since its copy was made nobody knows: nothing goes out before heads are counted, by a right clock."""
    office.opens().hears("a", "rights.released", amount=5)
    office.ledger = with_doubt(office.ledger, at(300))
    office.shares().hears("b", "visitor.waiting", ticket_id="t", people=9).shares()
    assert (office.sums.free, office.sums.stranded, office.state("b").grants) == (0, 5, [])
    assert (office.state("a").wanted, office.state("a").free) == (0, 0)
    office.counts("a", "000002@a", at=at(200))
    office.counts("a", "000003@a", at=at(400), trusted=False)
    assert office.ledger.doubted_since
    office.counts("a", "000004@a", at=at(400), held=4)
    assert (office.ledger.doubted_since, office.shares().sums.in_flight) == (None, 6)


# Sharing out


def waits(office, door, ticket, people=1, **more):
    return office.hears(door, "visitor.waiting", ticket_id=ticket, people=people, **more)


def test_who_waits_longest_is_served_first(office):
    """One free place goes to the door of the oldest number, and only to one that is connected."""
    office.opens()
    for door in "ab":
        office.enters(door, door, 5)
    waits(waits(office, "b", "t1"), "a", "t2")
    assert (office.state("a").wanted, office.state("a").wanted_since) == (1, at(office.second - 1))
    office.leaves("a", "a", 5).hears("a", "rights.released", amount=1).shares()
    assert [grant.amount for grant in office.state("b").grants] == [1]
    office.connected = frozenset("a")
    office.hears("a", "rights.released", amount=1)
    waits(office, "b", "t3").shares()
    assert len(office.state("b").grants) == 1
    assert office.state("a").wanted == 0


def test_priority_comes_first_at_whichever_door(office):
    """The wish names the rank of the first who waits, and that one's door is given the place."""
    office.opens()
    for door in "ab":
        office.enters(door, door, 5)
    waits(waits(office, "b", "t1"), "a", "t2", priority=True)
    state = office.state("b")
    assert (state.wanted, state.wanted_priority, office.state("a").wanted_priority) == (1, True, False)
    office.leaves("b", "b", 5).hears("b", "rights.released", amount=1).shares()
    assert [grant.amount for grant in office.state("a").grants] == [1]


def test_a_number_that_is_gone_asks_for_nothing(office):
    """Entered, skipped for good, or away for a while: those need no place now; missed once, or back, they do."""
    office.opens()
    for door in "ab":
        office.enters(door, door, 5)
    waits(office, "a", "t", 2)
    for kind, payload, wanted in (
        ("visitor.away", {"ticket_id": "t", "minutes": 10}, 0),
        ("visitor.away", {"ticket_id": "nobody"}, 0),
        ("visitor.away", {"visit_id": "a"}, 0),
        ("visitor.back", {"ticket_id": "t"}, 2),
        ("visitor.skipped", {"ticket_id": "t", "final": False}, 2),
        ("visitor.skipped", {"ticket_id": "t", "final": True}, 0),
    ):
        office.hears("a", kind, **payload)
        assert office.state("b").wanted == wanted, kind
    waits(office, "a", "u").enters("a", "w", ticket_id="u", overridden=True)
    assert office.ledger.doors["a"].tickets == {}


def test_places_that_wait_for_a_group_are_counted(office):
    """Rights that a door has already are taken off what its queue lacks, in the queue's order."""
    office.opens().enters("a", "v", 3).enters("b", "w", 5)
    waits(waits(office, "a", "t1", 4), "a", "t2", 1)
    assert office.state("b").wanted == 2 + 1


def test_idle_rights_lie_where_people_come_in(office):
    """A door without any gets one first; the rest goes where most came in lately."""
    office = Office(connected=frozenset("ab"))
    for door in "ab":
        office.hears(door, "station.started")
    for n in range(6):
        office.enters("a", f"v{n}", overridden=True).leaves("a", f"v{n}", 1)
    office.shares()
    shares = {door: sum(grant.amount for grant in office.state(door).grants) for door in "ab"}
    assert shares == {"a": 9, "b": 1}


def test_a_door_without_rights_gets_one_of_the_richest(office):
    """While nobody waits, the door with most is asked for one for each that has none; it keeps what it gives in pairs."""
    office.opens().enters("a", "v", 5)
    assert (office.state("b").wanted, office.state("b").wanted_since, office.state("a").wanted) == (1, None, 0)
    office.hears("b", "rights.released", amount=1).shares()
    assert [grant.amount for grant in office.state("a").grants] == [1]
    assert office.state("b").wanted == 0
    office.connected = frozenset()
    assert office.shares().state("b").wanted == 0


# Whatever comes


KINDS = (
    "visitor.entered",
    "visitor.left",
    "visitor.waiting",
    "visitor.skipped",
    "visitor.away",
    "visitor.back",
    "room.counted",
    "rights.granted",
    "rights.released",
    "visitor.called",
    "kind.of.tomorrow",
)
names = st.sampled_from(["v1", "v2", "v3"])
passes = st.none() | st.sampled_from(["p1", "p2"])
small = st.integers(0, 3)
payloads = st.fixed_dictionaries(
    {
        "generation": st.sampled_from([FIRST_GENERATION] * 4 + [SECOND_COUNT, "000002@b", "000003@a"]),
        "visit_id": st.none() | names,
        "people": st.integers(1, 3),
        "minted": small,
        "how": st.sampled_from(["scanned", "desk", "counted"]),
        "card": st.none() | st.just(7),
        "card_here": st.booleans(),
        "pass_sha256": passes,
        "heard": st.booleans(),
        "ticket_id": names,
        "final": st.booleans(),
        "serial": small,
        "amount": small,
        "held": st.integers(-2, 3),
        "inside": small,
        "kept": st.lists(names, max_size=2, unique=True),
        "adopted": st.lists(st.fixed_dictionaries({"visit_id": names, "people": small}), max_size=1),
    }
)
steps = st.tuples(
    st.sampled_from("abx"), st.sampled_from(["e1", "e1", "e1", "e2"]), st.sampled_from(KINDS), payloads, st.booleans(), small
)


@given(st.lists(steps, max_size=14))
def test_no_place_is_ever_lost_or_made(said):
    """After whatever doors say, every place is somewhere once, the pool gives no more than it has, and the ledger can be kept."""
    ledger = empty(Room(id="r", name="R", max_people=2, doors=["a", "b"]))
    for second, (door, epoch, kind, payload, trusted, extra) in enumerate(said):
        ledger = hear(
            ledger,
            device_id=door,
            epoch=epoch,
            kind=kind,
            payload=payload,
            claimed_at=at((second * 7) % 11),
            clock_trusted=trusted,
        )
        assert total(ledger) == ledger.max_people
        before = ledger.free
        ledger = share_out(ledger, connected=set("abx"[:extra]))
        assert total(ledger) == ledger.max_people
        assert ledger.free == before or 0 <= ledger.free < before
    assert msgspec.json.decode(msgspec.json.encode(ledger), type=Ledger) == ledger
    for door in "abx":
        assert json.loads(msgspec.json.encode(state_for(ledger, door)))["room_id"] == "r"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(
    st.sampled_from(KINDS),
    payloads,
    st.dictionaries(
        st.sampled_from(
            sorted(
                [
                    "generation",
                    "visit_id",
                    "people",
                    "minted",
                    "serial",
                    "amount",
                    "held",
                    "inside",
                    "kept",
                    "adopted",
                    "ticket_id",
                ]
            )
        ),
        json_values,
    ),
    json_values,
)
def test_an_odd_payload_is_no_word(kind, payload, odd, other):
    """Whatever stands in a payload, the ledger answers, and its sum comes out."""
    ledger = Office().opens().ledger
    for each in (payload | odd, other):
        ledger = hear(ledger, device_id="a", epoch="a1", kind=kind, payload=each, claimed_at=at(50))
        assert total(share_out(ledger, connected={"a"})) == 10


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"generation": "x", "visit_id": "v", "people": 1},
        {"generation": FIRST_GENERATION, "visit_id": "v", "people": 0},
        {"generation": FIRST_GENERATION, "visit_id": "v", "people": True},
        {"generation": FIRST_GENERATION, "visit_id": "v", "people": 10**9},
        {"generation": FIRST_GENERATION, "visit_id": "", "people": 1},
    ],
)
def test_an_entry_that_is_none_changes_nothing(office, payload):
    """A figure or a name that cannot be one lets nobody in."""
    office.opens()
    before = office.ledger
    ledger = hear(before, device_id="a", epoch="a1", kind="visitor.entered", payload=payload, claimed_at="")
    assert ledger == before
