"""What must hold in every world of rooms, at every moment: held against the journals, against the ledger, and against the people.

The equation over doors and server, with what is under way, is

    people inside + rights held at doors (below zero: debt) + grants sent and not applied + the pool (below zero: debt)
    + rights given back and not heard + people who went out and of whose places no door has made rights yet  =  max_people

but for the last term: of a visit whose card turned up late the server makes the rights, and no door. So the sum without it is
never greater than max_people, and the sum with it, and with the places that the server has given up, never less. Rights of the
newest head count and of the epochs that go on are in it, and no others; before the server has heard of that count, the pool is
what the count left over. After a lost card, or a count in the dark, rights may be missing; there are never too many.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.core.room_book import Row
from kiosk.simulation.rooms.central import Central
from kiosk.simulation.rooms.doors import Door
from kiosk.simulation.rooms.truth import KnownVisit, Truth, Violation
from sync.protocol.events import Kind
from sync.protocol.rooms import generation_number
from sync.server import room_ledger

if TYPE_CHECKING:
    from kiosk.simulation.rooms.world import World


def watch(world: "World", door: Door, rows: list[Row]) -> None:
    """Follow what a door has just journaled.

    Raises:
        Violation
    """
    for row in rows:
        follow = _FOLLOWED.get(row.kind)
        if follow is not None:
            follow(world, door, row)
        door.queue.limit = door.here().room.max_people
        door.queue.see(row)
    _check_called(door)


def _entered(world: "World", door: Door, row: Row) -> None:  # noqa: ARG001  # as all that follow rows
    told, party = row.payload, world.at_panel
    if told["spent"] != told["people"]:
        raise Violation(f"{told['people']} people come in for {told['spent']} rights")
    parties = () if party is None else (party,)
    if told.get("overridden") and told["generation"] not in world.generations:
        world.truth.forgiven += told["people"]  # the server has the debt when it hears of it
    if "card" in told:
        world.truth.visit_cards[told["visit_id"]] = told["card"]
        world.truth.newest[told["card"]] = told["visit_id"]
    world.truth.visits[told["visit_id"]] = KnownVisit(told["people"], parties)


def _overridden(world: "World", door: Door, row: Row) -> None:  # noqa: ARG001
    world.truth.allowed += row.payload["debt"]


def _left(world: "World", door: Door, row: Row) -> None:
    told, truth = row.payload, world.truth
    named = truth.visits.get(str(told.get("visit_id")))
    if told.get("card_here") and told["visit_id"] not in (None, truth.newest.get(told["card"])):
        truth.is_exact = False  # one visit is taken for another with the same card: the other one's places may stay tied up
    minted = told["minted"]
    if not minted or told["generation"] not in world.generations:
        return
    truth.owed -= minted
    card = told.get("card") or truth.visit_cards.get(told["visit_id"])
    if card is not None:
        _made_of_card(truth, door, card, minted)
    elif named is not None:
        _made_of_visit(door, told["visit_id"], named, minted)
    elif truth.is_exact:
        raise Violation(f"{door.device_id} makes {minted} rights of a visit that nobody knows")


def _made_of_card(truth: Truth, door: Door, card: int, minted: int) -> None:
    """A card stands for whoever had it, whatever the door believes: no more rights come of it than people went out with it."""
    truth.due[card] = truth.due.get(card, 0) - minted
    if truth.due[card] < 0 and truth.is_exact:
        raise Violation(
            f"{door.device_id} makes {minted} rights of card {card}, {-truth.due[card]} more than people left with it"
        )


def _made_of_visit(door: Door, visit_id: str, visit: KnownVisit, minted: int) -> None:
    if any(party.is_in(visit_id) for party in visit.parties):
        raise Violation(f"{door.device_id} makes rights of {visit_id}, and they are still inside")
    visit.minted += minted
    if visit.minted > visit.people:
        raise Violation(f"{door.device_id} makes {minted} rights of {visit_id}: {visit.minted} of {visit.people}")


def _granted(world: "World", door: Door, row: Row) -> None:  # noqa: ARG001
    told = row.payload
    grant = (told["epoch"], told["serial"])
    if told["serial"] and grant in door.grants:
        raise Violation(f"{door.device_id} applies grant {told['serial']} twice")
    if told["epoch"] != door.epoch:
        raise Violation(f"{door.device_id} applies a grant for {told['epoch']} in {door.epoch}")
    door.grants |= {grant}


def _counted(world: "World", door: Door, row: Row) -> None:
    told, truth = row.payload, world.truth
    if told.get("heard"):
        truth.is_exact = truth.is_exact and not told["held"]  # a debt of two counts that did not know of each other
        return
    if told["generation"] == truth.generation:
        raise Violation(f"two head counts have one name, {told['generation']}")
    found = {each["visit_id"]: each["people"] for each in told["adopted"]}
    for name in told["kept"]:
        known = truth.visits.get(name)
        found[name] = door.book.visits[name].people if known is None else known.people
    truth.visits = {name: KnownVisit(people, world.counted.get(name, ())) for name, people in found.items()}
    truth.generation = told["generation"]
    truth.due.clear()
    truth.owed = 0
    truth.pool = truth.limit - told["inside"] - told["held"]
    truth.allowed = max(told["limit"], truth.limit, told["inside"])
    truth.is_exact = (
        not truth.is_spoilt
        and _is_first_known(world, told["generation"])
        and told["inside"] == sum(found.values())
        and world.is_heard_but_for(door)
    )
    truth.forgiven, truth.debt_at_count = 0, max(0, -told["held"])
    truth.counts += 1


def _is_first_known(world: "World", generation: str) -> bool:
    """Whether the server has heard of no other head count of that number."""
    return world.central is None or generation_number(generation) > generation_number(world.central.ledger.generation)


_FOLLOWED: dict[str, Callable[["World", Door, Row], None]] = {
    Kind.VISITOR_ENTERED: _entered,
    Kind.ROOM_OVERRIDDEN: _overridden,
    Kind.VISITOR_LEFT: _left,
    Kind.RIGHTS_GRANTED: _granted,
    Kind.ROOM_COUNTED: _counted,
}


def _check_called(door: Door) -> None:
    """With places free here that nobody elsewhere waits for longer, whoever is next has been called."""
    head, here = door.queue.head(), door.here()
    if head is not None and head.people <= here.free and here.others is None:
        raise Violation(f"{door.device_id} has {here.free} places free and does not call {head.text}")


def check_ledger(central: Central) -> None:
    """The server's own sums come out.

    Raises:
        Violation
    """
    ledger = central.ledger
    found = room_ledger.places(ledger)
    total = found.inside + found.held + found.in_flight + found.free + found.stranded - found.debt
    if total != ledger.max_people:
        raise Violation(f"the server's sums are {total} of {ledger.max_people}: {found}")


def check(world: "World") -> None:
    """The equation, and the people.

    Raises:
        Violation
    """
    truth = world.truth
    inside = truth.inside
    if inside > truth.allowed:
        raise Violation(f"{inside} people are inside, and {truth.allowed} are the most that were ever allowed")
    rights = _rights(world)
    forgiven = truth.forgiven + (max(0, -truth.pool) + truth.debt_at_count if len(world.generations) > 1 else 0)
    if inside + rights > truth.limit + forgiven:
        raise Violation(f"{inside} people are inside and {rights} rights are left, of {truth.limit}: {_where(world)}")
    if truth.is_exact and inside + truth.owed + rights < truth.limit - _stranded(world):
        found = f"{inside} inside + {truth.owed} who left without a right made of it + {rights} rights"
        raise Violation(f"{found} are less than {truth.limit}: {_where(world)}")


def _stranded(world: "World") -> int:
    """Places that the server has given up: it cannot tell whether their cards were handed in."""
    return 0 if world.central is None else room_ledger.places(world.central.ledger).stranded


def _rights(world: "World") -> int:
    """Rights that may be spent now or later, less all debt."""
    return sum(amount for _, amount in _places(world))


def _places(world: "World") -> list[tuple[str, int]]:
    central = world.central
    found = [(door.device_id, door.book.account.held) for door in world.doors if _goes_on(world, door)]
    if central is None:
        return found
    is_heard = central.ledger.generation in world.generations
    found.append(("pool", _pool(central) if is_heard else world.truth.pool))
    for door in world.doors:
        if not is_heard or door.book.account.generation != central.ledger.generation:
            continue
        for row in world.unheard(door):
            if (
                row.kind == Kind.RIGHTS_RELEASED
                and row.payload["generation"] == central.ledger.generation
                and row.epoch == door.epoch
            ):
                found.append((f"given back by {door.device_id}", row.payload["amount"]))
    if is_heard:
        found += [(f"sent to {door.device_id}", _sent(central, door)) for door in world.doors]
    return found


def _pool(central: Central) -> int:
    """What the server may still give away. While it is in doubt, that is nothing."""
    return min(0, central.ledger.free) if central.ledger.is_doubted else central.ledger.free


def _goes_on(world: "World", door: Door) -> bool:
    return door.book.account.generation in world.generations and door.book.epoch == door.epoch


def _sent(central: Central, door: Door) -> int:
    """Grants that this door will still apply."""
    last = door.book.account.last_grant
    grants = central.ledger.door(door.device_id).in_flight
    return sum(each.amount for each in grants if each.serial > last and each.epoch == door.epoch)


def _where(world: "World") -> str:
    return ", ".join(f"{name} {amount}" for name, amount in _places(world) if amount)
