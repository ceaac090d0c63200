"""What may happen in a world of rooms, and how often: weighted towards what has broken such systems before."""

from contextlib import suppress

from kiosk.simulation.rooms import coming, desk, going, trouble
from kiosk.simulation.rooms.doors import PowerCut
from kiosk.simulation.rooms.world import Action, World


def choose(world: World) -> None:
    """Let one thing happen."""
    action = world.rng.choices(_ACTIONS, cum_weights=_CUMULATED)[0]
    door = world.rng.choice(world.doors)
    world.note(door.device_id, action.__name__)
    with suppress(PowerCut):
        action(world, door)
    world.at_panel = None


_WEIGHTS: dict[Action, int] = {
    coming.arrive: 24,
    coming.come_when_called: 12,
    going.leave: 16,
    going.slip_out: 2,
    going.show_late: 2,
    going.desk_frees: 3,
    coming.override: 2,
    going.sweep: 1,
    desk.count: 2,
    desk.tend_queue: 5,
    trouble.let_time_pass: 5,
    trouble.lose_power: 2,
    trouble.cut_link: 3,
    trouble.mend_link: 4,
    trouble.copy_card: 4,
    trouble.restore_card: 4,
    trouble.die: 2,
    trouble.set_limit: 2,
    trouble.exchange: 16,
}
_ACTIONS = list(_WEIGHTS)
_CUMULATED = [sum(list(_WEIGHTS.values())[: place + 1]) for place in range(len(_WEIGHTS))]
