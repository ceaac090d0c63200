"""Who may decide at this door, and how often a wrong PIN was tried for each."""

import sqlite3
from collections.abc import Iterable


def put(db: sqlite3.Connection, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Add or replace guards: id, name, role, argon2id hash of the PIN."""
    db.executemany("INSERT OR REPLACE INTO guards VALUES (?, ?, ?, ?)", rows)


def remove(db: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Forget guards by id; what they did stays in the journal."""
    db.executemany("DELETE FROM guards WHERE id = ?", [(each,) for each in ids])


def everyone(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Id, name and role of everybody who can sign in, by name."""
    return [tuple(row) for row in db.execute("SELECT id, name, role FROM guards ORDER BY name, id")]


def pin_hash(db: sqlite3.Connection, guard_id: str) -> str | None:
    """The PIN's hash, or None for an unknown id."""
    row = db.execute("SELECT pin_hash FROM guards WHERE id = ?", (guard_id,)).fetchone()
    return None if row is None else str(row[0])


def failures(db: sqlite3.Connection, guard_id: str) -> int:
    """Attempts since the last right PIN. The journal's projection counts them."""
    row = db.execute("SELECT count FROM pin_failures WHERE guard_id = ?", (guard_id,)).fetchone()
    return 0 if row is None else int(row[0])
