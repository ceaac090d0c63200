"""One world of a room: its doors, a server, people with cards; chance decides what happens, the oracles judge it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from kiosk.core.room_book import Row
from kiosk.simulation.rooms import oracles
from kiosk.simulation.rooms.central import Central
from kiosk.simulation.rooms.doors import Document, Door, Image, PowerCut
from kiosk.simulation.rooms.queue_watch import QueueWatch
from kiosk.simulation.rooms.truth import Party, Truth
from sync.protocol.events import Kind
from sync.protocol.rooms import Room

ROOM = "room"
GUARD = "guard-1"
_CUT_SHARE = 0.01
_BATCH = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a world ended. `is_apart`: an old card image was booted without the server before, so that no promise holds there."""

    violation: str | None
    step: int
    is_apart: bool
    entered: int
    waited: int
    overridden: int
    counts: int
    was_full: bool


@dataclass(slots=True)
class World:
    """What the actions work on. `at_panel` are the people whom a door journals something about; `counted` those whom a guard
    finds inside, by the visit that stands for them from then on.
    """

    rng: Random
    limit: int
    doors: list[Door] = field(default_factory=list)
    central: Central | None = None
    images: dict[str, list[Image]] = field(default_factory=dict)
    on_the_way: list[tuple[Door, Document]] = field(default_factory=list)
    late: list[list[Row]] = field(default_factory=list)
    at_panel: Party | None = None
    counted: dict[str, tuple[Party, ...]] = field(default_factory=dict)
    now_s: float = 0.0
    names: int = 0
    is_fair: bool = False
    was_full: bool = False
    lines: list[str] | None = None
    truth: Truth = field(init=False)

    def __post_init__(self) -> None:
        self.truth = Truth(self.limit, self.limit, {})

    def note(self, *words: object) -> None:
        """Write down what happened, where somebody wants to read it."""
        if self.lines is not None:
            self.lines.append(f"{self.now_s:7.0f}  {' '.join(map(str, words))}")

    def name(self) -> str:
        """A name that was not used before."""
        self.names += 1
        return f"n{self.names}"

    def build(self, doors: int) -> None:
        """Doors, and a server if there are several."""
        is_lone = doors == 1
        ids = [f"door-{number}" for number in range(1, doors + 1)]
        room = Room(id=ROOM, name="Ruang Baca", max_people=self.limit, doors=[] if is_lone else ids)
        self.central = None if is_lone else Central(room, oracles.check_ledger)
        for number, device_id in enumerate(ids):
            self.truth.boxes[device_id] = set()
            door = Door(device_id, "ABCD"[number], room, self.name, self._watch, self._cut, is_lone, queue=QueueWatch())
            self.doors.append(door)
            self.images[device_id] = []
        for card in range(1, 2 * self.limit + 3):
            self.truth.boxes[self.rng.choice(ids)].add(card)
        self.is_fair = True  # nothing goes wrong while it is set up
        for door in self.doors:
            self.look(door)
        for _ in range(2):
            self.traffic()
        self.is_fair = False

    def _watch(self, door: Door, rows: list[Row]) -> None:
        if self.lines is not None:
            for row in rows:
                told = {key: value for key, value in row.payload.items() if key not in ("room_id", "day")}
                self.note("   ", row.epoch, row.seq, row.kind, told)
        oracles.watch(self, door, rows)

    def _cut(self) -> PowerCut | None:
        if self.is_fair or self.rng.random() >= _CUT_SHARE:
            return None
        return PowerCut(is_kept=self.rng.random() < 0.5)

    def pass_time(self, seconds: float) -> None:
        """Let so much time go by everywhere."""
        self.now_s += seconds
        for door in self.doors:
            door.now_s = self.now_s

    def look(self, door: Door) -> None:
        """Let a kiosk do what it does by itself."""
        if not door.is_dead:
            with suppress(PowerCut):
                door.look()

    @property
    def generations(self) -> tuple[str, ...]:
        """Whose rights count: the newest head count's, and the server's where that heard of it and knows better."""
        truth, central = self.truth, self.central
        if central is None or truth.generation not in central.counts_heard or central.ledger.generation == truth.generation:
            return (truth.generation,)
        truth.is_exact = False
        return (truth.generation, central.ledger.generation)

    # The wire

    def unheard(self, door: Door) -> Iterator[Row]:
        """Rows that the server does not have yet."""
        central = self.central
        if central is None:
            return
        for epoch, rows in door.journal.items():
            yield from rows[central.through(epoch) :]

    def is_heard_but_for(self, door: Door) -> bool:
        """Whether the server knows of everybody who came in at the other doors, and which of their epochs go on."""
        central = self.central
        if central is None:
            return True
        others = [each for each in self.doors if each is not door]
        if any(central.ledger.door(each.device_id).epoch not in ("", each.epoch) for each in others):
            return False
        return not any(row.kind == Kind.VISITOR_ENTERED for each in others for row in self.unheard(each))

    def traffic(self) -> None:
        """Each door that is connected reports, and asks for what is new; on the way things are lost, late or there twice."""
        if self.central is None:
            return
        for door in self.doors:
            if door.is_linked and not door.is_dead:
                self.report(door)
        self._late_ones()
        self.share_out()
        for door in self.doors:
            if door.is_linked and not door.is_dead:
                self.ask(door)

    def share_out(self) -> None:
        """Let the server share out to whoever is connected."""
        if self.central is not None:
            self.central.share_out(frozenset(door.device_id for door in self.doors if door.is_linked and not door.is_dead))

    def _central(self) -> Central:
        assert self.central is not None  # for the type: a lone door has no wire
        return self.central

    def report(self, door: Door) -> None:
        """One batch, the oldest rows first. At first contact the door and the server compare journals."""
        central = self._central()
        if not door.is_compared:
            self.compare(door)
        for epoch, rows in list(door.journal.items()):
            batch = rows[central.through(epoch) :]
            if not self.is_fair:
                batch = batch[: self.rng.randint(1, _BATCH)]
            if batch:
                self._send(batch)
                if not self.is_fair and self.rng.random() < 0.5:
                    return

    def _send(self, batch: list[Row]) -> None:
        central, fate = self._central(), 1.0 if self.is_fair else self.rng.random()
        if fate < 0.1:
            return  # lost
        if fate < 0.25:
            self.late.append(batch)
        if fate >= 0.15:
            central.receive(batch)
        if 0.25 <= fate < 0.35:
            central.receive(batch)

    def _late_ones(self) -> None:
        for batch in list(self.late):
            if self.is_fair or self.rng.random() < 0.3:
                self.late.remove(batch)
                self._central().receive(batch)

    def compare(self, door: Door) -> None:
        """As the agent does after each start: where the server's copy is no part of ours, another epoch begins."""
        door.is_compared = True
        door.is_trusted = True
        if self._central().has_another(door.epoch, door.rows):
            self.truth.is_exact = False
            self.truth.forgiven += max(0, -door.book.account.held)
            door.quarantine()
            self.note(door.device_id, "goes on in", door.epoch)

    def ask(self, door: Door) -> None:
        """The newest document, if it comes through, and perhaps an older one that was on its way."""
        document = self._central().documents[door.device_id]
        fate = 1.0 if self.is_fair else self.rng.random()
        if fate < 0.15:
            return
        if fate < 0.3:
            self.on_the_way.append((door, document))
        if fate >= 0.2:
            self.deliver(door, document)

    def deliver(self, door: Door, document: Document) -> None:
        """A document reaches a door."""
        if not door.is_dead and door.take(document):
            self.note(door.device_id, "hears", document.version, document.state)
            self.look(door)

    def late_documents(self) -> None:
        """Some of what was on the way arrives, in any order."""
        for each in list(self.on_the_way):
            if self.is_fair or self.rng.random() < 0.5:
                self.on_the_way.remove(each)
                self.deliver(*each)

    def judge(self) -> None:
        """What must hold now.

        Raises:
            Violation
        """
        oracles.check(self)
        self.was_full = self.was_full or self.truth.inside >= self.truth.limit


Action = Callable[[World, Door], None]
