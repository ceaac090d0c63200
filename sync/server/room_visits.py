"""Visits in the server's ledger: who comes in, who leaves, and which door makes the rights of the visits that end. Pure.

The end of a visit makes its rights once: at the door that has the card, else at the visit's home, on hearing of it.
"""

from dataclasses import replace

import msgspec

from sync.protocol.rooms import Ended
from sync.server import room_said
from sync.server.room_book import (
    Exit,
    Ledger,
    Returning,
    Tied,
    Visit,
    Who,
    counts,
    owed,
    with_book,
    with_entry_at,
    with_held,
    with_stranded,
    without_ticket,
)
from sync.server.room_said import Entered, Left

_OVER_KEPT = 500
_ENDED_KEPT = 500
_ORPHANS_KEPT = 200
_TIED_KEPT = 200
_MATCHED_KEPT = 200


def entered(ledger: Ledger, who: Who, said: Entered) -> Ledger:
    known = ledger.visits.get(said.visit_id)
    if known is not None:
        return ledger if known.since else _filled(ledger, said, known, who)
    visit = Visit(
        home=who.device_id,
        epoch=who.epoch,
        generation=said.generation,
        people=said.people,
        since=who.at,
        trusted=who.trusted,
        number=said.number,
        card=said.card,
        pass_sha256=said.pass_sha256,
        has_right=said.generation == ledger.generation,
    )
    ledger = _paid(ledger, who, said)
    over = tuple(each for each in ledger.over if each != said.visit_id)
    ledger = replace(ledger, visits={**ledger.visits, said.visit_id: visit}, over=over)
    ledger = without_ticket(with_entry_at(ledger, who.device_id), who.device_id, said.ticket_id)
    return _with_its_exit(ledger, said.visit_id, visit)


def _paid(ledger: Ledger, who: Who, said: Entered) -> Ledger:
    if counts(ledger, who, said.generation):
        return with_held(ledger, who.device_id, -said.people)
    if said.generation != ledger.generation:
        return replace(ledger, free=ledger.free - said.people)
    return owed(ledger, who.device_id, said.people)


def _filled(ledger: Ledger, said: Entered, known: Visit, who: Who) -> Ledger:
    """The beginning of a visit that a head count has found inside: it takes no right."""
    visit = replace(
        known,
        people=said.people,
        since=who.at,
        trusted=who.trusted,
        number=said.number,
        card=said.card,
        pass_sha256=said.pass_sha256,
    )
    ledger = replace(ledger, visits={**ledger.visits, said.visit_id: visit})
    return _from_others(ledger, said.people - known.people)


def _from_others(ledger: Ledger, people: int) -> Ledger:
    """So many of those whom a head count found are known now; where there are not so many, the pool pays."""
    taken = min(ledger.others, people)
    return replace(ledger, others=ledger.others - taken, free=ledger.free - (people - taken))


# Leaving


def left(ledger: Ledger, who: Who, said: Left) -> Ledger:
    minted = said.minted if counts(ledger, who, said.generation) else 0
    ledger = with_held(ledger, who.device_id, minted)
    if said.visit_id is not None:
        ledger = _told(ledger, who.device_id, said.visit_id)
    visit_id = _which(ledger, who, said, minted)
    if visit_id is not None:
        ledger = _ended(ledger, who, said, minted, visit_id)
        if said.visit_id is not None:
            return ledger
        return _by_its_pass(ledger, visit_id, Exit(who, room_said.as_payload(said), minted))
    returning = ledger.returning.get(said.visit_id or "")
    if returning is not None and returning.home == who.device_id:
        return _came_home(ledger, who, said, minted, returning)
    tied_id = _tied_to(ledger, said)
    if tied_id is not None:
        return _turned_up(ledger, minted, tied_id)
    matched = ledger.matched.get(said.visit_id or "") or (None if returning is None else returning.exit)
    if matched is not None and minted:
        return _matched_anew(ledger, str(said.visit_id), matched, minted)
    if returning is not None or said.visit_id in ledger.over:
        return _unbacked(ledger, who.device_id, minted)
    return _orphaned(ledger, who, said, minted)


