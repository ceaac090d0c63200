"""A station's rooms over a real journal: who comes in, who waits, who leaves, and what bad input does to the count."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.core.policy import Policy
from kiosk.core.values import Direction
from kiosk.services.room_context import RoomContext
from kiosk.services.room_views import Done, Said, TicketState, Visitor
from kiosk.services.rooms import StationRooms
from kiosk.store import projections
from sync.database import database_errors
from sync.protocol.rooms import (
    Counts,
    PassKind,
    Room,
    Service,
    ServiceMode,
)
from tests.kiosk.services.post import ZONE, Post
from tests.kiosk.services.room_post import DESK, ONE, READING, RoomPost, card_code, enter
from tests.kiosk.services.toolbox import tools_of

READING_TOO = Room(id="arsip", name="Ruang Arsip", max_people=2)


def test_a_lone_door_has_all_places_at_once(door: RoomPost) -> None:
    """A room on one kiosk needs no server: every place is there when it is set up, and set up once."""
    door.rooms.step()
    room = door.room()
    assert (room.inside, room.places_left, room.usable, room.is_lone) == (0, 3, 3, True)
    assert [row["amount"] for row in door.post.of("rights.granted")] == [3]


def test_a_visitor_at_the_panel_takes_a_card_from_the_box(door: RoomPost) -> None:
    """Nothing is spent until the card is shown; then one place is, and the card is whose visit it is."""
    assert door.rooms.arrive("baca", Visitor(people=2)).said is Said.SHOW_CARD
    assert door.room().inside == 0
    done = door.show(7)
    assert done is not None
    assert (done.said, done.card) == (Said.ENTERED, 7)
    (visit,) = door.room().visits
    assert (visit.card, visit.people, door.room().places_left) == (7, 2, 1)


def test_a_card_held_to_the_camera_for_long_is_shown_once(door: RoomPost) -> None:
    """The camera sees a card many times a second; whoever entered with it does not leave with the next frame."""
    door.rooms.arrive("baca", ONE)
    door.show(7)
    for _ in range(30):
        door.post.clock.advance(0.2)
        door.post.code(card_code(7))
    assert door.room().inside == 1


def test_nobody_shows_a_card(door: RoomPost) -> None:
    """After a minute nobody is awaited: a card from the box is then nobody's, and says so."""
    door.rooms.arrive("baca", ONE)
    door.wait(61)
    done = door.show(7)
    assert done is not None
    assert done.said is Said.NOT_INSIDE
    assert door.room().inside == 0


def test_the_fourth_of_three_waits_and_is_called_when_one_leaves(door: RoomPost) -> None:
    """A full room gives numbers; a place that comes free calls the next number by itself and is kept for it."""
    enter(door, 1, 2, 3)
    waiting = door.rooms.arrive("baca", ONE)
    assert (waiting.said, waiting.number, waiting.ahead) == (Said.WAITING, "A 001", 0)
    assert door.rooms.arrive("baca", ONE).number == "A 002"
    left = door.show(2)
    assert left is not None
    assert left.said is Said.LEFT
    room = door.room()
    assert [row.number for row in room.called] == ["A 001"]
    assert (room.inside, room.places_left, room.reserved) == (2, 0, 1)
    assert door.rooms.arrive("baca", ONE, by=DESK).said is Said.WAITING
    assert waiting.ticket_id is not None
    assert door.rooms.enter_called(waiting.ticket_id, by=DESK, card=2).said is Said.ENTERED
    assert (door.room().inside, len(door.room().called)) == (3, 0)


def test_a_called_number_that_does_not_come_keeps_its_turn_once(door: RoomPost) -> None:
    """After two minutes the next is called; the missed number is called once more, and then is out of the queue."""
    enter(door, 1, 2, 3)
    for _ in range(3):
        door.rooms.arrive("baca", ONE)
    door.show(1)
    called = []
    for _ in range(5):
        called.append([row.number for row in door.room().called])
        door.wait(121)
    assert called == [["A 001"], ["A 002"], ["A 001"], ["A 002"], ["A 003"]]


