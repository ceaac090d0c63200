"""What happens to machines: power, cards, the link, time, and a server that changes the limit."""

import msgspec

from kiosk.simulation.rooms.doors import Door
from kiosk.simulation.rooms.world import World


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
    """An old copy of the card goes on: it hears the server before anybody comes, or (counted apart) it does not."""
    images, central = world.images[door.device_id], world.central
    if not images or central is None or door.is_dead:
        return
    image = world.rng.choice(images)
    length = image.lengths[image.epoch]
    hears = door.is_linked and central.through(image.epoch) > length
    is_same = image.epoch == door.epoch and length == len(door.rows)
    if not is_same and not hears and world.rng.random() < 0.8:
        return
    heard = {id(row) for rows in central.heard.values() for row in rows}
    held = door.book.account.held
    lost = door.insert(image)
    world.images[door.device_id] = [each for each in images if each.lengths.get(image.epoch, 0) <= length]
    if is_same:
        return
    world.note(door.device_id, "has an old card, and", "hears" if hears else "acts")
    world.truth.is_exact = False
    loses_count = any(row.kind == "room.counted" and not row.payload.get("heard") and id(row) not in heard for row in lost)
    if not hears or loses_count:
        world.truth.is_spoilt = True
        return
    world.truth.forgiven += max(0, -held)
    world.compare(door)
    world.look(door)


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
    world.look(door)


def exchange(world: World, door: Door) -> None:  # noqa: ARG001
    """What is late arrives, and everybody who is connected reports and asks."""
    world.late_documents()
    world.traffic()
