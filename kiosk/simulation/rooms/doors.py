"""A door of the simulated room: a journal on a card, the book folded from it, and what the server said of late.

What is committed is durable, all of a transaction or nothing. What is only in memory is gone with the power.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kiosk.core import visits
from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import ROOM_KINDS, Book, Row, after, in_epoch
from kiosk.core.room_here import Decided, Draft, Here
from sync.protocol.events import Kind
from sync.protocol.rooms import Room, RoomState

BEGINNING = datetime(2020, 6, 10, 0, 30, tzinfo=UTC)
_LOCAL = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class Document:
    """What the server says to one door. `counts_heard` are the head counts that it knew of."""

    version: int
    room: Room
    state: RoomState
    counts_heard: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Image:
    """A copy of a door's card: its journal up to there, and all that stood beside it."""

    epoch: str
    lengths: dict[str, int]
    book: Book
    document: Document | None
    room: Room
    grants: frozenset[tuple[str, int]]
    queue: object


Watch = Callable[["Door", list[Row]], None]


class PowerCut(Exception):
    """The power went while a transaction was written. `is_kept`: it was durable by then, though no screen showed it."""

    def __init__(self, *, is_kept: bool) -> None:
        super().__init__()
        self.is_kept = is_kept


@dataclass(slots=True, eq=False)
class Door:
    """One kiosk. `shut_for` are head counts for which people keep it shut until it has heard that the server knows of them."""

    device_id: str
    letter: str
    room: Room
    new_id: Callable[[], str]
    watch: Watch
    cut_by_chance: Callable[[], PowerCut | None]
    is_lone: bool = False
    epoch: str = ""
    journal: dict[str, list[Row]] = field(default_factory=dict)
    book: Book = field(default_factory=lambda: Book("room"))
    document: Document | None = None
    now_s: float = 0.0
    boot: int = 1
    is_trusted: bool = True
    is_linked: bool = True
    is_dead: bool = False
    is_compared: bool = False
    shut_for: frozenset[str] = frozenset()
    released: tuple[int, int] = (0, 0)
    grants: frozenset[tuple[str, int]] = frozenset()
    queue: Any = None
    seen: object = None
    epochs: int = 0
    restarts: int = 0

    def __post_init__(self) -> None:
        self.begin_epoch()
        self._write([(Kind.STATION_STARTED, {})])

    @property
    def is_open(self) -> bool:
        """True while people can come and go here."""
        return not self.is_dead and not self.shut_for

    @property
    def rows(self) -> list[Row]:
        """The journal of the epoch that goes on."""
        return self.journal[self.epoch]

    def instant(self) -> Instant:
        """Now, by this door's clocks."""
        return Instant(BEGINNING + timedelta(seconds=self.now_s), int(self.now_s * 1e9), f"boot {self.boot}", self.is_trusted)

    def here(self) -> Here:
        """What a decision may know."""
        now, document = self.instant(), self.document
        version = 0 if document is None else document.version
        return Here(
            room=self.room if document is None else document.room,
            book=in_epoch(self.book, self.epoch),
            device_id=self.device_id,
            epoch=self.epoch,
            letter=self.letter,
            now=now,
            day=(now.wall + _LOCAL).date().isoformat(),
            new_id=self.new_id,
            state=None if document is None else document.state,
            version=version,
            released=self.released[1] if self.released[0] == version else 0,
            is_online=self.is_linked,
        )

    def act(self, here: Here, decided: Decided) -> Decided:
        """Journal a decision and what follows of it, in one transaction.

        Raises:
            PowerCut: the power went meanwhile; the door has started again.
        """
        if decided.drafts:
            self.commit(visits.then(here, decided.drafts))
        return decided

    def look(self) -> None:
        """What the kiosk does by itself every moment: take in what the server says, and let time pass.

        Raises:
            PowerCut
        """
        seen = (len(self.rows), self.epoch, self.document, self.room, self.is_linked)
        if seen == self.seen and not self.book.tickets:
            return  # nothing is new, and nobody waits whose time could run out
        here = self.here()
        decided = visits.set_up(here) if self.is_lone else visits.hear(here)
        self.commit(visits.then(here, decided.drafts))
        self.seen = (len(self.rows), self.epoch, self.document, self.room, self.is_linked)
        if self.document is not None:
            self.shut_for -= self.document.counts_heard

    def commit(self, drafts: Iterable[Draft]) -> None:
        """One transaction: all of it is in the journal afterwards, or nothing.

        Raises:
            PowerCut
        """
        wanted = [(each.kind, each.payload) for each in drafts]
        if not wanted:
            return
        cut = self.cut_by_chance()
        if cut is None or cut.is_kept:
            self._write(wanted)
            self._note_released(wanted)
        if cut is not None:
            self.start_again()
            raise cut

    def _write(self, wanted: list[tuple[Kind, dict[str, Any]]]) -> None:
        at, rows = self.instant(), self.rows
        written = []
        for kind, payload in wanted:
            row = Row(kind, payload, at, self.device_id, self.epoch, len(rows) + 1)
            if kind in ROOM_KINDS:
                self.book = after(self.book, row)
            rows.append(row)
            written.append(row)
        self.watch(self, written)

    def _note_released(self, wanted: list[tuple[Kind, dict[str, Any]]]) -> None:
        version = 0 if self.document is None else self.document.version
        for kind, payload in wanted:
            if kind is Kind.RIGHTS_RELEASED:
                before = self.released[1] if self.released[0] == version else 0
                self.released = (version, before + payload["amount"])

    def take(self, document: Document) -> bool:
        """Keep a document of the server; False for one that is not newer than what is here."""
        if self.document is not None and document.version <= self.document.version:
            return False
        self.document = document
        return True

    # Power, cards and epochs

    def start_again(self) -> None:
        """Power gone and back: memory is empty, the clocks begin anew."""
        self.boot += 1
        self.restarts += 1
        self.released = (0, 0)
        self.is_compared = False

    def begin_epoch(self) -> None:
        """The chain goes on under another name; what was held is void from here."""
        self.epochs += 1
        self.epoch = f"{self.device_id}/{self.epochs}"
        self.journal[self.epoch] = []

    def quarantine(self) -> None:
        """As the agent asks when the server's copy of the journal is another: a new epoch, whose first row says so."""
        self.begin_epoch()
        self._write([(Kind.STATION_QUARANTINED, {"reason": "diverged"})])

    def image(self) -> Image:
        """A copy of the card as it is."""
        lengths = {epoch: len(rows) for epoch, rows in self.journal.items()}
        return Image(self.epoch, lengths, self.book, self.document, self.room, self.grants, self.queue.copy())

    def insert(self, image: Image) -> list[Row]:
        """Go on with a copy of the card. Gives the rows that are lost with the one before."""
        lost = [row for epoch, rows in self.journal.items() for row in rows[image.lengths.get(epoch, 0) :]]
        self.journal = {epoch: self.journal[epoch][:length] for epoch, length in image.lengths.items()}
        self.epoch, self.book, self.document, self.room = image.epoch, image.book, image.document, image.room
        self.grants, self.queue = image.grants, image.queue.copy()  # type: ignore[attr-defined]  # the oracle's, kept as it was
        self.start_again()
        return lost
