"""Facts and what follows from them, committed together: journal rows and projections in one transaction."""

from collections.abc import Sequence

from kiosk.store import projections
from kiosk.store.database import KioskDatabase
from sync.clock import Moment
from sync.journal import Entry, Event


def commit(database: KioskDatabase, events: Sequence[Event], moment: Moment) -> list[Entry]:
    """Append the events in order. When this returns they survive a power cut; if it raises, none of them happened.

    Raises:
        DatabaseError: fail-stop. The kiosk shows that it is out of service, ends, and verifies at its next start.
    """
    with database.transaction() as db:
        entries = [database.journal.append(event, moment) for event in events]
        for entry in entries:
            projections.apply(db, entry)
    return entries
