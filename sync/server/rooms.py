"""Rooms in the database: what doors report goes into the ledgers once, rights are shared out again, and doors are told.

How far a door's events have gone in stands in `room_cursors`, written in the transaction of the ledgers. So it does not matter
when `settle` is called, nor how often, nor by which worker: those of one site come one after the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from sync.clock import utc_datetime, utc_text
from sync.protocol.rooms import Card, Door, Room, RoomsDocument, RoomState, Service
from sync.server import ledger as held_ranges
from sync.server import lettering, room_ledger
from sync.server.database import Database
from sync.server.room_ledger import Ledger
from sync.server.room_said import FORMS
from sync.server.schema import (
    devices,
    door_letters,
    epochs,
    events,
    room_cards,
    room_cursors,
    room_versions,
    rooms,
    services,
)
from sync.server.store import Device

CONNECTED = timedelta(seconds=15)
"""A door that was heard within this time is connected."""

MAX_VERSION = 2**31 - 2**20
"""No door has been told of a greater version than this."""

_KINDS = tuple(str(kind) for kind in FORMS)
_ROOM_KINDS = frozenset(_KINDS)
_LAST_EVENT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room as it is kept. `connected` are the doors that its rights were shared out to last."""

    room: Room
    site: str
    ledger: Ledger
    connected: frozenset[str]


@dataclass(frozen=True, slots=True)
class SiteDoor:
    """A door of a site, as far as rooms need it."""

    id: str
    name: str
    heard_at: str | None
    revoked: bool


def concerns_rooms(kind: str) -> bool:
    """True for a kind of event that a room's ledger listens to."""
    return kind in _ROOM_KINDS


class RoomStore:
    """The rooms in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def settle(self, device_id: str, *, now: str) -> int:
        """Put what the door has reported since the last time into its rooms' ledgers; gives the version for its site, 0 for none.

        Raises:
            StoreUnavailable: nothing was settled; the next call makes it good.
        """
        with self._database.reading() as connection:
            site = site_of(connection, device_id)
            if not _has_rooms(connection, site):
                return 0
        with self._database.writing(turn(site)) as connection:
            settle_device(connection, site, device_id)
            return share(connection, site, now)

    def ask(self, device: Device, after: int, *, now: str) -> tuple[int, RoomsDocument | None]:
        """The version for this door, and what it is told of rooms, or None where it has that version.

        Asking counts as contact: rights are shared out anew when a door has come or gone since the last time, and a device that
        has no letter yet is given one, which the others are told too.
        """
        with self._database.reading() as connection:
            version = version_of(connection, device.site)
            is_behind = version > 0 and _is_behind(connection, device, now)
            lacks_letter = version > 0 and lettering.lacks(connection, device.id)
        if 0 < version < after <= MAX_VERSION:
            self._restored(device.site, after, now)
        if lacks_letter:
            self._give_letters(device.site)
        if is_behind:
            self.settle(device.id, now=now)
        with self._database.reading() as connection:
            version = version_of(connection, device.site)
            return version, (document(connection, device, version) if version > after else None)

    def all(self) -> list[RoomRow]:
        """Every room, by site and id."""
        with self._database.reading() as connection:
            return list(load(connection))

    def doors(self) -> dict[str, SiteDoor]:
        """Every door by its id."""
        with self._database.reading() as connection:
            return {door.id: door for door in site_doors(connection)}

    def tied_up_at(self, device_id: str, *, now: str) -> list[RoomRow]:
        """The rooms in which that door, which was lost or revoked, has rights or people: each needs a head count."""
        with self._database.writing(turn(site := self._site(device_id))) as connection:
            if version_of(connection, site):
                share(connection, site, now)
            return [row for row in load(connection, site) if _has_a_hand_in(row.ledger, device_id)]

    def _site(self, device_id: str) -> str:
        with self._database.reading() as connection:
            return site_of(connection, device_id)

    def _give_letters(self, site: str) -> None:
        """A device that came after the rooms and services of its site were set up has no letter yet."""
        with self._database.writing(turn(site)) as connection:
            if lettering.give(connection, site):
                bump(connection, site)

    def _restored(self, site: str, after: int, now: str) -> None:
        """A door was told of more than this server remembers: it was restored from an old copy, and what it gave away since then
        nobody knows. It counts on from there, and gives nothing away before heads are counted.
        """
        with self._database.writing(turn(site)) as connection:
            for row in load(connection, site):
                save(connection, replace(row, ledger=room_ledger.with_doubt(row.ledger, now)))
            version = max(version_of(connection, site), after) + 1
            connection.execute(update(room_versions).where(room_versions.c.site == site).values(version=version))


def turn(site: str) -> str:
    """The turn in which everything about the rooms of a site is written."""
    return f"rooms of {site}"


def site_of(connection: Connection, device_id: str) -> str:
    """The site of a door, "" for one that has none or is not known."""
    return connection.scalar(select(devices.c.site).where(devices.c.id == device_id)) or ""


def version_of(connection: Connection, site: str) -> int:
    """The version of what the doors of that site are told; 0 before the first room."""
    return connection.scalar(select(room_versions.c.version).where(room_versions.c.site == site)) or 0


def bump(connection: Connection, site: str) -> int:
    """Count the site's version up by one."""
    version = version_of(connection, site)
    if version == 0:
        connection.execute(insert(room_versions).values(site=site, version=1))
    else:
        connection.execute(update(room_versions).where(room_versions.c.site == site).values(version=version + 1))
    return version + 1


