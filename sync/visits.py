"""Visits, put together from what doors journaled of visitors. Pure and total: what is odd in a payload changes nothing.

Events may come in any order, of one door or of many, and more than once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar

from sync.clock import SyncState
from sync.protocol.events import Kind
from sync.visit_payloads import kept_of, moment_of, people_of, seconds_of, text_of

COUNTED = frozenset({Kind.VISITOR_ENTERED, Kind.VISITOR_LEFT, Kind.VISITOR_WAITING, Kind.VISITOR_MOVED, Kind.ROOM_COUNTED})
"""The kinds of event that figures are made of: without the payload of one of them a day's figures are not whole."""

KINDS = (*sorted(COUNTED), Kind.VISITOR_NAMED)
"""The kinds of event that visits are put together from; others may be given, and change nothing."""


class How(StrEnum):
    """How the end of a visit is known. A sweep and a head count are guesses: somebody was not there any more."""

    SCANNED = "scanned"
    DESK = "desk"
    SWEPT = "swept"
    COUNTED = "counted"


_GUESSES = frozenset({How.SWEPT, How.COUNTED})
_HOWS = frozenset(How)


@dataclass(frozen=True, slots=True)
class VisitorEvent:
    """A journal row, as far as visits need it. `payload` is empty once erased; `door` is a device id.

    `in_span` only counts where the clock was not trusted: False if the event cannot be of the days that are asked about.
    """

    kind: str
    payload: Mapping[str, object]
    claimed_at: str
    clock_state: str
    door: str = ""
    in_span: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody, or a group, in a room. Times are aware UTC; `trusted` is False where the clock was not when they entered.

    `left` is None as long as nobody knows, and `left_trusted` False where the clock was not; `stay_s` is only there where the
    end was seen, never for a guess. `waited_s` is from taking a
    number to entering. `moved_in`: from another room, so they are no new visitors of the house.
    """

    visit_id: str
    room_id: str
    entered: datetime
    trusted: bool
    people: int
    door: str = ""
    left: datetime | None = None
    left_trusted: bool = True
    how: How | None = None
    stay_s: float | None = None
    waited_s: float | None = None
    is_staff: bool = False
    priority: bool = False
    overridden: bool = False
    moved_in: bool = False
    in_span: bool = True
    number: str = ""
    name: str = ""
    purpose: str = ""
    institution: str = ""

    @property
    def is_guess(self) -> bool:
        """True if the end was not seen by anybody."""
        return self.how in _GUESSES


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """Somebody, or a group, who got a number because the room was full."""

    at: datetime
    trusted: bool
    room_id: str
    people: int
    priority: bool
    in_span: bool


@dataclass(frozen=True, slots=True)
class Visits:
    """What the events tell: visits and waits by time, and `strays`, exits of visitors that belong to none of these visits."""

    visits: tuple[Visit, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    strays: int = 0


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    at: datetime
    door: str
    people: int
    trusted: bool
    in_span: bool
    is_staff: bool
    priority: bool
    overridden: bool
    waited_s: float
    ticket_id: str
    pass_sha256: str
    number: str


@dataclass(frozen=True, slots=True, order=True)
class _Said:
    """What somebody said of themselves. The greatest of several is the one to believe: the last."""

    at: datetime
    name: str
    purpose: str
    institution: str


@dataclass(frozen=True, slots=True, order=True)
class _Exit:
    """The least of several is the one to believe: seen here before heard from elsewhere, a fact before a guess, the first."""

    heard: bool
    is_guess: bool
    at: datetime
    how: How
    trusted: bool
    stay_s: float
    """Below zero where the door has not measured it."""
    is_staff: bool


@dataclass(frozen=True, slots=True, order=True)
class _Count:
    """A head count. One that a door only heard of does not say who was there; where it was made is the one to believe."""

    heard: bool
    at: datetime
    kept: tuple[str, ...]


_Key = tuple[str, str]
_T = TypeVar("_T")


class _Pile:
    """Events by what they are about."""

    def __init__(self) -> None:
        self.entries: dict[_Key, list[_Entry]] = defaultdict(list)
        self.exits: dict[_Key, list[_Exit]] = defaultdict(list)
        self.unknown: set[tuple[str, _Exit]] = set()
        self.waiting: dict[str, Waiting] = {}
        self.moved: set[_Key] = set()
        self.said: dict[_Key, _Said] = {}
        self.counts: dict[_Key, _Count] = {}

    def add(self, event: VisitorEvent) -> None:
        at, room = moment_of(event.claimed_at), text_of(event.payload, "room_id")
        trusted = event.clock_state == SyncState.SYNCED
        if at is None:
            return
        if event.kind == Kind.VISITOR_MOVED:
            self.moved.add((text_of(event.payload, "visit_id"), text_of(event.payload, "to_room")))
        elif event.kind == Kind.VISITOR_NAMED:
            self._add_said(event.payload, at)
        elif room:
            self._add_of_room(event, room, at, trusted)

    def _add_of_room(self, event: VisitorEvent, room: str, at: datetime, trusted: bool) -> None:
        payload = event.payload
        visit_id, people = text_of(payload, "visit_id"), people_of(payload)
        match event.kind:
            case Kind.VISITOR_ENTERED if visit_id and people:
                _add_unseen(self.entries[visit_id, room], _entry(event, at, trusted, people))
            case Kind.VISITOR_LEFT if (found := _exit(payload, at, trusted)) is not None:
                if visit_id:
                    _add_unseen(self.exits[visit_id, room], found)
                else:
                    self.unknown.add((text_of(payload, "pass_sha256"), found))
            case Kind.VISITOR_WAITING if (ticket_id := text_of(payload, "ticket_id")) and people:
                taken = Waiting(at, trusted, room, people, payload.get("priority") is True, event.in_span)
                self.waiting[ticket_id] = min(taken, self.waiting.get(ticket_id, taken))
            case Kind.ROOM_COUNTED if trusted:
                key = (room, text_of(payload, "generation"))
                counted = _Count(payload.get("heard") is True, at, tuple(sorted(kept_of(payload))))
                self.counts[key] = min(counted, self.counts.get(key, counted))
            case _:
                return

    def _add_said(self, payload: Mapping[str, object], at: datetime) -> None:
        said = _Said(at, *(text_of(payload, each) for each in ("name", "purpose", "institution")))
        for subject in ("visit_id", "ticket_id"):
            if key := text_of(payload, subject):
                self.said[subject, key] = max(said, self.said.get((subject, key), said))

    def said_by(self, visit_id: str, ticket_id: str) -> _Said | None:
        """What was said at the entry, else when a number was taken: who comes in by a number is not asked again."""
        return self.said.get(("visit_id", visit_id)) or self.said.get(("ticket_id", ticket_id))


def _add_unseen(values: list[_T], value: _T) -> None:
    # The lists are of one visit, so nearly always empty: to look through is quicker than to hash.
    if value not in values:
        values.append(value)


def visits_of(events: Iterable[VisitorEvent]) -> Visits:
    """The visits that these events tell of."""
    pile = _Pile()
    for event in events:
        pile.add(event)
    strays = sum(not each.is_staff for key, found in pile.exits.items() if key not in pile.entries for each in found)
    ended: list[tuple[_Key, _Entry, _Exit | None]] = []
    for key, entries in pile.entries.items():
        ended += [(key, entry, min(exits, default=None)) for entry, exits in _stays(sorted(entries), pile.exits.get(key, []))]
    ended.sort(key=lambda each: (each[1], each[0]))
    strays += _match_passes(ended, pile.unknown)
    visits = [_visit(pile, *each) for each in ended]
    return Visits(tuple(visits), tuple(sorted(pile.waiting.values())), strays)


def _stays(entries: list[_Entry], exits: list[_Exit]) -> Iterable[tuple[_Entry, list[_Exit]]]:
    """Each entry with the exits that may end it. A second entry without an exit between is the first one told again."""
    if len(entries) == 1:
        return [(entries[0], exits)]
    kept = entries[:1]
    for entry in entries[1:]:
        if any(kept[-1].at <= each.at <= entry.at for each in exits):
            kept.append(entry)
    of: dict[int, list[_Exit]] = defaultdict(list)
    for each in exits:
        before = [index for index, entry in enumerate(kept) if entry.at <= each.at]
        of[before[-1] if before else 0].append(each)
    return ((entry, of[index]) for index, entry in enumerate(kept))


def _match_passes(ended: list[tuple[_Key, _Entry, _Exit | None]], unknown: set[tuple[str, _Exit]]) -> int:
    """End visits by passes that were shown at a door which did not know them; gives how many belong to no visit."""
    of_pass: dict[str, list[int]] = defaultdict(list)
    for index, (_, entry, _) in enumerate(ended):
        if entry.pass_sha256:
            of_pass[entry.pass_sha256].append(index)
    strays = 0
    for pass_sha256, found in sorted(unknown):
        before = [index for index in of_pass.get(pass_sha256, ()) if ended[index][1].at <= found.at]
        if not before:
            strays += 1
            continue
        key, entry, known = ended[before[-1]]
        if known is not None and known <= found:
            strays += 1
        else:
            ended[before[-1]] = (key, entry, found)
    return strays


def _visit(pile: _Pile, key: _Key, entry: _Entry, end: _Exit | None) -> Visit:
    ticket, moved_in = pile.waiting.get(entry.ticket_id), key in pile.moved
    last, said = _end(pile, key, entry, end), pile.said_by(key[0], entry.ticket_id)
    return Visit(
        *key,
        entry.at,
        entry.trusted,
        entry.people,
        entry.door,
        left=last.left,
        left_trusted=last.trusted,
        how=last.how,
        stay_s=last.stay_s,
        waited_s=None if moved_in else _waited_s(entry, ticket),
        is_staff=entry.is_staff,
        priority=entry.priority or (ticket is not None and ticket.priority),
        overridden=entry.overridden,
        moved_in=moved_in,
        in_span=entry.in_span,
        number=entry.number,
        name=said.name if said else "",
        purpose=said.purpose if said else "",
        institution=said.institution if said else "",
    )


class _End(NamedTuple):
    """When a visit was over, as far as that is known."""

    left: datetime | None = None
    trusted: bool = True
    how: How | None = None
    stay_s: float | None = None


def _end(pile: _Pile, key: _Key, entry: _Entry, end: _Exit | None) -> _End:
    if end is not None:
        stay_s = _stay_s(entry, end)
        if stay_s is not None and entry.trusted:
            # As the door measured it: what was heard from elsewhere, or read from a bad clock, is another time.
            return _End(entry.at + timedelta(seconds=stay_s), True, end.how, stay_s)
        return _End(end.at, end.trusted, end.how, stay_s)
    if not entry.trusted:
        return _End()
    counts = (each for (room, _), each in pile.counts.items() if room == key[1])
    left = min((each.at for each in counts if each.at > entry.at and key[0] not in each.kept), default=None)
    return _End() if left is None else _End(left, how=How.COUNTED)


def _waited_s(entry: _Entry, ticket: Waiting | None) -> float | None:
    if entry.waited_s >= 0:
        return entry.waited_s
    if ticket is None or not (ticket.trusted and entry.trusted) or ticket.at > entry.at:
        return None
    return (entry.at - ticket.at).total_seconds()


def _stay_s(entry: _Entry, end: _Exit) -> float | None:
    if end.is_guess:
        return None
    if end.stay_s >= 0:
        return end.stay_s
    passed_s = (end.at - entry.at).total_seconds()
    return passed_s if entry.trusted and end.trusted and not end.heard and passed_s >= 0 else None


def _entry(event: VisitorEvent, at: datetime, trusted: bool, people: int) -> _Entry:
    payload = event.payload
    return _Entry(
        at=at,
        door=event.door,
        people=people,
        trusted=trusted,
        in_span=event.in_span,
        is_staff=payload.get("who") == "staff",
        priority=payload.get("priority") is True,
        overridden=payload.get("overridden") is True,
        waited_s=seconds_of(payload, "waited_s"),
        **{each: text_of(payload, each) for each in ("ticket_id", "pass_sha256", "number")},
    )


def _exit(payload: Mapping[str, object], at: datetime, trusted: bool) -> _Exit | None:
    """The end of a visit; None for one that this version does not understand."""
    how = payload.get("how")
    if not isinstance(how, str) or how not in _HOWS:
        return None
    is_staff = payload.get("who") == "staff"
    return _Exit(payload.get("heard") is True, how in _GUESSES, at, How(how), trusted, seconds_of(payload, "stay_s"), is_staff)
