"""What the server says of rooms comes down whole and soon, and nobody is asked more often than it helps."""

import threading
import time
from contextlib import closing

import msgspec
import pytest

from sync.backlog import Backlog
from sync.protocol import seals
from sync.protocol.rooms import FIRST_GENERATION, Room, RoomsDocument, RoomState
from sync.protocol.wire import Documents, SignedDocument
from sync.rooms_inbox import ALONE_S, BUSY_S, IN_USE_S, SHARED_S, RoomsInbox
from sync.server.room_setup import RoomSetup, Setup
from sync.state import Problem
from tests.sync.making import KEY, PLAYED_KEY
from tests.sync.served import Reply, playing

OLD = Reply(304, kind=None)


def news(version, *doors, free=0, kind="rooms", **changed):
    """The server's answer: one room with these doors, and places that it has not given away."""
    rooms = [Room(id="baca", name="Ruang Baca", max_people=10, doors=list(doors))]
    states = [RoomState(room_id="baca", generation=FIRST_GENERATION, free=free)]
    found = RoomsDocument(version=version, rooms=rooms, states=states)
    signed = seals.sign_document(PLAYED_KEY, kind, version, msgspec.json.encode(found).decode())
    documents = Documents(version=version, documents=[msgspec.structs.replace(signed, **changed)])
    return Reply(body=msgspec.json.encode(documents))


def files(station):
    return sorted(path.name for path in (station.data / "inbox").glob("*"))


@pytest.fixture
def make_inbox(make_rig, station, manual_clock):
    """An agent's part for rooms, asking one address."""

    def make(server):
        rig = make_rig(station, server)
        inbox = RoomsInbox(station.data, rig.backlog, rig.state, rig.client, clock=manual_clock, chance=lambda: 0.5)
        inbox.rig = rig
        return inbox

    return make


def test_a_document_comes_down(station, make_inbox):
    """As the server signed it, under its version, and once."""
    station.taps(1)
    with playing(news(4, "d", "e"), OLD) as server:
        inbox = make_inbox(server)
        inbox.step()
        inbox.step()
        assert [path.rpartition("/")[2] for _, path, *_ in server.asked] == ["rooms?after=0", "rooms?after=4"]
    assert files(station) == ["rooms-4.json"]
    kept = msgspec.json.decode((station.data / "inbox/rooms-4.json").read_bytes(), type=SignedDocument)
    assert msgspec.json.decode(kept.text, type=RoomsDocument).rooms[0].doors == ["d", "e"]
    assert inbox.rig.link.problem is None


def test_it_asks_as_often_as_it_helps(station, make_inbox, manual_clock):
    """Quickly until a lone door has its places and while a shared room changes, slowly when it has not for long, else seldom."""
    with playing(OLD, news(1, "d", free=10), news(2, "d"), news(3, "d", "e"), OLD) as server:
        inbox = make_inbox(server)
        assert [inbox.step() for _ in range(4)] == [ALONE_S, BUSY_S, ALONE_S, BUSY_S]
        manual_clock.advance(IN_USE_S)
        assert inbox.step() == SHARED_S


@pytest.mark.parametrize(
    ("doors", "free", "version", "is_woken"),
    [("de", 0, 3, True), ("de", 0, 2, False), ("d", 0, 3, False), ("d", 10, 3, True), ("d", 10, 2, False)],
)
def test_an_upload_that_tells_of_news_ends_the_wait(make_inbox, doors, free, version, is_woken):
    """At once, where a room is shared or places are to come, and the version is not here yet."""
    with playing(news(2, *doors, free=free), OLD) as server:
        inbox = make_inbox(server)
        inbox.step()
        inbox.newer(version)
        began = time.monotonic()
        inbox.wait(0.3)
        assert (time.monotonic() - began < 0.2) is is_woken


def test_a_stop_ends_the_wait(make_inbox):
    """Whoever waits is woken, from another thread."""
    with playing(OLD) as server:
        inbox = make_inbox(server)
        thread = threading.Thread(target=inbox.wait, args=(30.0,))
        thread.start()
        inbox.wake()
        thread.join(5)
        assert not thread.is_alive()


def test_what_a_kiosk_has_not_taken_does_not_pile_up(station, make_inbox):
    """A kiosk that does not run finds the newest, and few others; what is not ours stays."""
    (station.data / "inbox").mkdir()
    (station.data / "inbox/rooms-of-old.json").touch()
    (station.data / "inbox/directory-1.json").touch()
    with playing(*(news(version, "d", "e") for version in range(1, 31))) as server:
        inbox = make_inbox(server)
        for _ in range(30):
            inbox.step()
    assert files(station) == sorted(["directory-1.json", *(f"rooms-{version}.json" for version in range(11, 31))])


