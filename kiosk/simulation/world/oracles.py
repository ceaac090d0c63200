"""What must hold in every world: after each step, and when all has been quiet for long enough."""

import base64
import hashlib
import itertools

import msgspec

from kiosk.simulation.world.central import Central
from kiosk.simulation.world.station import Station
from kiosk.simulation.world.violation import Violation
from sync.protocol.digest import GENESIS
from sync.protocol.events import Record
from sync.protocol.wire import Outcome
from sync.server import ledger

Key = tuple[str, str, int]
"""A device, an epoch and a row's number in it."""

Place = tuple[str, int]
"""An epoch, which no two devices share, and a row's number in it."""


class Ledger:
    """What the world knows to be true: every record that was ever made, and which chains have parted for a good reason."""

    def __init__(self) -> None:
        self._made: dict[Key, dict[str, str]] = {}
        self._contents: dict[str, str] = {}
        self.parted: set[tuple[str, str]] = set()
        self.lost: set[Place] = set()
        self.set_back: set[str] = set()

    def made(self, record: Record) -> None:
        """A kiosk has made that record."""
        self._made.setdefault((record.device_id, record.epoch, record.seq), {})[record.hash] = record.claimed_at
        self._contents.setdefault(record.hash, _digest(record))

    def check_server(self, central: Central) -> None:
        """The server has nothing that no kiosk made, nothing twice, nothing changed, and says of each epoch what is true."""
        there: dict[tuple[str, str], set[int]] = {}
        previous: tuple[str, str, int, str] = ("", "", 0, GENESIS)
        rows = central.rows("SELECT device_id, epoch, seq, hash, claimed_at, prev_hash FROM events ORDER BY 1, 2, 3")
        for device, epoch, seq, found, claimed_at, prev_hash in rows:
            truth = self._made.get((device, epoch, seq), {})
            if found not in truth:
                raise Violation(f"the server has row {seq} of {device} that no kiosk made")
            if truth[found] != claimed_at:
                raise Violation(f"the server has changed the time of row {seq} of {device}")
            if previous[:3] == (device, epoch, seq - 1) and prev_hash != previous[3] and (device, epoch) not in self.parted:
                raise Violation(f"the server's chain of {device} is broken before row {seq}")
            previous = (device, epoch, seq, found)
            there.setdefault((device, epoch), set()).add(seq)
        hashes = [row[3] for row in rows]
        if len(set(hashes)) != len(hashes):
            raise Violation("the server has a record twice")
        for device, epoch, seq in central.rows("SELECT device_id, epoch, seq FROM unreadable"):
            there.setdefault((device, epoch), set()).add(seq)
        self._check_held(central, there)

    def _check_held(self, central: Central, there: dict[tuple[str, str], set[int]]) -> None:
        for device, epoch, held in central.rows("SELECT device_id, epoch, held FROM epochs"):
            said = {seq for piece in ledger.from_text(held) for seq in range(piece.first, piece.last + 1)}
            if said != there.pop((device, epoch), set()):
                raise Violation(f"the server says it has {held or 'nothing'} of {device}, and has something else")
        if there:
            raise Violation("the server has rows of an epoch that it does not know")

    def check_conflicts(self, central: Central) -> None:
        """Two rows under one number come only from a card that was copied or restored."""
        for device, epoch, seq in central.rows("SELECT device_id, epoch, seq FROM event_conflicts"):
            if (device, epoch) not in self.parted:
                raise Violation(f"the server has two rows {seq} of {device} although no card was copied or restored")

    def check_acknowledged(self, there: set[Place], station: Station) -> None:
        """The agent counts nothing as sent that is not among the `places` of the server, but for what that lost when restored."""
        if station.agent is None:
            return
        self.lost -= there
        for epoch in {record.epoch for record in station.confirmed}:
            counted = {(epoch, seq) for first, last in station.agent.state.acked(epoch) for seq in range(first, last + 1)}
            missing_there = counted - there - self.lost
            if missing_there:
                raise Violation(f"{station.name} counts row {min(missing_there)[1]} as sent, and the server does not have it")

    def missing(self, central: Central, station: Station) -> list[Record]:
        """The rows of the kiosk's journal that the server does not have as they are, or were before their payload was erased.

        One case is left out, since nothing tells the kiosk of it: an epoch that two cards share, of which a restored server has
        lost rows. Its conflicting copies are not under the watermark by which a kiosk learns of the loss.
        """
        hashes = {row[0] for row in central.rows("SELECT hash FROM events UNION SELECT hash FROM event_conflicts")}
        shared = {epoch for _, epoch in self.parted} & self.set_back
        absent = [each for each in station.held() if each.hash not in hashes and each.epoch not in shared]
        if not absent:
            return []
        contents = set(itertools.chain.from_iterable(_contents(row[0]) for row in central.rows("SELECT raw FROM unreadable")))
        return [each for each in absent if contents.isdisjoint((_digest(each), self._contents.get(each.hash, "")))]


def places(central: Central) -> set[Place]:
    """Every place at which the server has something."""
    query = " UNION ".join(f"SELECT epoch, seq FROM {table}" for table in ("events", "unreadable", "event_conflicts"))
    return {(str(epoch), int(seq)) for epoch, seq in central.rows(query)}


def _digest(record: Record) -> str:
    return hashlib.sha256(msgspec.json.encode(record)).hexdigest()


def _contents(raw: bytes) -> list[str]:
    """The hashes of what an unreadable record may be: itself, or what is quoted in it."""
    found = [hashlib.sha256(raw).hexdigest()]
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError):
        return found
    if isinstance(said, dict) and isinstance(said.get("unreadable"), str):
        quoted = base64.b64decode(said["unreadable"])
        found.append(str(said.get("sha256", hashlib.sha256(quoted).hexdigest())))
    return found


def check_alarm(station: Station) -> None:
    """A conflict that the agent was told of is on the guard's screen."""
    answer = station.line.delivered
    if answer is None or f'"{Outcome.CONFLICT}"'.encode() not in answer.body:
        return
    if station.problem() != "diverged":
        raise Violation(f"{station.name} was told of a conflict, and its screen says {station.problem() or 'nothing'}")
