"""The sync agent as the program it is: it starts, stops, is alone, and goes on when its own file is damaged."""

import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, contextmanager

import pytest

from sync import agent
from sync.clock import SystemClock
from sync.database import DatabaseUnavailable
from sync.identity import KEY_NAME, DeviceKey, write_identity
from sync.settings import Settings
from sync.state import read_link
from tests.journeys.demo import eventually
from tests.sync.conftest import Rig
from tests.sync.making import EPOCH, hashes, identity


@pytest.fixture
def door(central, make_station, tmp_path, manual_clock):
    """An enrolled door with a journal."""
    (tmp_path / "station").mkdir()
    key = DeviceKey.create(tmp_path / "station" / KEY_NAME)
    now = manual_clock.now().claimed_at
    made = central.store.devices.add("Pos", place_id="pos", time_zone="Asia/Jakarta", now=now, public_key=key.public)
    station = make_station(made.id)
    write_identity(station.data, identity(central.server_key, central.url, made.id))
    return station


@contextmanager
def running(data):
    """`gapura sync` on this folder; killed if it does not end by itself."""
    command = [sys.executable, "-m", "kiosk", "sync", "--data", str(data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def acked(door):
    link = read_link(door.data / "sync.db")
    return link.acked if link else {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(door, central, number):
    """The agent uploads, ends with code 0 when it is told to, and leaves no "online" and no unfinished log behind."""
    door.taps(30)
    with running(door.data) as process:
        eventually(lambda: acked(door) == {EPOCH: 30}, what="the rows at the server")
        assert read_link(door.data / "sync.db").online
        process.send_signal(number)
        assert process.wait(15) == 0
        said = process.stderr.read()
    assert "Traceback" not in said
    assert not (door.data / "sync.db-wal").exists()
    assert not read_link(door.data / "sync.db").online
    assert [row[1] for row in central.rows()] == hashes(door.db)


def test_killed_and_started_again(door, central):
    """After SIGKILL the next agent goes on: nothing is held by the dead one, nothing goes twice."""
    door.taps(5)
    with running(door.data) as process:
        eventually(lambda: acked(door) == {EPOCH: 5}, what="the rows at the server")
        process.kill()
    door.taps(5)
    with running(door.data):
        eventually(lambda: acked(door) == {EPOCH: 10}, what="the new rows at the server")
    assert [row[1] for row in central.rows()] == hashes(door.db)


def test_a_second_agent_is_refused(door):
    """Two agents on one folder would mark behind each other's back: the second says so and ends with 1."""
    with agent.agent_lock(door.data), running(door.data) as second:
        assert second.wait(15) == 1
        said = second.stderr.read()
    assert "already running" in said
    assert "Traceback" not in said


def test_a_folder_that_cannot_be_written(tmp_path):
    """The sentence names the folder and says where to look; it holds for root too."""
    (tmp_path / "file").touch()
    with pytest.raises(agent.StartRefused, match="owner"), agent.agent_lock(tmp_path / "file"):
        pass


def test_it_waits_until_it_is_enrolled(tmp_path):
    """Before the enrolment the agent runs and says what is missing; told to stop, it stops."""
    stop = threading.Event()
    tools = agent.Tools(SystemClock(), lambda: 0.5, stop)
    thread = threading.Thread(target=agent.run, args=(Settings(data=str(tmp_path)), tools))
    thread.start()
    try:
        eventually(lambda: (link := read_link(tmp_path / "sync.db")) and link.problem == "no_server", what="the reason")
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


DAMAGES = {
    "no database": lambda content: b"\x00garbage" * 999,
    "cut short": lambda content: content[: len(content) // 2 - 100],
    "a page": lambda content: content[:4096] + b"\xff" * 4096 + content[8192:],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_sync_db_is_set_aside(make_station, central, make_rig, manual_clock, caplog, name):
    """It is kept for whoever looks, a new one begins, and what the server has is learnt again without a duplicate."""
    door = make_station(central.device_id)
    door.taps(40)
    path = door.data / "sync.db"
    with ExitStack() as stack:
        Rig(door, central.url, manual_clock, stack, server_key=central.server_key).drain()
    damaged = DAMAGES[name](path.read_bytes())
    path.write_bytes(damaged)
    with closing(agent.open_state(path, manual_clock)) as state:
        assert state.acked(EPOCH) == ()
    (kept,) = door.data.glob("sync.db.damaged-*[0-9]")
    assert kept.read_bytes() == damaged
    assert any("damaged" in said for said in caplog.messages)
    make_rig(door, central).drain()
    assert acked(door) == {EPOCH: 40}
    assert [row[1] for row in central.rows()] == hashes(door.db)


def test_a_disk_that_cannot_be_read_damages_nothing(tmp_path, manual_clock):
    """What cannot be opened is not set aside: it may be well."""
    (tmp_path / "sync.db").mkdir()
    with pytest.raises(DatabaseUnavailable):
        agent.open_state(tmp_path / "sync.db", manual_clock)
    assert (tmp_path / "sync.db").is_dir()
