"""People who go: with their pass, without a word, freed by the desk, or at closing time."""

from kiosk.core import visits
from kiosk.core.passes import CodeKind
from kiosk.core.room_codes import FreeReason
from kiosk.services import pass_showing
from kiosk.simulation.rooms.coming import known_card, put_back
from kiosk.simulation.rooms.doors import Door
from kiosk.simulation.rooms.truth import Carries, Party
from kiosk.simulation.rooms.world import GUARD, World


def _inside(world: World) -> Party | None:
    inside = [party for party in world.truth.parties if party.is_inside]
    return world.rng.choice(inside) if inside else None


def leave(world: World, door: Door) -> None:
    """Somebody leaves and shows what they carry, here and, if it can be photographed, perhaps at another door too."""
    party = _inside(world)
    if party is None or not door.is_open:
        return
    world.truth.go_out(party)
    token, card = party.token, party.card
    put_back(world, door, party)
    if party.carries is Carries.NOTHING:
        _desk_frees(world, door, party)
        return
    _show(door, token, card)
    if card is None and world.rng.random() < 0.4:
        again = world.rng.choice(world.doors)
        if again.is_open:
            _show(again, token, None)


def _show(door: Door, token: str, card: int | None) -> None:
    here = door.here()
    kind = CodeKind.SINGLE if card is None else CodeKind.CARD
    shown = pass_showing.decide([here], token, kind, None if card is None else known_card(card), None)
    if shown.here is not None:
        door.act(shown.here, shown.decided)


def slip_out(world: World, door: Door) -> None:
    """Somebody leaves without a word: the card goes into the box unseen, or home."""
    party = _inside(world)
    if party is None or not door.is_open:
        return
    world.truth.go_out(party)
    if world.rng.random() < 0.6:
        put_back(world, door, party)


def show_late(world: World, door: Door) -> None:
    """Somebody who is gone comes back and shows what they have kept: a card, or yesterday's code."""
    gone = [each for each in world.truth.parties if not each.is_inside and each.visit_id and each.ticket is None]
    if not gone or not door.is_open:
        return
    party = world.rng.choice(gone)
    if party.carries is Carries.NOTHING or (party.carries is Carries.CARD and party.card is None):
        return
    token, card = party.token, party.card
    put_back(world, door, party)
    _show(door, token, card)


def desk_frees(world: World, door: Door) -> None:
    """The desk frees a place of somebody who has really left, with the card in hand or without."""
    if not door.is_dead:
        _desk_frees(world, door, None)


def _desk_frees(world: World, door: Door, party: Party | None) -> None:
    here = door.here()
    known: list[tuple[str, int | None]] = [(each.id, each.card) for each in here.book.visits.values()]
    known += [(each.visit_id, each.card) for each in visits.elsewhere(here)]
    if party is not None:
        known = [each for each in known if each[0] in (party.visit_id, *party.more)]
    known = [each for each in known if is_left(world, each[0])]
    if not known:
        return
    visit_id, card = world.rng.choice(known)
    is_here = card is not None and card in world.truth.boxes[door.device_id]
    door.act(here, visits.free(here, visit_id, FreeReason.SEEN_LEAVING, "", card_here=is_here, by=GUARD))


def is_left(world: World, visit_id: str) -> bool:
    """True if everybody whom that visit stands for is out."""
    known = world.truth.visits.get(visit_id)
    return known is None or not any(each.is_in(visit_id) for each in known.parties)


def sweep(world: World, door: Door) -> None:
    """Closing: everybody leaves, some without a word, and the desk ends what is open."""
    if door.is_dead or world.rng.random() < 0.5:
        return
    for party in world.truth.parties:
        if party.is_inside:
            world.truth.go_out(party)
            where = world.rng.choice(world.doors)
            if where.is_open and world.rng.random() < 0.8:
                put_back(world, where, party)
    here = door.here()
    door.act(here, visits.sweep(here, by=GUARD))
