"""What a door knows of a room, folded from its rows."""

from dataclasses import replace

import pytest

from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import ROOM_KINDS, Book, Row, Visit, after, in_epoch
from sync.protocol.rights import Account
from tests.kiosk.core.room import FIRST_GENERATION, START

AT = Instant(START, 0, "boot", trusted=True)
OF = {"room_id": "baca", "generation": FIRST_GENERATION, "day": "2020-06-10"}


def fold(*rows, book=None, epoch="e1"):
    """The book after those rows, each a kind and what was told."""
    book = book or Book("baca", epoch=epoch, account=Account(held=10))
    for seq, (kind, told) in enumerate(rows, 1):
        book = after(book, Row(kind, OF | told, AT, "door-1", epoch, seq))
    return book


ENTERED = ("visitor.entered", {"visit_id": "v", "people": 2, "spent": 2, "card": 7, "pass_sha256": "c7"})
WAITING = ("visitor.waiting", {"ticket_id": "t", "number": "A 001", "people": 1, "count": 1})
LEFT = {"visit_id": "v", "people": 2, "minted": 2, "how": "scanned"}


def test_a_visit_from_beginning_to_end():
    """Places are taken and given back, the stay is remembered, the card lies in the box, the pass is over."""
    book = fold(ENTERED)
    assert (book.inside, book.account.held, book.visits["v"].card, book.cards_here) == (2, 8, 7, ())
    book = fold(("visitor.left", LEFT | {"card": 7, "pass_sha256": "c7", "card_here": True, "stay_s": 90}), book=book)
    assert (book.inside, book.account.held, book.stays_s, book.cards_here) == (0, 10, (90,), ("c7",))
    assert [(each.pass_sha256, each.how) for each in book.ended] == [("c7", "scanned")]
    again = fold(("visitor.left", LEFT | {"visit_id": None, "minted": 0, "pass_sha256": "c7", "card_here": True}), book=book)
    assert (again.cards_here, len(again.ended)) == (("c7",), 1)
    assert fold(ENTERED, book=book).cards_here == ()
    assert fold(ENTERED, book=book).ended == ()


@pytest.mark.parametrize(
    ("more", "stays", "tied_up"),
    [
        ({"how": "swept", "stay_s": 9}, (), 0),
        ({"how": "desk"}, (), 0),
        ({"how": "desk", "stay_s": 9, "heard": True}, (), 0),
        ({"how": "desk", "minted": 0}, (), 2),
        ({"how": "desk", "minted": 0, "heard": True}, (), 0),
        ({"how": "desk", "stay_s": 9, "reason": "seen_leaving"}, (9,), 0),
        ({"how": "desk", "stay_s": 9, "reason": "mistake"}, (), 0),
        ({"how": "desk", "stay_s": 9}, (), 0),
    ],
)
def test_what_an_end_tells(more, stays, tied_up):
    """Guesses, hearsay, mistakes and moves are no stays; a place that nobody makes a right of is tied up."""
    book = fold(ENTERED, ("visitor.left", LEFT | more))
    assert (book.stays_s, book.tied_up) == (stays, tied_up)


def test_ends_of_visits_that_began_elsewhere():
    """They are remembered by name; an end without a name and a pass says nothing."""
    book = fold(("visitor.left", LEFT | {"visit_id": "other"}), ("visitor.left", LEFT | {"visit_id": None, "minted": 0}))
    assert (book.gone, book.ended) == (("other",), ())


def test_names_belong_to_a_number_and_then_to_its_visit():
    """They are told apart, and go along when the number comes in."""
    named = {"name": "Dian", "purpose": "skripsi", "institution": "UI"}
    book = fold(WAITING, ("visitor.named", named | {"ticket_id": "t"}), ("visitor.entered", ENTERED[1] | {"ticket_id": "t"}))
    assert (book.visits["v"].name, book.visits["v"].purpose, book.visits["v"].institution, book.tickets) == (*named.values(), {})
    book = fold(ENTERED, ("visitor.named", {"visit_id": "v", "name": "Budi"}), ("visitor.named", {"visit_id": "x"}))
    assert {each.name for each in book.visits.values()} == {"Budi"}


