"""What a door does about a room: who comes in, who waits, who is called, and which rights come and go. Pure.

Every decision gives the events to journal, all in one transaction, and a code for the screen. `then` adds what follows of itself:
calls for freed places, calls that ran out, rights that are given back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from kiosk.core import queueing
from kiosk.core.presence_rule import age_s
from kiosk.core.room_book import Row, Ticket, Visit, after
from kiosk.core.room_codes import FreeReason, OverrideReason, Said, TicketState
from kiosk.core.room_here import Decided, Draft, Guest, Here, Pass
from sync.protocol.events import Kind
from sync.protocol.rooms import Elsewhere, Ended, Grant, RoomState, counted_at, generation_number, next_generation


def arrive(here: Here, guest: Guest, carried: Pass | None = None, *, by: str | None = None) -> Decided:
    """Somebody wants in: they enter if there is a place and nobody waits for it, else they get a number."""
    if guest.people > here.room.max_people:
        return Decided(Said.GROUP_TOO_LARGE)
    if guest.people <= here.free and not queueing.is_anyone_waiting(here.book, here.room):
        return enter(here, guest, carried, by=by)
    return _wait(here, guest, by)


def enter(here: Here, guest: Guest, carried: Pass | None, *, ticket_id: str | None = None, by: str | None = None) -> Decided:
    """Spend rights and be inside. With `ticket_id`, the places that were kept for that number."""
    ticket = here.book.tickets.get(ticket_id or "")
    if ticket is not None and ticket.state is not TicketState.CALLED:
        return Decided(Said.NOT_YOUR_TURN)
    if guest.people > here.free + (0 if ticket is None else ticket.people):
        return Decided(Said.FULL)
    if ticket is None:
        return _entered(here, guest, carried, by, {})
    waited_s = age_s(ticket.taken, here.now)
    more = {"ticket_id": ticket.id, "number": ticket.number} | ({} if waited_s is None else {"waited_s": round(waited_s)})
    return _entered(here, replace(guest, name="", purpose="", institution=""), carried, by, more)


def override(here: Here, guest: Guest, reason: OverrideReason, note: str, *, by: str) -> Decided:
    """A person lets somebody into a full room, and answers for it. What is missing becomes debt."""
    debt = max(0, guest.people - here.book.account.usable)
    entered = _entered(here, guest, None, by, {"overridden": True})
    told = {"visit_id": entered.visit_id, "people": guest.people, "debt": debt, "reason": str(reason), "note": note}
    return replace(entered, said=Said.OVERRIDDEN, drafts=(_draft(here, Kind.ROOM_OVERRIDDEN, told, by), *entered.drafts))


def _entered(here: Here, guest: Guest, carried: Pass | None, by: str | None, more: dict[str, Any]) -> Decided:
    told = {**guest.told(), "visit_id": here.new_id(), "spent": guest.people, **more}
    if carried is not None:
        told |= {"pass_sha256": carried.token_sha256} | ({} if carried.card is None else {"card": carried.card})
    drafts = (_draft(here, Kind.VISITOR_ENTERED, told, by), *_named(here, guest, {"visit_id": told["visit_id"]}))
    return Decided(Said.ENTERED, drafts, visit_id=told["visit_id"])


def _wait(here: Here, guest: Guest, by: str | None) -> Decided:
    count, number = queueing.next_number((here.book, *here.beside()), here.letter, here.day)
    told = {**guest.told(), "ticket_id": here.new_id(), "number": number, "count": count}
    drafts = (_draft(here, Kind.VISITOR_WAITING, told, by), *_named(here, guest, {"ticket_id": told["ticket_id"]}))
    return Decided(Said.WAITING, drafts, ticket_id=told["ticket_id"])


def _named(here: Here, guest: Guest, subject: dict[str, Any]) -> tuple[Draft, ...]:
    said = guest.said()
    return (_draft(here, Kind.VISITOR_NAMED, {**subject, **said}),) if said else ()


# Leaving


def visit_of(here: Here, token_sha256: str) -> Visit | Elsewhere | None:
    """The open visit with that pass: one of this door, else one that the server told of and that has not ended here."""
    own = next((each for each in here.book.visits.values() if each.pass_sha256 == token_sha256), None)
    return own or next((each for each in elsewhere(here) if each.pass_sha256 == token_sha256), None)


def elsewhere(here: Here) -> tuple[Elsewhere, ...]:
    """Visits that began at other doors and have not ended here. A card in this door's box is not out with anybody."""
    if here.state is None or here.state.generation != here.book.account.generation:
        return ()
    if here.state.epoch not in ("", here.epoch):
        return ()  # said to the card that was in before: what ended here since is not known to this one
    over, boxed = frozenset(here.book.gone) | frozenset(here.book.visits), frozenset(here.book.cards_here)
    return tuple(each for each in here.state.elsewhere if each.visit_id not in over and each.pass_sha256 not in boxed)