def test_a_paused_call_does_not_run_out(door: RoomPost) -> None:
    """The desk may stop the time of a call; calling again starts it anew."""
    enter(door, 1, 2, 3)
    waiting = door.rooms.arrive("baca", ONE)
    door.rooms.arrive("baca", ONE)
    door.show(1)
    assert waiting.ticket_id is not None
    assert door.rooms.pause_call(waiting.ticket_id, by=DESK).said is Said.CALLED
    door.wait(3600)
    assert [(row.number, row.call_left_s, row.calls) for row in door.room().called] == [("A 001", None, 1)]
    door.rooms.call_again(waiting.ticket_id, by=DESK)
    assert [(row.call_left_s, row.calls) for row in door.room().called] == [(120, 2)]


def test_priority_is_called_first_and_a_group_is_not_overtaken(door: RoomPost) -> None:
    """Elderly, disabled and pregnant visitors come first; behind them a group waits for places together, and nobody passes it."""
    enter(door, 1, 2, 3)
    door.rooms.arrive("baca", Visitor(people=2))
    door.rooms.arrive("baca", ONE)
    door.rooms.arrive("baca", Visitor(priority=True))
    door.show(1)
    assert [row.number for row in door.room().called] == ["A 003"]
    door.show(2)
    assert [row.number for row in door.room().called] == ["A 003"]
    door.show(3)
    assert [row.number for row in door.room().called] == ["A 003", "A 001"]


def test_everything_survives_a_restart(door: RoomPost) -> None:
    """Who is inside, who waits and who was called are the journal's, not the program's."""
    enter(door, 1, 2, 3)
    door.rooms.arrive("baca", Visitor(name="Bu Tuti", purpose="membaca"))
    door.show(3)
    before = door.room()
    after = door.restart().room()
    assert after == before
    assert after.called[0].name == "Bu Tuti"


def test_a_rebuild_gives_the_same_rooms(door: RoomPost) -> None:
    """Thrown away and made anew from the journal, the rooms are what they were."""
    enter(door, 1, 2, 3)
    door.rooms.arrive("baca", Visitor(name="Bu Tuti"))
    door.show(3)
    door.rooms.check("baca", ("soap",), by=DESK)
    before = door.room()
    with door.post.database.transaction() as db:
        projections.rebuild(db)
    assert door.room() == before


def test_bad_passes_change_no_count(door: RoomPost) -> None:
    """Shown twice, never entered, never printed, or no pass at all: each has its answer, and the count stays right."""
    enter(door, 1)
    first, again = door.show(1), door.show(1)
    assert first is not None
    assert again is not None
    assert (first.said, again.said) == (Said.LEFT, Said.ALREADY_LEFT)
    stranger, unprinted = door.show(5), door.show(99)
    assert stranger is not None
    assert unprinted is not None
    assert (stranger.said, unprinted.said) == (Said.NOT_INSIDE, Said.UNKNOWN_PASS)
    assert door.rooms.pass_shown("halo").said is Said.UNKNOWN_PASS
    assert (door.room().inside, door.room().places_left) == (0, 3)


def test_a_card_that_is_out_is_not_handed_out_again(door: RoomPost) -> None:
    """The desk types the number of a card that somebody inside has: it says so and nobody enters."""
    enter(door, 4)
    assert door.rooms.arrive("baca", ONE, by=DESK, card=4).said is Said.CARD_IN_USE
    assert door.rooms.arrive("baca", ONE, by=DESK, card=77).said is Said.UNKNOWN_PASS
    assert door.room().inside == 1


def test_a_group_larger_than_the_room_is_told_so(door: RoomPost) -> None:
    """Four never fit into a room of three, so they get no number to wait with for ever."""
    assert door.rooms.arrive("baca", Visitor(people=4)).said is Said.GROUP_TOO_LARGE
    assert door.rooms.arrive("arsip", ONE).said is Said.NO_SUCH_ROOM


def test_numbers_do_not_repeat_over_midnight_while_somebody_waits(door: RoomPost) -> None:
    """A clock that jumps across midnight starts the numbers anew only once nobody holds one of them."""
    enter(door, 1, 2, 3)
    first = door.rooms.arrive("baca", ONE)
    door.post.clock.advance(86_400)
    second = door.rooms.arrive("baca", ONE)
    assert (first.number, second.number) == ("A 001", "A 002")
    for each in (first, second):
        assert each.ticket_id is not None
        door.rooms.skip(each.ticket_id, by=DESK)
    door.post.clock.advance(86_400)
    assert door.rooms.arrive("baca", ONE).number == "A 001"


