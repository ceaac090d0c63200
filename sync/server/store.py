"""The doors the server knows: adding, revoking, finding by key. A key is shown once, when it is made; only its hash is kept."""

import hashlib
import hmac
import secrets as randomness
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from sync.server.database import Database
from sync.server.errors import Unknown
from sync.server.schema import devices
from sync.server.settings import check_time_zone

_NO_HASH = "0" * 64


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


_COLUMNS = tuple(devices.c[name] for name in Device.__dataclass_fields__)


class DeviceStore:
    """The doors in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, name: str, *, place_id: str, time_zone: str, now: str, key: str | None = None, site: str = ""
    ) -> tuple[Device, str]:
        """Register a door; gives it and its bearer key, which nobody can ask for again. `key` is made unless given.

        Raises:
            BadSettings: no such time zone.
        """
        check_time_zone(time_zone)
        key = key or randomness.token_urlsafe(32)
        device = Device(randomness.token_hex(8), name, place_id, site, time_zone, now, None, None, None)
        row = {column.name: getattr(device, column.name) for column in _COLUMNS}
        with self._database.writing() as connection:
            connection.execute(insert(devices).values(**row, key_hash=key_hash(key)))
        return device, key

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

    def with_key(self, device_id: str, key: str) -> Device | None:
        """The door of that id if the key is its own; takes as long for a wrong key as for an unknown door."""
        with self._database.reading() as connection:
            row = connection.execute(select(*_COLUMNS, devices.c.key_hash).where(devices.c.id == device_id)).one_or_none()
        matches = hmac.compare_digest(row.key_hash if row else _NO_HASH, key_hash(key))
        return _device(row) if row is not None and matches else None

    def touch(self, device_id: str, *, now: str) -> None:
        """Remember that the door was heard."""
        with self._database.writing() as connection:
            connection.execute(update(devices).where(devices.c.id == device_id).values(last_contact_at=now))


def key_hash(key: str) -> str:
    """What is kept of a key. Keys are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def _device(row: Row[*tuple[Any, ...]]) -> Device:
    return Device(**{column.name: getattr(row, column.name) for column in _COLUMNS})
