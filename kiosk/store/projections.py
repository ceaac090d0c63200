"""Everything that screens read, fed by nothing but the journal: one small file a projection, and this one over them all."""

import sqlite3

from kiosk.store import arrivals, corrections, decisions, desk_rows, duty_log, inside, presence, room_books
from kiosk.store.projection import Handler
from sync import journal
from sync.journal import Entry

_MODULES = (arrivals, presence, corrections, inside, duty_log, decisions, room_books, desk_rows)
_PROJECTIONS = tuple(module.PROJECTION for module in _MODULES)
_HANDLERS: dict[str, list[Handler]] = {}
for _each in _PROJECTIONS:
    for _kind, _handler in _each.handlers.items():
        _HANDLERS.setdefault(_kind, []).append(_handler)


def apply(db: sqlite3.Connection, entry: Entry) -> None:
    """Take one journal row into the projections, in the transaction that appended it. Unknown kinds change nothing."""
    handlers = _HANDLERS.get(entry.record.kind)
    payload = entry.payload if handlers else None
    if handlers and payload is not None:
        for handler in handlers:
            handler(db, entry, payload)


def rebuild(db: sqlite3.Connection) -> int:
    """Throw the projections away and make them anew from the journal, in the caller's transaction. Gives the rows read."""
    for projection in _PROJECTIONS:
        for table in projection.tables:
            db.execute(f"DELETE FROM {table}")
    rows = 0
    for entry in journal.read(db):
        apply(db, entry)
        rows += 1
    return rows


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what projections keep of rows up to and with `through` of `epoch`. A backup of an older program has fewer of them."""
    there = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for module in _MODULES:
        if there.issuperset(module.PROJECTION.tables):
            module.forget_rows(db, epoch, through)