def leave(here: Here, carried: Pass) -> Decided:
    """The pass was shown by somebody who leaves."""
    visit = visit_of(here, carried.token_sha256)
    if visit is not None:
        return _end(here, visit, "scanned", card_here=carried.card is not None)
    ended = next((each for each in here.book.ended if each.pass_sha256 == carried.token_sha256), None)
    # A card that does not lie in this box comes from outside: with somebody who took it elsewhere, or after its visit was ended.
    comes_in = carried.card is not None and not here.is_lone and carried.token_sha256 not in here.book.cards_here
    if ended is not None and not comes_in:
        return Decided(Said.ALREADY_LEFT if ended.how in ("scanned", "desk") else Said.OLD_PASS)
    if here.is_lone:
        return Decided(Said.NOT_INSIDE)
    told = {"visit_id": None, "people": 0, "minted": 0, "how": "scanned", "home": None, "pass_sha256": carried.token_sha256}
    card = {} if carried.card is None else {"card": carried.card, "card_here": True}
    return Decided(Said.LEFT_UNKNOWN, (_draft(here, Kind.VISITOR_LEFT, told | card),))


def free(here: Here, visit_id: str, reason: FreeReason, note: str, *, card_here: bool, by: str) -> Decided:
    """The desk says that somebody has left."""
    visit = _visit(here, visit_id)
    if visit is None:
        return Decided(Said.NO_SUCH_VISIT)
    decided = _end(here, visit, "desk", card_here=card_here, by=by, more={"reason": str(reason), "note": note})
    minted = any(each.payload["minted"] for each in decided.drafts)
    return replace(decided, said=Said.FREED if minted else Said.FREED_LATER)


def sweep(here: Here, *, by: str) -> Decided:
    """Closing time: every visit that this door frees is over, as a guess."""
    ends = [_end(here, each, "swept", card_here=False, by=by) for each in here.book.visits.values()]
    lefts = [draft for each in ends for draft in each.drafts]
    told = {
        "ended": [each.payload["visit_id"] for each in lefts],
        "people": sum(each.payload["people"] for each in lefts),
        "minted": sum(each.payload["minted"] for each in lefts),
    }
    tickets = [_skip(here, each.id, "gone", by) for each in here.book.tickets.values()]
    return Decided(Said.SWEPT, (*lefts, *tickets, _draft(here, Kind.ROOM_SWEPT, told, by)))


def _visit(here: Here, visit_id: str) -> Visit | Elsewhere | None:
    own = here.book.visits.get(visit_id)
    return own or next((each for each in elsewhere(here) if each.visit_id == visit_id), None)


def _end(
    here: Here, visit: Visit | Elsewhere, how: str, *, card_here: bool, by: str | None = None, more: dict[str, Any] | None = None
) -> Decided:
    own = isinstance(visit, Visit)
    told: dict[str, Any] = {
        "visit_id": visit.id if isinstance(visit, Visit) else visit.visit_id,
        "people": visit.people,
        "minted": _minted(here, visit, card_here=card_here),
        "how": how,
        "home": visit.home if isinstance(visit, Visit) else visit.door,
        **(more or {}),
    }
    if visit.pass_sha256 is not None:
        told["pass_sha256"] = visit.pass_sha256
    if visit.card is not None:
        told |= {"card": visit.card, "card_here": card_here}
    if isinstance(visit, Visit) and visit.who != "visitor":
        told["who"] = visit.who
    stay_s = age_s(visit.since, here.now) if isinstance(visit, Visit) else None
    if stay_s is not None:
        told["stay_s"] = round(stay_s)
    said = Said.LEFT if own or told["minted"] else Said.LEFT_UNKNOWN
    return Decided(said, (_draft(here, Kind.VISITOR_LEFT, told, by),), visit_id=told["visit_id"])


