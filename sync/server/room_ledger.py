"""What the server makes of what doors report about a room, in the order of each door's journal. Pure, and total.

A right is at one place: spent by somebody inside, held by a door, on its way, or in the pool. What a door says is true of its own
account alone, and only under the generation and the epoch that go on; all else is void, and what was there is stranded.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sync.protocol.events import Kind
from sync.protocol.rooms import generation_number, next_generation
from sync.server import room_said
from sync.server.room_book import (
    DoorBook,
    Early,
    Ledger,
    Sums,
    Ticket,
    Visit,
    Who,
    counts,
    empty,
    inside,
    needs_count,
    owed,
    places,
    with_book,
    with_doors,
    with_doubt,
    with_held,
    with_limit,
    with_stranded,
    without_ticket,
)
from sync.server.room_said import Counted, Granted, Released, Said, Skipped, Stepped, Waiting
from sync.server.room_shares import share_out, state_for
from sync.server.room_visits import entered, left

__all__ = [
    "DoorBook",
    "Ledger",
    "Sums",
    "Ticket",
    "Visit",
    "empty",
    "hear",
    "inside",
    "needs_count",
    "places",
    "share_out",
    "state_for",
    "with_doors",
    "with_doubt",
    "with_limit",
]

_PAST_KEPT = 100
_EARLY_KEPT = 1000
_TICKETS_KEPT = 500


def hear(
    ledger: Ledger, *, device_id: str, epoch: str, kind: str, payload: object, claimed_at: str, clock_trusted: bool = True
) -> Ledger:
    """The ledger after one event of a door, in the order of its journal. Of another room, or of none, it may be too: any event
    tells which epoch goes on. `clock_trusted`: the door's clock was synced. Never raises for what is in an event.
    """
    said = room_said.read(kind, payload)
    if device_id not in ledger.doors and said is None:
        return ledger
    book = ledger.door(device_id)
    if epoch != book.epoch and epoch not in book.past:
        ledger = _in_epoch(ledger, device_id, book, epoch)
    ledger = with_book(ledger, device_id, heard_at=claimed_at or book.heard_at)
    who = Who(device_id, epoch, claimed_at, clock_trusted, stale=epoch in ledger.door(device_id).past)
    return ledger if said is None else _heard(ledger, who, kind, said)


def _heard(ledger: Ledger, who: Who, kind: str, said: Said) -> Ledger:
    if said.generation > ledger.generation and kind != Kind.ROOM_COUNTED:
        # A server that was restored hears of a head count later than of what came after it.
        return replace(ledger, early=(*ledger.early, Early(who, kind, room_said.as_payload(said)))[-_EARLY_KEPT:])
    return _HANDLERS[kind](ledger, who, said)


def _in_epoch(ledger: Ledger, device_id: str, book: DoorBook, epoch: str) -> Ledger:
    """The door's journal goes on under another epoch: what it held, and what was on its way to it, is void."""
    if not book.epoch:
        return with_book(ledger, device_id, epoch=epoch)
    homeward = sum(each.people for each in ledger.returning.values() if each.home == device_id)
    lost = max(0, book.held) + book.flying + homeward
    ledger = replace(
        ledger,
        free=ledger.free + min(0, book.held),  # its debt is everybody's now
        returning={name: each for name, each in ledger.returning.items() if each.home != device_id},
    )
    past = (*book.past, book.epoch)[-_PAST_KEPT:]
    # Who waits there by the card that is in now cannot be told from who waited by the one before: nobody is held places for.
    return with_book(ledger, device_id, epoch=epoch, past=past, held=0, in_flight=(), stranded=book.stranded + lost, tickets={})


# The queue


def _waiting(ledger: Ledger, who: Who, said: Waiting) -> Ledger:
    if who.stale:
        return ledger  # the card that is in now may not know them
    tickets = {**ledger.door(who.device_id).tickets, said.ticket_id: Ticket(said.people, who.at, priority=said.priority)}
    kept = {name: tickets[name] for name in list(tickets)[-_TICKETS_KEPT:]}
    return with_book(ledger, who.device_id, tickets=kept)


def _skipped(ledger: Ledger, who: Who, said: Skipped) -> Ledger:
    return without_ticket(ledger, who.device_id, said.ticket_id) if said.final else ledger


def _away(ledger: Ledger, who: Who, said: Stepped) -> Ledger:
    return _stepped(ledger, who, said, away=True)


def _back(ledger: Ledger, who: Who, said: Stepped) -> Ledger:
    return _stepped(ledger, who, said, away=False)


def _stepped(ledger: Ledger, who: Who, said: Stepped, *, away: bool) -> Ledger:
    tickets = ledger.door(who.device_id).tickets
    ticket = tickets.get(said.ticket_id or "")
    if ticket is None:
        return ledger
    return with_book(ledger, who.device_id, tickets={**tickets, said.ticket_id: replace(ticket, away=away)})


# Rights


