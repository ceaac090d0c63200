"""The uploader against the real server: every row arrives once, whatever happens on the way."""

import pytest

from sync import progress
from sync.protocol.digest import record_hash
from sync.state import Problem, SyncState
from sync.uploader import ASK_EVERY_S, IDLE_S
from tests.sync.making import EPOCH, hashes


@pytest.fixture
def door(central, make_station):
    """A station under the server's own name for it."""
    return make_station(central.device_id)


def stored(central):
    return [row[1] for row in central.rows()]


def test_everything_arrives_once_in_order(door, central, make_rig):
    """What is in the journal is at the server, hash by hash, and marked as such."""
    door.taps(1234)
    rig = make_rig(door, central)
    rig.drain()
    assert stored(central) == hashes(door.db)
    assert rig.link.acked == {EPOCH: 1234}
    assert (rig.link.online, rig.link.problem) == (True, None)


def test_new_rows_are_seen(door, central, make_rig):
    """An idle uploader sends what is committed later, and asks nothing of the server in between."""
    rig = make_rig(door, central)
    assert rig.uploader.step() == IDLE_S
    door.taps(1)
    rig.drain()
    assert rig.uploader.step() == rig.uploader.step() == IDLE_S
    door.taps(2)
    rig.drain()
    assert stored(central) == hashes(door.db)


def test_each_epoch_goes_by_itself(door, central, make_rig):
    """Rows of several epochs arrive, each under its own."""
    for number in range(3):
        door.new_epoch(f"{number:032x}")
        door.taps(3 + number)
    rig = make_rig(door, central)
    rig.drain()
    assert rig.link.acked == {f"{n:032x}": 3 + n for n in range(3)}
    assert len(stored(central)) == 12


def test_lost_marks_cost_a_second_sending_and_nothing_else(door, central, make_rig):
    """When what was confirmed is forgotten, rows go again and are stored once."""
    door.taps(700)
    make_rig(door, central).drain()
    rig = make_rig(door, central)
    rig.state.set_acked(EPOCH, ())
    rig.drain()
    assert stored(central) == hashes(door.db)
    assert rig.link.acked == {EPOCH: 700}


def test_a_restored_server_is_filled_again(door, central, make_rig):
    """When the server has lost rows, they are sent again: found at the start by the cursor."""
    door.taps(20)
    make_rig(door, central).drain()
    with central.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events WHERE seq > 5")
        connection.exec_driver_sql("UPDATE epochs SET held = '1-5'")
    door.taps(1)
    make_rig(door, central).drain()
    assert stored(central) == hashes(door.db)


def test_a_server_restored_while_we_run_is_filled_again(door, central, make_rig):
    """When the server has lost rows, they are sent again: noticed in an answer."""
    door.taps(20)
    rig = make_rig(door, central)
    rig.drain()
    with central.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events WHERE seq > 5")
        connection.exec_driver_sql("UPDATE epochs SET held = '1-5'")
    door.taps(1)
    pauses = rig.drain()
    assert max(pauses) >= 1
    assert stored(central) == hashes(door.db)


def test_a_server_restored_while_nobody_comes_is_filled_again(door, central, make_rig, manual_clock):
    """A station with nothing to send asks now and then, and so notices that the server has lost its rows."""
    door.taps(20)
    rig = make_rig(door, central)
    rig.drain()
    with central.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events WHERE seq > 5")
        connection.exec_driver_sql("UPDATE epochs SET held = '1-5'")
    manual_clock.advance(ASK_EVERY_S)
    rig.drain()
    assert stored(central) == hashes(door.db)


def test_a_restored_card_sends_nothing_over_the_other_history(door, central, make_rig, make_station):
    """A station whose rows are not the server's keeps them, says so, and mixes nothing."""
    door.taps(10)
    make_rig(door, central).drain()
    kept = stored(central)
    clone = make_station(central.device_id, name="clone")
    clone.taps(4, note="another history")
    rig = make_rig(clone, central)
    assert rig.uploader.step() > 1
    assert (rig.link.problem, rig.link.acked) == (Problem.DIVERGED, {})
    clone.taps(10)
    assert rig.uploader.step() > 1
    assert rig.link.problem == Problem.DIVERGED
    assert stored(central) == kept


POISONS = {
    "payload changed": ("payload = '{}'", 0),
    "payload is no JSON": ("payload = '{\"a\":'", 1),
    "header changed": ("place_id = 'elsewhere'", 0),
    "seq changed": ("seq = 4711", 0),
    "seq is text": ("seq = 'four'", 0),
    "no text": ("kind = CAST(x'ff00fe' AS TEXT)", 0),
    "a blob": ("boot_id = x'0001'", 0),
    "simulated is 7": ("simulated = 7", 0),
}