def _minted(here: Here, visit: Visit | Elsewhere, *, card_here: bool) -> int:
    """How many rights the end of a visit makes here: see `rooms.md`.

    Of a card that began its visit elsewhere one at most. What was heard of that card may be old, and it is with somebody else by
    now: one alone, where a group had it. The rest of a group's places come free at its home.
    """
    if isinstance(visit, Visit):
        return visit.people if not visit.void and (here.is_lone or visit.card is None or card_here) else 0
    return 1 if visit.card is not None and card_here else 0


# The queue, away and back, other rooms


def call(here: Here, ticket_id: str, *, by: str, is_paused: bool = False) -> Decided:
    """Call a number once more, or stop its time from running out."""
    ticket = here.book.tickets.get(ticket_id)
    if ticket is None:
        return Decided(Said.NO_SUCH_NUMBER)
    if ticket.state is not TicketState.CALLED and ticket.people > here.free:
        return Decided(Said.FULL, ticket_id=ticket_id)
    again = ticket.state is TicketState.CALLED and is_paused
    draft = queueing.call(here.room, ticket, calls=ticket.calls + (0 if again else 1), is_paused=is_paused)
    return Decided(Said.CALLED, (_draft(here, Kind.VISITOR_CALLED, draft, by),), ticket_id=ticket_id)


def call_next(here: Here, *, by: str) -> Decided:
    """Call whoever is next. With places free that happens by itself."""
    ticket = queueing.next_ticket(here.book, here.room)
    return Decided(Said.NO_SUCH_NUMBER) if ticket is None else call(here, ticket.id, by=by)


def skip(here: Here, ticket_id: str, *, by: str) -> Decided:
    """Out of the queue."""
    if ticket_id not in here.book.tickets:
        return Decided(Said.NO_SUCH_NUMBER)
    return Decided(Said.SKIPPED, (_skip(here, ticket_id, "desk", by),), ticket_id=ticket_id)


def step_away(here: Here, subject: str, *, by: str | None = None) -> Decided:
    """Leave for a while: the turn, or the place inside, is kept."""
    return _step(here, subject, Kind.VISITOR_AWAY, Said.AWAY, by)


def come_back(here: Here, subject: str, *, by: str | None = None) -> Decided:
    """Back from stepping away."""
    return _step(here, subject, Kind.VISITOR_BACK, Said.BACK, by)


def _step(here: Here, subject: str, kind: Kind, said: Said, by: str | None) -> Decided:
    if subject in here.book.tickets:
        told: dict[str, Any] = {"ticket_id": subject}
    elif subject in here.book.visits:
        told = {"visit_id": subject}
    else:
        return Decided(Said.NO_SUCH_VISIT)
    return Decided(said, (_draft(here, kind, {**told, "minutes": here.room.leave_minutes}, by),))


def move(here: Here, there: Here, visit_id: str, *, by: str) -> Decided:
    """From this room to another in one action. A visit that another door began ends there first."""
    visit = here.book.visits.get(visit_id)
    if visit is None:
        return Decided(Said.NO_SUCH_VISIT)
    if visit.people > there.free or queueing.is_anyone_waiting(there.book, there.room):
        return Decided(Said.FULL, visit_id=visit_id)
    guest = Guest(visit.people, visit.name, visit.purpose, visit.institution, visit.priority, visit.who)
    carried = None if visit.pass_sha256 is None else Pass(visit.pass_sha256, visit.card)
    # The card stays with the visitor, and it is this door that sees it: so the right of the room they leave is made here.
    left = _end(here, visit, "desk", card_here=visit.card is not None, by=by)
    left_there = replace(left.drafts[0], payload={**left.drafts[0].payload, "card_here": False})
    entered = _entered(there, guest, carried, by, {} if visit.number is None else {"number": visit.number})
    told = {"visit_id": entered.visit_id, "from_room": here.room.id, "to_room": there.room.id}
    moved = _draft(here, Kind.VISITOR_MOVED, told, by)
    return Decided(Said.MOVED, (left_there, moved, *entered.drafts), visit_id=entered.visit_id)