def _granted(ledger: Ledger, who: Who, said: Granted) -> Ledger:
    if not counts(ledger, who, said.generation):
        return ledger
    book = ledger.door(who.device_id)
    ledger = with_held(ledger, who.device_id, said.amount)
    sent = [grant for grant in book.in_flight if grant.serial <= said.serial]
    if not sent and 0 < said.serial <= book.issued:
        return owed(ledger, who.device_id, said.amount)  # it was written off meanwhile
    # A door applies grants in order: one that it has passed over it never will. One that is not known was given before this
    # server was restored, or by the office itself.
    ledger = replace(ledger, free=ledger.free + sum(grant.amount for grant in sent) - said.amount)
    later = tuple(grant for grant in book.in_flight if grant.serial > said.serial)
    return with_book(ledger, who.device_id, in_flight=later, issued=max(book.issued, said.serial))


def _released(ledger: Ledger, who: Who, said: Released) -> Ledger:
    if not counts(ledger, who, said.generation) or said.amount > ledger.door(who.device_id).held:
        return ledger
    ledger = with_held(ledger, who.device_id, -said.amount)
    return replace(ledger, free=ledger.free + said.amount)


# Head counts


def _counted(ledger: Ledger, who: Who, said: Counted) -> Ledger:
    """Who is inside is known anew; the counting door has every other place, and all that others have is void."""
    if said.heard or said.generation == ledger.generation or _is_stranger(ledger, who):
        return ledger
    if generation_number(said.generation) <= generation_number(ledger.generation):
        return _clashed(ledger, who)
    visits = {name: _found(ledger, who, said, name) for name in said.kept} | _adopted(who, said)
    known = sum(visit.people for visit in visits.values())
    here = max(said.inside, known)
    doors = {name: replace(book, held=0, in_flight=(), stranded=0) for name, book in ledger.doors.items()}
    is_sure = ledger.doubted_since is None or (who.trusted and who.at > ledger.doubted_since)
    early, now = ledger.early, said.generation
    # In an epoch that does not go on, what the count left to its door is void at once.
    held = max(0, said.held) if who.stale else said.held
    ledger = replace(
        ledger,
        generation=now,
        free=ledger.max_people - here - held,
        others=here - known,
        doors=doors,
        visits=visits,
        ended={},
        returning={},
        tied={},
        orphans={},
        matched={},
        early=(),
        doubted_since=None if is_sure else ledger.doubted_since,
        clashed=False,
        over=tuple(name for name in ledger.over if name not in visits),
    )
    ledger = (with_stranded if who.stale else with_held)(ledger, who.device_id, held)
    for each in early:
        said_then = room_said.read(each.kind, each.payload)
        ledger = ledger if said_then is None else _heard(ledger, each.who, each.kind, said_then)
    return ledger


def _is_stranger(ledger: Ledger, who: Who) -> bool:
    """Whether that device was never a door of this room: people it saw coming in are counted, but it decides nothing."""
    book = ledger.door(who.device_id)
    return not book.member and not book.issued


def _clashed(ledger: Ledger, who: Who) -> Ledger:
    """Two head counts of which neither door knew the other's. Which was later cannot be told, so what both left to their doors
    is void, and nothing is given away before somebody counts anew.
    """
    here = inside(ledger)
    ledger = replace(
        ledger,
        generation=next_generation(ledger.generation, ""),
        clashed=True,
        free=min(0, ledger.max_people - here),
        doors={name: replace(book, held=0, in_flight=(), stranded=0) for name, book in ledger.doors.items()},
        ended={},
        returning={},
        tied={},
        orphans={},
        matched={},
    )
    return with_stranded(ledger, who.device_id, max(0, ledger.max_people - here))


def _found(ledger: Ledger, who: Who, said: Counted, visit_id: str) -> Visit:
    known = ledger.visits.get(visit_id) or Visit("", "", "", people=1, since="")
    return replace(known, home=who.device_id, epoch=who.epoch, generation=said.generation, has_right=True)


def _adopted(who: Who, said: Counted) -> dict[str, Visit]:
    return {
        each.visit_id: Visit(
            home=who.device_id,
            epoch=who.epoch,
            generation=said.generation,
            people=each.people,
            since=each.since or who.at,
            trusted=each.since is None and who.trusted,
            number=each.number,
            card=each.card,
            pass_sha256=each.pass_sha256,
        )
        for each in said.adopted
    }


_HANDLERS: dict[str, Callable[[Ledger, Who, Any], Ledger]] = {
    Kind.VISITOR_ENTERED: entered,
    Kind.VISITOR_LEFT: left,
    Kind.VISITOR_WAITING: _waiting,
    Kind.VISITOR_SKIPPED: _skipped,
    Kind.VISITOR_AWAY: _away,
    Kind.VISITOR_BACK: _back,
    Kind.ROOM_COUNTED: _counted,
    Kind.RIGHTS_GRANTED: _granted,
    Kind.RIGHTS_RELEASED: _released,
}
