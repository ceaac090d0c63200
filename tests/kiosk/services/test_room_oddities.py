"""What people and machines do that nobody meant: passes shown twice, places promised, limits lowered, clocks that are wrong."""

from pathlib import Path

import pytest

from kiosk.services.room_views import FreeReason, Said, TicketState, Visitor
from kiosk.store import pass_cards
from kiosk.store.pass_cards import PassCard
from sync.clock import SyncState
from sync.protocol.rooms import Room
from tests.kiosk.services.room_post import DESK, ONE, READING, RoomPost, card_code, card_sha256, enter

ARCHIVE = Room(id="arsip", name="Ruang Arsip", max_people=1)


def look(door: RoomPost, number: int, after_s: float) -> Said:
    """Hold a card to the camera so long after whatever was before."""
    door.post.clock.advance(after_s)
    door.post.code(card_code(number))
    done = door.rooms.scanned().current()
    assert done is not None
    return done.said


@pytest.mark.parametrize("after_s", [5, 14.9])
def test_a_pass_shown_twice_on_entering_is_inside(door: RoomPost, after_s: float) -> None:
    """Whoever is unsure, or held the card up through a glare, does not leave by it; a little later they do."""
    door.rooms.arrive("baca", ONE)
    assert look(door, 7, 1) is Said.ENTERED
    assert look(door, 7, after_s) is Said.JUST_ENTERED
    assert door.room().inside == 1
    assert look(door, 7, 20 - after_s) is Said.LEFT
    assert door.room().inside == 0


def test_two_cards_in_turn_are_two_showings_and_no_more(door: RoomPost) -> None:
    """A second card in between does not make the first one new."""
    enter(door, 1, 2)
    door.wait(60)
    assert look(door, 1, 1) is Said.LEFT
    assert look(door, 2, 0.5) is Said.LEFT
    told = door.rooms.scanned().current()
    look(door, 1, 0.5)
    assert door.rooms.scanned().current() is told


def test_the_desk_takes_nobodys_place(door: RoomPost) -> None:
    """A place that the panel has promised stays theirs for the minute, whomever the desk registers meanwhile."""
    enter(door, 1, 2)
    assert door.rooms.arrive("baca", ONE).said is Said.SHOW_CARD
    assert door.room().places_left == 0
    assert door.rooms.arrive("baca", ONE, by=DESK, card=3).said is Said.WAITING
    assert look(door, 7, 30) is Said.ENTERED
    assert (door.room().inside, len(door.room().called)) == (3, 0)


def test_a_promise_that_nobody_takes_up_comes_free(door: RoomPost) -> None:
    """Given back at the panel, or after a minute without a card, the place calls whoever waits."""
    enter(door, 1, 2)
    for give_back in (door.rooms.cancel, lambda: door.wait(60)):
        door.rooms.arrive("baca", ONE)
        waiting = door.rooms.arrive("baca", ONE, by=DESK)
        assert (waiting.said, len(door.room().called)) == (Said.WAITING, 0)
        give_back()
        door.rooms.step()
        assert [row.ticket_id for row in door.room().called] == [waiting.ticket_id]
        assert waiting.ticket_id is not None
        door.rooms.skip(waiting.ticket_id, by=DESK)


def test_another_rooms_desk_disturbs_nobody(tmp_path: Path) -> None:
    """Somebody registered for another room leaves the one at the panel awaited."""
    door = RoomPost(tmp_path, READING, ARCHIVE)
    door.rooms.arrive("baca", ONE)
    assert door.rooms.arrive("arsip", ONE, by=DESK, card=3).said is Said.ENTERED
    assert look(door, 7, 5) is Said.ENTERED
    door.close()


def test_a_pass_at_the_wrong_room(tmp_path: Path) -> None:
    """A card of another room, or one that was taken out of use, lets nobody in and keeps the place for the right one."""
    door = RoomPost(tmp_path, READING, ARCHIVE)
    with door.post.database.transaction() as db:
        others = [PassCard(20, card_sha256(20), "arsip"), PassCard(21, card_sha256(21), "lobi"), PassCard(22, card_sha256(22))]
        pass_cards.change_local(db, others, [], door.post.clock.now().claimed_at)
        pass_cards.change_local(db, [], [card_sha256(22)], door.post.clock.now().claimed_at)
    door.rooms.arrive("baca", ONE)
    assert [look(door, number, 5) for number in (20, 22, 7)] == [Said.CARD_OTHER_ROOM, Said.CARD_RETIRED, Said.ENTERED]
    assert look(door, 21, 5) is Said.CARD_OTHER_ROOM
    assert door.rooms.arrive("baca", ONE, by=DESK, card=20).said is Said.UNKNOWN_PASS
    assert [(door.room(each).inside, door.room(each).places_left) for each in ("baca", "arsip")] == [(1, 2), (0, 1)]
    door.close()


def test_a_group_larger_than_a_lowered_limit_holds_nobody_up(door: RoomPost, tmp_path: Path) -> None:
    """It stays in the queue for the desk to decide about, and whoever comes after it is let in."""
    enter(door, 1, 2, 3)
    group, one = door.rooms.arrive("baca", Visitor(people=3)), door.rooms.arrive("baca", ONE)
    lowered = RoomPost(tmp_path, Room(id="baca", name="Ruang Baca", max_people=2), post=door.post)
    for card in (1, 2, 3):
        lowered.show(card)
    assert [row.ticket_id for row in lowered.room().called] == [one.ticket_id]
    assert [(row.ticket_id, row.state) for row in lowered.room().queue] == [(group.ticket_id, TicketState.WAITING)]
    assert lowered.rooms.arrive("baca", ONE, by=DESK).said is Said.ENTERED


