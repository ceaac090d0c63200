"""What guards do at the desk: head counts and the queue."""

from kiosk.core import visits
from kiosk.core.room_codes import TicketState
from kiosk.core.room_here import Here
from kiosk.simulation.rooms.doors import Door, PowerCut
from kiosk.simulation.rooms.truth import Party
from kiosk.simulation.rooms.world import GUARD, World


def count(world: World, door: Door) -> None:
    """A head count: the other doors are shut, and stay so until they have heard that the server knows of it.

    A door that is shut for a count itself is not opened by another one, unless the kiosk that counted is dead.
    """
    if door.is_dead or not all(_is_of_dead(world, each) for each in door.shut_for):
        return
    here = door.here()
    kept, left = _found(world, here)
    decided = visits.count(here, kept, _total(left), [each.device_id for each in world.doors if each is not door], by=GUARD)
    told = decided.drafts[0].payload
    nameless = [each["visit_id"] for each in told["adopted"] if each["visit_id"] not in kept]
    world.counted = {**kept, **dict(zip(nameless, [(party,) for party in left for _ in range(party.people)], strict=True))}
    before = {other.device_id: other.shut_for for other in world.doors}
    for other in world.doors:
        other.shut_for = frozenset() if other is door else other.shut_for | {told["generation"]}
    try:
        door.act(here, decided)
    except PowerCut as cut:
        if not cut.is_kept:  # nobody was counted
            for other in world.doors:
                other.shut_for = before[other.device_id]
            return
    _identify(world)


def _identify(world: World) -> None:
    """Whoever was counted is inside under the visits that stand for them from now on."""
    for party in {party for who in world.counted.values() for party in who}:
        party.visit_id, *more = [name for name, who in world.counted.items() if party in who]
        party.more = tuple(more)


def _found(world: World, here: Here) -> tuple[dict[str, tuple[Party, ...]], list[Party]]:
    """Who is inside, by the visit that the desk's screen shows of them, and those of whom it shows none."""
    shown = {each.id: each.people for each in here.book.visits.values()}
    shown |= {each.visit_id: each.people for each in visits.elsewhere(here)}
    left = [party for party in world.truth.parties if party.is_inside]
    kept: dict[str, tuple[Party, ...]] = {}
    for name, people in shown.items():
        stands_for = world.truth.visits.get(name)
        who = () if stands_for is None else tuple(each for each in stands_for.parties if each.is_in(name))
        if who and all(each in left for each in who) and people == _total(who):
            kept[name] = who
            left = [each for each in left if each not in who]
    return kept, left


def _is_of_dead(world: World, generation: str) -> bool:
    counted_at = generation.partition("@")[2].partition(".")[0]
    return any(each.is_dead and each.device_id == counted_at for each in world.doors)


def _total(parties: list[Party] | tuple[Party, ...]) -> int:
    return sum(each.people for each in parties)


def tend_queue(world: World, door: Door) -> None:
    """The desk calls, calls again, pauses, skips; people step away and come back."""
    here = door.here()
    tickets = list(here.book.tickets.values())
    if not tickets or door.is_dead:
        return
    ticket = world.rng.choice(tickets)
    choice = world.rng.randrange(6)
    if choice == 0:
        decided = visits.call_next(here, by=GUARD)
    elif choice == 1:
        decided = visits.call(here, ticket.id, by=GUARD, is_paused=world.rng.random() < 0.3)
    elif choice == 2:
        decided = visits.skip(here, ticket.id, by=GUARD)
        _forget_ticket(world, ticket.id)
    elif choice == 3 and ticket.state is TicketState.AWAY:
        decided = visits.come_back(here, ticket.id)
    else:
        decided = visits.step_away(here, ticket.id)
    door.act(here, decided)


def _forget_ticket(world: World, ticket_id: str) -> None:
    for party in world.truth.parties:
        if party.ticket is not None and party.ticket[1] == ticket_id:
            party.ticket = None
