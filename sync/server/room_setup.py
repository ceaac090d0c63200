"""Rooms, services, doors' letters and cards as an administrator sets them: checked whole, then put in place at once."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from sync.protocol.room_entries import entries
from sync.protocol.room_faults import faults
from sync.protocol.rooms import Card, Door, Room, RoomsDocument, Service
from sync.server import lettering, room_ledger, rooms
from sync.server.database import Database
from sync.server.errors import BadRooms, Unknown
from sync.server.rooms import RoomRow, SiteDoor, turn
from sync.server.schema import devices, epochs, room_cards, services
from sync.server.schema import rooms as rooms_table

_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device_id: str
    letter: str


_FORMS: Mapping[str, type[Any]] = {"room": Room, "service": Service, "card": Card, "door": _Letter}


@dataclass(frozen=True, slots=True)
class Setup:
    """What is to be set. Rooms are added or replaced; services and cards of the site are replaced whole, where they are given.

    `letters` are by door. Doors may be called by their id or, where there is only one of it, by their name.
    """

    rooms: tuple[Room, ...] = ()
    services: tuple[Service, ...] | None = None
    cards: tuple[Card, ...] | None = None
    letters: tuple[tuple[str, str], ...] = ()


def read_setup(text: bytes, *, is_json: bool) -> Setup:
    """The setup in a file: lists `room`, `service`, `door` (device_id, letter) and `card`, as TOML or JSON.

    Raises:
        BadRooms: naming every entry that is wrong.
    """
    try:
        told = json.loads(text) if is_json else tomllib.loads(text.decode())
    except (ValueError, RecursionError) as exc:
        raise BadRooms(f"not {'JSON' if is_json else 'TOML'}: {exc}") from exc
    if not isinstance(told, dict):
        raise BadRooms("not a table with the lists room, service, door and card")
    wrong: list[str] = [
        f"{name}: no such list; room, service, door and card are known" for name in sorted(told.keys() - _FORMS.keys())
    ]
    read: dict[str, list[Any]] = {name: list(entries(told.get(name, []), name, form, wrong)) for name, form in _FORMS.items()}
    if wrong:
        raise BadRooms("\n".join(wrong))
    return Setup(
        rooms=tuple(read["room"]),
        services=tuple(read["service"]) if "service" in told else None,
        cards=tuple(read["card"]) if "card" in told else None,
        letters=tuple((each.device_id, each.letter) for each in read["door"]),
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    """A setup that is in order, for one site, with every door by its id and every letter that holds then."""

    site: str
    rooms: tuple[Room, ...]
    services: tuple[Service, ...] | None
    cards: tuple[Card, ...] | None
    letters: dict[str, str]


class RoomSetup:
    """Sets up the rooms in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self, setup: Setup) -> None:
        """Nothing, if the setup can be put in place.

        Raises:
            BadRooms: naming every entry that is wrong.
        """
        with self._database.reading() as connection:
            _checked(connection, setup)

    def put(self, setup: Setup, *, now: str) -> list[RoomRow]:
        """Put it in place, whole; gives the rooms as they are then. A lower limit puts nobody out: it is repaid as people leave.

        Raises:
            BadRooms: naming every entry that is wrong; nothing was changed.
        """
        with self._database.reading() as connection:
            site = _checked(connection, setup).site
        with self._database.writing(turn(site)) as connection:
            lettering.alone(connection)
            found = _checked(connection, setup)
            lettering.put(connection, found.letters)
            for room in found.rooms:
                _put_room(connection, site, room)
            _put_services(connection, site, found.services)
            _put_cards(connection, site, found.cards)
            for door in sorted({door for room in found.rooms for door in room.doors}):
                rooms.settle_device(connection, site, door)
            rooms.bump(connection, site)
            rooms.share(connection, site, now)
            named = {room.id for room in found.rooms}
            return [row for row in rooms.load(connection, site) if row.room.id in named]

    def remove(self, room_id: str) -> Room:
        """Forget a room with everything that is known of it.

        Raises:
            Unknown: no such room.
        """
        row = next((row for row in self._rows() if row.room.id == room_id), None)
        if row is None:
            raise Unknown(f"no room {room_id}; `gapura central rooms list` names them")
        with self._database.writing(turn(row.site)) as connection:
            connection.execute(delete(rooms_table).where(rooms_table.c.id == room_id))
            rooms.bump(connection, row.site)
        return row.room

    def letters(self) -> dict[str, str]:
        """Every device's letter by its id."""
        with self._database.reading() as connection:
            return lettering.read(connection)

    def _rows(self) -> list[RoomRow]:
        with self._database.reading() as connection:
            return list(rooms.load(connection))


