"""When the desk is asked for a head count, and when not."""

from pathlib import Path

import pytest

from kiosk.services.room_views import FreeReason, Visitor
from kiosk.store import room_documents
from kiosk.web.desk_view import CountReason, count_reason
from sync.protocol.rooms import FIRST_GENERATION, Grant, Room, RoomsDocument, RoomState
from tests.kiosk.services.room_post import DESK, ONE, RoomPost, enter

HOURLY = Room(id="baca", name="Ruang Baca", max_people=3, max_minutes=60)


@pytest.mark.parametrize(("cards", "minutes", "asks"), [((1, 2, 3), 59, False), ((1, 2, 3), 60, True), ((1, 2), 90, False)])
def test_a_full_room_with_long_stays_is_counted(tmp_path: Path, cards: tuple[int, ...], minutes: int, asks: bool) -> None:
    """Somebody is inside for longer than a visit lasts: they may have left, and whoever comes next would wait for nobody."""
    door = RoomPost(tmp_path, HOURLY)
    enter(door, *cards)
    door.wait(minutes * 60)
    assert door.room().needs_count is asks
    assert (count_reason(door.room()) is CountReason.LONG_STAYS) is (minutes >= 60)
    door.close()


def test_a_room_without_a_time_limit_has_no_long_stays(door: RoomPost) -> None:
    """Nobody said how long is too long."""
    enter(door, 1, 2, 3)
    door.wait(8 * 3600)
    assert not door.room().needs_count


def test_a_count_answers_for_as_long_as_a_visit_lasts(tmp_path: Path) -> None:
    """Whoever was found inside is not asked for again the next moment, only after another hour; over a restart too."""
    door = RoomPost(tmp_path, HOURLY)
    enter(door, 1, 2, 3)
    door.wait(3600)
    door.rooms.count("baca", tuple(row.visit_id for row in door.room().visits), 0, doors_are_shut=True, by=DESK)
    door = door.restart()
    asked = []
    for seconds in (0, 3500, 100):
        door.wait(seconds)
        asked.append(door.room().needs_count)
    assert asked == [False, False, True]
    door.close()


def shared(tmp_path: Path, held: int, tied: int) -> RoomPost:
    """One of two doors of a room of four, with that many places and visits besides whose cards nobody knows of."""
    door = RoomPost(tmp_path)
    room = Room(id="bersama", name="Ruang Bersama", max_people=4, doors=["door-1", "door-2"])
    epoch = door.post.database.journal.origin.epoch
    given = Grant(serial=1, amount=held + tied, generation=FIRST_GENERATION, epoch=epoch)
    state = RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[given])
    with door.post.database.transaction() as db:
        room_documents.put(db, RoomsDocument(version=1, rooms=[room], states=[state]), room_documents.CENTRAL)
    door.rooms.step()
    lost = [door.rooms.arrive("bersama", ONE, by=DESK, card=number).visit_id for number in range(1, tied + 1)]
    for visit_id in lost:
        assert visit_id is not None
        door.rooms.free(visit_id, FreeReason.LOST_CARD, by=DESK)
    return door


@pytest.mark.parametrize(("people", "asks"), [(None, False), (3, False), (4, True)])
def test_a_group_that_would_fit_with_what_is_tied_up(tmp_path: Path, people: int | None, asks: bool) -> None:
    """Three places are free and one is tied up: only four who come together wait for it."""
    door = shared(tmp_path, held=3, tied=1)
    if people is not None:
        door.rooms.arrive("bersama", Visitor(people=people))
    assert (door.room("bersama").tied_up, door.room("bersama").needs_count) == (1, asks)
    door.close()


def test_a_group_that_would_not_fit_either_way(tmp_path: Path) -> None:
    """With two inside, four wait for them whatever is tied up; once both have left they wait for the count."""
    door = shared(tmp_path, held=3, tied=1)
    for number in (5, 6):
        door.rooms.arrive("bersama", ONE, by=DESK, card=number)
    door.rooms.arrive("bersama", Visitor(people=4))
    asked = [door.room("bersama").needs_count]
    for number in (5, 6):
        door.show(number)
        asked.append(door.room("bersama").needs_count)
    assert asked == [False, False, True]
    door.close()


def test_a_place_kept_for_a_called_number_is_nobody_elses(tmp_path: Path) -> None:
    """One place was free and is kept for whoever was called: the next one would need the place that is tied up."""
    door = shared(tmp_path, held=3, tied=1)
    for number in (5, 6, 7):
        door.rooms.arrive("bersama", ONE, by=DESK, card=number)
    door.rooms.arrive("bersama", ONE)
    assert door.room("bersama").needs_count
    door.show(5)
    assert len(door.room("bersama").called) == 1
    assert door.room("bersama").needs_count
    door.close()
