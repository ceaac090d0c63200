"""The end of a world: links are mended, everybody hears everything, heads are counted, and every place can be used again."""

from kiosk.core import visits
from kiosk.simulation.rooms import coming, desk
from kiosk.simulation.rooms.truth import Carries, Party, Violation
from kiosk.simulation.rooms.world import World
from sync.server import room_ledger

_ROUNDS = 12
_FILLED = 0.3


def settle(world: World) -> None:
    """Mend everything, and see that screens agree and that no place is lost.

    Raises:
        Violation
    """
    world.note("mended")
    world.is_fair = True
    for door in world.doors:
        if door.is_dead:
            door.is_dead = False
            door.start_again()
        door.is_linked = True
    hear_all(world)
    world.judge()
    agree(world)
    if world.truth.is_exact:
        _check_nothing_stranded(world)
    _count_heads(world)
    if world.rng.random() < _FILLED:
        _fill(world)


def hear_all(world: World) -> None:
    """Let everything arrive, until nothing is new."""
    for _ in range(_ROUNDS):
        world.pass_time(1)
        before = (world.names, [door.document for door in world.doors], [len(door.rows) for door in world.doors])
        world.late_documents()
        world.traffic()
        for door in world.doors:
            world.look(door)
        if before == (world.names, [door.document for door in world.doors], [len(door.rows) for door in world.doors]):
            return
    raise Violation(f"after {_ROUNDS} rounds without trouble there is still something new")


def agree(world: World) -> None:
    """Every door and the server say the same of the room.

    Raises:
        Violation
    """
    central = world.central
    if central is None:
        return
    ledger = central.ledger
    for door in world.doors:
        here, theirs = door.here(), ledger.door(door.device_id)
        if here.book.account.generation != ledger.generation:
            raise Violation(f"{door.device_id} is at {here.book.account.generation}, the server at {ledger.generation}")
        if here.book.account.held != theirs.held or theirs.flying:
            raise Violation(
                f"{door.device_id} holds {here.book.account.held}; the server says {theirs.held} and {theirs.flying} sent"
            )
        if set(here.book.tickets) != set(theirs.tickets) and door.epochs == 1:
            raise Violation(f"{door.device_id} has the numbers {set(here.book.tickets)}, the server {set(theirs.tickets)}")
        seen = _seen_at(world, door.device_id)
        boxed = {name for name, each in ledger.visits.items() if each.pass_sha256 in here.book.cards_here}
        if seen | boxed != set(ledger.visits):
            raise Violation(f"{door.device_id} sees {sorted(seen)} inside, the server {sorted(ledger.visits)}")


def _seen_at(world: World, device_id: str) -> set[str]:
    door = next(each for each in world.doors if each.device_id == device_id)
    here = door.here()
    return set(here.book.visits) | {each.visit_id for each in visits.elsewhere(here)}


def _check_nothing_stranded(world: World) -> None:
    """Without lost cards and lost rights, every place is taken by a visit, or can be used, or its card is still out."""
    central = world.central
    if central is None:
        return
    found = room_ledger.places(central.ledger)
    tied_up = world.truth.owed
    if found.stranded + found.in_flight > tied_up:
        raise Violation(
            f"{found.stranded} places are stranded and {found.in_flight} under way, and only {tied_up} are of cards at large"
        )


def _count_heads(world: World) -> None:
    door = world.rng.choice(world.doors)
    for each in world.doors:
        each.shut_for = frozenset()
    world.note(door.device_id, "counts heads at the end")
    world.truth.is_spoilt, was_spoilt = False, world.truth.is_spoilt
    desk.count(world, door)
    world.truth.is_spoilt = was_spoilt
    hear_all(world)
    if any(each.shut_for for each in world.doors):
        raise Violation("a door is still shut after everything was heard")
    world.judge()
    agree(world)


def _fill(world: World) -> None:
    """People come one by one, wherever they like, until nobody more fits."""
    truth = world.truth
    for _ in range(truth.limit + 3):
        door = world.rng.choice(world.doors)
        party = Party(world.name(), 1, Carries.SINGLE)
        truth.parties.append(party)
        coming.come(world, door, party)
        hear_all(world)
        _let_in(world)
        world.judge()
    waiting = sum(each.people for door in world.doors for each in door.book.tickets.values())
    debt = truth.inside > truth.limit
    if (
        not debt
        and waiting
        and truth.inside < truth.limit
        and not any(_is_group_next(world, door.device_id) for door in world.doors)
    ):
        raise Violation(f"{truth.inside} of {truth.limit} are inside, {waiting} wait, and nobody is called")
    agree(world)


def _let_in(world: World) -> None:
    for door in world.doors:
        before = -1
        while before != world.truth.entered:
            before = world.truth.entered
            coming.come_when_called(world, door)
    hear_all(world)


def _is_group_next(world: World, device_id: str) -> bool:
    """Somebody next is a group that does not fit, or is not there."""
    door = next(each for each in world.doors if each.device_id == device_id)
    head = door.queue.head()
    return (head is not None and head.people > 1) or door.book.reserved > 0
