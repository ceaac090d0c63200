"""What the agent wrote down as confirmed by the server outlives any power cut, so that little is sent twice."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from kiosk.simulation.disk import FaultDisk
from sync.clock import ManualClock
from sync.database import DatabaseError
from sync.state import Channel, Problem, SyncState
from tests.power.walk import Tally

_PATH, _EPOCH = Path("/door/sync.db"), "ab" * 16


def test_no_cut_loses_an_acknowledgement(count_cuts: Callable[[Tally], None]) -> None:
    """A thousand power cuts in the agent's own file lose no acknowledgement that it was told is kept, and invent none."""
    tally = Tally()
    for seed in range(200):
        rng = Random(seed)
        with FaultDisk(rng) as disk:
            kept = (0, 0)
            for _ in range(5):
                kept = _until_cut(disk, rng, *kept)
            tally.cuts += disk.cuts
            tally.confirmed += kept[0]
            assert disk.unexpected == []
    count_cuts(tally)
    assert tally.cuts == 1_000


def _until_cut(disk: FaultDisk, rng: Random, kept: int, in_flight: int) -> tuple[int, int]:
    """Start, compare with what was kept, write until the power goes: what is kept now, and what may be."""
    state = SyncState(_PATH, ManualClock(), vfs=disk.name) if kept else None
    if state is not None:
        found = state.acked(_EPOCH)
        assert found in (((1, kept),), ((1, in_flight),))
        kept = found[0][1]
    disk.cut_at(rng.choice((rng.randint(1, 60), rng.randint(1, 20), None)))
    try:
        state = state or SyncState(_PATH, ManualClock(), vfs=disk.name)
        for _ in range(rng.randint(1, 10)):
            in_flight = kept + 1
            state.set_acked(_EPOCH, ((1, in_flight),))
            kept = in_flight
            state.report(Channel.UPLOAD, rng.choice((None, Problem.BUSY)))
            state.set_documents_version(_EPOCH, kept)
    except DatabaseError:
        assert not disk.powered
    if disk.powered:
        disk.cut()
    if state is not None:
        with suppress(DatabaseError):  # it cannot write that it ends
            state.close()
    disk.power_on()
    return kept, in_flight
