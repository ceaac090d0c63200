"""What a desk does to its room: free, override, lower the limit, count heads, sweep."""

from pathlib import Path

from kiosk.services.room_views import FreeReason, OverrideReason, Said, Visitor
from sync.protocol.rooms import (
    Room,
)
from tests.kiosk.services.room_post import DESK, ONE, RoomPost, enter


def test_the_desk_frees_a_place_and_answers_for_it(door: RoomPost) -> None:
    """Somebody forgot to check out: the place is free, and the journal says who freed it and why."""
    enter(door, 1)
    (visit,) = door.room().visits
    assert door.rooms.free(visit.visit_id, FreeReason.FORGOT, by=DESK, note="sudah pulang").said is Said.FREED
    assert door.room().places_left == 3
    (left,) = door.post.of("visitor.left")
    assert (left["how"], left["by"], left["reason"], left["minted"]) == ("desk", "sari", "forgot", 1)


def test_an_override_is_counted_and_repaid(door: RoomPost) -> None:
    """A person may let a fourth into a room of three; the next who leaves repays it, and nobody is called for that place."""
    enter(door, 1, 2, 3)
    door.rooms.arrive("baca", ONE)
    done = door.rooms.override("baca", Visitor(), OverrideReason.EMERGENCY, by=DESK, note="tangan luka")
    assert done.said is Said.OVERRIDDEN
    assert (door.room().inside, door.room().over_by) == (4, 1)
    (told,) = door.post.of("room.overridden")
    assert (told["debt"], told["by"], told["reason"]) == (1, "sari", "emergency")
    door.show(1)
    assert (door.room().inside, door.room().over_by, len(door.room().called)) == (3, 0, 0)
    door.show(2)
    assert len(door.room().called) == 1


def test_a_lowered_limit_puts_nobody_out(door: RoomPost, tmp_path: Path) -> None:
    """With three inside the limit becomes two: the room shows one too many, and two must leave before one is called."""
    enter(door, 1, 2, 3)
    lowered = RoomPost(tmp_path, Room(id="baca", name="Ruang Baca", max_people=2), post=door.post)
    assert (lowered.room().inside, lowered.room().over_by) == (3, 1)
    lowered.rooms.arrive("baca", ONE)
    lowered.show(1)
    assert len(lowered.room().called) == 0
    lowered.show(2)
    assert len(lowered.room().called) == 1


def test_a_head_count_sets_the_room_right(door: RoomPost) -> None:
    """Two of three are really there, and one more without a card: so it is three, whatever was thought before."""
    enter(door, 1, 2, 3)
    kept = tuple(row.visit_id for row in door.room().visits if row.card != 2)
    assert door.rooms.count("baca", kept, 1, doors_are_shut=True, by=DESK).said is Said.COUNTED
    assert (door.room().inside, door.room().places_left) == (3, 0)
    shown = door.show(2)
    assert shown is not None
    assert shown.said in (Said.OLD_PASS, Said.NOT_INSIDE)
    assert door.room().inside == 3


def test_the_closing_sweep_empties_the_room_as_a_guess(door: RoomPost) -> None:
    """After closing time nobody is inside and nobody waits; what is not known is marked as a guess, and an old card says so."""
    enter(door, 1, 2, 3)
    door.rooms.arrive("baca", ONE)
    assert door.rooms.sweep("baca", by=DESK).said is Said.SWEPT
    assert (door.room().inside, door.room().queue, door.room().called, door.room().places_left) == (0, (), (), 3)
    assert {row["how"] for row in door.post.of("visitor.left")} == {"swept"}
    shown = door.show(1)
    assert shown is not None
    assert shown.said is Said.OLD_PASS
    assert door.room().places_left == 3