def test_whoever_steps_out_keeps_the_place(door: RoomPost) -> None:
    """For ten minutes the place is theirs; after that the desk sees it and decides, the program does not."""
    enter(door, 1, 2, 3)
    visit = door.room().visits[0]
    assert door.rooms.step_away(visit.visit_id, by=DESK).said is Said.AWAY
    door.wait(660)
    assert (door.room().inside, door.room().visits[0].away_left_min) == (3, 0)
    assert door.rooms.come_back(visit.visit_id, by=DESK).said is Said.BACK
    assert door.room().visits[0].away_left_min is None


def test_who_leaves_the_queue_for_long_has_left_it(door: RoomPost) -> None:
    """A turn is kept for ten minutes; a number that is away is not called."""
    enter(door, 1, 2, 3)
    ticket = door.rooms.arrive("baca", ONE)
    assert ticket.ticket_id is not None
    door.rooms.step_away(ticket.ticket_id, by=DESK)
    door.show(1)
    assert [row.state for row in door.room().queue] == [TicketState.AWAY]
    door.wait(601)
    assert door.room().queue == ()


def test_from_one_room_to_another_in_one_action(tmp_path: Path) -> None:
    """The place in the first room comes free in the same moment as one in the second is taken."""
    door = RoomPost(tmp_path, READING, Room(id="arsip", name="Ruang Arsip", max_people=1))
    enter(door, 1)
    enter(door, 2)
    first, second = sorted(door.room().visits, key=lambda row: row.card or 0)
    assert door.rooms.move(first.visit_id, "arsip", by=DESK).said is Said.MOVED
    assert (door.room().inside, door.room("arsip").inside) == (1, 1)
    assert door.rooms.move(second.visit_id, "arsip", by=DESK).said is Said.FULL
    shown = door.show(1)
    assert shown is not None
    assert (shown.said, shown.room_id) == (Said.LEFT, "arsip")
    door.close()


def test_a_pass_of_their_own_is_told_once(tmp_path: Path) -> None:
    """With codes instead of cards the visitor gets a code; the journal keeps only its hash; shown again it ends the visit."""
    door = RoomPost(tmp_path, Room(id="baca", name="Ruang Baca", max_people=1, pass_kind=PassKind.SCREEN))
    done = door.rooms.arrive("baca", ONE)
    assert (done.said, done.pass_kind) == (Said.ENTERED, PassKind.SCREEN)
    assert done.pass_code is not None
    assert done.pass_code not in str(door.post.rows())
    shown = door.show_code(done.pass_code)
    assert shown is not None
    assert shown.said is Said.LEFT
    door.close()


def test_the_wait_is_a_range_from_recent_visits_or_nothing(door: RoomPost) -> None:
    """Before five visits nobody is told a wait; after that a range that visits of twenty minutes, just begun, bear out."""
    enter(door, 1, 2, 3)
    assert door.rooms.arrive("baca", ONE).wait is None
    door.rooms.sweep("baca", by=DESK)
    for _ in range(6):
        enter(door, 1)
        door.wait(1200)
        door.show(1)
    enter(door, 1, 2, 3)
    wait = door.rooms.arrive("baca", ONE).wait
    assert wait is not None
    assert wait.from_min <= 20 <= wait.to_min


def test_names_can_be_erased_without_touching_the_count(door: RoomPost) -> None:
    """What a visitor said of themselves is an event of its own; nothing that counts places holds it."""
    door.rooms.arrive("baca", Visitor(name="Bu Tuti", institution="SMP 1"), by=DESK, card=1)
    for row in door.post.rows():
        if row["kind"] != "visitor.named":
            assert "Tuti" not in str(row["payload"])
    with door.post.database.transaction() as db:
        last = door.post.rows()[-1]
        projections.forget_rows(db, last["epoch"], last["seq"])
    assert (door.room().visits[0].name, door.room().inside) == ("", 1)