def load(connection: Connection, site: str | None = None) -> Iterator[RoomRow]:
    """The rooms of a site, or all, by site and id."""
    query = select(rooms).order_by(rooms.c.site, rooms.c.id)
    for row in connection.execute(query if site is None else query.where(rooms.c.site == site)).all():
        room = msgspec.json.decode(row.config, type=Room)
        yield RoomRow(room, row.site, msgspec.json.decode(row.ledger, type=Ledger), frozenset(row.connected.split()))


def save(connection: Connection, row: RoomRow) -> None:
    """Write what is known of a room that is there."""
    found = {
        "config": msgspec.json.encode(row.room).decode(),
        "ledger": msgspec.json.encode(row.ledger).decode(),
        "connected": " ".join(sorted(row.connected)),
    }
    connection.execute(update(rooms).where(rooms.c.id == row.room.id).values(found))


def site_doors(connection: Connection, site: str | None = None) -> list[SiteDoor]:
    """The doors of a site, or all."""
    query = select(devices.c.id, devices.c.name, devices.c.last_contact_at, devices.c.revoked_at)
    found = connection.execute(query if site is None else query.where(devices.c.site == site))
    return [SiteDoor(row.id, row.name, row.last_contact_at, row.revoked_at is not None) for row in found]


def settle_device(connection: Connection, site: str, device_id: str) -> None:
    """Put everything that the door has reported and that is not in the ledgers yet into them, in the order of its journal."""
    before = {row.room.id: row for row in load(connection, site)}
    ledgers = {name: row.ledger for name, row in before.items()}
    for epoch, cursor, through in _unsettled(connection, device_id):
        if cursor is None:
            ledgers = {name: introduced(each, device_id, epoch) for name, each in ledgers.items()}
        _settle_epoch(connection, ledgers, device_id, epoch, (cursor or 0, through))
        _move(connection, device_id, epoch, through, is_new=cursor is None)
    for name, row in before.items():
        if ledgers[name] != row.ledger:
            save(connection, replace(row, ledger=ledgers[name]))
            bump(connection, site)


def introduced(ledger: Ledger, device_id: str, epoch: str) -> Ledger:
    """The ledger that has heard that this epoch of the door goes on."""
    return room_ledger.hear(ledger, device_id=device_id, epoch=epoch, kind="", payload=None, claimed_at="")


def replayed(connection: Connection, ledger: Ledger, device_id: str) -> Ledger:
    """A new room's ledger with what the door has said of it before, as far as its events are settled."""
    ledgers = {ledger.room_id: ledger}
    for epoch, cursor, _ in _positions(connection, device_id):
        ledgers[ledger.room_id] = introduced(ledgers[ledger.room_id], device_id, epoch)
        _settle_epoch(connection, ledgers, device_id, epoch, (0, cursor or 0))
    return ledgers[ledger.room_id]


def share(connection: Connection, site: str, now: str) -> int:
    """Share the rights of the site's rooms out to the doors that are connected now; gives the site's version."""
    doors = {door.id: door for door in site_doors(connection, site)}
    for row in load(connection, site):
        active = _active(row.room, doors)
        connected = _connected(active, doors, now)
        ledger = room_ledger.with_doors(row.ledger, active)
        ledger = room_ledger.share_out(ledger, connected=connected)
        if ledger != row.ledger or connected != row.connected:
            save(connection, replace(row, ledger=ledger, connected=connected))
            bump(connection, site)
    return version_of(connection, site)


def document(connection: Connection, device: Device, version: int) -> RoomsDocument:
    """Everything that this door should know of rooms."""
    doors = {door.id: door for door in site_doors(connection, device.site)}
    mine = [row for row in load(connection, device.site) if device.id in row.room.doors]
    known = {row.room.id for row in mine}
    lettered = connection.execute(select(door_letters.c.device_id, door_letters.c.letter).order_by(door_letters.c.letter)).all()
    cards = connection.execute(select(room_cards).where(room_cards.c.site == device.site).order_by(room_cards.c.number)).all()
    given = connection.scalars(select(services.c.config).where(services.c.site == device.site).order_by(services.c.position))
    return RoomsDocument(
        version=version,
        doors=[
            Door(device_id=name, name=doors[name].name, letter=letter)
            for name, letter in lettered
            if name in doors and not doors[name].revoked
        ],
        rooms=[row.room for row in mine],
        services=[msgspec.json.decode(config, type=Service) for config in given],
        cards=[
            Card(number=card.number, token_sha256=card.token_sha256, room_id=card.room_id)
            for card in cards
            if card.room_id is None or card.room_id in known
        ],
        states=[_state(row.ledger, device.id, doors) for row in mine],
    )


