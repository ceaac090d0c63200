"""Receipts of files that are handed over: no two of one number, whatever kiosks have in common and whatever was lost."""

import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from kiosk.core.receipts import mark
from kiosk.services.lane import Deciding
from kiosk.services.room_views import Said
from kiosk.store import room_documents
from sync.clock import ManualClock
from sync.journal import Event
from sync.protocol.events import Kind
from sync.protocol.rooms import Door, Room, RoomsDocument, Service, ServiceMode
from tests.kiosk.services.post import Post
from tests.kiosk.services.room_post import DESK, ONE, RoomPost, enter

FILES = Service(id="berkas", name="Berkas", mode=ServiceMode.DROP_OFF)


def kiosk(data: Path, *, switched_on_s: float = 0) -> RoomPost:
    """A kiosk of the letter A that takes files and has heard of no other; its journal began at that second."""
    clock = ManualClock()
    clock.advance(switched_on_s)
    data.mkdir(exist_ok=True)
    return RoomPost(data, post=Post(data, clock=clock), services=[FILES])


@pytest.fixture
def door(tmp_path: Path) -> Iterator[RoomPost]:
    door = kiosk(tmp_path / "here")
    yield door
    door.close()


def given(door: RoomPost, count: int = 1) -> list[str]:
    """The numbers of that many files handed in now."""
    return [door.rooms.drop_off("berkas").receipt or "" for _ in range(count)]


def journaled(door: RoomPost, receipt: str, count: int) -> None:
    """Have the kiosk journal a file under that number."""
    told = {"receipt": receipt, "count": count, "service_id": "berkas", "day": "2020-06-10"}
    reply: Future[None] = Future()
    door.post.offer(Deciding(lambda _, __: ([Event(Kind.DROPOFF_RECEIVED, told)], None), reply))
    reply.result(0)


def own_mark(door: RoomPost) -> str:
    return mark(door.post.database.journal.origin.epoch)


def test_two_kiosks_of_one_letter(door: RoomPost, tmp_path: Path) -> None:
    """Neither has a server or knows of the other; their waiting numbers look alike, their receipts do not."""
    other = kiosk(tmp_path / "there", switched_on_s=60)
    here, there = given(door, 3), given(other, 3)
    assert not set(here) & set(there)
    assert here == [f"A-{own_mark(door)}-{n:04d}" for n in (1, 2, 3)]
    assert there == [f"A-{own_mark(other)}-{n:04d}" for n in (1, 2, 3)]
    other.close()


@pytest.mark.parametrize("before", [0, 2], ids=["before the first file", "after some"])
def test_an_old_card_that_goes_on(door: RoomPost, tmp_path: Path, before: int) -> None:
    """In its new epoch it gives no number that the kiosk gave after the image was made, and none that the image has."""
    old = given(door, before)
    door.post.close()
    shutil.copytree(tmp_path / "here", tmp_path / "image")
    door.restart()
    since = given(door, 3)
    image = kiosk(tmp_path / "image")
    image.post.database.begin_epoch(lambda count: b"e" * count)
    again = given(image, 3)
    assert len({*old, *since, *again}) == before + 6
    assert {each.receipt for each in image.rooms.view().drop_offs} == {*old, *again}
    image.close()


def test_numbers_of_before_are_kept(door: RoomPost) -> None:
    """A receipt in the form of an earlier version is shown and taken as it was printed; the count goes on behind it."""
    journaled(door, "A-0031", 31)
    assert given(door) == [f"A-{own_mark(door)}-0032"]
    assert "A-0031" in [each.receipt for each in door.rooms.view().drop_offs]
    assert door.rooms.accept("A-0031", by=DESK).said is Said.ACCEPTED


def test_no_receipt_is_lost_where_two_epochs_share_a_mark(door: RoomPost) -> None:
    """Rare as that is: the count goes on behind all that the series has, so that no file goes under another's number."""
    journaled(door, f"A-{mark('65' * 16)}-0005", 5)
    door.post.database.begin_epoch(lambda count: b"e" * count)
    assert given(door) == [f"A-{mark('65' * 16)}-0006"]


def test_the_servers_letter_comes_before_the_offices(door: RoomPost) -> None:
    """It is on receipts and waiting numbers from then on, and the count does not begin anew."""
    shared = Room(id="jauh", name="Jauh", max_people=1, doors=["door-2"])
    doors = [Door(device_id="door-2", name="Lain", letter="A"), Door(device_id="door-1", name="Pintu", letter="B")]
    assert given(door) == [f"A-{own_mark(door)}-0001"]
    with door.post.database.transaction() as db:
        room_documents.put(db, RoomsDocument(version=1, doors=doors, rooms=[shared]), room_documents.CENTRAL)
    assert given(door) == [f"B-{own_mark(door)}-0002"]
    enter(door, 1, 2, 3)
    assert door.rooms.arrive("baca", ONE, by=DESK).number == "B 001"


def test_a_letter_of_others_is_not_taken(door: RoomPost) -> None:
    """The server names other kiosks and not this one yet: the office's own letter stays."""
    doors = [Door(device_id="door-2", name="Lain", letter="B")]
    with door.post.database.transaction() as db:
        room_documents.put(db, RoomsDocument(version=1, doors=doors), room_documents.CENTRAL)
    assert given(door) == [f"A-{own_mark(door)}-0001"]
