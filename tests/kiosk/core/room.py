"""A door of a room in memory, for the tests of what it decides."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from kiosk.core import visits
from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import Book, Row, after, in_epoch
from kiosk.core.room_here import Decided, Draft, Guest, Here, Pass
from sync.protocol.rooms import FIRST_GENERATION, Elsewhere, Grant, Room, RoomState

START = datetime(2020, 6, 10, 1, 0, tzinfo=UTC)
CARD = Pass("card 7", 7)
CODE = Pass("code of theirs")
SHARED = Room(id="baca", name="Ruang Baca", max_people=4, doors=["door-1", "door-2"])
LONE = Room(id="baca", name="Ruang Baca", max_people=4)
THERE = Elsewhere(visit_id="v2", door="door-2", since="2020-06-10T00:30:00.000000Z", people=2, card=9, pass_sha256="card 9")


@dataclass
class Desk:
    """One door: decides by the shipped code, journals, and folds. `drafts` is what was journaled last."""

    room: Room = LONE
    book: Book = field(default_factory=lambda: Book("baca"))
    epoch: str = "e1"
    now_s: float = 0.0
    day: str = "2020-06-10"
    state: RoomState | None = None
    released: int = 0
    is_online: bool = True
    drafts: tuple[Draft, ...] = ()

    def __post_init__(self) -> None:
        self._names = count(1)

    def instant(self) -> Instant:
        return Instant(START + timedelta(seconds=self.now_s), int(self.now_s * 1e9), "boot", trusted=True)

    def here(self) -> Here:
        return Here(
            room=self.room,
            book=in_epoch(self.book, self.epoch),
            device_id="door-1",
            epoch=self.epoch,
            letter="A",
            now=self.instant(),
            day=self.day,
            new_id=lambda: f"id{next(self._names)}",
            state=self.state,
            released=self.released,
            is_online=self.is_online,
        )

    def does(self, decided: Decided) -> Decided:
        """Journal the decision and what follows of it."""
        return self.only(replace(decided, drafts=visits.then(self.here(), decided.drafts)))

    def only(self, decided: Decided) -> Decided:
        """Journal the decision, and nothing that would follow of it."""
        self.drafts = decided.drafts
        for draft in decided.drafts:
            row = Row(draft.kind, draft.payload, self.instant(), "door-1", self.epoch)
            self.book = after(self.book, row)
        return decided

    def opens(self) -> "Desk":
        """A lone room gets its rights."""
        self.does(visits.set_up(self.here()))
        return self

    def is_told(self, **said: Any) -> Decided:
        """The server says something of the room."""
        generation = said.pop("generation", self.book.account.generation)
        self.state, self.released = RoomState(room_id="baca", generation=generation, **said), 0
        return self.does(visits.hear(self.here()))

    def is_given(self, amount: int) -> "Desk":
        """A grant of the server arrives and is applied."""
        serial = self.book.account.last_grant + 1
        grant = Grant(serial=serial, amount=amount, generation=self.book.account.generation, epoch=self.epoch)
        self.is_told(grants=[grant])
        return self

    def arrives(self, people: int = 1, carried: Pass | None = None, **more: Any) -> Decided:
        return self.does(visits.arrive(self.here(), Guest(people, **more), carried))

    def leaves(self, carried: Pass) -> Decided:
        return self.does(visits.leave(self.here(), carried))

    def waits(self, seconds: float) -> "Desk":
        """Time goes by, and what is due happens."""
        self.now_s += seconds
        self.does(Decided(visits.Said.CHECKED))
        return self

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of that kind that were journaled last."""
        return [draft.payload for draft in self.drafts if draft.kind == kind]

    @property
    def held(self) -> int:
        return self.book.account.held

    def state_of(self, number: str) -> str:
        """Where the number stands; "" if it is in the queue no more."""
        return next((str(each.state) for each in self.book.tickets.values() if each.number == number), "")


def shared(places: int = 2) -> Desk:
    """A door of a room with another one, and so many rights."""
    return Desk(SHARED).is_given(places) if places else Desk(SHARED)


__all__ = ["CARD", "CODE", "FIRST_GENERATION", "LONE", "SHARED", "START", "Desk", "shared"]