def _checked(connection: Connection, setup: Setup) -> _Checked:
    wrong: list[str] = []
    doors = {door.id: door for door in rooms.site_doors(connection)}
    sites = {row.id: row.site for row in connection.execute(select(devices.c.id, devices.c.site))}
    named = tuple(_with_door_ids(room, doors, wrong) for room in setup.rooms)
    letters = {_door_id(name, doors, f"door {name}", wrong): letter for name, letter in setup.letters}
    if wrong:
        raise BadRooms("\n".join([*wrong, *faults(RoomsDocument(rooms=list(setup.rooms)))]))
    found = {sites[door] for room in named for door in room.doors} | {sites[door] for door in letters}
    if len(found) > 1:
        listed = ", ".join(f'"{site}"' for site in sorted(found))
        raise BadRooms(f"the doors are of several sites ({listed}): set the rooms of each site by themselves")
    site = next(iter(found)) if found else _only_site(sites)
    known = list(rooms.load(connection))
    others = {row.room.id for row in known if row.site != site}
    wrong += [f"room {room.id}: there is one at another site" for room in named if room.id in others]
    letters = lettering.planned(connection, site, letters, (door for room in named for door in room.doors))
    kept = [row.room for row in known if row.site == site and row.room.id not in {room.id for room in named}]
    lettered = [Door(device_id=name, name="", letter=letter) for name, letter in letters.items()]
    wrong += faults(RoomsDocument(doors=lettered, rooms=[*named, *kept], services=list(setup.services or ())))
    wrong += _card_faults(setup.cards or (), {room.id for room in (*named, *kept)})
    if wrong:
        raise BadRooms("\n".join(wrong))
    return _Checked(site, named, setup.services, setup.cards, letters)


def _card_faults(cards: Iterable[Card], known: Collection[str]) -> Iterator[str]:
    for token, times in Counter(card.token_sha256 for card in cards).items():
        if times > 1:
            yield f"card {token}: listed {times} times"
    for card in cards:
        if not _SHA256.fullmatch(card.token_sha256):
            yield f"card {card.number}: token_sha256 must be 64 hexadecimal digits"
        if card.room_id is not None and card.room_id not in known:
            yield f"card {card.number}: its room {card.room_id} is not known"


def _only_site(sites: Mapping[str, str]) -> str:
    if len(set(sites.values())) > 1:
        raise BadRooms("no room and no door is named, and there are several sites: name a door of the site with its letter")
    return next(iter(sites.values()), "")


def _with_door_ids(room: Room, doors: Mapping[str, SiteDoor], wrong: list[str]) -> Room:
    if not room.doors:
        wrong.append(f"room {room.id}: it has no door; name at least one device")
    found = [_door_id(name, doors, f"room {room.id}: door {name}", wrong) for name in room.doors]
    if len(set(found)) != len(found):
        wrong.append(f"room {room.id}: a door is named twice")
    return msgspec.structs.replace(room, doors=found)


def _door_id(name: str, doors: Mapping[str, SiteDoor], where: str, wrong: list[str]) -> str:
    found = [door for door in doors.values() if door.id == name] or [door for door in doors.values() if door.name == name]
    active = [door for door in found if not door.revoked]
    if len(active) == 1:
        return active[0].id
    if not found:
        wrong.append(f"{where}: no such device; `gapura central devices list` names them")
    else:
        wrong.append(f"{where}: {'several devices have that name; use the id' if active else 'that device is revoked'}")
    return name


def _put_room(connection: Connection, site: str, room: Room) -> None:
    row = next((row for row in rooms.load(connection, site) if row.room.id == room.id), None)
    if row is None:
        ledger = room_ledger.empty(room)
        for door in room.doors:
            ledger = rooms.replayed(connection, ledger, door)
        row = RoomRow(room, site, ledger, frozenset())
        connection.execute(insert(rooms_table).values(id=room.id, site=site, config="", ledger="", connected=""))
    ledger = room_ledger.with_doors(room_ledger.with_limit(row.ledger, room.max_people), room.doors)
    for door in room.doors:
        for epoch in _epochs(connection, door) if not ledger.door(door).epoch else ():
            ledger = rooms.introduced(ledger, door, epoch)
    rooms.save(connection, replace(row, room=room, ledger=ledger))


def _epochs(connection: Connection, device_id: str) -> list[str]:
    query = select(epochs.c.epoch).where(epochs.c.device_id == device_id).order_by(epochs.c.first_seen_at, epochs.c.epoch)
    return list(connection.scalars(query))


def _put_services(connection: Connection, site: str, found: tuple[Service, ...] | None) -> None:
    if found is None:
        return
    connection.execute(delete(services).where(services.c.site == site))
    for position, service in enumerate(found):
        config = msgspec.json.encode(service).decode()
        connection.execute(insert(services).values(site=site, position=position, config=config))


def _put_cards(connection: Connection, site: str, found: tuple[Card, ...] | None) -> None:
    if found is None:
        return
    connection.execute(delete(room_cards).where(room_cards.c.site == site))
    for card in found:
        connection.execute(insert(room_cards).values(site=site, **msgspec.structs.asdict(card)))
