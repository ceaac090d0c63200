"""One kiosk of a world: the real store, journal and sync agent, on a clock and a disk of its own."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.services import changes, record
from kiosk.simulation.disk import FaultDisk
from kiosk.simulation.disk_files import Image
from kiosk.simulation.world.network import Line
from kiosk.simulation.world.violation import Violation
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync import journal
from sync.backlog import Backlog
from sync.client import RequestSigner, ServerClient, ServerLink
from sync.clock import ManualClock
from sync.database import DatabaseCorrupt, DatabaseError, open_reader
from sync.handover import NEW_EPOCH_NAME, NewEpoch, ask_for_epoch
from sync.identity import DeviceKey
from sync.journal import Entry, Event
from sync.protocol.events import Kind, Record
from sync.state import SyncState
from sync.uploader import Uploader

KIOSK_DB, SYNC_DB = Path("/station/kiosk.db"), Path("/station/sync.db")
PLACE = "lobby"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a kiosk is to the server."""

    device_id: str
    key: DeviceKey

    @classmethod
    def make(cls, device_id: str, rng: Random) -> "Identity":
        """A new one."""
        return cls(device_id, DeviceKey(Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))))


@dataclass(frozen=True, slots=True)
class Card:
    """A copy of a kiosk's card, and what the kiosk had confirmed when it was made."""

    files: Image
    identity: Identity
    confirmed: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class _Agent:
    backlog: Backlog
    state: SyncState
    client: ServerClient
    uploader: Uploader

    def close(self) -> None:
        for part in (self.client, self.backlog, self.state):
            with suppress(DatabaseError):
                part.close()


