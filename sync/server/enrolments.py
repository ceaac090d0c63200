"""How doors join: one-time codes, each for one door, kept as hashes, and guesses that are counted.

A code that is unknown, used, revoked or too old is refused in the same words; the log says which it was.
"""

import base64
import hashlib
import logging
import math
import secrets as randomness
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sync.clock import Moment, utc_datetime, utc_text
from sync.server.database import Database
from sync.server.errors import CodeRefused, TooManyTries, Unknown
from sync.server.schema import enrolment_tries, enrolments
from sync.server.settings import check_time_zone
from sync.server.store import Device, add_device, find_device

_log = logging.getLogger(__name__)

SINGLE_LIFE = timedelta(minutes=10)
BATCH_LIFE = timedelta(days=7)
_CODE_BYTES = 10
_GROUP = 4
_READ_AS = str.maketrans("018", "OIB")
"""Digits that base32 does not have, and the letters they are mistaken for."""

_WINDOW = timedelta(minutes=10)
TRIES_AN_ADDRESS = 20
TRIES_IN_ALL = 500
"""Wrong codes in ten minutes, from one address and from all together."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code is for. `expires_at` and the others are UTC texts, or None; `device_id` is the door that used it."""

    id: str
    name: str
    place_id: str
    site: str
    time_zone: str
    created_at: str
    expires_at: str
    revoked_at: str | None
    used_at: str | None
    device_id: str | None


_COLUMNS = tuple(enrolments.c[name] for name in Grant.__dataclass_fields__)


class EnrolmentStore:
    """The codes in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new(
        self, name: str, *, place_id: str, time_zone: str, now: Moment, site: str = "", life: timedelta = SINGLE_LIFE
    ) -> tuple[Grant, str]:
        """A code for one door; gives what it is for, and the code, which nobody can ask for again.

        Raises:
            BadSettings: no such time zone.
        """
        check_time_zone(time_zone)
        code = base64.b32encode(randomness.token_bytes(_CODE_BYTES)).decode()
        expires_at = utc_text(now.wall + life)
        grant = Grant(randomness.token_hex(4), name, place_id, site, time_zone, now.claimed_at, expires_at, None, None, None)
        row = {column.name: getattr(grant, column.name) for column in _COLUMNS}
        with self._database.writing() as connection:
            connection.execute(insert(enrolments).values(**row, code_sha256=_hash(code)))
        return grant, "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))

    def all(self) -> list[Grant]:
        """Every code's grant, the newest first."""
        with self._database.reading() as connection:
            return [_grant(row) for row in connection.execute(select(*_COLUMNS).order_by(enrolments.c.created_at.desc()))]

    def revoke(self, grant_id: str, *, now: str) -> Grant:
        """Make a code worthless. One that was used stays used; its door is revoked with `devices revoke`.

        Raises:
            Unknown: no such code.
        """
        chosen = enrolments.c.id == grant_id
        with self._database.writing() as connection:
            connection.execute(update(enrolments).where(chosen, enrolments.c.revoked_at.is_(None)).values(revoked_at=now))
            row = connection.execute(select(*_COLUMNS).where(chosen)).one_or_none()
        if row is None:
            raise Unknown(f"no code {grant_id}; `gapura central enrolments list` names them")
        return _grant(row)

    def enrol(self, code: str, public_key: str, *, address: str, now: Moment) -> Device:
        """The door that this code makes, known by this key from now on. The same code with the same key gives the same door.

        Raises:
            TooManyTries: `address`, or everybody, has guessed too often.
            CodeRefused
        """
        with self._database.writing() as connection:
            wait_s = max(_wait_s(connection, key, limit, now) for key, limit in _counted(address))
            if wait_s:
                raise TooManyTries("too many wrong codes", wait_s)
            row = connection.execute(select(*_COLUMNS).where(enrolments.c.code_sha256 == _hash(_normal(code)))).one_or_none()
            device = None if row is None else _take(connection, _grant(row), public_key, now)
            if device is None:
                for key, _ in _counted(address):
                    _count(connection, key, now)
        if device is None:
            _log.warning("an enrolment from %s was refused: %s", address, _why(row, now))
            raise CodeRefused("This code cannot be used. Ask for a new one: `gapura central enrolments new`.")
        return device


def _take(connection: Connection, grant: Grant, public_key: str, now: Moment) -> Device | None:
    if grant.device_id is not None:
        found = find_device(connection, grant.device_id)
        return found.device if found and found.public_key == public_key and found.device.revoked_at is None else None
    if _why_not(grant, now):
        return None
    device = add_device(
        connection,
        grant.name,
        place_id=grant.place_id,
        site=grant.site,
        time_zone=grant.time_zone,
        public_key=public_key,
        now=now.claimed_at,
    )
    used = {"used_at": now.claimed_at, "device_id": device.id}
    connection.execute(update(enrolments).where(enrolments.c.id == grant.id).values(used))
    return device


def _why(row: Row[*tuple[Any, ...]] | None, now: Moment) -> str:
    return "no such code" if row is None else f"code {row.id} {_why_not(_grant(row), now)}"


def _why_not(grant: Grant, now: Moment) -> str:
    if grant.used_at is not None:
        return "was used"
    if grant.revoked_at is not None:
        return "was revoked"
    # Before it was made, too: then the server's clock has been set back, and how old the code is cannot be told.
    in_time = utc_datetime(grant.created_at) <= now.wall < utc_datetime(grant.expires_at)
    return "" if in_time else "is too old"


def _counted(address: str) -> tuple[tuple[str, int], ...]:
    return (hashlib.sha256(address.encode()).hexdigest(), TRIES_AN_ADDRESS), ("all", TRIES_IN_ALL)


def _wait_s(connection: Connection, key: str, limit: int, now: Moment) -> int:
    row = connection.execute(select(enrolment_tries).where(enrolment_tries.c.key == key)).one_or_none()
    if row is None or row.tries < limit:
        return 0
    since = utc_datetime(row.since)
    return math.ceil((since + _WINDOW - now.wall).total_seconds()) if since <= now.wall < since + _WINDOW else 0


def _count(connection: Connection, key: str, now: Moment) -> None:
    known = enrolment_tries.c.key == key
    row = connection.execute(select(enrolment_tries).where(known)).one_or_none()
    if row is None:
        connection.execute(insert(enrolment_tries).values(key=key, tries=1, since=now.claimed_at))
    elif utc_datetime(row.since) <= now.wall < utc_datetime(row.since) + _WINDOW:
        connection.execute(update(enrolment_tries).where(known).values(tries=row.tries + 1))
    else:
        connection.execute(update(enrolment_tries).where(known).values(tries=1, since=now.claimed_at))


def _normal(code: str) -> str:
    return "".join(char for char in code.upper().translate(_READ_AS) if char.isalnum())


def _hash(code: str) -> str:
    """What is kept of a code. It is 80 random bits, so a plain hash is enough."""
    return hashlib.sha256(code.encode(errors="surrogateescape")).hexdigest()


def _grant(row: Row[*tuple[Any, ...]]) -> Grant:
    return Grant(**{column.name: getattr(row, column.name) for column in _COLUMNS})
