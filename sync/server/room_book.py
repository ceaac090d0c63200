"""What the server knows of one room's rights: the values, and the sums that always come out. Pure; JSON by msgspec, both ways.

inside + held at doors + in flight + free at the server + stranded - debt = max_people, as far as the server has heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync.protocol.rooms import FIRST_GENERATION, Ended, Grant, Room

_RECENT = 20


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody who waits at a door. One who is `away` needs no place now."""

    people: int
    since: str
    away: bool = False
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """People inside. `home` is the door that frees their places, `epoch` the one of its journal in which they came, `generation`
    the one under which they count there. `has_right` is False for people whom no valid right let in: the pool has paid for them.
    `since` is empty for a visit that a head count found and whose beginning has not been heard.
    """

    home: str
    epoch: str
    generation: str
    people: int
    since: str
    trusted: bool = True
    number: str | None = None
    card: int | None = None
    pass_sha256: str | None = None
    has_right: bool = True


@dataclass(frozen=True, slots=True)
class Who:
    """Which door said something, in which epoch of its journal, and when by its clock. `stale`: another epoch goes on since."""

    device_id: str
    epoch: str
    at: str
    trusted: bool = True
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit whose visit has not been heard of: what was said of it, and the rights that were made and count."""

    who: Who
    said: Mapping[str, Any]
    minted: int


@dataclass(frozen=True, slots=True)
class Returning:
    """Places of a visit that ended elsewhere, until its home has heard of it. `exit`: it was matched to that one by its pass."""

    home: str
    people: int
    exit: Exit | None = None


@dataclass(frozen=True, slots=True)
class Tied:
    """Places of a visit that ended without its card, void at its `home` until the card turns up."""

    home: str
    people: int
    pass_sha256: str


@dataclass(frozen=True, slots=True)
class Early:
    """What a door said under a generation that begins with a head count which has not been heard."""

    who: Who
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DoorBook:
    """One door's account as heard: rights of the ledger's generation and of the door's newest `epoch`, which is "" before the
    first. `past` epochs do not go on. `stranded` rights are void. Of a door that is no `member` all are.
    """

    epoch: str = ""
    past: tuple[str, ...] = ()
    held: int = 0
    issued: int = 0
    in_flight: tuple[Grant, ...] = ()
    stranded: int = 0
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    heard_at: str | None = None
    member: bool = True
    connected: bool = False

    @property
    def flying(self) -> int:
        """Rights on their way to this door."""
        return sum(grant.amount for grant in self.in_flight)

    @property
    def waiting(self) -> int:
        """People who wait here and would come in now."""
        return sum(ticket.people for ticket in self.tickets.values() if not ticket.away)


@dataclass(frozen=True, slots=True)
class Ledger:
    """One room. `free` below zero is debt. `others` are people inside of whom nothing but a head count tells. `over` are visits
    that ended lately; `orphans` are exits heard before their entry, by visit or by pass; `matched` are exits that ended a visit
    by its pass alone, by that visit; `recent` are the doors of late entries.
    `doubted_since`: the server was restored then from an old copy, so what is in the pool may have been given away before.
    `clashed`: two head counts did not know of each other, and a door may still act by its own.
    """

    room_id: str
    max_people: int
    generation: str = FIRST_GENERATION
    free: int = 0
    others: int = 0
    doors: Mapping[str, DoorBook] = field(default_factory=dict)
    visits: Mapping[str, Visit] = field(default_factory=dict)
    ended: Mapping[str, tuple[Ended, ...]] = field(default_factory=dict)
    returning: Mapping[str, Returning] = field(default_factory=dict)
    tied: Mapping[str, Tied] = field(default_factory=dict)
    orphans: Mapping[str, Exit] = field(default_factory=dict)
    matched: Mapping[str, Exit] = field(default_factory=dict)
    early: tuple[Early, ...] = ()
    over: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    doubted_since: str | None = None
    clashed: bool = False

    @property
    def is_doubted(self) -> bool:
        """True while nothing may be given away before a head count."""
        return self.clashed or bool(self.doubted_since)

    def door(self, device_id: str) -> DoorBook:
        """The door's book; an empty one for a door that is not of this room."""
        return self.doors.get(device_id) or DoorBook(member=False)


