"""What this door knows of its rooms, for screens and decisions: `core.room_book` folded row by row, kept in tables."""

import sqlite3
from dataclasses import replace
from typing import Any

import msgspec

from kiosk.core import room_book
from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import Book, Row, Ticket, Visit
from kiosk.store.projection import Projection
from sync.clock import utc_datetime
from sync.journal import Entry
from sync.protocol.events import Kind

TABLES = ("room_books", "room_visits", "room_tickets")
SCHEMA = (
    "CREATE TABLE room_books (room_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE room_visits (visit_id TEXT PRIMARY KEY, room_id TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
    " body TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE room_tickets (ticket_id TEXT PRIMARY KEY, room_id TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
    " body TEXT NOT NULL) WITHOUT ROWID",
)
_PARTS: tuple[tuple[str, type[Any]], ...] = (("room_visits", Visit), ("room_tickets", Ticket))


def load(db: sqlite3.Connection, room_id: str) -> Book:
    """The book of a room; an empty one for a room that nothing is known of."""
    book = _bare(db, room_id)
    visits = (_decoded(body, Visit) for (body,) in db.execute("SELECT body FROM room_visits WHERE room_id = ?", (room_id,)))
    tickets = (_decoded(body, Ticket) for (body,) in db.execute("SELECT body FROM room_tickets WHERE room_id = ?", (room_id,)))
    return replace(book, visits={each.id: each for each in visits}, tickets={each.id: each for each in tickets})


def _bare(db: sqlite3.Connection, room_id: str) -> Book:
    row = db.execute("SELECT body FROM room_books WHERE room_id = ?", (room_id,)).fetchone()
    return Book(room_id) if row is None else msgspec.json.decode(row[0], type=Book)


def row_of(entry: Entry, payload: dict[str, Any]) -> Row:
    """A journal row as the fold takes it."""
    record = entry.record
    at = Instant(utc_datetime(record.claimed_at), record.mono_ns, record.boot_id, record.clock_state == "synced")
    return Row(record.kind, payload, at, record.device_id, record.epoch, record.seq)


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what people said of themselves up to and with the row `through` of `epoch`. Their places stay taken."""
    for table, kind in _PARTS:
        rows = db.execute(f"SELECT {_key(table)}, body FROM {table} WHERE epoch = ? AND seq <= ?", (epoch, through)).fetchall()
        for key, body in rows:
            nameless = replace(_decoded(body, kind), name="", purpose="", institution="")
            db.execute(f"UPDATE {table} SET body = ? WHERE {_key(table)} = ?", (_encoded(nameless), key))


def _key(table: str) -> str:
    return "visit_id" if table == "room_visits" else "ticket_id"


def _apply(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    room_id = payload.get("room_id")
    if room_id is None:
        return
    row = row_of(entry, payload)
    before = _touched(db, str(room_id), row)
    _save(db, before, room_book.after(before, row))


def _touched(db: sqlite3.Connection, room_id: str, row: Row) -> Book:
    """The book with what the row may change: every visit only where it is a head count, or of another epoch.

    A closing sweep ends hundreds of visits one by one, and must not read all of them each time.
    """
    book = _bare(db, room_id)
    if row.kind == Kind.ROOM_COUNTED or book.epoch not in ("", row.epoch):
        return load(db, room_id)
    visits, tickets = (_one(db, table, kind, room_id, row) for table, kind in _PARTS)
    return replace(book, visits=visits, tickets=tickets)


def _one(db: sqlite3.Connection, table: str, kind: type[Any], room_id: str, row: Row) -> dict[str, Any]:
    key = _key(table)
    wanted = (room_id, row.payload.get(key))
    found = db.execute(f"SELECT body FROM {table} WHERE room_id = ? AND {key} = ?", wanted)
    return {each.id: each for each in (_decoded(body, kind) for (body,) in found)}


def _save(db: sqlite3.Connection, before: Book, after: Book) -> None:
    """Write what changed, and no more: a card wears with every page."""
    bare = replace(after, visits={}, tickets={})
    db.execute("INSERT OR REPLACE INTO room_books VALUES (?, ?)", (after.room_id, _encoded(bare)))
    _save_each(db, "room_visits", after, dict(before.visits), dict(after.visits))
    _save_each(db, "room_tickets", after, dict(before.tickets), dict(after.tickets))


def _save_each(db: sqlite3.Connection, table: str, book: Book, before: dict[str, Any], after: dict[str, Any]) -> None:
    for key in before.keys() - after.keys():
        db.execute(f"DELETE FROM {table} WHERE {_key(table)} = ?", (key,))
    for key, value in after.items():
        if before.get(key) != value:
            values = (key, book.room_id, book.epoch, value.seq, _encoded(value))
            db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?)", values)


def _decoded(body: str, kind: type[Any]) -> Any:
    return msgspec.json.decode(body, type=kind)


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


PROJECTION = Projection(TABLES, dict.fromkeys(room_book.ROOM_KINDS, _apply))
