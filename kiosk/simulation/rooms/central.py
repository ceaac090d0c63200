"""The server of the simulated room: its ledger, which epochs it has heard how far, and what it says to each door."""

from collections.abc import Callable

from kiosk.core.room_book import Row
from kiosk.simulation.rooms.doors import Document
from sync.clock import utc_text
from sync.protocol.events import Kind
from sync.protocol.rooms import Room
from sync.server import room_ledger
from sync.server.room_ledger import Ledger


class Central:
    """Durable: every batch is settled in one transaction. `judge` is called after each change of the ledger."""

    def __init__(self, room: Room, judge: Callable[["Central"], None]) -> None:
        self.room, self._judge = room, judge
        self.ledger = room_ledger.empty(room)
        self.heard: dict[str, list[Row]] = {}
        self.counts_heard: frozenset[str] = frozenset()
        self.documents: dict[str, Document] = {}
        self._version = 0
        self._shared: tuple[Ledger | None, frozenset[str]] = (None, frozenset())

    def through(self, epoch: str) -> int:
        """How many rows of that epoch are here."""
        return len(self.heard.get(epoch, ()))

    def has_another(self, epoch: str, rows: list[Row]) -> bool:
        """Whether its copy of the epoch is no part of `rows`: it is longer, or its last row is another."""
        mine = self.heard.get(epoch, [])
        return len(mine) > len(rows) or (bool(mine) and mine[-1] is not rows[len(mine) - 1])

    def receive(self, rows: list[Row]) -> None:
        """Take what is new of a batch, in order. What is here already changes nothing."""
        for row in rows:
            chain = self.heard.setdefault(row.epoch, [])
            if row.seq != len(chain) + 1:
                continue
            chain.append(row)
            self.ledger = room_ledger.hear(
                self.ledger,
                device_id=row.device_id,
                epoch=row.epoch,
                kind=row.kind,
                payload=row.payload if "room_id" in row.payload else None,
                claimed_at=utc_text(row.at.wall),
                clock_trusted=row.at.trusted,
            )
            if row.kind == Kind.ROOM_COUNTED and not row.payload.get("heard"):
                self.counts_heard |= {row.payload["generation"]}
        self._judge(self)

    def set_limit(self, room: Room) -> None:
        """The same room with another limit."""
        self.room = room
        self.ledger = room_ledger.with_limit(self.ledger, room.max_people)
        self._judge(self)

    def share_out(self, connected: frozenset[str]) -> None:
        """Put what is free on its way to doors, and write down what each is told."""
        if self._shared[0] is self.ledger and self._shared[1] == connected:
            return
        self.ledger = room_ledger.share_out(self.ledger, connected=connected)
        self._shared = (self.ledger, connected)
        self._judge(self)
        for device_id in self.room.doors:
            state, known = room_ledger.state_for(self.ledger, device_id), self.documents.get(device_id)
            if known is None or (known.state, known.room, known.counts_heard) != (state, self.room, self.counts_heard):
                self._version += 1
                self.documents[device_id] = Document(self._version, self.room, state, self.counts_heard)
