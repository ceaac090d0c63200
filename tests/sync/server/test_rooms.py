"""Rooms at the server: what doors report is settled once, shared out again, and told to the doors, over every database."""

import threading
from contextlib import contextmanager

import msgspec
import pytest
from sqlalchemy import select

from sync.protocol import seals, signing
from sync.protocol.rooms import Card, RoomsDocument, Service
from sync.protocol.wire import Answer, Batch, Documents
from sync.server.errors import StoreUnavailable
from sync.server.rooms import MAX_VERSION, RoomStore
from sync.server.schema import room_cursors
from tests.sync.server.doorway import DAY
from tests.sync.server.making import packed, raw, record, signed


@contextmanager
def settling_stopped(database):
    """While this lasts, batches are stored and nothing is settled."""
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE room_versions RENAME TO away")
    yield
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO room_versions")


def test_a_room_is_shared_out_and_told(doors, put, sums):
    """Two doors that were heard have half of the places each; both are told of each other, by letter and name."""
    first, second = doors
    first.says()
    put(first, second)
    first.asks()
    second.asks()
    second.says()
    for door in doors:
        door.asks()
        door.applies()
    assert (sums().held, sums().free) == (10, 0)
    assert [(door.name, door.letter) for door in first.told.doors] == [("Pintu A", "A"), ("Pintu B", "B")]
    (other,) = first.state().doors
    assert (other.device_id, other.connected) == (second.id, True)


def test_events_are_settled_once(doors, put, sums, store):
    """The same batch again, and settling again, change nothing; the answer carries the newest version."""
    first, second = doors
    first.says()
    put(first, second, max_people=4)
    first.applies()
    held = sums().held
    entered = first.keeps("visitor.entered", visit_id="v", people=1, spent=1).keeps("rights.released", amount=1).kept
    receipt = first.sends()
    assert receipt.rooms == first.asks()[0] > 0
    first.kept = entered
    first.sends()
    store.rooms.settle(first.id, now=DAY)
    assert (sums().inside, sums().held + sums().in_flight) == (1, held - 1)
    assert first.says("attendance.tapped").rooms == 0


def test_a_gap_waits_for_what_is_missing(doors, put, sums):
    """What lies behind a gap is settled when the gap is filled, in order, at the next contact at the latest."""
    first, _ = doors
    first.says()
    put(*doors)
    first.applies()
    kept = first.keeps("attendance.tapped").keeps("visitor.entered", visit_id="v", people=1, spent=1).kept
    first.sends(only={first.seq})
    assert sums().inside == 0
    first.kept = kept
    first.sends(only={first.seq - 1})
    assert sums().inside == 0
    first.asks()
    assert sums().inside == 1


def test_a_process_that_died_between_storing_and_settling(doors, put, sums, database, store, clock):
    """Events that were stored and not settled are settled when the door asks next."""
    first, _ = doors
    first.says()
    put(*doors)
    first.applies()
    with settling_stopped(database), pytest.raises(StoreUnavailable):
        first.says("visitor.entered", visit_id="v", people=1, spent=1)
    assert sums().inside == 0
    first.asks()
    assert sums().inside == 1


