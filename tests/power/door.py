"""A kiosk's journal on a disk that fails, and what the kiosk was told of it: the oracle of every power cut."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from kiosk.services import record
from kiosk.simulation.disk import FaultDisk
from kiosk.simulation.disk_files import Image
from kiosk.store import projections
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync import journal
from sync.clock import ManualClock, Moment
from sync.journal import Entry, Event
from sync.protocol.events import Kind

PATH = Path("/door/kiosk.db")
_TABLES = ("arrivals", "holds", "pin_failures")

Commit = Callable[[KioskDatabase, Sequence[Event], Moment], list[Entry]]


@dataclass(frozen=True, slots=True)
class Setup:
    """How the kiosk of a trial is built; anything but the default is a fault put in on purpose."""

    pragma: str | None = None
    commit: Commit = record.commit
    lying: bool = False
    trusts_memory: bool = False


class Door:
    """Commits goes as a lane does, and remembers which of them it was told are durable.

    Raises:
        DatabaseError: from `open`, `go` and `fold`, as the product raises it.
    """

    def __init__(self, disk: FaultDisk, rng: Random, setup: Setup, *, autocheckpoint_pages: int = 1000) -> None:
        self.disk, self._rng, self._setup = disk, rng, setup
        self._autocheckpoint_pages = autocheckpoint_pages
        self._clock = ManualClock()
        self._database: KioskDatabase | None = None
        self.told: list[str] = []
        self._epoch = ""
        # All that was tried since something was last confirmed: a transaction that a cut tore, and that the next start did not
        # find, is there after another cut if what was missing of it was written again, byte for byte, by the one tried next.
        self._in_flight: list[list[str]] = []
        self._epochs_in_flight: list[str] = []
        self._goes = 0

    @property
    def database(self) -> KioskDatabase:
        """The open database."""
        assert self._database is not None
        return self._database

    @property
    def closed(self) -> bool:
        """True while no process has the database open."""
        return self._database is None

    def open(self) -> None:
        """Start the kiosk."""
        if not self._setup.trusts_memory:
            self.disk.forget_cached()  # as open_database does on a real disk
        self._database = open_kiosk_database(
            PATH, device_id="door-1", place_id="lobby", random_bytes=self._rng.randbytes, vfs=self.disk.name
        )
        connection = self._database.connection
        self._epoch = self._epoch or self._database.journal.origin.epoch
        connection.execute(f"PRAGMA wal_autocheckpoint = {self._autocheckpoint_pages}")
        if self._setup.pragma:
            connection.execute(self._setup.pragma)

    def go(self) -> None:
        """Commit the facts of one person's go, in as many transactions as a lane takes."""
        self._goes += 1
        self._clock.advance(7)
        for events in _go(self._rng, f"tap-{self._goes}"):
            self.commit(events)

    def commit(self, events: Sequence[Event]) -> None:
        """Commit one transaction, and believe what it says."""
        self._in_flight.append([event.id or "" for event in events])
        entries = self._setup.commit(self.database, events, self._clock.now())
        self.told += [entry.record.hash for entry in entries]
        self._confirmed()

    def _confirmed(self) -> None:
        self._in_flight.clear()
        self._epochs_in_flight.clear()
        self._epoch = self.database.journal.origin.epoch

    def fold(self) -> None:
        """Fold the log into the file."""
        self.database.fold_log()

    def begin_epoch(self) -> None:
        """Start another chain."""

        def random_bytes(count: int) -> bytes:
            given = self._rng.randbytes(count)
            self._epochs_in_flight.append(given.hex())
            return given

        self.database.begin_epoch(random_bytes)
        self._confirmed()

    def close(self) -> None:
        """End the process, after a power cut or without one; what the database says of it is no matter."""
        if self._database is not None:
            self._database.connection.close()
            self._database = None

    def records(self) -> int:
        """How many records there are."""
        return journal.last_position(self.database.connection)

    def lost(self) -> int:
        """How many of the records that it was told of are gone."""
        return len(set(self.told) - {row[0] for row in self.database.connection.execute("SELECT hash FROM journal")})

    def hides_losses(self) -> bool:
        """True if the journal verifies whole and ends as it was told, though records are missing: nothing would tell."""
        db = self.database.connection
        return bool(self.told) and journal.verify(db).ok and [e.record.hash for e in journal.tail(db, 1)] == self.told[-1:]

    def fault(self) -> str | None:
        """Why the open journal is not what it must be; None if it is. What is found of the transaction in flight counts as told
        from here on.
        """
        db = self.database.connection
        verification = journal.verify(db)
        if not verification.ok:
            return f"row {verification.first_bad}: {verification.reason}"
        rows = db.execute("SELECT hash, id FROM journal ORDER BY position").fetchall()
        hashes, beyond = [row[0] for row in rows], [row[1] for row in rows[len(self.told) :]]
        if hashes[: len(self.told)] != self.told:
            return f"{self.lost()} of {len(self.told)} confirmed records lost"
        if beyond and beyond not in self._in_flight:
            return f"beyond the confirmed {len(beyond)} records that are no whole transaction, where all or none must be"
        if self.database.journal.origin.epoch not in (self._epoch, *self._epochs_in_flight):
            return "another epoch than the one that was begun"
        if _projections(db) != _rebuilt(db):
            return "the projections are not what the journal gives"
        self.told, self._epoch = hashes, self.database.journal.origin.epoch
        return None


def prepared() -> Image:
    """A card with a new and empty kiosk.db, closed as it should be: making one takes longer than a whole trial."""
    with FaultDisk(Random(0)) as disk:
        door = Door(disk, Random(0), Setup())
        door.open()
        door.close()
        return disk.image()


def _projections(db: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in _TABLES]


def _rebuilt(db: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    db.execute("BEGIN IMMEDIATE")
    try:
        projections.rebuild(db)
        return _projections(db)
    finally:
        db.execute("ROLLBACK")


def _go(rng: Random, tap_id: str) -> list[list[Event]]:
    """A go's transactions: mostly a tap and its verdict, at times a hold and its end, a guard's PIN, or a long note."""
    tap = Event(Kind.ATTENDANCE_TAPPED, {"tap_id": tap_id, "person_id": f"P{rng.randrange(90)}", "direction": "in"}, id=tap_id)
    about: dict[str, object] = {"tap_id": tap_id, "hold_id": f"hold-{tap_id}", "reasons": ["temp.high"]}

    def event(kind: Kind, payload: dict[str, object]) -> Event:
        return Event(kind, payload, id=f"{kind}-{tap_id}")

    measured = event(Kind.SCREENING_MEASURED, {"tap_id": tap_id, "skin_temperature_c": 36.4})
    match rng.randrange(8):
        case 0:
            held = [measured, event(Kind.VERDICT_HOLD, about), event(Kind.HOLD_OPENED, about)]
            return [[tap], held, [event(Kind.HOLD_CLOSED, {**about, "decision": "admit"})]]
        case 1:
            return [[event(Kind.GUARD_ATTEMPTED, {"guard_id": "g1"})], [event(Kind.GUARD_SIGNED_IN, {"guard_id": "g1"})]]
        case 2:
            return [[tap], [event(Kind.GUARD_NOTED, {"text": "n" * rng.choice((50, 3000, 9000))})]]
        case 3:
            return [[tap, measured, event(Kind.VERDICT_ADMIT, {"tap_id": tap_id})]]
        case _:
            return [[tap], [measured, event(Kind.VERDICT_ADMIT, {"tap_id": tap_id})]]