class Station:
    """A kiosk. `made` is told of every record that came to be; `confirmed` is what its screen said is recorded.

    Raises:
        Violation: from every method, when the kiosk breaks a promise.
    """

    def __init__(self, name: str, rng: Random, clock: ManualClock, server_key: str, made: Callable[[Record], None]) -> None:
        self.name, self.clock = name, clock
        self._rng, self._server_key, self._made = rng, server_key, made
        self.disk = FaultDisk(Random(rng.random()))
        self.line: Line
        self.identity = Identity.make(name, rng)
        self.confirmed: list[Record] = []
        self.due_ns = 0
        self.database: KioskDatabase | None = None
        self.agent: _Agent | None = None
        self._in_flight: list[str] = []
        self._folder = Path(tempfile.mkdtemp(prefix="gapura-world-"))
        self._boots = 0

    @property
    def epoch(self) -> str:
        """The epoch that goes on."""
        return self._open().journal.origin.epoch

    def boot(self) -> None:
        """Put the power on, and start the kiosk and its agent."""
        self._boots += 1
        self.clock.reboot(f"{self.name}-boot-{self._boots}")
        self.disk.power_on()
        self.disk.forget_cached()
        self._start_kiosk()
        self.start_agent()

    def start_agent(self) -> None:
        """Start the sync agent, for the first time or again."""
        self._stop_agent()
        self.line.forget_quiet()
        backlog = Backlog(KIOSK_DB, vfs=self.disk.name, identify=lambda _: self.disk.boot)
        try:
            state = SyncState(SYNC_DB, self.clock, vfs=self.disk.name)
        except DatabaseCorrupt as exc:
            raise Violation(f"{self.name}: sync.db is damaged: {exc}") from exc
        signer = RequestSigner(self.identity.key, self.identity.device_id)
        link = ServerLink("http://127.0.0.1", signer, self.clock, adapter=self.line)
        client = ServerClient(link, self.identity.device_id, self._server_key)
        uploader = Uploader(backlog, state, client, new_epoch=self._ask_for_epoch, chance=self._rng.random, clock=self.clock)
        self.agent = _Agent(backlog, state, client, uploader)

    def tap(self, events: Sequence[Event]) -> None:
        """Commit facts as a lane does. When this returns, the screen has said that they are recorded.

        Raises:
            DatabaseError: the screen has said that the kiosk is out of service.
        """
        self._in_flight = [event.id or "" for event in events]
        entries = record.commit(self._open(), events, self.clock.now())
        self._take(entries)

    def step_agent(self) -> float:
        """Let the agent do one thing; gives the seconds it wants to wait.

        Raises:
            DatabaseError
        """
        if self.agent is None:
            return 5.0
        wait_s = self.agent.uploader.step()
        self._read_inbox()
        return wait_s

    def halt(self) -> None:
        """End both programs, with the power on or off."""
        self._stop_agent()
        if self.database is not None:
            with suppress(DatabaseError):
                self.database.close()
            self.database = None

    def fall_dark(self) -> None:
        """The power goes."""
        if self.disk.powered:
            self.disk.cut()
        self.halt()

    def card(self) -> Card:
        """A copy of the card as it is now."""
        return Card(self.disk.image(), self.identity, tuple(self.confirmed))

    def insert(self, card: Card) -> None:
        """Go on with another card, perhaps an older one of this kiosk's, perhaps a copy of another kiosk's."""
        self.halt()
        self.disk.restore(card.files)
        self.identity, self.confirmed = card.identity, list(card.confirmed)
        self._in_flight = []
        (self._folder / "inbox" / NEW_EPOCH_NAME).unlink(missing_ok=True)
        self.boot()

    def enrol(self, device_id: str) -> Identity:
        """Become another device of the server. The kiosk learns of it from its agent."""
        self.identity = Identity.make(device_id, self._rng)
        self.start_agent()
        return self.identity

    def erase(self, epoch: str, through: int) -> None:
        """Erase payload and salt of the rows up to `through`, as retention does."""
        with self._open().transaction() as db:
            db.execute("UPDATE journal SET payload = NULL, salt = NULL WHERE epoch = ? AND seq <= ?", (epoch, through))

    def held(self) -> list[Record]:
        """The rows of the journal."""
        with self._open().reading() as db:
            return [entry.record for entry in journal.read(db)]

    def problem(self) -> str | None:
        """What the guard's screen says of the link."""
        db = open_reader(SYNC_DB, vfs=self.disk.name)
        try:
            found = db.execute("SELECT problem FROM link").fetchone()[0]
        finally:
            db.close()
        return None if found is None else str(found)

    def check(self) -> None:
        """The journal has what was confirmed, in its order, and is sound."""
        with self._open().reading() as db:
            found = journal.verify(db)
            entries = list(journal.read(db))
        if not found.ok:
            raise Violation(f"{self.name}: journal row {found.first_bad}: {found.reason}")
        hashes = [entry.record.hash for entry in entries]
        if hashes[: len(self.confirmed)] != [each.hash for each in self.confirmed]:
            lost = len({each.hash for each in self.confirmed} - set(hashes))
            raise Violation(f"{self.name}: {lost} of {len(self.confirmed)} confirmed records are not in the journal as they were")
        beyond = entries[len(self.confirmed) :]
        begun = [each.record.kind for each in beyond] == [Kind.STATION_QUARANTINED]
        if beyond and not begun and [each.record.id for each in beyond] != self._in_flight:
            raise Violation(
                f"{self.name}: {len(beyond)} records that nobody confirmed, all or none of {len(self._in_flight)} may be"
            )
        self._take(beyond)

    def close(self) -> None:
        """Take the kiosk away."""
        self.halt()
        self.disk.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._made(entry.record)
            self.confirmed.append(entry.record)
        self._in_flight = []

    def _open(self) -> KioskDatabase:
        if self.database is None:
            raise RuntimeError(f"{self.name} is off")
        return self.database

    def _start_kiosk(self) -> None:
        try:
            self.database = open_kiosk_database(
                KIOSK_DB,
                device_id=self.identity.device_id,
                place_id=PLACE,
                random_bytes=self._rng.randbytes,
                vfs=self.disk.name,
            )
        except DatabaseCorrupt as exc:
            raise Violation(f"{self.name}: kiosk.db is damaged: {exc}") from exc
        self.check()

    def _stop_agent(self) -> None:
        if self.agent is not None:
            self.agent.close()
            self.agent = None

    def _ask_for_epoch(self, after: str, reason: str) -> None:
        wanted = NewEpoch(after=after, device_id=self.identity.device_id, place_id=PLACE, reason=reason)
        ask_for_epoch(self._folder, wanted)

    def _read_inbox(self) -> None:
        """Begin another epoch if the agent has asked for one. The kiosk looks now and then, so not always at once."""
        if not (self._folder / "inbox" / NEW_EPOCH_NAME).exists() or self._rng.random() < 0.5:
            return
        changes.apply_inbox(self._folder, self._open(), self.clock.now(), random_bytes=self._rng.randbytes)
        self.check()
