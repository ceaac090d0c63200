"""A server that goes on with an old copy of its database has lost rows; the door still has them, and sends them again."""

import pytest

from sync.state import Problem
from sync.uploader import ASK_EVERY_S
from tests.sync.making import EPOCH, KEY, hashes

NEXT = "cd" * 16


@pytest.fixture
def door(central, make_station):
    """A station under the server's own name for it."""
    return make_station(central.device_id)


@pytest.fixture
def enrolled_anew(central, manual_clock):
    """Another name for the same door."""
    now = manual_clock.now().claimed_at
    return central.store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key=KEY.public).id


def stored(central):
    return [row[0] for row in central.rows("SELECT hash FROM events ORDER BY seq")]


def unreadable(central):
    """The rows kept as unreadable, by the device that sent them and their number."""
    return [tuple(row) for row in central.rows("SELECT device_id, seq FROM unreadable ORDER BY seq")]


def lose(central, seq, epoch=EPOCH):
    """Let the server have nothing of `epoch` behind `seq`."""
    held = f"1-{seq}" if seq else ""
    with central.database.writing() as connection:
        for table in ("events", "unreadable", "event_conflicts"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE epoch = '{epoch}' AND seq > {seq}")
        connection.exec_driver_sql(f"UPDATE epochs SET held = '{held}' WHERE epoch = '{epoch}'")


def test_restored_twice_to_the_same_row(door, central, make_rig):
    """A server that is restored again from the same copy, while the agent runs, is filled again each time."""
    door.taps(20)
    rig = make_rig(door, central)
    rig.drain()
    for _ in range(3):
        lose(central, 5)
        door.taps(1)
        rig.drain()
        assert stored(central) == hashes(door.db)


def test_a_finished_epoch_is_asked_after_too(door, central, make_rig, manual_clock):
    """Rows of an epoch that ended, which alone were lost, are missed when the door asks the next time."""
    door.taps(6)
    door.new_epoch(NEXT)
    door.taps(2)
    rig = make_rig(door, central)
    rig.drain()
    lose(central, 4)
    manual_clock.advance(ASK_EVERY_S)
    rig.drain()
    assert sorted(stored(central)) == sorted(hashes(door.db))


def test_an_epoch_that_ended_apart_is_not_sent_for_ever(door, central, make_rig, manual_clock):
    """Where two histories parted in an epoch that has ended, and all of ours is there, asking again changes nothing."""
    door.taps(3)
    make_rig(door, central).drain()
    door.change("UPDATE journal SET hash = ? WHERE position = 3", "0" * 64)
    door.new_epoch(NEXT)
    door.taps(1)
    rig = make_rig(door, central)
    rig.drain()
    manual_clock.advance(ASK_EVERY_S)
    rig.drain()
    assert rig.link.acked == {EPOCH: 3, NEXT: 1}
    assert rig.link.problem is None


def test_rows_of_a_name_of_before_are_sent_again(door, central, make_rig, enrolled_anew):
    """A door that is enrolled anew at a restored server sends what that has lost of the time before, and no more."""
    door.taps(6)
    make_rig(door, central).drain()
    lose(central, 4)
    rig = make_rig(door, central, enrolled_anew)
    rig.drain()
    assert unreadable(central) == [(enrolled_anew, 5), (enrolled_anew, 6)]
    assert rig.wishes[0] == (EPOCH, "enrolled")
    assert (rig.link.acked, rig.link.problem) == ({EPOCH: 6}, None)


def test_a_server_that_never_knew_the_name_gets_all(door, central, make_rig, enrolled_anew):
    """Where the server has nothing under the name of before, it gets the whole epoch, once."""
    door.taps(6)
    make_rig(door, central).drain()
    lose(central, 0)
    for _ in range(2):
        make_rig(door, central, enrolled_anew).drain()
        assert unreadable(central) == [(enrolled_anew, seq) for seq in range(1, 7)]


def test_a_loss_under_a_name_of_before_is_noticed_while_nobody_comes(door, central, make_rig, enrolled_anew, manual_clock):
    """A door that was enrolled anew and has nothing to send asks after what it reported before, too."""
    door.taps(6)
    rig = make_rig(door, central, enrolled_anew)
    rig.drain()
    lose(central, 0)
    manual_clock.advance(ASK_EVERY_S)
    rig.drain()
    assert [seq for _, seq in unreadable(central)] == [1, 2, 3, 4, 5, 6]


def test_nothing_is_sent_twice_where_nothing_was_lost(door, central, make_rig, enrolled_anew):
    """Being enrolled anew makes the server hear of no row again that it has under the name of before."""
    door.taps(6)
    make_rig(door, central).drain()
    rig = make_rig(door, central, enrolled_anew)
    rig.drain()
    assert (unreadable(central), stored(central)) == ([], hashes(door.db))


def test_a_copied_card_that_was_enrolled_anew_keeps_all_its_rows(door, central, make_rig, make_station, enrolled_anew):
    """Where the server's rows under the name of before are another card's, ours are all sent, without an alarm, and once."""
    door.taps(8)
    make_rig(door, central).drain()
    clone = make_station(central.device_id, name="clone")
    clone.taps(3, note="another history")
    for _ in range(2):
        rig = make_rig(clone, central, enrolled_anew)
        rig.state.set_acked(EPOCH, ((1, 3),))
        rig.drain()
        assert unreadable(central) == [(enrolled_anew, 1), (enrolled_anew, 2), (enrolled_anew, 3)]
        assert rig.link.problem != Problem.DIVERGED
    assert stored(central) == hashes(door.db)
