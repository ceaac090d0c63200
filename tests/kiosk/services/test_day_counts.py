"""What the desk says of today is what the statistics of the same journal say."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kiosk.core.policy import Policy
from kiosk.core.staff_visits import staff_pass
from kiosk.core.values import Direction
from kiosk.services.room_views import FreeReason, OverrideReason, Visitor
from kiosk.services.visit_statistics import VisitStatistics
from sync.protocol.rooms import FIRST_GENERATION, Counts, Elsewhere, Ended, Room, RoomState
from sync.visit_figures import Statistics
from tests.kiosk.services.post import Post
from tests.kiosk.services.room_post import DESK, RoomPost
from tests.kiosk.services.room_server import grant, told
from tests.kiosk.services.toolbox import tools_of

DAY = date(2020, 6, 10)
EVERYONE = Room(id="baca", name="Ruang Baca", max_people=6, counts=Counts.EVERYONE)


@pytest.fixture
def open_door(tmp_path: Path) -> Iterator[RoomPost]:
    """A door without a direction, to a room that counts staff too."""
    door = RoomPost(tmp_path, EVERYONE, post=Post(tmp_path, policy=Policy(direction=Direction.UNSTATED)))
    yield door
    door.close()


def statistics(door: RoomPost, room_id: str) -> Statistics:
    return VisitStatistics(tools_of(door.post)).of(DAY, DAY, room_id).found


def desk_and_statistics(door: RoomPost, room_id: str = "baca") -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Entered, left, waited, priority and overrides: as the desk shows them, and as the statistics have them."""
    today, found = door.room(room_id).today, statistics(door, room_id)
    left = sum(each.people for each in found.visits if each.left is not None) + found.strays
    total = found.total
    shown = (today.entered, today.left, today.waited, today.priority, today.overrides)
    return shown, (total.entered, left, total.turned_to_wait, total.priority, total.overrides)


def test_a_day_with_staff_groups_and_a_sweep(open_door: RoomPost) -> None:
    """Staff take places in this room, and are visitors in neither count, however they leave."""
    door = open_door
    door.post.badge(1)
    door.wait(10)
    door.post.badge(2)
    door.wait(120)
    door.post.badge(1)  # out again
    group = door.rooms.arrive("baca", Visitor(people=2, priority=True), by=DESK, card=1).visit_id
    assert group is not None
    door.rooms.arrive("baca", Visitor(people=3), by=DESK, card=2)
    door.rooms.arrive("baca", Visitor(people=2), by=DESK, card=3)  # no place: they wait
    door.rooms.override("baca", Visitor(), OverrideReason.OFFICIAL, by=DESK)
    door.wait(60)
    door.rooms.free(group, FreeReason.FORGOT, by=DESK, card_here=True)
    assert desk_and_statistics(door) == ((6, 2, 2, 2, 1),) * 2
    door.rooms.sweep("baca", by=DESK)
    assert desk_and_statistics(door) == ((6, 6, 2, 2, 1),) * 2


def test_who_is_only_heard_to_have_left_did_not_leave_here(door: RoomPost) -> None:
    """They are counted once, at the door that saw them leave; of those who left by this one nobody is lost."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 4)]))
    visit_id = door.rooms.arrive("bersama", Visitor(people=2), by=DESK, card=1).visit_id
    assert visit_id is not None
    door.rooms.arrive("bersama", Visitor(), by=DESK, card=2)
    door.show(2)
    told(
        door,
        2,
        RoomState(room_id="bersama", generation=FIRST_GENERATION, ended=[Ended(visit_id=visit_id, mints=True, how="scanned")]),
    )
    assert [row.get("heard", False) for row in door.post.of("visitor.left")] == [False, True]
    today = door.room("bersama").today
    assert (today.entered, today.left) == (3, 1)


def test_a_card_that_nobody_here_knows_is_one_who_left(door: RoomPost) -> None:
    """It lies in this box, so somebody went out: one for the desk, and one exit without a visit in this door's statistics."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION))
    door.show(5)
    found = statistics(door, "bersama")
    assert (door.room("bersama").today.left, found.strays, found.total.visits) == (1, 1, 0)


def test_staff_who_came_in_by_another_door_are_no_visitors_here(open_door: RoomPost) -> None:
    """Their badge ends a visit that only the server knows: nobody's exit, in neither count."""
    door = open_door
    shared = Room(id="bersama", name="Ruang Bersama", max_people=4, doors=["door-1", "door-2"], counts=Counts.EVERYONE)
    there = Elsewhere(
        visit_id="v-9", door="door-2", since="2020-06-10T00:00:00.000000Z", people=1, pass_sha256=staff_pass("P1").token_sha256
    )
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, elsewhere=[there]), shared)
    assert door.room("bersama").inside == 1
    door.post.badge(1)
    assert [row["visit_id"] for row in door.post.of("visitor.left")] == ["v-9"]
    assert (door.room("bersama").today.left, statistics(door, "bersama").strays) == (0, 0)