def test_a_number_from_hand_to_hand():
    """Called, missed, away, back, out."""
    told = {"ticket_id": "t", "calls": 1, "timeout_s": 120}
    book = fold(WAITING, ("visitor.called", told))
    assert (book.reserved, book.calls, book.tickets["t"].timeout_s) == (1, 1, 120)
    book = fold(("visitor.skipped", {"ticket_id": "t", "final": False}), book=book)
    assert (book.reserved, str(book.tickets["t"].state), book.tickets["t"].missed_at) == (0, "missed", 1)
    book = fold(("visitor.called", told | {"timeout_s": None}), ("visitor.away", {"ticket_id": "t"}), book=book)
    assert (str(book.tickets["t"].state), book.tickets["t"].timeout_s) == ("away", None)
    book = fold(("visitor.back", {"ticket_id": "t"}), book=book)
    assert str(book.tickets["t"].state) == "waiting"
    assert fold(("visitor.skipped", {"ticket_id": "t", "final": True}), book=book).tickets == {}


def test_a_visitor_away_and_back():
    """Their place stays taken."""
    book = fold(ENTERED, ("visitor.away", {"visit_id": "v"}))
    assert (book.visits["v"].away, book.inside) == (AT, 2)
    assert fold(("visitor.back", {"visit_id": "v"}), book=book).visits["v"].away is None


@pytest.mark.parametrize("kind", ["visitor.called", "visitor.skipped", "visitor.away", "visitor.back", "visitor.named"])
def test_rows_about_nobody_change_nothing(kind):
    """The fold is total."""
    book = fold(ENTERED, WAITING)
    assert fold((kind, {"ticket_id": "x", "calls": 1, "final": True}), book=book) == book


@pytest.mark.parametrize("kind", ["attendance.tapped", "room.swept", "checklist.done"])
def test_other_kinds_change_nothing(kind):
    """They may stand between in the journal."""
    book = fold(ENTERED)
    assert kind not in ROOM_KINDS
    assert fold((kind, {}), book=book) == book


def test_a_head_count_here():
    """Those who were found stay, are at home here, and whatever was void or tied up is not any more."""
    book = replace(fold(ENTERED), tied_up=3, is_void=True, gone=("x",))
    adopted = [{"visit_id": "w", "people": 1, "since": "2020-06-10T00:30:00.000000Z", "card": 9}, {"visit_id": "n", "people": 3}]
    told = {"generation": "000002@door-1.x", "held": 4, "limit": 10, "kept": ["v"], "adopted": adopted}
    counted = fold(("room.counted", told), book=book)
    assert (counted.inside, counted.account.held, counted.limit, counted.tied_up, counted.is_void, counted.gone) == (
        6, 4, 10, 0, False, ()
    )  # fmt: skip
    assert (counted.visits["w"].since.trusted, counted.visits["w"].card, counted.visits["n"].since) == (False, 9, AT)
    again = fold(("room.counted", told | {"generation": "000001@door-1", "kept": []}), book=counted)
    assert again == counted


def test_a_head_count_elsewhere():
    """Nobody is at home here any more, and what ended here before may have been found inside."""
    counted = ("room.counted", {"generation": "000002@x", "held": 0, "heard": True})
    book = fold(ENTERED, WAITING, ("visitor.left", LEFT | {"visit_id": "other", "minted": 0}), counted)
    assert (book.visits, book.account.held, len(book.tickets), book.gone) == ({}, 0, 1, ())


def test_the_office_grants_itself_a_limit():
    """It is remembered, so that a change of it is seen; a grant of the server says nothing of it."""
    grant = {"serial": 0, "amount": 4, "limit": 4}
    book = fold(("rights.granted", grant), book=Book("baca"))
    assert (book.limit, book.account.held) == (4, 4)
    assert fold(("rights.granted", {"serial": 1, "amount": 1}), ("rights.released", {"amount": 2}), book=book).limit == 4


@pytest.mark.parametrize(
    ("book", "is_void"),
    [
        (Book("baca", epoch="e1"), False),
        (Book("baca", epoch="e1", account=Account(held=1)), True),
        (Book("baca", epoch="e1", limit=4), True),
        (Book("baca", epoch="e1", visits={"v": Visit("v", AT, 1, "door-1")}), True),
        (Book("baca", epoch="e1", is_void=True), True),
    ],
)
def test_another_epoch_makes_rights_void(book, is_void):
    """Where there was anything to lose, it is said so; nothing changes within one epoch, or before the first row."""
    moved = in_epoch(book, "e2")
    assert (moved.is_void, moved.account.held, moved.epoch) == (is_void, 0, "e2")
    assert all(each.void for each in moved.visits.values())
    assert in_epoch(book, "e1") is book
    assert in_epoch(Book("baca"), "e1") == Book("baca", epoch="e1")


def test_a_void_visit_ties_nothing_up():
    """Its place went with the rights."""
    book = fold(("visitor.left", LEFT | {"minted": 0}), book=in_epoch(fold(ENTERED), "e2"), epoch="e2")
    assert (book.inside, book.tied_up) == (0, 0)
