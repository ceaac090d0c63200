"""The doors the server knows: adding, revoking, finding. Each is known by the public key that it made itself."""

import secrets as randomness
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sync.server.database import Database
from sync.server.errors import Unknown
from sync.server.schema import devices
from sync.server.settings import check_time_zone


@dataclass(frozen=True, slots=True)
class Device:
    """A door's machine. Times are UTC texts, or None for never."""

    id: str
    name: str
    place_id: str
    site: str
    time_zone: str
    created_at: str
    revoked_at: str | None
    last_contact_at: str | None
    last_clock_state: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A door and its public key as text; None for a door that must enrol anew."""

    device: Device
    public_key: str | None


_COLUMNS = tuple(devices.c[name] for name in Device.__dataclass_fields__)


class DeviceStore:
    """The doors in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, *, place_id: str, time_zone: str, now: str, public_key: str, site: str = "") -> Device:
        """Register a door by the key it has made. On the way of an enrolment, codes do this.

        Raises:
            BadSettings: no such time zone.
        """
        check_time_zone(time_zone)
        with self._database.writing() as connection:
            return add_device(connection, name, place_id=place_id, site=site, time_zone=time_zone, public_key=public_key, now=now)

    def all(self) -> list[Device]:
        """Every door, the most recently heard first, the never heard last."""
        query = select(*_COLUMNS).order_by(devices.c.last_contact_at.is_(None), devices.c.last_contact_at.desc(), devices.c.name)
        with self._database.reading() as connection:
            return [_device(row) for row in connection.execute(query)]

    def revoke(self, device_id: str, *, now: str) -> Device:
        """Refuse this door from now on; what it reported stays. Revoking twice keeps the first time.

        Raises:
            Unknown: no such door.
        """
        with self._database.writing() as connection:
            connection.execute(
                update(devices).where(devices.c.id == device_id, devices.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            row = connection.execute(select(*_COLUMNS).where(devices.c.id == device_id)).one_or_none()
        if row is None:
            raise Unknown(f"no device {device_id}; `gapura central devices list` names them")
        return _device(row)

    def find(self, device_id: str) -> Known | None:
        """The door of that id, revoked or not."""
        with self._database.reading() as connection:
            return find_device(connection, device_id)

    def touch(self, device_id: str, *, now: str) -> None:
        """Remember that the door was heard."""
        with self._database.writing() as connection:
            connection.execute(update(devices).where(devices.c.id == device_id).values(last_contact_at=now))


def add_device(
    connection: Connection, name: str, *, place_id: str, site: str, time_zone: str, public_key: str, now: str
) -> Device:
    """`DeviceStore.add` in the caller's transaction."""
    device = Device(randomness.token_hex(8), name, place_id, site, time_zone, now, None, None, None)
    row = {column.name: getattr(device, column.name) for column in _COLUMNS}
    connection.execute(insert(devices).values(**row, public_key=public_key))
    return device


def find_device(connection: Connection, device_id: str) -> Known | None:
    """`DeviceStore.find` in the caller's transaction."""
    row = connection.execute(select(*_COLUMNS, devices.c.public_key).where(devices.c.id == device_id)).one_or_none()
    return None if row is None else Known(_device(row), row.public_key)


def _device(row: Row[*tuple[Any, ...]]) -> Device:
    return Device(**{column.name: getattr(row, column.name) for column in _COLUMNS})
