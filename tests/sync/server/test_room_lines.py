"""Rooms on the first page: how many are inside, who waits, by which door, and what only a head count can free."""

import pytest

from sync.protocol.rooms import Room
from sync.server.room_setup import RoomSetup, Setup
from tests.sync.server.doorway import Doorway


@pytest.fixture
def doors(store, clock):
    return Doorway(store, clock, "Pintu A"), Doorway(store, clock, "Pintu B")


@pytest.fixture
def room(store, clock, doors):
    """Two doors with a room for four; both have their rights."""

    def put(*at, max_people=4):
        room = Room(id="baca", name="Ruang <Baca>", name_en="Reading", max_people=max_people, doors=[door.id for door in at])
        RoomSetup(store.database).put(Setup(rooms=(room,)), now=clock.now().claimed_at)

    for door in doors:
        door.says()
    put(*doors)
    for door in doors:
        door.applies()
    return put


@pytest.fixture
def shown(client):
    """The words of the page, in one line."""
    return lambda lang="id": " ".join(client.get(f"/?lang={lang}").text.split())


def test_a_server_without_rooms_says_nothing_of_them(shown):
    """The page is as it was."""
    assert "Di dalam ruangan" not in shown()


def test_a_room_is_shown(doors, room, shown):
    """Inside of how many, who waits, and for each door who came in there, what is left, and its last contact."""
    first, second = doors
    first.says("visitor.entered", visit_id="v", people=2)
    second.says("visitor.waiting", ticket_id="t", people=3)
    page = shown()
    assert "<h3>Ruang &lt;Baca&gt;</h3>" in page
    assert '<span aria-hidden="true">2/4</span>' in page
    assert "2 dari 4 orang di dalam" in page
    assert page.count("3 menunggu") == 2
    assert "2 di dalam · sisa 0" in page
    assert "0 di dalam · sisa 2" in page
    assert "penuh" not in page
    assert "<h3>Reading</h3>" in shown("en")


def test_full_and_over_the_limit(doors, room, shown):
    """A full room says so; one over its limit says by how many."""
    first, second = doors
    first.says("visitor.entered", visit_id="v", people=2)
    second.says("visitor.entered", visit_id="w", people=2)
    assert "penuh" in shown()
    room(*doors, max_people=3)
    page = shown()
    assert "melebihi 1" in page
    assert "penuh" not in page
    assert "Tidak ada yang menunggu" in page


def test_what_only_a_head_count_frees(doors, room, shown, store):
    """Places of a door that is gone are named, and the door is shown while it has a part in the room."""
    first, second = doors
    first.says("visitor.entered", visit_id="v", people=1)
    room(second)
    page = shown()
    assert "1 tempat baru dapat dipakai setelah orang di dalam dihitung." in page
    assert "1 di dalam · sisa 1" in page
    first.says("rights.released", amount=1)
    first.says("visitor.left", visit_id="v", people=1, minted=1)
    first.says("rights.released", amount=1)
    assert "1 di dalam" not in shown()
