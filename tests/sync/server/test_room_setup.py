"""Setting rooms up at the server: what a file may say, and what a change does to rights."""

from contextlib import closing

import pytest

from sync.protocol.rooms import Card, Counts, Room, Service
from sync.server.app import open_store
from sync.server.database import Database
from sync.server.errors import BadRooms, Unknown
from sync.server.room_setup import RoomSetup, Setup, read_setup
from sync.server.rooms import RoomStore
from tests.sync.server.doorway import DAY


def test_a_limit_and_doors_change(doors, put, sums):
    """A lower limit puts nobody out; a door that is left out keeps nothing usable; a room that goes is told to nobody."""
    first, second = doors
    first.says()
    put(*doors)
    first.applies().says("visitor.entered", visit_id="v", people=6, spent=6)
    put(*doors, max_people=4)
    assert (sums().inside, sums().debt, sums().inside + sums().held - sums().debt) == (6, 6, 4)
    put(second, max_people=4)
    assert sums().stranded == 4


def test_a_room_is_forgotten(doors, put, store):
    """It is told to nobody any more, and cannot be removed twice."""
    first, _ = doors
    put(*doors)
    version = first.asks()[0]
    assert RoomSetup(store.database).remove("baca").name == "Ruang Baca"
    newer, document = first.asks(after=version)
    assert (newer > version, document.rooms) == (True, [])
    with pytest.raises(Unknown, match="baca"):
        RoomSetup(store.database).remove("baca")


def test_a_door_joins_a_room_that_is_there(doors, put, sums):
    """A door whose events went into other rooms already gets places like any other."""
    first, second = doors
    for door in doors:
        door.says()
    put(first, room_id="anak", max_people=4)
    put(second)
    assert sums("anak").in_flight == 4
    put(first, second)
    second.says("rights.released", amount=1)
    second.applies().says("rights.released", amount=4)
    assert [grant.amount for grant in first.state().grants] == [4]


def test_services_alone(doors, put, store, clock):
    """Where there is one site, services are set without naming it."""
    first, _ = doors
    put(*doors)
    RoomSetup(store.database).put(Setup(services=(Service(id="berkas", name="Berkas", room="baca"),)), now=clock.now().claimed_at)
    first.asks()
    assert [service.id for service in first.told.services] == ["berkas"]


def test_letters_are_given_and_kept(make_door, store, clock):
    """A door of a room without a letter gets the next one that nobody has; a letter that was set stays."""
    doors = [make_door(f"Pintu {n}") for n in range(28)]
    room = Room(id="baca", name="B", max_people=3, doors=[door.id for door in doors])
    setup = RoomSetup(store.database)
    setup.put(Setup(rooms=(room,), letters=((doors[5].id, "A"),)), now=clock.now().claimed_at)
    letters = setup.letters()
    assert (letters[doors[5].id], letters[doors[0].id], letters[doors[27].id]) == ("A", "B", "AB")
    assert len(set(letters.values())) == 28
    setup.put(Setup(letters=((doors[0].id, "ZZ"),)), now=clock.now().claimed_at)
    assert setup.letters() == letters | {doors[0].id: "ZZ"}


