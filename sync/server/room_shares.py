"""Who gets the rights that are in the pool, and what each door is told and asked for. Pure.

Debt is repaid first. Then those who wait get places, the longest waiting first, whichever door they wait at. What is left lies
idle at the doors that are connected, most where most people came in lately, and at least one at each.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from sync.protocol.rooms import Elsewhere, Grant, OtherDoor, RoomState
from sync.server.room_book import DoorBook, Ledger, Ticket, with_book

_LONG_AGO = "1970-01-01T00:00:00.000000Z"
"""When the first of those who wait took a number, where a debt waits: nobody comes before it."""


_Rank = tuple[bool, str]
"""Priority (False) before others, and then who took a number first: doors keep places by the same order."""


def share_out(ledger: Ledger, *, connected: Collection[str]) -> Ledger:
    """The ledger with what is in the pool on its way to doors. `connected` are those that were heard just now."""
    for name, book in ledger.doors.items():
        if book.connected != (name in connected):
            ledger = with_book(ledger, name, connected=name in connected)
    given = {} if ledger.is_doubted else _given(ledger)
    for name, amount in given.items():
        ledger = _issued(ledger, name, amount)
    return ledger


def _issued(ledger: Ledger, device_id: str, amount: int) -> Ledger:
    book = ledger.doors[device_id]
    serial = book.issued + 1
    grant = Grant(serial=serial, amount=amount, generation=ledger.generation, epoch=book.epoch)
    ledger = with_book(ledger, device_id, issued=serial, in_flight=(*book.in_flight, grant))
    return replace(ledger, free=ledger.free - amount)


def _given(ledger: Ledger) -> dict[str, int]:
    """How many rights go to each door now."""
    given: dict[str, int] = {}
    budget = ledger.free
    for name, owed in sorted(_debts(ledger).items()):
        if owed > 0 and budget > 0 and _can_be_given(ledger.doors[name]):
            given[name] = min(owed, budget)
        budget -= owed
    for _, name, people in _unmet(ledger):
        amount = min(people, budget)
        if amount > 0:
            given[name] = given.get(name, 0) + amount
            budget -= amount
    for name in _idle(ledger, given, budget):
        given[name] = given.get(name, 0) + 1
    return given


def _can_be_given(book: DoorBook) -> bool:
    """A grant names the epoch of the journal that may apply it, so a door must have been heard once."""
    return book.member and book.epoch != ""


def _debts(ledger: Ledger) -> dict[str, int]:
    """What doors owe beyond what is on its way to them."""
    owed = {name: -(book.held + book.flying) for name, book in ledger.doors.items() if book.held < 0}
    return {name: amount for name, amount in owed.items() if amount > 0}


def _reached(ledger: Ledger) -> dict[str, DoorBook]:
    return {name: book for name, book in ledger.doors.items() if book.connected and _can_be_given(book)}


def _unmet(ledger: Ledger) -> list[tuple[_Rank, str, int]]:
    """(rank, door, people) of those who wait at connected doors without a place there, the first of them first."""
    return sorted(each for name, book in _reached(ledger).items() for each in _unmet_at(ledger, name, book))


def _unmet_at(ledger: Ledger, name: str, book: DoorBook) -> Iterator[tuple[_Rank, str, int]]:
    covered = max(0, book.held + book.flying)
    for ticket in sorted(_lined_up(ledger, book), key=_rank):
        if ticket.people > covered:
            yield _rank(ticket), name, ticket.people - covered
        covered = max(0, covered - ticket.people)


def _lined_up(ledger: Ledger, book: DoorBook) -> list[Ticket]:
    """Those who wait there to be called. Who came as a larger group than the room holds by now is passed over, as at the door."""
    return [each for each in book.tickets.values() if not each.away and each.people <= ledger.max_people]


def _waiting(ledger: Ledger, book: DoorBook) -> int:
    return sum(each.people for each in _lined_up(ledger, book))


def _rank(ticket: Ticket) -> _Rank:
    return not ticket.priority, ticket.since


def _spare(ledger: Ledger, book: DoorBook, given: int = 0) -> int:
    return max(0, book.held + book.flying + given - _waiting(ledger, book))


def _idle(ledger: Ledger, given: Mapping[str, int], budget: int) -> Iterator[str]:
    """The door for each right that nobody waits for: to doors without any first, then by recent use."""
    doors = _reached(ledger)
    if not doors or budget <= 0:
        return
    spare = {name: _spare(ledger, book, given.get(name, 0)) for name, book in doors.items()}
    weight = {name: 1 + ledger.recent.count(name) for name in doors}
    for _ in range(budget):
        name = min(spare, key=lambda each: (spare[each] > 0, (spare[each] + 1) / weight[each], each))
        spare[name] += 1
        yield name


def state_for(ledger: Ledger, device_id: str) -> RoomState:
    """What this door is told of the room, and asked for, after `share_out`."""
    wanted, rank = _wanted(ledger, device_id)
    book = ledger.door(device_id)
    return RoomState(
        room_id=ledger.room_id,
        generation=ledger.generation,
        epoch=book.epoch,
        grants=list(book.in_flight),
        wanted=wanted,
        wanted_since=None if rank is None else rank[1],
        wanted_priority=rank is not None and not rank[0],
        ended=list(ledger.ended.get(device_id, ())),
        elsewhere=_elsewhere(ledger, device_id, book),
        doors=[_other(ledger, name, each) for name, each in sorted(ledger.doors.items()) if name != device_id],
        free=0 if ledger.is_doubted else max(0, ledger.free),
    )


def _wanted(ledger: Ledger, device_id: str) -> tuple[int, _Rank | None]:
    """How many rights the others lack, and since when. A debt comes before everybody; idle places are evened out last."""
    if ledger.is_doubted:
        return 0, None
    owed = max(0, sum(_debts(ledger).values()) - ledger.free)
    waiting = [each for each in _unmet(ledger) if each[1] != device_id]
    people = sum(each[2] for each in waiting)
    if owed:
        return owed + people, (False, _LONG_AGO)
    if waiting:
        return people, waiting[0][0]
    return _wanted_to_even_out(ledger, device_id), None


def _wanted_to_even_out(ledger: Ledger, device_id: str) -> int:
    doors = _reached(ledger)
    spare = {name: _spare(ledger, book) for name, book in doors.items()}
    richest = min(spare, key=lambda name: (-spare[name], name), default=None)
    if richest != device_id:
        return 0
    poor = sum(1 for book in doors.values() if book.held + book.flying <= 0 and not _waiting(ledger, book))
    return min(poor, spare[richest] // 2)


def _elsewhere(ledger: Ledger, device_id: str, book: DoorBook) -> list[Elsewhere]:
    """Visits that this door does not know by itself: of other doors, or of before its journal or the rights began anew."""
    return [
        Elsewhere(
            visit_id=name,
            door=each.home,
            since=each.since,
            people=each.people,
            number=each.number,
            card=each.card,
            pass_sha256=each.pass_sha256,
        )
        for name, each in ledger.visits.items()
        if (each.home, each.epoch, each.generation) != (device_id, book.epoch, ledger.generation)
    ]


def _other(ledger: Ledger, name: str, book: DoorBook) -> OtherDoor:
    here = sum(visit.people for visit in ledger.visits.values() if visit.home == name)
    return OtherDoor(
        device_id=name,
        held=book.held,
        inside=here,
        waiting=book.waiting,
        heard_at=book.heard_at,
        connected=book.connected,
    )
