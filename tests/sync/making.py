"""Makes what the door's end needs: a station's folder with a real journal, and what its agent is built of."""

import sqlite3
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import database, journal
from sync.clock import Clock
from sync.identity import DeviceKey, Identity
from sync.journal import Entry, Event, Journal, Origin
from sync.protocol import seals, signing
from sync.protocol.digest import GENESIS
from sync.protocol.events import Kind
from sync.protocol.wire import Head, SignedHead

KEY = DeviceKey(Ed25519PrivateKey.from_private_bytes(b"a door's key".ljust(32)))
PLAYED_KEY = Ed25519PrivateKey.from_private_bytes(b"a server's key".ljust(32))
PLAYED_PUBLIC = signing.public_text(PLAYED_KEY.public_key())
"""The key of a server that is played from a list."""
EPOCH = "ab" * 16


def played_head(device_id: str = "door-1", epoch: str = EPOCH, seq: int = 0, chain_hash: str = GENESIS) -> SignedHead:
    """A head as the played server signs it."""
    return seals.sign_head(PLAYED_KEY, device_id, Head(epoch, seq, chain_hash))


def identity(server_key: str, url: str = "https://central.example", device_id: str = "door-1") -> Identity:
    """What an enrolment leaves."""
    return Identity(
        device_id=device_id,
        name="Pintu utama",
        place_id="lobby",
        site="",
        time_zone="Asia/Jakarta",
        server_url=url,
        server_key=server_key,
    )


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