def test_a_setup_that_is_wrong_changes_nothing(make_door, put, store, clock):
    """Every wrong entry is named, and not one of the others is put in place."""
    first, second = make_door("Pintu"), make_door("Pintu")
    away, gone = make_door("Bandung", site="Bandung"), make_door("Lama")
    store.devices.revoke(gone.id, now=DAY)
    put(away, room_id="jauh")

    def room(room_id, *doors, **more):
        return Room(id=room_id, name="R", max_people=1, doors=list(doors), **more)

    everyones = room("baca", first.id, counts=Counts.EVERYONE)
    wrongs = [
        (Setup(rooms=(room("baca"),)), "no door"),
        (Setup(rooms=(room("baca", "nobody"),)), "door nobody: no such device"),
        (Setup(rooms=(room("baca", "Pintu"),)), "several devices"),
        (Setup(rooms=(room("baca", gone.id),)), "revoked"),
        (Setup(rooms=(room("baca", first.id, first.id),)), "named twice"),
        (Setup(rooms=(room("baca", first.id, away.id),)), "several sites"),
        (Setup(rooms=(room("jauh", first.id),)), "another site"),
        (Setup(rooms=(room("BACA", first.id),)), "small letters"),
        (Setup(rooms=(room("baca", first.id), room("baca", second.id))), "2 times"),
        (
            Setup(rooms=(everyones, room("lain", first.id, second.id, counts=Counts.EVERYONE))),
            "rooms baca and lain both count everyone",
        ),
        (Setup(letters=((first.id, "A"), (second.id, "A"))), "door letter A is listed 2 times"),
        (Setup(letters=(("nobody", "A"),)), "door nobody"),
        (Setup(services=()), "several sites"),
        (Setup(rooms=(room("baca", first.id),), services=(Service(id="s", name="S", room="x"),)), "its room x"),
        (Setup(rooms=(room("baca", first.id),), cards=(Card(number=1, token_sha256="x"),)), "64 hexadecimal"),
        (Setup(rooms=(room("baca", first.id),), cards=(Card(number=1, token_sha256="1" * 64),) * 2), "2 times"),
        (Setup(rooms=(room("baca", first.id),), cards=(Card(number=1, token_sha256="1" * 64, room_id="x"),)), "room x"),
    ]
    for setup, named in wrongs:
        for act in (RoomSetup(store.database).check, lambda setup: RoomSetup(store.database).put(setup, now=DAY)):
            with pytest.raises(BadRooms, match=named):
                act(setup)
    assert [row.room.id for row in store.rooms.all()] == ["jauh"]


BAD_FILES = {
    "no TOML": (b"x = ", False, "not TOML"),
    "not UTF-8": (b"\xff", False, "not TOML"),
    "no JSON": (b"{", True, "not JSON"),
    "a list": (b"[]", True, "not a table"),
    "another list": (b"[[lift]]", False, "lift: no such list"),
    "no list": (b"room = 5", False, "room: must be a list"),
    "an unknown field": (b'[[room]]\nid="a"\nname="A"\nmax_people=1\nmax="x"', False, r"room\[0\]\.max: no such field"),
    "a wrong type": (b'[[room]]\nid="a"\nname="A"\nmax_people="x"', False, r"room\[0\]\.max_people: Expected `int`"),
    "no name": (b'[[service]]\nid="a"', False, r"service\[0\]: Object missing required field `name`"),
    "a wrong word": (b'[[service]]\nid="a"\nname="A"\nmode="x"', False, r"service\[0\]\.mode: Invalid enum value"),
    "no entry": (b'{"door": [5]}', True, r"door\[0\]: Expected `object`"),
}


@pytest.mark.parametrize(("text", "is_json", "named"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_is_not_in_order(text, is_json, named):
    """What is wrong is named by its path."""
    with pytest.raises(BadRooms, match=named):
        read_setup(text, is_json=is_json)


def test_every_wrong_entry_is_named():
    """One line each, so that a file is put right in one go."""
    text = b'[[room]]\nid="a"\n[[room]]\nid=5\n[[door]]\ndevice_id="d"'
    with pytest.raises(BadRooms) as told:
        read_setup(text, is_json=False)
    assert [line.partition(":")[0] for line in str(told.value).splitlines()] == ["room[0]", "room[1].id", "door[0]"]


def test_a_file_in_order():
    """TOML and JSON say the same; what is not there is left as it is."""
    toml = b'[[room]]\nid="a"\nname="A"\nmax_people=1\ndoors=["d"]\n[[door]]\ndevice_id="d"\nletter="C"\n'
    plain = b'{"room": [{"id": "a", "name": "A", "max_people": 1, "doors": ["d"]}], "door": [{"device_id": "d", "letter": "C"}]}'
    assert read_setup(toml, is_json=False) == read_setup(plain, is_json=True)
    assert read_setup(b"service = []", is_json=False) == Setup(services=())


def test_the_ledger_outlives_the_process(doors, put, database):
    """Opened anew, the same store has the same rooms."""
    put(*doors)
    before = RoomStore(database).all()
    with closing(Database(database.url.render_as_string(hide_password=False))) as again:
        assert open_store(again).rooms.all() == before