def test_people_without_a_pass_leave_one_by_one_after_a_head_count(door: RoomPost) -> None:
    """Three more were found inside: when the desk sees one of them leave, two are left."""
    assert door.rooms.count("baca", (), 3, doors_are_shut=True, by=DESK).said is Said.COUNTED
    assert door.rooms.free(door.room().visits[0].visit_id, FreeReason.SEEN_LEAVING, by=DESK).said is Said.FREED
    assert (door.room().inside, door.room().places_left) == (2, 1)


def test_a_call_runs_out_though_the_power_went_and_the_clock_is_wrong(door: RoomPost) -> None:
    """Nobody can tell how long ago it was: the call begins again, once, and the next is called when it runs out."""
    enter(door, 1, 2, 3)
    first, second = door.rooms.arrive("baca", ONE), door.rooms.arrive("baca", ONE)
    door.show(1)
    assert [row.ticket_id for row in door.room().called] == [first.ticket_id]
    door.post.clock.sync_state = SyncState.UNSYNCED
    door.post.clock.reboot("later")
    door.restart()
    door.wait(119)
    assert [row.ticket_id for row in door.room().called] == [first.ticket_id]
    assert [row.get("cause") for row in door.post.of("visitor.called")] == [None, "restart"]
    door.wait(2)
    assert [row.ticket_id for row in door.room().called] == [second.ticket_id]


def test_a_time_away_runs_out_though_the_power_went_and_the_clock_is_wrong(door: RoomPost) -> None:
    """Who stepped away before it has the minutes again, and no longer."""
    enter(door, 1, 2, 3)
    ticket = door.rooms.arrive("baca", ONE)
    assert ticket.ticket_id is not None
    door.rooms.step_away(ticket.ticket_id)
    door.post.clock.sync_state = SyncState.UNSYNCED
    door.post.clock.reboot("later")
    door.restart()
    door.wait(599)
    assert len(door.room().queue) == 1
    door.wait(2)
    assert door.room().queue == ()


def test_two_rooms_at_one_door_never_give_the_same_number(tmp_path: Path) -> None:
    """The display calls one "A 001" only, whichever room it is for."""
    door = RoomPost(tmp_path, READING, ARCHIVE)
    enter(door, 1, 2, 3)
    door.rooms.arrive("arsip", ONE, by=DESK, card=4)
    numbers = [door.rooms.arrive(room, ONE).number for room in ("baca", "arsip", "baca")]
    assert numbers == ["A 001", "A 002", "A 003"]
    door.close()


def test_a_number_that_is_inside_is_not_given_again(door: RoomPost) -> None:
    """After midnight the numbers go on while somebody is inside who came with one."""
    enter(door, 1, 2, 3)
    waiting = door.rooms.arrive("baca", ONE)
    door.show(1)
    assert waiting.ticket_id is not None
    assert door.rooms.enter_called(waiting.ticket_id, by=DESK, card=1).said is Said.ENTERED
    door.wait(24 * 3600)
    assert door.rooms.arrive("baca", ONE).number == "A 002"


def test_a_card_brings_back_who_stepped_out(door: RoomPost) -> None:
    """Shown on coming back it does not end the visit; shown again later it does."""
    enter(door, 1)
    (visit,) = door.room().visits
    door.rooms.step_away(visit.visit_id, by=DESK)
    back = door.show(1)
    assert back is not None
    assert (back.said, door.room().inside, door.room().visits[0].away_left_min) == (Said.BACK, 1, None)
    left = door.show(1)
    assert left is not None
    assert (left.said, door.room().inside) == (Said.LEFT, 0)


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_jumps_across_midnight_changes_no_count(door: RoomPost, hours: int) -> None:
    """Who is inside stays inside, whoever waits keeps number and turn, and cards end their visits."""
    enter(door, 1, 2, 3)
    waiting = door.rooms.arrive("baca", ONE)
    door.post.clock.jump(hours * 3600)
    door.rooms.step()
    assert (door.room().inside, [row.number for row in door.room().queue]) == (3, ["A 001"])
    assert door.rooms.arrive("baca", ONE).number == "A 002"
    door.show(2)
    assert (door.room().inside, [row.ticket_id for row in door.room().called]) == (2, [waiting.ticket_id])


def test_a_missed_number_is_told_to_wait_for_its_turn(door: RoomPost) -> None:
    """Whoever looked for a card until the call ran out is not told to take another number."""
    enter(door, 1, 2, 3)
    first = door.rooms.arrive("baca", ONE)
    door.rooms.arrive("baca", ONE)
    door.show(1)
    assert first.ticket_id is not None
    door.post.clock.advance(100)
    assert door.rooms.enter_called(first.ticket_id).said is Said.SHOW_CARD
    door.wait(30)
    assert look(door, 7, 1) is Said.NOT_YOUR_TURN


def test_moving_to_the_same_room_is_no_move(door: RoomPost) -> None:
    """Nothing is journaled of it."""
    enter(door, 1)
    (visit,) = door.room().visits
    assert door.rooms.move(visit.visit_id, "baca", by=DESK).said is Said.NO_SUCH_ROOM
    assert len(door.post.of("visitor.entered")) == 1


def test_a_priority_number_is_told_who_is_really_ahead(door: RoomPost) -> None:
    """What the slip says is what the screens show: those who come after them, or stepped away, are not ahead."""
    enter(door, 1, 2, 3)
    away = door.rooms.arrive("baca", ONE)
    door.rooms.arrive("baca", ONE)
    assert away.ticket_id is not None
    door.rooms.step_away(away.ticket_id)
    assert door.rooms.arrive("baca", ONE).ahead == 1
    assert door.rooms.arrive("baca", Visitor(priority=True)).ahead == 0
    assert [row.ahead for row in door.room().queue if row.priority] == [0]