def test_a_dropped_file_has_a_receipt_and_is_accepted_once(tmp_path: Path) -> None:
    """Receipts count up behind the kiosk's letter and mark; a suspended or online service takes none and says so."""
    services = [
        Service(id="berkas", name="Berkas", mode=ServiceMode.DROP_OFF),
        Service(id="uji", name="Uji Kendaraan", mode=ServiceMode.SUSPENDED, until="2030-04-09"),
        Service(id="daring", name="Daring", mode=ServiceMode.ONLINE_ONLY, url="https://contoh.go.id"),
    ]
    door = RoomPost(tmp_path, services=services)
    first, second = (door.rooms.drop_off("berkas").receipt or "" for _ in range(2))
    assert (first[:2], first[-5:], second[:-4], second[-5:]) == ("A-", "-0001", first[:-4], "-0002")
    assert [door.rooms.drop_off(each).said for each in ("uji", "daring", "lain")] == [
        Said.CLOSED,
        Said.ONLINE_ONLY,
        Said.NO_SUCH_ROOM,
    ]
    assert [door.rooms.accept(first, by=DESK).said for _ in range(2)] == [Said.ACCEPTED, Said.NO_SUCH_NUMBER]
    assert [each.accepted_at is None for each in door.rooms.view().drop_offs] == [False, True]
    door.close()


def test_a_journal_begun_anew_has_no_places_until_somebody_counts(tmp_path: Path) -> None:
    """The file was damaged and set aside: people may be inside, so no place is made up; a head count gives them back."""
    door = RoomPost(tmp_path)
    enter(door, 1)
    door.post.database.begin_epoch(lambda count: b"e" * count)
    door.rooms.step()
    assert (door.room().places_left, door.room().needs_count) == (0, True)
    kept = tuple(row.visit_id for row in door.room().visits)
    door.rooms.count("baca", kept, 0, doors_are_shut=True, by=DESK)
    assert (door.room().inside, door.room().places_left, door.room().needs_count) == (1, 2, False)
    door.rooms.step()
    assert door.room().places_left == 2
    door.show(1)
    assert door.room().places_left == 3
    door.close()


def test_the_evacuation_list_knows_who_is_in_the_rooms(door: RoomPost) -> None:
    """Visitors by room and number, never by name, without a network."""
    door.rooms.arrive("baca", Visitor(name="Bu Tuti"), by=DESK, card=1)
    (room,) = door.rooms.rooms()
    assert (room.room, room.count, room.numbers) == ("Ruang Baca", 1, ("1",))


def test_screens_hear_of_every_change(door: RoomPost) -> None:
    """What was done is on the screens when the answer comes, and nothing is published where nothing changed."""
    with door.rooms.views.subscribe() as ear:
        ear.next(0)
        door.rooms.arrive("baca", ONE, by=DESK)
        view = ear.next(0)
        assert view is not None
        room = view.room("baca")
        assert room is not None
        assert room.inside == 1
        door.rooms.step()
        assert ear.next(0) is None


def test_a_dead_journal_says_out_of_service(tmp_path: Path) -> None:
    """When nothing can be written, nobody is told that a place is theirs."""
    door = RoomPost(tmp_path)
    door.post.database.connection.execute("PRAGMA query_only = ON")

    def dead(_: object) -> Done:
        with database_errors(door.post.data):
            door.post.database.connection.execute("DELETE FROM guards")
        raise AssertionError

    rooms = StationRooms(
        tools_of(door.post), RoomContext(ZoneInfo(ZONE), os.urandom, lambda: door.post.database.journal.origin), dead
    )
    assert rooms.arrive("baca", ONE, by=DESK).said is Said.OUT_OF_SERVICE
    door.close()


def test_staff_take_places_only_where_the_room_counts_them(tmp_path: Path) -> None:
    """Where everyone counts, a badge at a door without a direction enters and, the next time, leaves; else it changes no room."""
    policy = Policy(direction=Direction.UNSTATED)
    everyone = Room(id="baca", name="Ruang Baca", max_people=1, counts=Counts.EVERYONE)
    door = RoomPost(tmp_path, everyone, READING_TOO, post=Post(tmp_path, policy=policy))
    door.post.badge(1)
    assert [(row.is_staff, row.name) for row in door.room().visits] == [(True, "")]
    assert door.room("arsip").inside == 0
    door.wait(5)
    door.post.badge(2)
    assert door.room().inside == 1
    told = door.rooms.scanned().current()
    assert told is not None
    assert told.said is Said.FULL
    assert len(door.post.of("attendance.tapped")) == 2
    door.wait(120)
    door.post.badge(1)
    assert door.room().inside == 0
    door.close()