def _told(ledger: Ledger, device_id: str, visit_id: str) -> Ledger:
    """The door knows of the end of that visit: it need not be told any more."""
    waiting = ledger.ended.get(device_id, ())
    if all(each.visit_id != visit_id for each in waiting):
        return ledger
    left = tuple(each for each in waiting if each.visit_id != visit_id)
    return replace(ledger, ended={**ledger.ended, device_id: left})


def _which(ledger: Ledger, who: Who, said: Left, minted: int) -> str | None:
    """The open visit that is over now: the one that was named, else the only one with the pass that was shown.

    A card goes from hand to hand, so one that lies in a box says nothing of a visit that began later, as far as clocks tell; a
    door that made rights has the card itself, and with it the visit that has it now.
    """
    if said.visit_id in ledger.visits:
        return said.visit_id
    returning = ledger.returning.get(said.visit_id or "")
    is_home = returning is not None and returning.home == who.device_id
    if said.pass_sha256 is None or is_home or not (said.visit_id is None or minted):
        return None
    found = [name for name, each in ledger.visits.items() if each.pass_sha256 == said.pass_sha256]
    if len(found) != 1:
        return None
    return found[0] if minted or _may_end(who, ledger.visits[found[0]]) else None


def _may_end(who: Who, visit: Visit) -> bool:
    return visit.card is None or (who.trusted and visit.trusted and visit.since < who.at)


def _ended(ledger: Ledger, who: Who, said: Left, minted: int, visit_id: str) -> Ledger:
    visit = ledger.visits[visit_id]
    is_home = visit.home == who.device_id
    if said.how == "counted" and visit.has_right and not is_home and not minted:
        return ledger  # a newer head count found them inside
    others = {name: each for name, each in ledger.visits.items() if name != visit_id}
    ledger = replace(ledger, visits=others, over=(*ledger.over, visit_id)[-_OVER_KEPT:])
    rest = visit.people - minted
    returns = rest > 0 and visit_id not in ledger.returning and _returns(ledger, who, said, visit)
    if not is_home:
        told = Ended(visit_id=visit_id, mints=returns, how=said.how, made=minted)
        ended = (*ledger.ended.get(visit.home, ()), told)[-_ENDED_KEPT:]
        ledger = replace(ledger, ended={**ledger.ended, visit.home: ended})
    if returns:
        return replace(ledger, returning={**ledger.returning, visit_id: Returning(visit.home, rest)})
    if rest <= 0:
        return _unbacked(ledger, who.device_id, -rest)
    is_paid = is_home and not visit.has_right and (said.how == "counted" or _is_traced(said, visit))
    if is_paid:
        return replace(ledger, free=ledger.free + rest)
    ledger = with_stranded(ledger, visit.home, rest)
    if visit.pass_sha256 is None or _is_traced(said, visit):
        return ledger
    tied = {**ledger.tied, visit_id: Tied(visit.home, rest, visit.pass_sha256)}
    return replace(ledger, tied={name: tied[name] for name in list(tied)[-_TIED_KEPT:]})


def _tied_to(ledger: Ledger, said: Left) -> str | None:
    """The visit that ended without the card which lies in a box now."""
    if not said.card_here:
        return None
    found = (name for name, each in ledger.tied.items() if each.pass_sha256 == said.pass_sha256)
    return next((name for name in found if said.visit_id in (None, name)), None)


def _turned_up(ledger: Ledger, minted: int, visit_id: str) -> Ledger:
    """The card is back: nobody will make the rights of that visit any more, but for those that were made just now."""
    tied = ledger.tied[visit_id]
    stranded = ledger.door(tied.home).stranded
    back = min(stranded, tied.people)
    ledger = with_book(ledger, tied.home, stranded=stranded - back)
    left = {name: each for name, each in ledger.tied.items() if name != visit_id}
    return replace(ledger, tied=left, free=ledger.free + back - minted)


def _is_traced(said: Left, visit: Visit) -> bool:
    """Whether the pass cannot end the same visit once more: it is no card, or the card lies in a box."""
    return visit.card is None or said.card_here


def _returns(ledger: Ledger, who: Who, said: Left, visit: Visit) -> bool:
    """Whether the visit's home makes its rights, and nobody else ever will."""
    is_void = who.stale and said.minted > 0
    is_there = ledger.door(visit.home).epoch == visit.epoch
    return visit.home != who.device_id and is_there and _is_traced(said, visit) and not is_void


