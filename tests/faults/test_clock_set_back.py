"""A door whose clock is set, by an hour or by years, in the middle of its day: nothing is lost, reordered or overwritten."""

from contextlib import ExitStack, closing

import pytest

from sync.clock import ManualClock, utc_datetime
from tests.sync.conftest import Rig
from tests.sync.making import Station, hashes

YEAR_S = 365.25 * 86400


@pytest.mark.parametrize("jump_s", [-3600, 3600, -20 * YEAR_S, 20 * YEAR_S])
def test_the_clock_is_set_while_people_tap(central, manual_clock, tmp_path, jump_s):
    """Each tap is at the server once, in the order of the taps, with the time the door claimed; beside it stands the true one."""
    clock = ManualClock(manual_clock.wall)
    true, claimed = [], []
    with ExitStack() as stack:
        door = stack.enter_context(closing(Station(tmp_path, clock, central.device_id)))
        rig = Rig(door, central.url, clock, stack, server_key=central.server_key)
        for number in range(9):
            for each in (clock, manual_clock):
                each.advance(120)
            if number == 3:
                clock.jump(jump_s)
            if number == 6:
                clock.reboot("00000000-0000-4000-8000-000000000002")
            (entry,) = door.taps(1)
            true.append(manual_clock.wall)
            claimed.append(entry.record.claimed_at)
            if number % 2 == 0:
                rig.drain()
        rig.drain()
        kept = hashes(door.db)
    rows = central.rows(
        "SELECT e.hash, e.claimed_at, d.dated_at, d.dated_width_s FROM events e LEFT JOIN datings d"
        " ON d.device_id = e.device_id AND d.epoch = e.epoch AND d.seq = e.seq ORDER BY e.seq"
    )
    assert [row[0] for row in rows] == kept
    assert [row[1] for row in rows] == claimed
    assert [row[2] is not None for row in rows] == [False] * 3 + [True] * 6
    for at, (_, _, dated, width_s) in zip(true[3:], rows[3:], strict=True):
        assert abs((utc_datetime(dated) - at).total_seconds()) <= width_s < 60