def count(here: Here, kept: Iterable[str], others: int, shut: Iterable[str], *, by: str) -> Decided:
    """A head count, while nobody comes in by any other door: who is inside, and a new generation of rights, all of them here."""
    wanted = frozenset(kept)
    own = [each for each in here.book.visits.values() if each.id in wanted]
    adopted = [_as_adopted(each) for each in elsewhere(here) if each.visit_id in wanted]
    adopted += [{"visit_id": here.new_id(), "people": 1} for _ in range(others)]  # they leave one by one
    inside = sum(each.people for each in own) + sum(int(each["people"]) for each in adopted)
    told = {
        "generation": next_generation(here.book.account.generation, f"{here.device_id}.{here.new_id()}"),
        "held": here.room.max_people - inside,
        "inside": inside,
        "limit": here.room.max_people,
        "kept": [each.id for each in own],
        "adopted": adopted,
        "others": others,
        "shut": sorted(shut),
    }
    return Decided(Said.COUNTED, (_draft(here, Kind.ROOM_COUNTED, told, by),))


def _as_adopted(visit: Elsewhere) -> dict[str, Any]:
    told = {"visit_id": visit.visit_id, "people": visit.people, "since": visit.since}
    given = {"card": visit.card, "pass_sha256": visit.pass_sha256, "number": visit.number}
    return told | {key: value for key, value in given.items() if value is not None}


# What the server says, and what follows of itself


def set_up(here: Here) -> Decided:
    """A room of one door without a server has all its rights from the office; a changed limit is a change of them."""
    change = here.room.max_people - here.book.limit
    if change == 0 or here.book.is_void:
        return Decided(Said.CHECKED)
    cause = "limit" if here.book.limit else "setup"
    told = {"serial": 0, "amount": change, "cause": cause, "epoch": here.epoch, "limit": here.room.max_people}
    return Decided(Said.CHECKED, (_draft(here, Kind.RIGHTS_GRANTED, told),))


def hear(here: Here) -> Decided:
    """Take in what the server says of the room: a head count elsewhere, grants, visits that ended elsewhere."""
    state = here.state
    if state is None:
        return Decided(Said.CHECKED)
    account = here.book.account
    mine, is_other = account.generation, state.generation != account.generation
    if is_other and (generation_number(state.generation) > generation_number(mine) or _contradicts(here, state.generation)):
        # Which of two counts of one number was later nobody can tell: what is owed by this door's own stays owed.
        held = min(0, account.held) if account.contradicts(state.generation) else 0
        told = {"generation": state.generation, "held": held, "inside": 0, "kept": [], "others": 0, "shut": [], "heard": True}
        counted = _draft(here, Kind.ROOM_COUNTED, told)
        rest = hear(having(here, (counted,)))
        return replace(rest, drafts=(counted, *rest.drafts))
    if is_other:  # the server has not heard of this door's count yet
        return Decided(Said.CHECKED)
    grants = [_draft(here, Kind.RIGHTS_GRANTED, _as_granted(each)) for each in _due(here, state.grants)]
    ended = [(here.book.visits.get(each.visit_id), each) for each in state.ended]
    ends = [_ended(here, visit, told) for visit, told in ended if visit is not None]
    return Decided(Said.CHECKED, (*grants, *ends, *_over_meanwhile(here, state)))


def _contradicts(here: Here, generation: str) -> bool:
    """Whether another door counted without knowing of a count that this one goes by. The server voids both when it hears of that,
    and this door does not wait for it. What an earlier card of this kiosk counted is older than what this one did.
    """
    return here.book.account.contradicts(generation) and counted_at(generation) != here.device_id


def _over_meanwhile(here: Here, state: RoomState) -> Iterator[Draft]:
    """Visits on an old card that were over before it went on: the server, which knows this epoch, names all that are not."""
    if state.epoch != here.epoch:
        return
    told = {each.visit_id for each in state.elsewhere} | {each.visit_id for each in state.ended}
    for visit in here.book.visits.values():
        if visit.void and visit.id not in told:
            yield _ended(here, visit, Ended(visit_id=visit.id, mints=False, how="counted"))