@dataclass(frozen=True, slots=True)
class Sums:
    """Places of a room: `inside + held + in_flight + free + stranded - debt` is its `max_people`."""

    inside: int
    held: int
    in_flight: int
    free: int
    debt: int
    stranded: int


def empty(room: Room) -> Ledger:
    """The ledger of a room of which nothing was heard: every right is in the pool."""
    ledger = Ledger(room.id, room.max_people, free=room.max_people)
    return with_doors(ledger, room.doors)


def with_limit(ledger: Ledger, max_people: int) -> Ledger:
    """The room under another limit. A lower one is repaid from returning rights; nobody is sent out."""
    return replace(ledger, max_people=max_people, free=ledger.free + max_people - ledger.max_people)


def with_doors(ledger: Ledger, device_ids: list[str]) -> Ledger:
    """The room with these doors. What a door holds that is none any more is stranded until it gives it back, or a head count."""
    doors = {name: replace(book, member=name in device_ids) for name, book in ledger.doors.items()}
    return replace(ledger, doors=doors | {name: DoorBook() for name in device_ids if name not in doors})


def with_doubt(ledger: Ledger, since: str) -> Ledger:
    """The room at a server that was restored at `since`: nothing is given away before a head count."""
    return replace(ledger, doubted_since=since)


def places(ledger: Ledger) -> Sums:
    """Where the room's rights are, as this server has heard it."""
    members = {name for name, book in ledger.doors.items() if book.member}
    of_members = [book for name, book in ledger.doors.items() if name in members]
    others = [book for name, book in ledger.doors.items() if name not in members]
    returning = sum(each.people for each in ledger.returning.values() if each.home in members)
    lost = sum(each.people for each in ledger.returning.values() if each.home not in members)
    pool, doubted = (0, max(0, ledger.free)) if ledger.is_doubted else (max(0, ledger.free), 0)
    return Sums(
        inside=inside(ledger),
        held=sum(max(0, book.held) for book in of_members),
        in_flight=returning + sum(book.flying for book in of_members),
        free=pool,
        debt=max(0, -ledger.free) + sum(max(0, -book.held) for book in ledger.doors.values()),
        stranded=lost
        + doubted
        + sum(book.stranded for book in ledger.doors.values())
        + sum(max(0, book.held) + book.flying for book in others),
    )


def inside(ledger: Ledger) -> int:
    """People inside, as far as heard."""
    return ledger.others + sum(visit.people for visit in ledger.visits.values())


def needs_count(ledger: Ledger) -> bool:
    """True when places are tied up that only a head count can free."""
    return ledger.clashed or places(ledger).stranded > 0


def with_book(ledger: Ledger, device_id: str, **changed: Any) -> Ledger:
    """The ledger with another book of that door."""
    return replace(ledger, doors={**ledger.doors, device_id: replace(ledger.door(device_id), **changed)})


def with_entry_at(ledger: Ledger, device_id: str) -> Ledger:
    """The ledger, remembering that somebody came in there."""
    return replace(ledger, recent=(*ledger.recent, device_id)[-_RECENT:])


def with_held(ledger: Ledger, device_id: str, change: int) -> Ledger:
    """The ledger with so many rights more, or less, at that door."""
    return with_book(ledger, device_id, held=ledger.door(device_id).held + change)


def with_stranded(ledger: Ledger, device_id: str, people: int) -> Ledger:
    """The ledger with so many more void rights of that door."""
    return with_book(ledger, device_id, stranded=ledger.door(device_id).stranded + people)


def owed(ledger: Ledger, device_id: str, people: int) -> Ledger:
    """Take places where nothing was held for them: from the door's void rights as far as they go, then from the pool."""
    stranded = ledger.door(device_id).stranded
    taken = min(stranded, people)
    ledger = with_book(ledger, device_id, stranded=stranded - taken)
    return replace(ledger, free=ledger.free - (people - taken))


def without_ticket(ledger: Ledger, device_id: str, ticket_id: str | None) -> Ledger:
    """The ledger without that number in the door's queue."""
    tickets = ledger.door(device_id).tickets
    if ticket_id not in tickets:
        return ledger
    return with_book(ledger, device_id, tickets={name: each for name, each in tickets.items() if name != ticket_id})


def counts(ledger: Ledger, who: Who, generation: str) -> bool:
    """Whether what was said under that generation changes the door's account."""
    return not who.stale and generation == ledger.generation
