"""A room that two doors share: what the server says of it, and what the door makes of that."""

from pathlib import Path

from kiosk.services.room_views import FreeReason, Said
from sync.protocol.rooms import (
    FIRST_GENERATION,
    Elsewhere,
    Ended,
    Grant,
    RoomState,
)
from tests.kiosk.services.room_post import DESK, ONE, RoomPost, card_sha256, rooms_of
from tests.kiosk.services.room_server import grant, told


def test_a_grant_is_applied_once_however_often_it_arrives(door: RoomPost) -> None:
    """The server repeats what it is not sure was heard, also in later documents and after a restart of the door."""
    for version in (1, 2, 3):
        told(door, version, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 2)]))
    door.restart()
    assert door.room("bersama").places_left == 2
    told(door, 4, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 2), grant(door, 2, 1)]))
    assert door.room("bersama").places_left == 3


def test_a_grant_for_another_journal_is_void(door: RoomPost) -> None:
    """What was granted to the chain of before, or under an older head count, is not applied."""
    old = Grant(serial=1, amount=2, generation=FIRST_GENERATION, epoch="0" * 32)
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[old]))
    assert door.room("bersama").places_left == 0


def test_rights_that_others_need_are_given_back_once(door: RoomPost) -> None:
    """The server's wish is met as far as nobody here needs them, and not met again for the same word of it."""
    state = RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 3)], wanted=2)
    told(door, 1, state)
    door.rooms.step()
    assert [row["amount"] for row in door.post.of("rights.released")] == [2]
    assert door.room("bersama").places_left == 1


def test_a_place_goes_to_whoever_has_waited_longest(door: RoomPost) -> None:
    """Somebody waits elsewhere since before the one here: the place that comes free here is given back, not called for."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 1)]))
    door.rooms.arrive("bersama", ONE, by=DESK, card=1)
    door.rooms.arrive("bersama", ONE, by=DESK)
    since = "2000-01-01T00:00:00.000000Z"
    told(door, 2, RoomState(room_id="bersama", generation=FIRST_GENERATION, wanted=1, wanted_since=since))
    door.show(1)
    assert len(door.room("bersama").called) == 0
    assert [row["amount"] for row in door.post.of("rights.released")] == [1]


def test_nothing_is_given_back_while_the_server_is_not_heard(tmp_path: Path) -> None:
    """With the link cut a freed place is this door's own: nobody else could have it."""
    online = [True]
    door = RoomPost(tmp_path)
    door.rooms = rooms_of(door.post, online=online)
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 1)]))
    door.rooms.arrive("bersama", ONE, by=DESK, card=1)
    door.rooms.arrive("bersama", ONE, by=DESK)
    since = "2000-01-01T00:00:00.000000Z"
    online[0] = False
    told(door, 2, RoomState(room_id="bersama", generation=FIRST_GENERATION, wanted=1, wanted_since=since))
    door.show(1)
    assert len(door.room("bersama").called) == 1
    door.close()


def test_a_card_of_another_door_frees_its_place_where_it_is_handed_in(door: RoomPost) -> None:
    """Its visit is known from the server: the right is made here, once, however often the card is shown."""
    since = "2020-06-10T01:00:00.000000Z"
    there = Elsewhere(visit_id="v-9", door="door-2", since=since, people=1, card=5, pass_sha256=card_sha256(5))
    state = RoomState(room_id="bersama", generation=FIRST_GENERATION, elsewhere=[there])
    told(door, 1, state)
    assert door.room("bersama").inside == 1
    first, again = door.show(5), door.show(5)
    assert first is not None
    assert again is not None
    assert (first.said, again.said) == (Said.LEFT, Said.ALREADY_LEFT)
    assert (door.room("bersama").inside, door.room("bersama").places_left) == (0, 1)


def test_a_card_nobody_here_knows_makes_no_right(door: RoomPost) -> None:
    """It may lie in another door's box: its exit is recorded, and the door where it began frees the place on hearing of it."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION))
    shown = door.show(5)
    assert shown is not None
    assert shown.said is Said.LEFT_UNKNOWN
    (row,) = door.post.of("visitor.left")
    assert (row["visit_id"], row["minted"], row["pass_sha256"]) == (None, 0, card_sha256(5))


def test_a_visit_that_ended_elsewhere_frees_its_place_here_once(door: RoomPost) -> None:
    """The server says so in every document until it has heard; the right is made once."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 1)]))
    visit_id = door.rooms.arrive("bersama", ONE, by=DESK, card=1).visit_id
    assert visit_id is not None
    for version in (2, 3):
        ended = [Ended(visit_id=visit_id, mints=True, how="scanned")]
        told(door, version, RoomState(room_id="bersama", generation=FIRST_GENERATION, ended=ended))
    assert (door.room("bersama").inside, door.room("bersama").places_left) == (0, 1)


def test_a_head_count_elsewhere_voids_what_is_held_here(door: RoomPost) -> None:
    """Rights of before the count are void wherever they surface; only a grant after it counts."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 3)]))
    newer = "000002@door-2"
    told(door, 2, RoomState(room_id="bersama", generation=newer))
    assert door.room("bersama").places_left == 0
    epoch = door.post.database.journal.origin.epoch
    told(
        door, 3, RoomState(room_id="bersama", generation=newer, grants=[Grant(serial=2, amount=1, generation=newer, epoch=epoch)])
    )
    assert door.room("bersama").places_left == 1


def test_a_shared_room_is_counted_only_behind_shut_doors(door: RoomPost) -> None:
    """Somebody says that every other door is shut, or there is no count; after it all places are at this door."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 1)]))
    assert door.rooms.count("bersama", (), 1, doors_are_shut=False, by=DESK).said is Said.DOORS_NOT_SHUT
    assert door.rooms.count("bersama", (), 1, doors_are_shut=True, by=DESK).said is Said.COUNTED
    assert (door.room("bersama").inside, door.room("bersama").places_left) == (1, 3)
    (row,) = door.post.of("room.counted")
    assert (row["shut"], row["generation"].partition(".")[0]) == (["door-2"], "000002@door-1")


def test_the_desk_frees_a_card_visit_of_a_shared_room(door: RoomPost) -> None:
    """With the card in the box the place is free; without it, it may still be handed in at another door, so it stays tied up."""
    told(door, 1, RoomState(room_id="bersama", generation=FIRST_GENERATION, grants=[grant(door, 1, 2)]))
    visits = [door.rooms.arrive("bersama", ONE, by=DESK, card=number).visit_id for number in (1, 2)]
    assert visits[0] is not None
    assert visits[1] is not None
    assert door.rooms.free(visits[0], FreeReason.SEEN_LEAVING, by=DESK, card_here=True).said is Said.FREED
    assert door.rooms.free(visits[1], FreeReason.LOST_CARD, by=DESK).said is Said.FREED_LATER
    assert (door.room("bersama").places_left, door.room("bersama").tied_up) == (1, 1)
