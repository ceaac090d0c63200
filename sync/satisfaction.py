"""How those who left rooms found it, counted from what doors journaled. Pure and total: what is odd in a payload changes nothing.

Answers say of nobody whose they are, so none is matched to a visit: beside them stands how many left by a pass at a panel.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sync.clock import SyncState, utc_datetime
from sync.protocol.events import Kind
from sync.protocol.satisfaction import Level
from sync.visits import COUNTED, KINDS, How, VisitorEvent

READ = (*KINDS, Kind.VISITOR_RATED)
"""The kinds of event that visits and answers are counted from."""

MISSED = COUNTED | {Kind.VISITOR_RATED}
"""Those without whose payload the figures of a day are not whole."""

_LEVELS = tuple(Level)  # compared, not hashed: a payload may hold a list


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Answers by level, and `left`, how many times a pass was shown to leave: each could answer once, for a whole group too.

    `unsure` are answers of an uncertain time; they are in no other figure.
    """

    very_good: int = 0
    good: int = 0
    poor: int = 0
    bad: int = 0
    left: int = 0
    unsure: int = 0

    @property
    def levels(self) -> tuple[int, ...]:
        """The answers of each level, best first."""
        return tuple(getattr(self, level) for level in Level)

    @property
    def answered(self) -> int:
        """How many answers there are."""
        return sum(self.levels)


@dataclass
class Tally:
    """Counts what it sees of the times that `holds` says are asked about, of one room or of all. Events may come in any order and
    more than once.
    """

    holds: Callable[[datetime], bool]
    room_id: str | None = None
    _answers: dict[tuple[str, ...], VisitorEvent] = field(default_factory=dict, init=False)
    _exits: dict[tuple[str, ...], VisitorEvent] = field(default_factory=dict, init=False)
    _staff: set[str] = field(default_factory=set, init=False)

    def watching(self, events: Iterable[VisitorEvent]) -> Iterator[VisitorEvent]:
        """The same events; each is seen as it passes."""
        for event in events:
            self._see(event)
            yield event

    def found(self) -> tuple[tuple[str, Satisfaction], ...]:
        """What was seen, by room, without rooms that nobody left."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for (room, *_), event in self._answers.items():
            counts[room][str(event.payload["level"]) if _is_trusted(event) else "unsure"] += 1
        for (room, visit_id, *_), event in self._exits.items():
            if _is_trusted(event) and visit_id not in self._staff:
                counts[room]["left"] += 1
        return tuple((room, Satisfaction(**counts[room])) for room in sorted(counts))

    def _see(self, event: VisitorEvent) -> None:
        payload, room = event.payload, event.payload.get("room_id")
        visit_id = payload.get("visit_id") or ""
        if not isinstance(room, str) or not room or not isinstance(visit_id, str):
            return
        match event.kind:
            case Kind.VISITOR_ENTERED if payload.get("who") == "staff":
                self._staff.add(visit_id)
            case Kind.VISITOR_LEFT if payload.get("how") == How.SCANNED and payload.get("heard") is not True:
                self._keep(self._exits, (room, visit_id, str(payload.get("pass_sha256"))), event)
            case Kind.VISITOR_RATED if payload.get("level") in _LEVELS:
                self._keep(self._answers, (room,), event)

    def _keep(self, kept: dict[tuple[str, ...], VisitorEvent], key: tuple[str, ...], event: VisitorEvent) -> None:
        if self.room_id in (None, key[0]) and self._is_meant(event):
            kept[*key, event.door, event.claimed_at] = event

    def _is_meant(self, event: VisitorEvent) -> bool:
        if not _is_trusted(event):
            return event.in_span
        try:
            return self.holds(utc_datetime(event.claimed_at))
        except (ValueError, OverflowError):
            return False


def _is_trusted(event: VisitorEvent) -> bool:
    return event.clock_state == SyncState.SYNCED
