"""The arithmetic of places."""

import pytest

from sync.protocol import rights
from sync.protocol.rights import Account, NotEnough
from sync.protocol.rooms import FIRST_GENERATION, generation_number, next_generation

NOW = {"generation": FIRST_GENERATION}


@pytest.mark.parametrize(
    ("before", "kind", "payload", "held"),
    [
        (0, "rights.granted", {"serial": 1, "amount": 3}, 3),
        (0, "rights.granted", {"serial": 0, "amount": 10}, 10),
        (2, "rights.granted", {"serial": 0, "amount": -5}, -3),
        (3, "rights.released", {"amount": 3}, 0),
        (3, "visitor.entered", {"spent": 2}, 1),
        (1, "visitor.entered", {"spent": 2, "overridden": True}, -1),
        (-1, "visitor.left", {"minted": 2}, 1),
        (1, "visitor.left", {"minted": 0}, 1),
        (1, "visitor.waiting", {"people": 2}, 1),
        (1, "attendance.tapped", {}, 1),
    ],
)
def test_what_each_event_does_to_an_account(before, kind, payload, held):
    """Grants and exits add, entries and releases take away, all else changes nothing."""
    assert rights.after(Account(held=before), kind, NOW | payload).held == held


@pytest.mark.parametrize(
    ("held", "kind", "payload"),
    [(1, "visitor.entered", {"spent": 2}), (-1, "visitor.entered", {"spent": 1}), (1, "rights.released", {"amount": 2})],
)
def test_what_is_not_there_cannot_be_spent_or_given_back(held, kind, payload):
    """Only an override runs up a debt, and a debt is nothing to spend."""
    with pytest.raises(NotEnough, match=f"{max(0, held)} held"):
        rights.after(Account(held=held), kind, NOW | payload)


def test_a_grant_is_applied_once():
    """However often it arrives, and never one that an applied one came after."""
    account = Account()
    for serial in (2, 2, 1, 3):
        account = rights.after(account, "rights.granted", NOW | {"serial": serial, "amount": 1})
    assert account == Account(held=2, last_grant=3)


@pytest.mark.parametrize("kind", ["rights.granted", "rights.released", "visitor.entered", "visitor.left"])
def test_rights_of_another_generation_are_void(kind):
    """Wherever they surface."""
    told = {"generation": "000002@x", "serial": 1, "amount": 1, "spent": 1, "minted": 1}
    assert rights.after(Account(held=1), kind, told) == Account(held=1)


def test_a_head_count_begins_anew():
    """The newest sets what is held, below zero too; an older one, or the same again, changes nothing. Serials go on."""
    account = Account(held=3, last_grant=4)
    account = rights.after(account, "room.counted", {"generation": "000002@a", "held": -1})
    assert account == Account("000002@a", -1, 4, (FIRST_GENERATION,))
    for generation in ("000001@z", "000002@a"):
        assert rights.after(account, "room.counted", {"generation": generation, "held": 9}) == account


def test_a_count_that_another_one_contradicts():
    """Two counts of one number under different names did not know of each other, also if one was counted upon since."""
    account = Account()
    for generation in ("000002@a.1", "000003@a.2"):
        account = rights.after(account, "room.counted", {"generation": generation, "held": 2})
    told = {"000001@": False, "000002@a.1": False, "000002@b.9": True, "000003@b.9": True, "000004@b.9": False}
    assert {each: account.contradicts(each) for each in told} == told
    heard = rights.after(account, "room.counted", {"generation": "000002@b.9", "held": 0, "heard": True})
    assert (heard.generation, heard.held) == ("000002@b.9", 0)


def test_what_is_usable_and_what_is_owed():
    """Never both."""
    assert [(each.usable, each.debt) for each in (Account(held=2), Account(), Account(held=-2))] == [(2, 0), (0, 0), (0, 2)]


def test_an_old_card_holds_nothing():
    """Neither rights nor debt; what was applied stays applied."""
    assert rights.voided(Account("000002@a", 5, 7)) == Account("000002@a", 0, 7)


def test_generations_count_up():
    """Whoever counts."""
    first = next_generation(FIRST_GENERATION, "door-2.x")
    assert (first, generation_number(first), generation_number(next_generation(first, ""))) == ("000002@door-2.x", 2, 3)
    assert FIRST_GENERATION < first < next_generation(first, "")
