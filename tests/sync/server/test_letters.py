"""Letters that begin numbers: each device of a site with rooms or services has one, for good, and nobody else on the server."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sync.protocol.rooms import Service, ServiceMode
from sync.server import lettering
from sync.server.room_setup import RoomSetup, Setup
from tests.sync.server.doorway import DAY, Doorway

FILES = Setup(services=(Service(id="berkas", name="Berkas", mode=ServiceMode.DROP_OFF),))


def told(door: Doorway) -> dict[str, str]:
    """The letters that a door is told of, by device."""
    door.asks()
    return {each.device_id: each.letter for each in door.told.doors}


def test_services_alone_give_letters(make_door, store, clock):
    """Where there is no room at all, every kiosk that takes files is told a letter of its own, the oldest the first."""
    first = make_door("Loket 2")
    clock.advance(1)
    second = make_door("Loket 1")
    RoomSetup(store.database).put(FILES, now=DAY)
    assert told(first) == told(second) == {first.id: "A", second.id: "B"}


def test_a_kiosk_that_is_no_door_of_a_room_has_a_letter(make_door, put, clock):
    """Services go to every kiosk of the site, so each has a letter; the doors of the room come first."""
    lone = make_door("Loket")
    clock.advance(1)
    door = make_door("Pintu")
    put(door)
    assert told(lone) == {door.id: "A", lone.id: "B"}


def test_a_kiosk_that_comes_later_is_given_a_letter(doors, put, make_door):
    """It has one with the first answer, the others hear of it, and asking again changes nothing."""
    put(*doors)
    version = doors[0].asks()[0]
    late = make_door("Baru")
    assert told(late)[late.id] == "C"
    newer, document = doors[0].asks(after=version)
    assert newer > version
    assert document.doors[2].device_id == late.id
    assert late.asks(after=newer) == (newer, None)


def test_a_letter_is_kept_and_never_given_again(doors, put, store, make_door):
    """Not when rooms change, not to who comes after a kiosk that was revoked, not at another site."""
    put(*doors)
    store.devices.revoke(doors[0].id, now=DAY)
    put(doors[1], room_id="lain")
    late, far, gone = make_door("Baru"), make_door("Jauh", site="Bandung"), make_door("Lama", site="Bandung")
    store.devices.revoke(gone.id, now=DAY)
    put(far, room_id="jauh")
    assert told(far) == {far.id: "C"}
    assert told(late) == {doors[1].id: "B", late.id: "D"}
    letters = RoomSetup(store.database).letters()
    assert letters == {doors[0].id: "A", doors[1].id: "B", far.id: "C", late.id: "D"}


def test_who_is_told_of_nothing_has_no_letter(doors, store):
    """A site without rooms and services uses none up."""
    assert doors[0].asks() == (0, None)
    assert RoomSetup(store.database).letters() == {}


def test_two_sites_at_the_same_moment(put, store, make_door):
    """Kiosks of two sites that ask at once get two letters, not one twice."""
    there = [make_door(f"Pintu {n}", site=f"Kantor {n}") for n in range(2)]
    for n, door in enumerate(there):
        put(door, room_id=f"r{n}")
    for n in range(6):
        late = [make_door(f"Baru {n}", site=door.device.site) for door in there]
        start = Barrier(2)

        def ask(door, start=start):
            start.wait()
            return door.asks()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(ask, late))
    letters = list(RoomSetup(store.database).letters().values())
    assert len(set(letters)) == len(letters) == 14


def test_more_kiosks_than_letters():
    """Past the last letter of the server each site has its own again, and past those of the site there are none."""
    many = [str(n) for n in range(702)]
    elsewhere = lettering.lettered({}, {}, many, many)
    assert (len(set(elsewhere.values())), elsewhere["701"]) == (702, "ZZ")
    assert lettering.lettered(elsewhere, {}, ["x", "y"], ["x", "y"]) == {"x": "A", "y": "B"}
    assert "x" not in lettering.lettered(elsewhere, {}, [*many, "x"], ["x"])
