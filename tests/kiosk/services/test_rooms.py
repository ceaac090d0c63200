"""A station's rooms over a real journal: who comes in, who waits, who leaves, and what bad input does to the count."""

import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.policy import Policy
from kiosk.core.values import Direction
from kiosk.services.room_context import RoomContext
from kiosk.services.room_views import Done, FreeReason, OverrideReason, Said, TicketState, Visitor
from kiosk.services.rooms import StationRooms
from kiosk.store import projections, room_documents
from sync.database import database_errors
from sync.protocol.rooms import (
    FIRST_GENERATION,
    Counts,
    Elsewhere,
    Ended,
    Grant,
    PassKind,
    Room,
    RoomsDocument,
    RoomState,
    Service,
    ServiceMode,
)
from tests.kiosk.services.post import ZONE, Post
from tests.kiosk.services.room_post import DESK, READING, RoomPost, card_code, card_sha256, rooms_of
from tests.kiosk.services.toolbox import tools_of

ONE = Visitor()
READING_TOO = Room(id="arsip", name="Ruang Arsip", max_people=2)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[RoomPost]:
    door = RoomPost(tmp_path)
    yield door
    door.close()


def enter(door: RoomPost, *cards: int) -> None:
    """Let visitors in, each with a card of the desk."""
    for card in cards:
        assert door.rooms.arrive("baca", ONE, by=DESK, card=card).said is Said.ENTERED


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
    """Before five visits nobody is told a wait; after that a range that visits of twenty minutes bear out."""
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
    assert wait.from_min <= 20 / 3 <= wait.to_min


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
    """Receipts count up with the door's letter; a suspended or online service takes none and says so."""
    services = [
        Service(id="berkas", name="Berkas", mode=ServiceMode.DROP_OFF),
        Service(id="uji", name="Uji Kendaraan", mode=ServiceMode.SUSPENDED, until="2030-04-09"),
        Service(id="daring", name="Daring", mode=ServiceMode.ONLINE_ONLY, url="https://contoh.go.id"),
    ]
    door = RoomPost(tmp_path, services=services)
    assert [door.rooms.drop_off("berkas").receipt for _ in range(2)] == ["A-0001", "A-0002"]
    assert [door.rooms.drop_off(each).said for each in ("uji", "daring", "lain")] == [
        Said.CLOSED,
        Said.ONLINE_ONLY,
        Said.NO_SUCH_ROOM,
    ]
    assert [door.rooms.accept("A-0001", by=DESK).said for _ in range(2)] == [Said.ACCEPTED, Said.NO_SUCH_NUMBER]
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


def told(door: RoomPost, version: int, state: RoomState) -> None:
    """The server says something of the room that two doors share."""
    shared = Room(id="bersama", name="Ruang Bersama", max_people=4, doors=["door-1", "door-2"])
    with door.post.database.transaction() as db:
        room_documents.put(db, RoomsDocument(version=version, rooms=[shared], states=[state]), room_documents.CENTRAL)
    door.rooms.step()


def grant(door: RoomPost, serial: int, amount: int) -> Grant:
    """Rights for this door and its journal."""
    return Grant(serial=serial, amount=amount, generation=FIRST_GENERATION, epoch=door.post.database.journal.origin.epoch)


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
