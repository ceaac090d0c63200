"""The server's ledger of a room: every place is somewhere, once, whatever doors say, in whatever order."""

from sync.protocol.rooms import Room
from sync.server.room_ledger import (
    empty,
    hear,
    needs_count,
    places,
    share_out,
    state_for,
    with_doors,
    with_doubt,
    with_limit,
)
from tests.sync.server.rooming import CODE, Office, at


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


# Limits and doors


def test_a_lower_limit_is_repaid_as_people_leave(office):
    """Nobody is sent out: every door is asked for what it has, and the pool keeps what comes back."""
    office.opens().enters("a", "v")
    office.ledger = with_limit(office.ledger, 5)
    assert (office.sums.debt, office.state("a").wanted, office.state("a").wanted_since) == (5, 5, "1970-01-01T00:00:00.000000Z")
    office.hears("b", "rights.released", amount=5).checked()
    assert (office.sums.debt, office.state("a").wanted_since) == (0, None)


def test_a_group_larger_than_a_lowered_limit_holds_nobody_up(office):
    """It asks for no places, at its own door or of others; whoever waits elsewhere gets theirs."""
    office.opens().enters("a", "v", 5).enters("b", "w", 5)
    waits(waits(office, "a", "t1", 8), "b", "t2", 1)
    office.ledger = with_limit(office.ledger, 5)
    office.leaves("a", "v", 5).hears("a", "rights.released", amount=5).shares()
    assert (office.sums.debt, office.state("a").wanted, office.state("b").wanted) == (0, 1, 0), "for the one at b"
    office.leaves("b", "w", 5).shares()
    assert (office.state("a").wanted, office.state("b").wanted_since) == (0, None)


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
    before = office.ledger
    office.hears("x", "room.counted", generation="000002@x", held=10, inside=0)
    assert (office.ledger.generation, office.sums) == (before.generation, places(before))


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
