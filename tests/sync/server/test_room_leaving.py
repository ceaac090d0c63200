"""The ledger when visitors leave: which door makes the right of a place, and whose visit a pass ends."""

from dataclasses import replace

import pytest

from sync.protocol.rooms import Room
from sync.server.room_ledger import (
    inside,
    needs_count,
)
from tests.sync.server.rooming import CARD, CODE, Office, at


def test_a_card_makes_its_right_where_it_is_handed_in(office):
    """The door that has the card has the right; the home only hears of the end."""
    office.opens().enters("a", "v", **CARD).leaves("b", "v", 1, card_here=True, **CARD)
    assert (office.held("a"), office.held("b")) == (4, 6)
    assert office.told("a") == [("v", False)]
    office.leaves("a", "v", 0, heard=True)
    assert office.state("a").ended == []
    assert (office.held("a"), office.held("b"), office.sums.stranded) == (4, 6, 0)


def test_a_code_makes_its_right_at_home(office):
    """A code that was shown elsewhere comes home as a right on its way, and again only changes nothing."""
    office.opens().enters("a", "v", **CODE).leaves("b", "v", 0, **CODE).leaves("b", "v", 0, **CODE)
    assert (office.sums.in_flight, office.sums.inside) == (1, 0)
    assert office.told("a") == [("v", True)]
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
    assert office.told("a") == [("v", False)]
    assert office.sums.stranded == 1


def test_an_unknown_card_finds_its_only_visit(office):
    """A card that nobody at this door knows ends the one open visit that has it, and its home makes the right."""
    office.opens().enters("a", "v", **CARD).leaves("b", None, 0, card_here=True, **CARD)
    assert office.told("a") == [("v", True)]


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
    assert office.told("b") == [("v2", False)]


def test_an_exit_before_its_entry(office):
    """A visit that ended elsewhere before its beginning was heard is over when it is heard, and its home makes the right."""
    office.opens().leaves("b", None, 0, **CODE).enters("a", "v", **CODE)
    assert (inside(office.ledger), office.sums.in_flight) == (0, 1)
    assert office.told("a") == [("v", True)]


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
    assert office.told("a") == [("v1", True)]
    if is_home_first:
        office.leaves("a", "v1", 1, heard=True)
    office.leaves("b", "v1", 1, card_here=True, at=at(200), **CARD).enters("b", "v2", at=at(300), **CARD)
    if not is_home_first:
        office.leaves("a", "v1", 1, heard=True)
    assert (inside(office.ledger), office.sums.debt, office.sums.stranded, office.sums.in_flight) == (0, 0, 0, 0)
    assert {door: office.held(door) for door in "abc"} == before
    assert office.told("b") == [("v2", False)]


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
