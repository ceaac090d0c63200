"""From what somebody asks of a room to the decision about it, and from the decision to what screens say."""

import sqlite3

from kiosk.core import visits
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Decided, Guest, Here, Pass
from kiosk.services.room_view import ticket_row
from kiosk.services.room_views import Done, Visitor
from kiosk.services.views import Guard
from kiosk.store import pass_cards
from sync.protocol.events import Kind


def guest_of(visitor: Visitor) -> Guest:
    """A visitor as decisions know them."""
    return Guest(max(1, visitor.people), visitor.name, visitor.purpose, visitor.institution, visitor.priority)


def come_in(here: Here, guest: Guest, carried: Pass | None, ticket_id: str | None, by: Guard | None) -> Decided:
    """Somebody wants in: by the number that was called, or as a newcomer."""
    whose = None if by is None else by.id
    if ticket_id is None:
        return visits.arrive(here, guest, carried, by=whose)
    return visits.enter(here, guest, carried, ticket_id=ticket_id, by=whose)


def card_of_number(db: sqlite3.Connection, here: Here, number: int) -> Pass | Said:
    """The card of that number, if it lies in the box."""
    found = [each for each in pass_cards.everyone(db) if each.number == number and each.opens(here.room.id)]
    if not found:
        return Said.UNKNOWN_PASS
    card = Pass(found[0].token_sha256, number)
    return card if visits.visit_of(here, card.token_sha256) is None else Said.CARD_IN_USE


def done_of(here: Here, decided: Decided) -> Done:
    """What screens say of the decision."""
    told = next((each.payload for each in decided.drafts if each.kind in _TOLD), {})
    people = int(told.get("people", 1))
    ticket_id = decided.ticket_id if decided.said is Said.WAITING else None
    row = None if ticket_id is None else ticket_row(visits.having(here, decided.drafts), ticket_id)
    return Done(
        decided.said,
        here.room.id,
        visit_id=decided.visit_id,
        ticket_id=decided.ticket_id,
        number=told.get("number"),
        card=told.get("card"),
        people=people,
        ahead=0 if row is None else row.ahead,
        wait=None if row is None else row.wait,
    )


_TOLD = frozenset({Kind.VISITOR_ENTERED, Kind.VISITOR_LEFT, Kind.VISITOR_WAITING, Kind.VISITOR_CALLED, Kind.VISITOR_SKIPPED})
