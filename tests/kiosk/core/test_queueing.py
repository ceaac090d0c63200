"""Whose turn it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kiosk.core import queueing, visits
from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import Book
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Pass
from tests.kiosk.core.room import LONE, START, Desk


def full() -> Desk:
    """A lone room of four with four people, each with a code."""
    desk = Desk(LONE).opens()
    for number in range(4):
        desk.arrives(1, Pass(f"code {number}"))
    return desk


def called(desk: Desk) -> list[str]:
    """The numbers that were called last."""
    return [each["number"] for each in desk.told("visitor.called")]


def test_first_come_first_served_and_priority_before():
    """Each place that comes free calls the next by itself."""
    desk = full()
    for priority in (False, False, True, True):
        desk.arrives(1, priority=priority)
    assert [each.number for each in queueing.in_order(desk.book)] == ["A 003", "A 004", "A 001", "A 002"]
    order = []
    for number in range(4):
        desk.leaves(Pass(f"code {number}"))
        order += called(desk)
    assert order == ["A 003", "A 004", "A 001", "A 002"]


def test_a_group_that_does_not_fit_is_not_overtaken():
    """One place comes free: the group of two goes on waiting for the second, and nobody is called before it."""
    desk = full()
    desk.arrives(2)
    desk.arrives(1)
    desk.leaves(Pass("code 0"))
    assert (called(desk), desk.here().free) == ([], 1)
    desk.leaves(Pass("code 1"))
    assert called(desk) == ["A 001"]


@pytest.mark.parametrize(("priority", "timeout_s"), [(False, 120), (True, 300)])
def test_a_call_lasts_so_long(priority, timeout_s):
    """Then the next is called, and whoever was missed keeps the turn once."""
    desk = full()
    desk.arrives(1, priority=priority)
    desk.leaves(Pass("code 0"))
    desk.waits(timeout_s - 1)
    assert desk.state_of("A 001") == "called"
    desk.waits(1)
    assert desk.told("visitor.skipped")[0]["final"] is False
    assert called(desk) == ["A 001"], "nobody else waits, so the same is called again"
    desk.waits(timeout_s)
    assert (desk.told("visitor.skipped")[0]["final"], desk.book.tickets) == (True, {})


def test_somebody_else_is_called_before_a_missed_number():
    """The missed one comes right after, before those who came later."""
    desk = full()
    for _ in range(3):
        desk.arrives(1)
    desk.leaves(Pass("code 0"))
    desk.waits(120)
    assert (desk.state_of("A 001"), called(desk)) == ("missed", ["A 002"])
    assert queueing.last_called(desk.book).number == "A 002"
    desk.leaves(Pass("code 1"))
    assert called(desk) == ["A 001"]


@pytest.mark.parametrize(
    ("since", "now", "has_passed"),
    [
        (None, Instant(START, 0, "boot", trusted=True), False),
        (Instant(START, 0, "boot", trusted=False), Instant(START, 121 * 10**9, "boot", trusted=False), True),
        (Instant(START, 0, "boot", trusted=True), Instant(START.replace(hour=2), 0, "later", trusted=True), True),
        (Instant(START, 0, "boot", trusted=True), Instant(START.replace(hour=2), 0, "later", trusted=False), False),
    ],
)
def test_a_time_that_cannot_be_known_has_not_passed(since, now, has_passed):
    """After a restart with a wrong clock a call does not run out by itself."""
    assert queueing.has_passed(since, 120, now) is has_passed


def test_numbers_begin_anew_on_another_day_but_not_while_somebody_waits():
    """A clock that jumps across midnight gives nobody a number that is out; three digits go round."""
    desk = full()
    first = desk.arrives(1).ticket_id
    desk.day = "2020-06-11"
    desk.arrives(1)
    assert [each.number for each in queueing.in_order(desk.book)] == ["A 001", "A 002"]
    for ticket in (first, *list(desk.book.tickets)[1:]):
        desk.does(visits.skip(desk.here(), ticket, by="g"))
    assert desk.arrives(1).said is Said.WAITING
    assert desk.state_of("A 003") == "waiting", "the day of the last number goes on"
    desk.does(visits.skip(desk.here(), next(iter(desk.book.tickets)), by="g"))
    desk.day = "2020-06-12"
    desk.arrives(1)
    assert desk.state_of("A 001") == "waiting"
    round_about = replace(desk.book, last_number=999)
    assert queueing.next_number([round_about], "B", "2020-06-12") == (1000, "B 001")


def test_an_empty_queue():
    """Nobody is next, nobody is called, and it is others' turn if there are any."""
    book = Book("baca")
    assert (queueing.next_ticket(book, LONE), queueing.last_called(book)) == (None, None)
    assert not queueing.is_anyone_waiting(book, LONE)
    assert queueing.next_to_call(book, LONE, 9, None) is None
    assert queueing.is_others_turn(book, LONE, (True, datetime(2020, 6, 10, tzinfo=UTC)))
    assert not queueing.is_others_turn(book, LONE, None)
