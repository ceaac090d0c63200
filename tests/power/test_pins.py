"""A wrong PIN counts, whatever the power does."""

from contextlib import suppress
from random import Random

import pytest

from kiosk.simulation.disk import FaultDisk
from kiosk.store import guards
from sync.database import DatabaseError
from sync.journal import Event
from sync.protocol.events import Kind
from tests.power.door import Door, Setup, prepared

IMAGE = prepared()


@pytest.mark.parametrize("seed", range(40))
def test_no_cut_takes_a_try_back(seed: int):
    """The power goes at some change of the disk in a burst of tries: every try that was let to the PIN is counted afterwards."""
    rng = Random(seed)
    with FaultDisk(rng, image=IMAGE) as disk:
        door = Door(disk, rng, Setup())
        door.open()
        disk.cut_at(rng.randint(1, 40))
        looked_at = 0
        with suppress(DatabaseError):
            for _ in range(12):
                door.commit([Event(Kind.GUARD_ATTEMPTED, {"guard_id": "budi"})])
                looked_at += 1  # only now may the PIN be looked at
        if disk.powered:
            disk.cut()
        door.close()
        disk.power_on()
        door.open()
        assert looked_at <= guards.failures(door.database.connection, "budi") <= looked_at + 1
        door.close()