@pytest.mark.parametrize(
    ("poison", "place"), [*((poison, 7) for poison in POISONS), *(("payload is no JSON", n) for n in (1, 2, 12))]
)
def test_a_poisoned_row_holds_up_no_other(door, central, make_rig, poison, place):
    """An odd row at any place is kept by the server as unreadable, and all others arrive."""
    door.taps(12)
    good = [found for n, found in enumerate(hashes(door.db), 1) if n != place]
    door.change(f"UPDATE journal SET {POISONS[poison][0]} WHERE position = ?", place)
    rig = make_rig(door, central)
    rig.drain()
    assert stored(central) == good
    assert [row[0] for row in central.rows("SELECT seq FROM unreadable")] == [place]
    assert rig.link.acked == {EPOCH: 12}


def test_many_poisoned_rows(door, central, make_rig):
    """Rows that spoil a whole batch are found among hundreds, however many they are."""
    door.taps(900)
    poisoned = [1, 2, 3, 250, 499, 500, 501, 900]
    for place in poisoned:
        door.change("UPDATE journal SET payload = '[' WHERE position = ?", place)
    rig = make_rig(door, central)
    rig.drain(400)
    assert len(stored(central)) == 900 - len(poisoned)
    assert [row[0] for row in central.rows("SELECT seq FROM unreadable ORDER BY seq")] == poisoned
    assert rig.link.acked == {EPOCH: 900}


def test_huge_rows(door, central, make_rig):
    """Large rows go in smaller batches; one that is too large for any goes as a quotation."""
    for size in (400_000, 400_000, 3_000_000, 10, 700_000):
        door.taps(1, note="x" * size)
    rig = make_rig(door, central)
    rig.drain()
    assert len(stored(central)) + len(central.rows("SELECT seq FROM unreadable")) == 5
    assert rig.link.acked == {EPOCH: 5}


def test_a_row_missing_from_the_journal(door, central, make_rig):
    """A gap in a damaged journal is passed over; nothing waits for it for ever."""
    door.taps(10)
    door.change("DELETE FROM journal WHERE position IN (4, 5)")
    rig = make_rig(door, central)
    rig.drain()
    assert len(stored(central)) == 8
    door.taps(3)
    assert 5.0 in rig.drain()
    door.taps(3)
    assert 5.0 not in rig.drain()
    assert rig.link.acked == {EPOCH: 16}


def test_erased_rows_go_up_too(door, central, make_rig):
    """A row whose payload was erased still travels, and still fits the chain."""
    door.taps(3)
    door.change("UPDATE journal SET payload = NULL, salt = NULL WHERE position = 2")
    make_rig(door, central).drain()
    assert stored(central) == hashes(door.db)


def test_a_wrong_key_keeps_everything(door, central, make_rig, manual_clock):
    """A key that the server does not know, or one that was revoked, is an alarm; rows wait."""
    door.taps(3)
    central.store.devices.revoke(central.device_id, now=manual_clock.now().claimed_at)
    rig = make_rig(door, central)
    assert [rig.uploader.step() for _ in range(3)] == [15, 30, 60]
    assert rig.link.problem == Problem.REVOKED
    stranger = make_rig(door, central, device_id="nobody")
    assert stranger.uploader.step() == 15
    assert (stranger.link.problem, stranger.link.online) == (Problem.UNAUTHORISED, True)
    assert len(hashes(door.db)) == 3


def test_no_journal_yet(tmp_path, make_station, make_rig, central, caplog):
    """Without a journal the uploader waits, says so once, and begins when there is one."""
    caplog.set_level("INFO")
    station = make_station(central.device_id)
    station.path.rename(station.data / "elsewhere.db")
    rig = make_rig(station, central)
    assert [rig.uploader.step() for _ in range(3)] == [1, 2, 4]
    (station.data / "elsewhere.db").rename(station.path)
    station.taps(2)
    rig.drain()
    said = [record.getMessage() for record in caplog.records if record.name == "sync.uploader"]
    assert len(said) == 2
    assert len(stored(central)) == 2


def test_the_server_keeps_what_was_sealed(door, central, make_rig):
    """The stored header and payload are the journal's own, so the chain can be verified there."""
    entries = door.taps(3)
    make_rig(door, central).drain()
    row = central.rows("SELECT payload, salt, payload_digest, hash FROM events WHERE seq = 2")[0]
    record = entries[1].record
    assert (row[0], *row[1:]) == (bytes(record.payload).decode(), record.salt, record.payload_digest, record_hash(record))


def test_marks_survive_a_restart(door, central, make_rig, manual_clock):
    """What was confirmed is known to the next agent, which sends only what is new."""
    door.taps(4)
    rig = make_rig(door, central)
    rig.drain()
    again = SyncState(rig.path, manual_clock)
    try:
        assert progress.through(again.acked(EPOCH)) == 4
    finally:
        again.close()
