"""Makes what doors say of a room, and a ledger that hears it."""

from dataclasses import dataclass, field
from typing import Any

from sync.protocol.rooms import FIRST_GENERATION, Room
from sync.server.room_ledger import Ledger, Sums, empty, hear, places, share_out, state_for

READING_ROOM = Room(id="baca", name="Ruang Baca", max_people=10, doors=["a", "b"])
SECOND_COUNT = "000002@a"
CARD = {"card": 7, "pass_sha256": "c7"}
CODE = {"pass_sha256": "q1"}


def at(second: int) -> str:
    """A moment of one morning."""
    return f"2020-06-10T00:{second // 60:02}:{second % 60:02}.000000Z"


def total(ledger: Ledger) -> int:
    """What the sum of all places comes to."""
    sums = places(ledger)
    return sums.inside + sums.held + sums.in_flight + sums.free + sums.stranded - sums.debt


@dataclass
class Office:
    """One room's ledger and its doors, which say things one second after the other. Checks the sum after each."""

    room: Room = READING_ROOM
    connected: frozenset[str] = frozenset("ab")
    ledger: Ledger = field(init=False)
    second: int = 0
    epochs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = empty(self.room)

    def hears(self, door: str, kind: str, *, epoch: str | None = None, trusted: bool = True, **payload: Any) -> "Office":
        """One event; under the ledger's generation unless another is given, at the next second unless `at` is given."""
        self.second += 1
        when = payload.pop("at", at(self.second))
        told = {"room_id": self.room.id, "generation": self.ledger.generation} | payload
        epoch = epoch or self.epochs.get(door, f"{door}1")
        self.ledger = hear(
            self.ledger, device_id=door, epoch=epoch, kind=kind, payload=told, claimed_at=when, clock_trusted=trusted
        )
        return self.checked()

    def shares(self) -> "Office":
        self.ledger = share_out(self.ledger, connected=self.connected)
        return self.checked()

    def opens(self) -> "Office":
        """Both doors are heard, are given their share, and say so."""
        for door in self.room.doors:
            self.hears(door, "station.started")
        self.shares()
        for door in self.room.doors:
            self.applies(door)
        return self

    def applies(self, door: str) -> "Office":
        """The door says that it has what is on its way to it."""
        for grant in self.ledger.doors[door].in_flight:
            self.hears(door, "rights.granted", serial=grant.serial, amount=grant.amount, epoch=grant.epoch, cause="server")
        return self

    def enters(self, door: str, visit_id: str, people: int = 1, **more: Any) -> "Office":
        return self.hears(door, "visitor.entered", visit_id=visit_id, people=people, spent=people, **more)

    def leaves(self, door: str, visit_id: str | None, minted: int, **more: Any) -> "Office":
        return self.hears(door, "visitor.left", **{"visit_id": visit_id, "people": 1, "minted": minted, "how": "scanned"} | more)

    def counts(self, door: str, generation: str = SECOND_COUNT, *, inside: int = 0, **more: Any) -> "Office":
        held = self.room.max_people - inside
        return self.hears(door, "room.counted", **{"generation": generation, "held": held, "inside": inside} | more)

    def checked(self) -> "Office":
        assert total(self.ledger) == self.ledger.max_people
        return self

    @property
    def sums(self) -> Sums:
        return places(self.ledger)

    def held(self, door: str) -> int:
        return self.ledger.doors[door].held

    def state(self, door: str) -> Any:
        return state_for(self.ledger, door)

    def told(self, door: str) -> list[tuple[str, bool]]:
        """What the door is told to end, and whether the places come free there."""
        return [(each.visit_id, each.mints) for each in self.state(door).ended]


__all__ = ["CARD", "CODE", "FIRST_GENERATION", "READING_ROOM", "SECOND_COUNT", "Office", "at", "total"]
