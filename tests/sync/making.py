"""Makes what the door's end needs: a station's folder with a real journal, and what its agent is built of."""

import sqlite3
from pathlib import Path
from random import Random

from sync import database, journal
from sync.clock import Clock
from sync.journal import Entry, Event, Journal, Origin
from sync.protocol.events import Kind

KEY = "k" * 43
EPOCH = "ab" * 16


class Station:
    """A station's folder as the kiosk leaves it: kiosk.db with a journal."""

    def __init__(self, data: Path, clock: Clock, device_id: str = "door-1", epoch: str = EPOCH) -> None:
        self.data, self.path, self._clock = data, data / "kiosk.db", clock
        self._random = Random(epoch).randbytes
        self.db = database.open_database(self.path)
        if not self.db.execute("SELECT 1 FROM sqlite_master").fetchone():
            self.db.execute(journal.SCHEMA)
        self.journal = Journal(self.db, Origin(device_id, epoch, "lobby"), self._random)

    def new_epoch(self, epoch: str) -> None:
        """Go on under another epoch, as after an enrolment."""
        self.journal = Journal(self.db, Origin(self.journal.origin.device_id, epoch, "lobby"), self._random)

    def taps(self, count: int, kind: Kind = Kind.ATTENDANCE_TAPPED, **payload: object) -> list[Entry]:
        """Append so many events, each a fact of its own, in one transaction."""
        with database.transaction(self.db):
            return [self.journal.append(self.event(n, kind, **payload), self._clock.now()) for n in range(count)]

    def event(self, n: int = 0, kind: Kind = Kind.ATTENDANCE_TAPPED, **payload: object) -> Event:
        return Event(kind, {"tap_id": f"tap-{n}", "person_id": f"P{n % 90}", "direction": "in"} | payload)

    def change(self, sql: str, *values: object) -> None:
        """Tamper with the file."""
        self.db.execute(sql, values)

    def close(self) -> None:
        self.db.close()


def hashes(db: sqlite3.Connection) -> list[str]:
    """Every row's hash, in order."""
    return [row[0] for row in db.execute("SELECT hash FROM journal ORDER BY position")]