def _state(ledger: Ledger, device_id: str, doors: Mapping[str, SiteDoor]) -> RoomState:
    found = room_ledger.state_for(ledger, device_id)
    heard = {name: door.heard_at for name, door in doors.items()}
    others = [msgspec.structs.replace(each, heard_at=heard.get(each.device_id, each.heard_at)) for each in found.doors]
    return msgspec.structs.replace(found, doors=others)


def _has_a_hand_in(ledger: Ledger, device_id: str) -> bool:
    book = ledger.door(device_id)
    homes = {visit.home for visit in ledger.visits.values()} | {each.home for each in ledger.returning.values()}
    return bool(book.held or book.flying or book.stranded or device_id in homes)


def _has_rooms(connection: Connection, site: str) -> bool:
    return connection.scalar(select(rooms.c.id).where(rooms.c.site == site).limit(1)) is not None


def _is_behind(connection: Connection, device: Device, now: str) -> bool:
    """Whether something of the door is not settled, or a door of its rooms has come or gone."""
    if next(_unsettled(connection, device.id), None) is not None:
        return True
    doors = {door.id: door for door in site_doors(connection, device.site)}
    found = connection.execute(select(rooms.c.config, rooms.c.connected).where(rooms.c.site == device.site)).all()
    for config, connected in found:
        active = _active(msgspec.json.decode(config, type=Room), doors)
        if _connected(active, doors, now) != frozenset(connected.split()):
            return True
    return False


def _active(room: Room, doors: Mapping[str, SiteDoor]) -> list[str]:
    return [name for name in room.doors if name in doors and not doors[name].revoked]


def _connected(active: list[str], doors: Mapping[str, SiteDoor], now: str) -> frozenset[str]:
    if len(active) == 1:
        return frozenset(active)  # it has all the rights, whether it is heard or not
    since = utc_text(utc_datetime(now) - CONNECTED)
    return frozenset(name for name in active if (doors[name].heard_at or "") >= since)


def _positions(connection: Connection, device_id: str) -> list[tuple[str, int | None, int]]:
    """(epoch, settled through, held without a gap through) of each epoch of the door, in the order in which they began."""
    both = epochs.outerjoin(
        room_cursors, (room_cursors.c.device_id == epochs.c.device_id) & (room_cursors.c.epoch == epochs.c.epoch)
    )
    query = select(epochs.c.epoch, room_cursors.c.seq, epochs.c.held).select_from(both).where(epochs.c.device_id == device_id)
    found = connection.execute(query.order_by(epochs.c.first_seen_at, epochs.c.epoch)).all()
    return [(row.epoch, row.seq, held_ranges.accepted_through(held_ranges.from_text(row.held))) for row in found]


def _unsettled(connection: Connection, device_id: str) -> Iterator[tuple[str, int | None, int]]:
    return (each for each in _positions(connection, device_id) if each[2] > (each[1] or 0))


def _settle_epoch(
    connection: Connection, ledgers: dict[str, Ledger], device_id: str, epoch: str, between: tuple[int, int]
) -> None:
    after, through = between
    query = select(events.c.kind, events.c.payload, events.c.claimed_at, events.c.clock_state).where(
        events.c.device_id == device_id,
        events.c.epoch == epoch,
        events.c.seq > after,
        events.c.seq <= through,
        events.c.kind.in_(_KINDS),
    )
    for row in connection.execute(query.order_by(events.c.seq)).all():
        payload = _payload(row.payload)
        room_id = payload.get("room_id")
        if isinstance(room_id, str) and room_id in ledgers:
            ledgers[room_id] = room_ledger.hear(
                ledgers[room_id],
                device_id=device_id,
                epoch=epoch,
                kind=row.kind,
                payload=payload,
                claimed_at=row.claimed_at,
                clock_trusted=row.clock_state == "synced",
            )


def _payload(text: str | None) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}


def _move(connection: Connection, device_id: str, epoch: str, seq: int, *, is_new: bool) -> None:
    if is_new:
        connection.execute(insert(room_cursors).values(device_id=device_id, epoch=epoch, seq=seq))
        return
    here = (room_cursors.c.device_id == device_id, room_cursors.c.epoch == epoch)
    connection.execute(update(room_cursors).where(*here).values(seq=seq))