def _due(here: Here, grants: Iterable[Grant]) -> list[Grant]:
    """Grants that were not applied here yet, each once however often it arrives."""
    due, last = [], here.book.account.last_grant
    for each in sorted(grants, key=lambda grant: grant.serial):
        if each.serial > last and each.generation == here.book.account.generation and each.epoch == here.epoch:
            due.append(each)
            last = each.serial
    return due


def _as_granted(grant: Grant) -> dict[str, Any]:
    return {"serial": grant.serial, "amount": grant.amount, "cause": "server", "epoch": grant.epoch}


def _ended(here: Here, visit: Visit, ended: Ended) -> Draft:
    told = {
        "visit_id": visit.id,
        "people": visit.people,
        "minted": max(0, visit.people - ended.made) if ended.mints and not visit.void else 0,
        "how": ended.how,
        "home": visit.home,
        "heard": True,
    }
    passed = {} if visit.pass_sha256 is None else {"pass_sha256": visit.pass_sha256}
    return _draft(here, Kind.VISITOR_LEFT, told | passed)


def then(here: Here, drafts: tuple[Draft, ...] = ()) -> tuple[Draft, ...]:
    """`drafts` and what follows of them and of the time: calls that ran out, calls for free places, rights given back."""
    here = having(here, drafts)
    more = [_timed_anew(here, each) for each in queueing.untimed(here.book, here.now)]
    here = having(here, more)
    for ticket_id, reason, is_final in queueing.overdue(here.book, here.room, here.now):
        more.append(_skip(here, ticket_id, reason, None, is_final=is_final))
        here = having(here, more[-1:])
    while here.uncalled < 0 and (called := queueing.last_called(here.book)) is not None:
        more.append(_draft(here, Kind.VISITOR_BACK, {"ticket_id": called.id, "reason": "place_gone"}))
        here = having(here, more[-1:])
    while (ticket := queueing.next_to_call(here.book, here.room, here.free, here.others)) is not None:
        more.append(_draft(here, Kind.VISITOR_CALLED, queueing.call(here.room, ticket, calls=ticket.calls + 1)))
        here = having(here, more[-1:])
    amount = _to_release(here)
    if amount:
        more.append(_draft(here, Kind.RIGHTS_RELEASED, {"amount": amount}))
    return (*drafts, *more)


def _timed_anew(here: Here, ticket: Ticket) -> Draft:
    """A call, or a time away, whose clock went with a restart, begins again."""
    if ticket.state is TicketState.AWAY:
        return _draft(here, Kind.VISITOR_AWAY, {"ticket_id": ticket.id, "minutes": here.room.leave_minutes, "cause": "restart"})
    told = queueing.call(here.room, ticket, calls=ticket.calls)
    return _draft(here, Kind.VISITOR_CALLED, {**told, "cause": "restart"})


def _to_release(here: Here) -> int:
    """Rights that the server wants and that nobody here has been called for, unless somebody who waits here comes first."""
    if queueing.is_anyone_waiting(here.book, here.room) and not queueing.is_others_turn(here.book, here.room, here.others):
        return 0
    return max(0, min(here.wanted, here.free))


def having(here: Here, drafts: Iterable[Draft]) -> Here:
    """The room as it is once these are journaled."""
    book = here.book
    for each in drafts:
        if each.payload["room_id"] == here.room.id:
            book = after(book, Row(each.kind, each.payload, here.now, here.device_id, here.epoch))
    return replace(here, book=book)


def _skip(here: Here, ticket_id: str, reason: str, by: str | None, *, is_final: bool = True) -> Draft:
    number = here.book.tickets[ticket_id].number
    return _draft(here, Kind.VISITOR_SKIPPED, {"ticket_id": ticket_id, "number": number, "reason": reason, "final": is_final}, by)


def _draft(here: Here, kind: Kind, payload: dict[str, Any], by: str | None = None) -> Draft:
    whose = {} if by is None else {"by": by}
    return Draft(kind, {"room_id": here.room.id, "generation": here.book.account.generation, "day": here.day, **payload, **whose})
