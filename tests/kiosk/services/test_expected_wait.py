"""What people are told of their wait, against how long they wait: over days made up from a seed, by the code that tells it."""

import math
from pathlib import Path
from random import Random

import pytest

from kiosk.services.room_views import FreeReason, OverrideReason, Visitor, WaitRange
from tests.kiosk.services.room_post import DESK, ONE, RoomPost, enter
from tests.kiosk.services.waiting_days import Days


def even(random: Random) -> float:
    """An hour, give or take ten minutes."""
    return max(60.0, random.gauss(3600, 600))


def uneven(random: Random) -> float:
    """Forty minutes in the middle; some stay for five and some for hours."""
    return min(4 * 3600.0, random.lognormvariate(math.log(2400), 0.7))


@pytest.mark.parametrize(("stay", "every_s", "width_min"), [(even, 330, 25), (uneven, 280, 40)])
def test_few_wait_longer_than_they_were_told(stay, every_s, width_min):
    """Most wait as told and hardly anybody longer, also of those told that it is soon; and the range is narrow enough to use."""
    found = Days(1, stay, every_s).run(10).scores()
    assert found.told > 400
    assert found.within >= 0.75
    assert found.longer <= 0.08
    assert found.longer_of_soon <= 0.10
    assert found.width_min <= width_min


def staggered(tmp_path: Path) -> RoomPost:
    """A room of three after three visits of two hours and more: in it are visitors of 90, 60 and 30 minutes."""
    door = RoomPost(tmp_path)
    for cards in ((1, 2, 3), (4, 5, 6)):
        enter(door, *cards)
        door.wait(7200)
        for card in cards:
            door.show(card)
    for card in (1, 2, 3):
        enter(door, card)
        door.wait(1800)
    return door


def test_a_wait_is_what_is_left_of_a_stay(tmp_path: Path) -> None:
    """Two hours are usual: the first place comes free in half an hour. The slip and the screens say the same."""
    door = staggered(tmp_path)
    slips = [door.rooms.arrive("baca", ONE).wait for _ in range(2)]
    assert slips == [row.wait for row in door.room().queue] == [WaitRange(30, 55), WaitRange(60, 95)]
    door.close()


def test_places_of_called_numbers_are_counted_once(tmp_path: Path) -> None:
    """A 001 is called to a place that came free early: A 002 waits for one more, not for two, on its slip and on the screens."""
    door = staggered(tmp_path)
    door.rooms.arrive("baca", ONE)
    door.show(3)
    slip = door.rooms.arrive("baca", ONE).wait
    (called,), (waiting,) = door.room().called, door.room().queue
    assert (called.wait, waiting.wait, slip) == (WaitRange(0, 5), WaitRange(30, 55), WaitRange(30, 55))
    door.close()


def test_a_debt_is_repaid_before_anybody_is_called(tmp_path: Path) -> None:
    """Four are in a room of three: two must leave before the next is called."""
    door = staggered(tmp_path)
    door.rooms.override("baca", Visitor(), OverrideReason.OFFICIAL, by=DESK)
    assert door.rooms.arrive("baca", ONE).wait == WaitRange(60, 95)
    door.close()


def test_what_the_desk_puts_right_is_no_stay(tmp_path: Path) -> None:
    """Cards that were shown by mistake a minute ago do not promise everybody a wait of a minute."""
    door = staggered(tmp_path)
    for _ in range(9):
        door.rooms.free(door.room().visits[-1].visit_id, FreeReason.MISTAKE, by=DESK, card_here=True)
        enter(door, 3)
    assert door.rooms.arrive("baca", ONE).wait == WaitRange(30, 55)
    door.close()
