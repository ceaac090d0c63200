"""Walks of a door through power cuts: one seed, one world; the same seed gives the same walk."""

from dataclasses import dataclass, field, fields
from random import Random

from kiosk.simulation.disk import FaultDisk
from kiosk.simulation.disk_files import Image
from sync.database import DatabaseError
from tests.power.door import Door, Setup

_CUTS_A_WORLD = 5


@dataclass
class Tally:
    """What walks have met. `faults` has a line for each world that ended in one, with the seed that replays it; `corrupt` are
    the worlds among them that lost no confirmed record, `unnoticed` those whose journal hides what it lost.
    """

    cuts: int = 0
    confirmed: int = 0
    lost: int = 0
    corrupt: int = 0
    unnoticed: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another walk's in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def walk_until(cuts: int, image: Image, setup: Setup | None = None, *, first_seed: int = 0) -> Tally:
    """Walk world after world until the power has gone so often."""
    tally, seed = Tally(), first_seed
    while tally.cuts < cuts:
        tally.add(walk(seed, image, setup or Setup()))
        seed += 1
    return tally


def walk(seed: int, image: Image, setup: Setup) -> Tally:
    """Walk one world: a kiosk that works, loses power, starts and works on, checked at every start."""
    rng, tally = Random(seed), Tally()
    started = {} if rng.random() < 0.1 else image  # one world in ten begins with an empty card, and cuts while it is laid out
    with FaultDisk(rng, image=started) as disk:
        disk.lying = setup.lying
        door = Door(disk, rng, setup, autocheckpoint_pages=rng.choice((4, 8, 20, 1000)))
        try:
            fault = _live(door, rng)
            if fault:
                tally.faults.append(f"seed {seed}, cut {disk.cuts}: {fault}")
                tally.lost = 0 if door.closed else door.lost()
                tally.corrupt = int(not tally.lost)
                tally.unnoticed = int(bool(tally.lost) and door.hides_losses())
        finally:
            door.close()
        if disk.unexpected:
            raise disk.unexpected[0]
        tally.cuts, tally.confirmed = disk.cuts, len(door.told)
    return tally


def _live(door: Door, rng: Random) -> str | None:
    """Cut and start again until the world ends, or something is wrong with it; at last see that it works on."""
    for _ in range(_CUTS_A_WORLD):
        fault = _until_cut(door, rng) or _start(door, rng)
        if fault:
            return fault
    try:
        door.go()
    except DatabaseError as exc:
        return f"does not work on: {exc}"
    return door.fault()


def _until_cut(door: Door, rng: Random) -> str | None:
    """Work until the power goes: at a change of the disk picked beforehand, or while nothing happens."""
    door.disk.cut_at(rng.choice((rng.randint(1, 12), rng.randint(1, 60), rng.randint(1, 400), None)))
    try:
        _work(door, rng)
    except DatabaseError as exc:
        if door.disk.powered:
            return f"an error with the power on: {exc}"
    if door.disk.powered:
        door.disk.cut()
    door.close()
    door.disk.power_on()
    return None


def _work(door: Door, rng: Random) -> None:
    if rng.random() < 0.3:
        door.close()
        door.open()
    for _ in range(rng.randint(1, 12)):
        if door.closed:
            door.open()
        door.go()
        if rng.random() < 0.05:
            door.fold()
        if rng.random() < 0.02:
            door.begin_epoch()
    if rng.random() < 0.2:
        door.close()


def _start(door: Door, rng: Random) -> str | None:
    """Start after a cut, with more cuts on the way at times, and look at what is there."""
    while True:
        if rng.random() < 0.25:
            door.disk.cut_at(rng.randint(1, 6))
        try:
            door.open()
            door.disk.cut_at(None)
            break
        except DatabaseError as exc:
            if door.disk.powered:
                return f"does not start: {exc}"
            door.close()
            door.disk.power_on()
    return door.fault()
