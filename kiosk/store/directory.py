"""The directory on a kiosk: who may be met here, and which badge hashes are theirs. Copies from the server, or local entries."""

import sqlite3
from dataclasses import dataclass

from kiosk.core.values import Person as DoorPerson
from kiosk.core.values import Standing
from kiosk.store import search
from sync.protocol.wire import BadgeEntry, BadgeState, Directory, Person

CENTRAL = "central"
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class DirectoryState:
    """Which version of the server's directory this is (0 for none), and when (UTC text) anything was last applied."""

    version: int
    applied_at: str | None


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the directory says of a token's hash."""

    standing: Standing
    person: DoorPerson | None


def state(db: sqlite3.Connection) -> DirectoryState:
    """The directory's version and age."""
    return DirectoryState(*db.execute("SELECT version, applied_at FROM directory_state").fetchone())


def people(db: sqlite3.Connection) -> list[Person]:
    """Everybody, by name."""
    rows = db.execute("SELECT id, name, unit, post, photo FROM people ORDER BY name, id")
    return [Person(id=r[0], name=r[1], unit=r[2], post=r[3], photo=r[4]) for r in rows]


def badges(db: sqlite3.Connection) -> list[BadgeEntry]:
    """Every badge, revoked ones too, by person."""
    rows = db.execute("SELECT token_sha256, person_id, state, valid_until FROM badges ORDER BY person_id, token_sha256")
    return [BadgeEntry(token_sha256=r[0], person_id=r[1], state=BadgeState(r[2]), valid_until=r[3]) for r in rows]


def person(db: sqlite3.Connection, person_id: str) -> DoorPerson | None:
    """The person of that id."""
    row = db.execute("SELECT id, name, unit, post, photo FROM people WHERE id = ?", (person_id,)).fetchone()
    return None if row is None else DoorPerson(*row)


def look_up(db: sqlite3.Connection, token_sha256: str, today: str) -> Lookup:
    """Whose badge that is, and whether it is good on the local date `today` (YYYY-MM-DD)."""
    row = db.execute("SELECT person_id, state, valid_until FROM badges WHERE token_sha256 = ?", (token_sha256,)).fetchone()
    owner = None if row is None else person(db, row[0])
    if row is None or owner is None:
        return Lookup(Standing.UNKNOWN, None)
    if row[1] == BadgeState.REVOKED:
        return Lookup(Standing.REVOKED, owner)
    if row[2] is not None and row[2] < today:
        return Lookup(Standing.EXPIRED, owner)
    return Lookup(Standing.KNOWN, owner)


def replace_central(db: sqlite3.Connection, directory: Directory, applied_at: str) -> None:
    """Take over the server's directory whole. Local entries stay unless the server knows the same id or hash.

    A badge that was revoked here stays revoked here, whatever the server says.
    """
    db.execute("DELETE FROM people WHERE source = ?", (CENTRAL,))
    db.execute("DELETE FROM badges WHERE source = ?", (CENTRAL,))
    _put(db, directory.people, directory.badges, CENTRAL)
    search.drop_missing(db)
    _revoke(db)
    db.execute("UPDATE directory_state SET version = ?, applied_at = ?", (directory.version, applied_at))


def change_local(
    db: sqlite3.Connection, new_people: list[Person], new_badges: list[BadgeEntry], revoke: list[str], applied_at: str
) -> None:
    """Add or replace entries made on this station, and revoke badges by hash whoever entered them."""
    _put(db, new_people, new_badges, LOCAL)
    revoke_here(db, revoke)
    db.execute("UPDATE directory_state SET applied_at = ?", (applied_at,))


def revoke_here(db: sqlite3.Connection, token_sha256: list[str]) -> None:
    """From now on these badges are worth nothing at this door, whatever any directory says of them."""
    db.executemany("INSERT OR IGNORE INTO revoked_here VALUES (?)", [(each,) for each in token_sha256])
    _revoke(db)


def badges_of(db: sqlite3.Connection, person_id: str) -> list[str]:
    """The hashes of that person's badges that are not revoked."""
    query = "SELECT token_sha256 FROM badges WHERE person_id = ? AND state != ? ORDER BY token_sha256"
    return [str(each) for (each,) in db.execute(query, (person_id, BadgeState.REVOKED))]


def _revoke(db: sqlite3.Connection) -> None:
    db.execute("UPDATE badges SET state = ? WHERE token_sha256 IN (SELECT token_sha256 FROM revoked_here)", (BadgeState.REVOKED,))


def _put(db: sqlite3.Connection, new_people: list[Person], new_badges: list[BadgeEntry], source: str) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?, ?)",
        [(p.id, p.name, p.unit, p.post, p.photo, source) for p in new_people],
    )
    search.put(db, new_people)
    db.executemany(
        "INSERT OR REPLACE INTO badges VALUES (?, ?, ?, ?, ?)",
        [(b.token_sha256, b.person_id, b.state, b.valid_until, source) for b in new_badges],
    )