def _unbacked(ledger: Ledger, device_id: str, people: int) -> Ledger:
    """Rights that were made for a visit that is not known to be open: somebody the head count found, or a place written off."""
    taken = min(ledger.others, people)
    return owed(replace(ledger, others=ledger.others - taken), device_id, people - taken)


def _came_home(ledger: Ledger, who: Who, said: Left, minted: int, returning: Returning) -> Ledger:
    """The home has heard that its visit ended elsewhere, or has ended it itself before it heard."""
    left = {name: each for name, each in ledger.returning.items() if name != said.visit_id}
    ledger = replace(ledger, returning=left)
    rest = returning.people - minted
    if rest <= 0:
        ledger = _unbacked(ledger, who.device_id, -rest)
    elif said.heard or returning.exit is not None:
        ledger = with_stranded(ledger, who.device_id, rest)
    else:  # the pass was shown elsewhere, and its home, which did not know, ended it without a right: nobody makes one any more
        ledger = replace(ledger, free=ledger.free + rest)
    if returning.exit is None:
        return ledger
    if said.heard:
        matched = {**ledger.matched, str(said.visit_id): returning.exit}
        return replace(ledger, matched={name: matched[name] for name in list(matched)[-_MATCHED_KEPT:]})
    # The exit that was matched to it is of somebody else with the same card, whose entry is still to come.
    return replace(ledger, orphans=_kept(ledger, returning.exit))


def _by_its_pass(ledger: Ledger, visit_id: str, found: Exit) -> Ledger:
    """Remember the exit that was matched to a visit by its pass alone: it may turn out to be of another one."""
    returning = ledger.returning.get(visit_id)
    if returning is None:
        return ledger
    return replace(ledger, returning={**ledger.returning, visit_id: replace(returning, exit=found)})


def _matched_anew(ledger: Ledger, visit_id: str, found: Exit, minted: int) -> Ledger:
    """A visit that an exit was matched to has ended at yet another door, which made its rights. So that exit is of somebody who
    had the card after, and whose entry is still to come: what was made just now stands for theirs.
    """
    matched = {name: each for name, each in ledger.matched.items() if name != visit_id}
    returning = dict(ledger.returning)
    if visit_id in returning:
        returning[visit_id] = replace(returning[visit_id], exit=None)
    orphans = _kept(ledger, replace(found, minted=minted))
    return replace(ledger, matched=matched, returning=returning, orphans=orphans, free=ledger.free - minted)


def _orphaned(ledger: Ledger, who: Who, said: Left, minted: int) -> Ledger:
    """An exit of a visit that has not been heard of. What was made for it the pool pays, until its entry is heard."""
    ledger = replace(ledger, free=ledger.free - minted)
    if said.visit_id is None and said.pass_sha256 is None:
        return ledger
    return replace(ledger, orphans=_kept(ledger, Exit(who, room_said.as_payload(said), minted)))


def _kept(ledger: Ledger, found: Exit) -> dict[str, Exit]:
    name = found.said["visit_id"] or _pass_name(found.said["pass_sha256"])
    kept = {each: ledger.orphans[each] for each in list(ledger.orphans)[1 - _ORPHANS_KEPT :]}
    return kept | {name: found}


def _pass_name(pass_sha256: str | None) -> str:
    return f"pass {pass_sha256}"


def _with_its_exit(ledger: Ledger, visit_id: str, visit: Visit) -> Ledger:
    """End the visit at once if its exit was heard before it."""
    by_id, by_pass = ledger.orphans.get(visit_id), ledger.orphans.get(_pass_name(visit.pass_sha256))
    if by_pass is not None and not _may_end(by_pass.who, visit):
        by_pass = None
    found = by_id or by_pass
    if found is None:
        return ledger
    orphans = {name: each for name, each in ledger.orphans.items() if each is not found}
    ledger = replace(ledger, orphans=orphans, free=ledger.free + found.minted)
    said = msgspec.convert(found.said, Left)
    ledger = _ended(ledger, found.who, said, found.minted, visit_id)
    if visit_id not in ledger.returning or found is by_id:
        return ledger
    return _by_its_pass(ledger, visit_id, found)
