"""What happens to machines: power, cards, the link, time, and a server that changes the limit."""

import msgspec

from kiosk.core.room_book import Row
from kiosk.simulation.rooms.central import Central
from kiosk.simulation.rooms.doors import Door, Image
from kiosk.simulation.rooms.world import World
from sync.protocol.events import Kind

_ACTS_UNSEEN = 0.15


def let_time_pass(world: World, door: Door) -> None:  # noqa: ARG001  # as all actions
    """Time goes by: calls run out."""
    world.pass_time(world.rng.choice((30, 130, 310, 700, 4000)))
    for each in world.doors:
        world.look(each)


def lose_power(world: World, door: Door) -> None:
    """The power goes and comes back; without a network the clock is not known to be right."""
    if not door.is_dead:
        door.start_again()
        door.is_trusted = door.is_linked or world.rng.random() < 0.5
        world.look(door)


def cut_link(world: World, door: Door) -> None:  # noqa: ARG001
    """A door is cut off, for long."""
    door.is_linked = False


def mend_link(world: World, door: Door) -> None:
    """Doors are connected again."""
    for each in world.doors:
        if each is door or world.rng.random() < 0.3:
            each.is_linked = True


def copy_card(world: World, door: Door) -> None:
    """A copy of the card is made."""
    world.images[door.device_id] = [*world.images[door.device_id][-3:], door.image()]


def restore_card(world: World, door: Door) -> None:
    """An old copy of the card goes on. The server tells by its journal before anybody comes; or (apart) nobody can tell."""
    central = world.central
    if central is None or door.is_dead:
        return
    images = [each for each in world.images[door.device_id] if not _is_now(door, each)]
    seen = [each for each in images if central.has_another(each.epoch, _rows_of(door, each))] if door.is_linked else []
    if seen:
        _go_on_with(world, central, door, world.rng.choice(seen), is_seen=True)
    elif images and world.rng.random() < _ACTS_UNSEEN:
        _go_on_with(world, central, door, world.rng.choice(images), is_seen=False)


def _rows_of(door: Door, image: Image) -> list[Row]:
    return door.journal[image.epoch][: image.lengths[image.epoch]]


def _is_now(door: Door, image: Image) -> bool:
    return image.epoch == door.epoch and image.lengths[image.epoch] == len(door.rows)


def _go_on_with(world: World, central: Central, door: Door, image: Image, *, is_seen: bool) -> None:
    owed = max(0, -door.book.account.held)
    lost = door.insert(image)
    world.images[door.device_id] = [image]
    # While a card is changed nothing stays on the way: an epoch of which nothing was heard is not heard of after the next.
    world.late = [batch for batch in world.late if batch[0].device_id != door.device_id]
    world.note(door.device_id, "has an old card, and", "the server tells" if is_seen else "nobody tells")
    world.truth.is_exact = False
    heard = {id(row) for rows in central.heard.values() for row in rows}
    if not is_seen or any(_is_count(row) and id(row) not in heard for row in lost):
        world.truth.is_spoilt = True  # a head count that nobody heard of is gone too
        return
    world.truth.forgiven += owed
    world.compare(door)
    world.look(door)


def _is_count(row: Row) -> bool:
    return row.kind == Kind.ROOM_COUNTED and not row.payload.get("heard")


def die(world: World, door: Door) -> None:
    """A kiosk breaks, and its door is shut; or it comes back, and hears the server first."""
    if world.central is None:
        return
    if not door.is_dead and sum(not each.is_dead for each in world.doors) > 1 and world.rng.random() < 0.4:
        door.is_dead = True
    elif door.is_dead and world.rng.random() < 0.7:
        door.is_dead, door.is_linked = False, True
        door.start_again()


def set_limit(world: World, door: Door) -> None:
    """The office or the server changes the limit."""
    limit = max(1, min(world.limit + 3, world.truth.limit + world.rng.choice((-2, -1, -1, 1, 1, 2))))
    if world.rng.random() < 0.4:
        limit = world.limit
    world.truth.lower_or_raise(limit)
    room = msgspec.structs.replace(world.doors[0].room if world.central is None else world.central.room, max_people=limit)
    if world.central is not None:
        world.central.set_limit(room)
        return
    door.room = room
    world.is_fair = True
    world.look(door)
    world.is_fair = False


def exchange(world: World, door: Door) -> None:  # noqa: ARG001
    """What is late arrives, and everybody who is connected reports and asks."""
    world.late_documents()
    world.traffic()
