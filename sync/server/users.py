"""Administrators: names, passwords, and how often somebody may guess."""

import hashlib
import math
import secrets as randomness
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, update

from sync.clock import Moment, utc_datetime
from sync.server.database import Database
from sync.server.errors import BadSettings
from sync.server.schema import secrets, sign_in_failures, users

MIN_PASSWORD = 12
_FREE_TRIES = 5
_LONGEST_WAIT_S = 300


class UserStore:
    """The administrators in `database`. `hasher` is argon2id with the library's costs unless given."""

    def __init__(self, database: Database, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(randomness.token_hex(16))

    def add(self, name: str, password: str, *, now: str) -> bool:
        """Let `name` in with `password`; False if the name was there and has a new password now.

        Raises:
            BadSettings: no name, or a password that is too short.
        """
        name = _normal(name)
        if not name:
            raise BadSettings("a user needs a name")
        if len(password) < MIN_PASSWORD:
            raise BadSettings(f"a password needs at least {MIN_PASSWORD} characters")
        hashed = self._hasher.hash(password)
        with self._database.writing() as connection:
            known = connection.execute(update(users).where(users.c.name == name).values(password_hash=hashed)).rowcount > 0
            if not known:
                connection.execute(insert(users).values(name=name, password_hash=hashed, created_at=now))
        return not known

    def exist(self) -> bool:
        """True once anybody may sign in."""
        with self._database.reading() as connection:
            return bool(connection.scalar(select(func.count()).select_from(users)))

    def stamp(self, name: str) -> str | None:
        """What a session of `name` must carry: changes with the password. None for nobody."""
        with self._database.reading() as connection:
            hashed = connection.scalar(select(users.c.password_hash).where(users.c.name == _normal(name)))
        return None if hashed is None else hashlib.sha256(hashed.encode()).hexdigest()[:32]

    def check(self, name: str, password: str) -> str | None:
        """The user's name as it is kept if the password is right; takes as long for nobody's name."""
        with self._database.reading() as connection:
            hashed = connection.scalar(select(users.c.password_hash).where(users.c.name == _normal(name)))
        try:
            self._hasher.verify(hashed or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return _normal(name) if hashed else None

    def wait_s(self, name: str, address: str, now: Moment) -> int:
        """Seconds until `name` may be tried again from `address`; 0 for at once.

        Counted for the pair, so that nobody can lock an administrator out from elsewhere.
        """
        with self._database.reading() as connection:
            query = select(sign_in_failures.c.count.label("tries"), sign_in_failures.c.last_at).where(
                sign_in_failures.c.key == _key(name, address)
            )
            row = connection.execute(query).one_or_none()
        if row is None or row.tries < _FREE_TRIES:
            return 0
        pause = timedelta(seconds=min(_LONGEST_WAIT_S, 2 ** min(row.tries - _FREE_TRIES, 16)))
        return max(0, math.ceil((utc_datetime(row.last_at) + pause - now.wall).total_seconds()))

    def failed(self, name: str, address: str, now: Moment) -> None:
        """Count one wrong try."""
        key, at = _key(name, address), now.claimed_at
        with self._database.writing() as connection:
            done = connection.execute(
                update(sign_in_failures)
                .where(sign_in_failures.c.key == key)
                .values(count=sign_in_failures.c.count + 1, last_at=at)
            )
            if done.rowcount == 0:
                connection.execute(insert(sign_in_failures).values(key=key, count=1, last_at=at))

    def succeeded(self, name: str, address: str) -> None:
        """Forget the wrong tries."""
        with self._database.writing() as connection:
            connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == _key(name, address)))

    def session_key(self) -> bytes:
        """What sessions are signed with: made once, kept in the database, the same for every worker."""
        with self._database.writing() as connection:
            return _session_key(connection)


def _session_key(connection: Connection) -> bytes:
    value = connection.scalar(select(secrets.c.value).where(secrets.c.name == "session"))
    if value is None:
        value = randomness.token_bytes(32)
        connection.execute(insert(secrets).values(name="session", value=value))
    return value


def _normal(name: str) -> str:
    return " ".join("".join(char for char in name if char.isprintable()).split()).casefold()


def _key(name: str, address: str) -> str:
    return hashlib.sha256(f"{_normal(name)}\n{address}".encode(errors="surrogateescape")).hexdigest()
