"""People who come: in at once, with a number, when they are called, or because a guard lets them."""

from kiosk.core import visits
from kiosk.core.passes import CodeKind
from kiosk.core.room_codes import OverrideReason, Said, TicketState
from kiosk.core.room_here import Decided, Guest, Here, Pass
from kiosk.services import pass_showing
from kiosk.services.pass_reading import Awaiting
from kiosk.simulation.rooms.doors import Door, PowerCut
from kiosk.simulation.rooms.truth import Carries, Party, token_of
from kiosk.simulation.rooms.world import GUARD, ROOM, World
from kiosk.store.pass_cards import LOCAL, KnownCard

_MOST_PEOPLE = 40
_CARRIED = (Carries.CARD, Carries.CARD, Carries.CARD, Carries.SINGLE, Carries.SINGLE, Carries.NOTHING)


def arrive(world: World, door: Door) -> None:
    """Somebody new wants in."""
    if not door.is_open or len(world.truth.parties) > _MOST_PEOPLE:
        return
    people = min(world.limit, world.rng.choice((1, 1, 1, 1, 2, 2, 3, 4)))
    party = Party(world.name(), people, world.rng.choice(_CARRIED), priority=world.rng.random() < 0.15)
    world.truth.parties.append(party)
    come(world, door, party)


def come(world: World, door: Door, party: Party, ticket_id: str | None = None) -> Said:
    """They stand at the panel: in, or waiting, or away again."""
    world.at_panel = party
    try:
        decided = _ask(world, door, party, ticket_id)
    except PowerCut:
        _turned_away(world, door, party)
        raise
    _settle(world, door, party, decided)
    return decided.said


def _turned_away(world: World, door: Door, party: Party) -> None:
    """The screen went dark. What the journal has of them is of people who are not inside."""
    for visit in world.truth.visits.values():
        if visit.parties == (party,):
            world.truth.go_out(party)
    put_back(world, door, party)


def _ask(world: World, door: Door, party: Party, ticket_id: str | None) -> Decided:
    here = door.here()
    if party.carries is Carries.CARD:
        take_card(world, door, party)
    if party.carries is Carries.CARD and party.card is not None and world.rng.random() < 0.8:
        decided = _show_card(door, here, party, ticket_id)
    else:
        decided = _registered(here, party, ticket_id)
    return door.act(here, decided)


def _guest(party: Party) -> Guest:
    return Guest(party.people, priority=party.priority)


def _show_card(door: Door, here: Here, party: Party, ticket_id: str | None) -> Decided:
    """At the panel: first the place is asked for, then the card is shown."""
    asked = visits.enter(here, _guest(party), None, ticket_id=ticket_id) if ticket_id else visits.arrive(here, _guest(party))
    if asked.said is not Said.ENTERED:
        return asked
    assert party.card is not None
    awaiting = Awaiting(ROOM, _guest(party), 0, ticket_id)
    shown = pass_showing.decide([here], party.token, CodeKind.CARD, known_card(party.card), awaiting)
    if shown.decided.said not in (Said.LEFT, Said.LEFT_UNKNOWN):
        return shown.decided
    door.act(here, shown.decided)  # the card was thought to be out with somebody, who is gone: it is shown once more
    again = pass_showing.decide([door.here()], party.token, CodeKind.CARD, known_card(party.card), awaiting)
    return _anew(door, again.decided)


def _anew(door: Door, decided: Decided) -> Decided:
    """The same decision by what the door knows now."""
    door.act(door.here(), decided)
    return Decided(decided.said, (), decided.visit_id, decided.ticket_id)


def known_card(card: int) -> KnownCard:
    return KnownCard(token_of(card), card, None, None, LOCAL)


def _registered(here: Here, party: Party, ticket_id: str | None) -> Decided:
    """With a code of their own, or by the desk."""
    carried: Pass | None = None
    if party.carries is Carries.SINGLE:
        carried = Pass(party.token)
    elif party.card is not None:
        carried = Pass(party.token, party.card)
        if visits.visit_of(here, party.token) is not None:
            return Decided(Said.CARD_IN_USE)
    if ticket_id is not None:
        return visits.enter(here, _guest(party), carried, ticket_id=ticket_id)
    return visits.arrive(here, _guest(party), carried, by=GUARD if carried is None else None)


def _settle(world: World, door: Door, party: Party, decided: Decided) -> None:
    """What people do after the screen has spoken."""
    truth = world.truth
    if decided.said in (Said.ENTERED, Said.OVERRIDDEN):
        party.is_inside, party.visit_id, party.more = True, decided.visit_id, ()
        truth.served += party.ticket is not None
        party.ticket = None
        truth.entered += party.people
        return
    put_back(world, door, party)
    if decided.said is Said.WAITING and decided.ticket_id is not None:
        party.ticket = (door.device_id, decided.ticket_id)
        truth.waited += 1


def take_card(world: World, door: Door, party: Party) -> None:
    """Take a card out of the box at this door, if there is one."""
    box = world.truth.boxes[door.device_id]
    if party.card is None and box:
        party.card = world.rng.choice(sorted(box))
        box.discard(party.card)


def put_back(world: World, door: Door, party: Party) -> None:
    """The card goes into the box of this door."""
    if party.card is not None:
        world.truth.boxes[door.device_id].add(party.card)
        party.card = None


def come_when_called(world: World, door: Door) -> None:
    """Somebody whose number was called comes in."""
    if not door.is_open:
        return
    called = [each for each in door.book.tickets.values() if each.state is TicketState.CALLED]
    for party in world.truth.parties:
        if party.ticket is not None and any(party.ticket == (door.device_id, each.id) for each in called):
            come(world, door, party, party.ticket[1])
            return


def override(world: World, door: Door) -> None:
    """A guard lets somebody in, whether there is a place or not."""
    if not door.is_open or world.truth.overridden >= 3:
        return
    party = Party(world.name(), world.rng.choice((1, 1, 2)), Carries.NOTHING)
    world.truth.parties.append(party)
    world.at_panel = party
    here = door.here()
    world.truth.overridden += 1
    try:
        decided = door.act(here, visits.override(here, _guest(party), OverrideReason.OFFICIAL, "", by=GUARD))
    except PowerCut:
        _turned_away(world, door, party)
        raise
    _settle(world, door, party, decided)
