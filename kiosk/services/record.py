"""Facts and what follows from them, committed together: journal rows and projections in one transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from kiosk.store import projections
from kiosk.store.database import KioskDatabase
from sync.clock import Moment
from sync.journal import Entry, Event

R = TypeVar("R")

Decide = Callable[[sqlite3.Connection, Moment], tuple[Sequence[Event], R]]
"""Looks at the tables and gives what is to be journaled, with an answer. It runs inside the transaction that journals it."""


def commit(database: KioskDatabase, events: Sequence[Event], moment: Moment) -> list[Entry]:
    """Append the events in order. When this returns they survive a power cut; if it raises, none of them happened.

    Raises:
        DatabaseError: fail-stop. The kiosk shows that it is out of service, ends, and verifies at its next start.
    """
    with database.transaction() as db:
        return append(database, db, events, moment)


def append(database: KioskDatabase, db: sqlite3.Connection, events: Sequence[Event], moment: Moment) -> list[Entry]:
    """As `commit`, in the caller's transaction."""
    entries = [database.journal.append(event, moment) for event in events]
    for entry in entries:
        projections.apply(db, entry)
    return entries