def test_two_workers_settle_once(doors, put, sums, database):
    """What several workers settle at the same moment counts once."""
    first, _ = doors
    first.says()
    put(*doors)
    held = first.applies() and sums().held
    for _ in range(3):
        first.keeps("rights.released", amount=1)
    with settling_stopped(database), pytest.raises(StoreUnavailable):
        first.sends()
    store = RoomStore(database)
    threads = [threading.Thread(target=store.settle, args=(first.id,), kwargs={"now": DAY}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.scalar(select(room_cursors.c.seq)) == first.seq
    assert (held, sums().held) == (10, 7)


def test_a_new_epoch_is_noticed_without_a_word_of_rooms(doors, put, sums):
    """A restored card voids what it held with its first batch."""
    first, _ = doors
    first.says()
    put(*doors)
    held = first.applies() and sums().held
    first.begins("e2").says("attendance.tapped")
    assert sums().stranded == held > 0


def test_a_door_that_goes_and_comes(doors, put, clock, sums):
    """A door that is not heard for fifteen seconds is gone; who asks next is told so, and that it is back."""
    first, second = doors
    for door in doors:
        door.says()
    put(*doors, max_people=4)
    version = first.asks()[0]
    assert first.asks(after=version) == (version, None)
    clock.advance(16)
    newer, document = first.asks(after=version)
    assert newer > version
    assert [door.connected for door in document.states[0].doors] == [False]
    second.asks()
    assert [door.connected for door in first.state().doors] == [True]
    assert first.state().doors[0].heard_at == clock.now().claimed_at


def test_places_go_where_somebody_waits(doors, put, clock):
    """A number taken at one door asks the other for a place; what it gives back is granted to the one that waits."""
    first, second = doors
    for door in doors:
        door.says()
    put(*doors, max_people=2)
    for door in doors:
        door.applies()
    second.says("visitor.entered", visit_id="v", people=1, spent=1)
    second.says("visitor.waiting", ticket_id="t", number="B 001", people=1)
    state = first.state()
    assert (state.wanted, state.wanted_since) == (1, clock.now().claimed_at)
    first.says("rights.released", amount=1)
    assert [grant.amount for grant in second.state().grants if grant.serial > 1] == [1]


def test_what_was_said_before_the_room_was_here(make_door, put, sums):
    """A station that kept its room by itself brings its rights and its visits along, with and without other rooms here."""
    lone, other = make_door("Pintu A"), make_door("Pintu B")
    lone.keeps("rights.granted", serial=0, amount=10, cause="setup").keeps("visitor.entered", visit_id="v", people=1, spent=1)
    lone.sends()
    put(lone)
    assert (sums().inside, sums().held, sums().free, sums().in_flight) == (1, 9, 0, 0)
    lone.says("rights.granted", room_id="anak", serial=0, amount=4, cause="setup")
    put(lone, room_id="anak", max_people=4)
    assert (sums("anak").held, sums("anak").free) == (4, 0)
    put(lone, other, room_id="anak", max_people=4)
    assert sums("anak").held == 4


def test_odd_reports_change_nothing(doors, put, sums):
    """A payload that was erased, another room's, or no object at all: nothing is settled, and nothing stops."""
    first, _ = doors
    first.says()
    put(*doors)
    for payload in ({"room_id": "nowhere"}, {"room_id": 5}):
        first.says("visitor.entered", visit_id="v", people=1, **payload)
    first.keeps("visitor.entered")
    prev = first.last.prev_hash
    first.last = record(first.id, first.seq, epoch="e1", kind="visitor.entered", payload=[1], prev_hash=prev)
    first.kept = [first.last]
    first.sends()
    erased = first.keeps("visitor.entered", visit_id="v", people=1).kept.pop()
    first.kept = [msgspec.structs.replace(erased, payload=None, salt=None)]
    assert [str(result.outcome) for result in first.sends().results] == ["stored"]
    first.says("visitor.entered", visit_id="w", people=1)
    assert sums().inside == 1


def test_a_door_elsewhere_is_told_nothing(make_door, put):
    """A door of another site has no version; one of the site without that room hears of the site's services, not of the room."""
    inside, beside, away = make_door("A"), make_door("B"), make_door("C", site="Bandung")
    cards = (Card(number=1, token_sha256="1" * 64, room_id="baca"), Card(number=2, token_sha256="2" * 64))
    put(inside, services=(Service(id="berkas", name="Berkas"),), cards=cards)
    assert away.says().rooms == 0
    assert away.asks() == (0, None)
    beside.asks()
    assert ([room.id for room in beside.told.rooms], [each.id for each in beside.told.services]) == ([], ["berkas"])
    assert [card.number for card in beside.told.cards] == [2]
    inside.asks()
    assert [card.number for card in inside.told.cards] == [1, 2]


def test_a_restored_server(doors, put, sums, store):
    """A door that knows a newer version than the server has: it counts on from there, and gives nothing away unseen."""
    first, _ = doors
    first.says()
    put(*doors)
    version, document = first.asks(after=700)
    assert (version, document.version) == (701, 701)
    assert (sums().free, sums().stranded) == (0, 10 - sums().in_flight)
    assert first.asks(after=700)[0] == 701
    assert first.asks(after=MAX_VERSION + 5) == (701, None)


def test_a_lost_door(doors, put, store, sums):
    """What it held is tied up, and its rooms are named; a door that has nothing names none."""
    first, second = doors
    first.says()
    put(*doors)
    first.applies()
    assert store.rooms.tied_up_at(second.id, now=DAY) == []
    store.devices.revoke(first.id, now=DAY)
    assert [row.room.id for row in store.rooms.tied_up_at(first.id, now=DAY)] == ["baca"]
    assert sums().stranded == 10
    assert [door.letter for door in (second.asks() and second.told).doors] == ["B"]
    assert store.rooms.tied_up_at("nobody", now=DAY) == []


def test_it_is_asked_over_http(app, doors, put, store):
    """The document is signed and whole; the same version again is 304; what is no version is wrong; nobody else is told."""
    first, _ = doors
    first.says()
    put(*doors)
    client = app.test_client()

    def get(path, door=first):
        return client.get(path, headers=signed(door.id, "GET", path))

    at = f"/v1/devices/{first.id}/rooms"
    answer = get(f"{at}?after=0")
    handed = msgspec.json.decode(answer.data, type=Documents)
    (document,) = handed.documents
    seals.check_document(signing.public_key(store.keys.public), document)
    told = msgspec.json.decode(document.text, type=RoomsDocument)
    assert (document.kind, document.version, told.version, told.rooms[0].id) == ("rooms", handed.version, handed.version, "baca")
    assert get(f"{at}?after={handed.version}").status_code == 304
    assert (
        client.get(
            f"{at}?after=0", headers=signed(first.id, "GET", f"{at}?after=0") | {"If-None-Match": answer.headers["ETag"]}
        ).status_code
        == 304
    )
    assert get(f"{at}?after=x").status_code == 400
    assert client.get(at).status_code == 401
    body = packed(Batch("e1", [raw(each) for each in first.keeps("visitor.waiting", ticket_id="t", people=1).kept]))
    to = f"/v1/devices/{first.id}/batches"
    headers = signed(first.id, "POST", to, body) | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert msgspec.json.decode(client.post(to, data=body, headers=headers).data, type=Answer).rooms > handed.version
