"""The ledger after head counts and new journals: what was said before them makes no place."""

from dataclasses import replace

import pytest

from sync.server.room_ledger import (
    needs_count,
    share_out,
    with_limit,
)
from tests.sync.server.rooming import CARD, CODE, FIRST_GENERATION, SECOND_COUNT, Office, at

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
    assert office.told("b") == [("v", False)]
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
    assert office.told("a") == [("v", False)]
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
