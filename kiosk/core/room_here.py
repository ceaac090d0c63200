"""What decisions about a room are made of: the room at this moment, who comes, what they carry, and what is to be journaled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.core import queueing
from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import Book
from kiosk.core.room_codes import Said
from sync.protocol.events import Kind
from sync.protocol.rooms import Room, RoomState


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to journal."""

    kind: Kind
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """The events of a decision, in order, and how it ended. Without `drafts` nothing happened."""

    said: Said
    drafts: tuple[Draft, ...] = ()
    visit_id: str | None = None
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """All that a decision may know: the room, this door's book of it, what the server said of it last, and the moment.

    `epoch` is the journal's, `day` the local ISO date, `letter` the door's. `new_id` gives names that were never used.
    """

    room: Room
    book: Book
    device_id: str
    epoch: str
    letter: str
    now: Instant
    day: str
    new_id: Callable[[], str]
    state: RoomState | None = None
    version: int = 0
    """Of the document that `state` is from."""
    released: int = 0
    """Rights given back since `state` came: its wish is for so many less."""
    is_online: bool = True
    """False while the server is not heard: what it wished for is not done then, since nobody would have the rights."""
    promised: int = 0
    """Places kept for whoever stands at the panel and looks for a card."""
    beside: Callable[[], tuple[Book, ...]] = tuple
    """Gives the books of this door's other rooms, read only for a new number: one series runs through all."""

    @property
    def is_lone(self) -> bool:
        """True if the room has no other door."""
        return not set(self.room.doors) - {self.device_id}

    @property
    def wanted(self) -> int:
        """Rights that the server still wants of this door, for those who wait elsewhere or to repay a debt."""
        if self.state is None or not self.is_online or self.state.generation != self.book.account.generation:
            return 0
        return max(0, self.state.wanted - self.released)

    @property
    def others(self) -> queueing.Rank | None:
        """The first of those who wait elsewhere and whom this door's rights would help."""
        if self.state is None or not self.wanted or self.state.wanted_since is None:
            return None
        return not self.state.wanted_priority, datetime.fromisoformat(self.state.wanted_since)

    @property
    def uncalled(self) -> int:
        """Rights held, but for those kept for numbers that were called. Below zero a call has lost its place."""
        return self.book.account.usable - self.book.reserved

    @property
    def free(self) -> int:
        """Places that may be taken here now: neither kept for a call nor promised to somebody at the panel."""
        return self.uncalled - self.promised


@dataclass(frozen=True, slots=True)
class Pass:
    """What a visitor carries: a numbered card, or a code of their own (without `card`)."""

    token_sha256: str
    card: int | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """Who comes in. Nothing but the number of people is needed."""

    people: int = 1
    name: str = ""
    purpose: str = ""
    institution: str = ""
    priority: bool = False
    who: str = "visitor"

    def told(self) -> dict[str, Any]:
        """What is journaled of the visit, for good: that somebody of the staff came, and never who. Their tap says that."""
        return {"people": self.people, "who": self.who, "priority": self.priority}

    def said(self) -> dict[str, str]:
        """What they said of themselves, as far as they did."""
        fields = {"name": self.name, "purpose": self.purpose, "institution": self.institution}
        return {key: value for key, value in fields.items() if value}
