"""A disk that fails or fills up stops the kiosk with our error, and takes nothing that was confirmed."""

from collections import Counter
from random import Random

import pytest

from kiosk.simulation.disk import FaultDisk
from kiosk.simulation.disk_files import Image, Operation
from sync.database import DatabaseError, DatabaseUnavailable
from tests.power.door import Door, Setup

_ALL = frozenset(Operation)
_SEED = 42


def _script(door: Door) -> None:
    """A morning: start, people come, the log is folded into the file on the way, people come, the end."""
    door.open()
    for _ in range(6):
        door.go()
    door.fold()
    for _ in range(6):
        door.go()
    door.database.close()


def _operations(image: Image, kinds: frozenset[Operation]) -> int:
    with FaultDisk(Random(_SEED), image=image) as disk:
        _script(Door(disk, Random(_SEED), Setup(), autocheckpoint_pages=8))
        return sum(disk.counts[kind] for kind in kinds)


def _one_failure(image: Image, setup: Setup, disk_fails: tuple[int, frozenset[Operation], bool]) -> tuple[str, list[str]]:
    """The script with one failure, a restart, some work, a power cut and another restart: what was raised, what was wrong."""
    at, kinds, keeps_failing = disk_fails
    rng, raised = Random(_SEED), "nothing"
    with FaultDisk(rng, image=image) as disk:
        door = Door(disk, rng, setup, autocheckpoint_pages=8)
        disk.fail_at(at, kinds, keeps_failing=keeps_failing)
        try:
            _script(door)
        except DatabaseError as exc:
            raised = type(exc).__name__
        door.close()
        disk.fail_at(None, _ALL)
        faults = _restart(door, "after the failure")
        disk.cut()
        door.close()
        disk.power_on()
        faults += _restart(door, "after a later cut")
        door.close()
        assert disk.unexpected == []
    return raised, faults


def _restart(door: Door, when: str) -> list[str]:
    try:
        door.open()
        found = [door.fault()]
        door.go()
        found.append(door.fault())
    except DatabaseError as exc:
        found = [str(exc)]
    return [f"{when}: {fault}" for fault in found if fault]


@pytest.mark.parametrize("keeps_failing", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("kinds", [_ALL, frozenset({Operation.SYNC})], ids=["any operation", "syncs"])
@pytest.mark.parametrize("new_card", [False, True], ids=["a laid out card", "an empty card"])
def test_an_io_error_anywhere_costs_nothing(
    image: Image, kinds: frozenset[Operation], keeps_failing: bool, new_card: bool
) -> None:
    """Whichever operation fails, only our error comes out, and a restart and a power cut later nothing confirmed is gone."""
    card = {} if new_card else image
    raised: Counter[str] = Counter()
    faults = []
    for at in range(1, _operations(card, kinds) + 1):
        error, found = _one_failure(card, Setup(), (at, kinds, keeps_failing))
        raised[error] += 1
        faults += [f"operation {at}, {fault}" for fault in found]
    assert faults == []
    assert raised["DatabaseUnavailable"] > raised.total() / 2
    assert raised["DatabaseCorrupt"] == 0


def test_going_on_from_memory_after_a_failed_sync_would_lose(image: Image) -> None:
    """A restart that believes what Linux still shows after a failed sync loses records: why open_database forgets it first."""
    syncs = frozenset({Operation.SYNC})
    faults = []
    for at in range(1, _operations(image, syncs) + 1):
        faults += _one_failure(image, Setup(trusts_memory=True), (at, syncs, True))[1]
    assert any("confirmed records lost" in fault for fault in faults)


@pytest.mark.parametrize("autocheckpoint_pages", [4, 1000])
def test_a_full_disk_stops_the_kiosk_and_nothing_else(image: Image, autocheckpoint_pages: int) -> None:
    """Wherever the space runs out, nothing is half-written, and the kiosk works on as soon as there is space again."""
    laid_out = sum(map(len, image.values()))
    for spare_bytes in range(0, 90_000, 1_237):
        rng = Random(spare_bytes)
        with FaultDisk(rng, image=image) as disk:
            door = Door(disk, rng, Setup(), autocheckpoint_pages=autocheckpoint_pages)
            door.open()
            disk.capacity_bytes = laid_out + spare_bytes
            with pytest.raises(DatabaseUnavailable, match="free space"):
                _go_for_ever(door)
            assert door.records() == len(door.told)
            assert _half_full(door) == []
            disk.capacity_bytes = None
            door.go()
            assert door.fault() is None
            disk.cut()
            door.close()
            disk.power_on()
            assert _restart(door, "after a cut") == []
            door.close()
            assert disk.unexpected == []


def _go_for_ever(door: Door) -> None:
    while True:
        door.go()


def _half_full(door: Door) -> list[str]:
    """Start again while there is still no space; not being able to is no fault."""
    door.close()
    try:
        door.open()
    except DatabaseUnavailable:
        door.disk.capacity_bytes = None
        door.open()
    fault = door.fault()
    return [fault] if fault else []