def test_a_fresh_journal_is_told_everything_again(station, make_inbox):
    """A station that had to begin a new file has lost what it knew of rooms."""
    station.taps(1)
    with playing(news(4, "d", "e"), OLD) as server:
        inbox = make_inbox(server)
        inbox.step()
        station.new_epoch("cd" * 16)
        station.taps(1)
        inbox.step()
        assert server.asked[-1][1].endswith("after=0")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (news(4, "d", signature=""), Problem.UNTRUSTED),
        (news(4, "d", key_id="central:0000000000000000"), Problem.UNTRUSTED),
        (Reply(body=b"<html>", kind="text/html"), Problem.NOT_A_SERVER),
        (Reply(body=b"{}"), Problem.UNREADABLE_ANSWER),
        (Reply(reset=True), Problem.UNREACHABLE),
        (Reply(503, b'{"code": "service_unavailable", "message": "m"}'), Problem.BUSY),
    ],
)
def test_what_is_not_the_servers_word(station, make_inbox, reply, problem):
    """Nothing of it comes in, the station says what is wrong, and the next answer counts."""
    with playing(reply, news(4, "d", "e"), OLD) as server:
        inbox = make_inbox(server)
        assert inbox.step() > 0
        assert (files(station), inbox.rig.link.problem) == ([], problem)
        assert inbox.step() == BUSY_S
    assert (files(station), inbox.rig.link.problem) == (["rooms-4.json"], None)


def test_a_signed_text_that_is_no_document(station, make_inbox):
    """A newer server's form that cannot be read is not handed over, and not forgotten either."""
    signed = seals.sign_document(PLAYED_KEY, "rooms", 4, "[]")
    with playing(Reply(body=msgspec.json.encode(Documents(version=4, documents=[signed])))) as server:
        inbox = make_inbox(server)
        inbox.step()
        inbox.step()
        assert [path[-1] for _, path, *_ in server.asked] == ["0", "0"]
    assert (files(station), inbox.rig.link.problem) == ([], Problem.UNREADABLE_ANSWER)


def test_before_there_is_a_journal(station, make_rig, manual_clock):
    """A kiosk that has not started yet finds what the server says when it does."""
    with playing(news(1, "d", "e"), OLD) as server:
        rig = make_rig(station, server)
        with closing(Backlog(station.data / "none.db")) as backlog:
            RoomsInbox(station.data, backlog, rig.state, rig.client, clock=manual_clock, chance=lambda: 0.5).step()
    assert files(station) == ["rooms-1.json"]


def test_a_kind_of_tomorrow_is_left(station, make_inbox):
    """Documents of other kinds are not handed over."""
    with playing(news(4, "d", kind="horoscope"), OLD) as server:
        make_inbox(server).step()
    assert files(station) == []


def test_a_server_without_rooms_is_no_trouble(make_inbox):
    """One of before does not know the address: it is asked again seldom, and nothing is alarmed."""
    with playing(Reply(404, b'{"code": "not_found", "message": "m"}')) as server:
        inbox = make_inbox(server)
        assert inbox.step() == ALONE_S
        assert inbox.rig.link.problem is None


def test_a_folder_that_cannot_be_written(station, make_inbox, caplog):
    """It is said once, and tried again until it works."""
    (station.data / "inbox").write_text("in the way")
    with playing(news(4, "d", "e")) as server:
        inbox = make_inbox(server)
        assert [inbox.step() > 0 for _ in range(2)] == [True, True]
        assert sum("cannot be kept" in each.message for each in caplog.records) == 1
        (station.data / "inbox").unlink()
        assert inbox.step() == BUSY_S
    assert files(station) == ["rooms-4.json"]


def test_a_place_at_the_real_server(central, make_station, make_rig, manual_clock):
    """From the administrator's word to the kiosk's inbox: the room, with its rights, signed for this door."""
    door = make_station(central.device_id)
    door.taps(1)
    rig = make_rig(door, central)
    rig.drain()
    now = manual_clock.now().claimed_at
    other = central.store.devices.add("Pintu B", place_id="b", time_zone="Asia/Jakarta", now=now, public_key=KEY.public)
    room = Room(id="baca", name="Ruang Baca", max_people=10, doors=[central.device_id, other.id])
    RoomSetup(central.database).put(Setup(rooms=(room,)), now=now)
    inbox = RoomsInbox(door.data, rig.backlog, rig.state, rig.client, clock=manual_clock, chance=lambda: 0.5)
    assert inbox.step() == BUSY_S
    (path,) = (door.data / "inbox").glob("rooms-*.json")
    found = msgspec.json.decode(msgspec.json.decode(path.read_bytes(), type=SignedDocument).text, type=RoomsDocument)
    assert [grant.amount for grant in found.states[0].grants] == [10]
