"""Clocks that are wrong: the claimed time stays as it is, and the server's estimate stands beside it."""

from datetime import timedelta

import msgspec
import pytest

from sync.clock import ManualClock, SyncState, utc_datetime
from sync.server.reports import Reports
from sync.server.sink import DatabaseSink
from tests.sync.making import Station

YEARS = 365.25 * 86400


@pytest.fixture
def world(tmp_path, database, door, clock):
    """A door with a clock of its own, which is set wrong, beside the server's, which is right."""
    made = World(tmp_path, database, door, clock)
    yield made
    made.station.close()


class World:
    def __init__(self, folder, database, door, clock):
        self.database, self.device_id, self.right = database, door.id, clock
        self.wrong = ManualClock(clock.wall)
        self.station = Station(folder, self.wrong, door.id)
        self.sink, self.sent = DatabaseSink(database), 0

    def pass_s(self, seconds):
        self.right.advance(seconds)
        self.wrong.advance(seconds)

    def reboot(self, name, dark_s):
        """Power is away for so long; the door's clock stands still meanwhile, as it has no battery."""
        self.right.advance(dark_s)
        self.wrong.reboot(name)
        self.wrong.mono_ns = 0
        self.wrong.sync_state = SyncState.NEVER

    def tap(self):
        """One tap; gives the true time and the claimed one."""
        (entry,) = self.station.taps(1)
        return self.right.now().claimed_at, entry.record.claimed_at

    def send(self):
        from sync.journal import read
        from sync.protocol.wire import Batch, batch_bytes

        rows = [msgspec.json.encode(entry.record) for entry in read(self.station.db, after=self.sent)]
        self.sent += len(rows)
        now = self.wrong.now()
        batch = msgspec.json.decode(batch_bytes(self.station.journal.origin.epoch, rows, now.boot_id, now.mono_ns), type=Batch)
        return self.sink.take(self.device_id, batch, self.right.now().claimed_at)

    def rows(self):
        with self.database.reading() as connection:
            sql = """SELECT e.claimed_at, d.dated_at, d.dated_width_s FROM events e LEFT JOIN datings d
                     ON d.device_id = e.device_id AND d.epoch = e.epoch AND d.seq = e.seq ORDER BY e.seq"""
            return [tuple(row) for row in connection.exec_driver_sql(sql)]


def apart_s(one, other):
    return abs((utc_datetime(one) - utc_datetime(other)).total_seconds())


@pytest.mark.parametrize("years", [-20, 20, 0.01, -0.01])
def test_a_clock_that_is_years_off(world, years):
    """The claim is kept to the letter, and the estimate beside it is right, to less than a minute."""
    world.wrong.jump(years * YEARS)
    true, claimed = world.tap()
    world.pass_s(5000)
    world.send()
    ((kept, dated, width_s),) = world.rows()
    assert kept == claimed
    assert apart_s(dated, true) <= width_s < 20


def test_a_clock_that_is_right_needs_no_estimate(world):
    """Where claim and estimate agree, nothing is said."""
    world.tap()
    world.pass_s(100)
    world.send()
    assert [row[1] for row in world.rows()] == [None]


def test_reboots_between(world):
    """Taps of a boot that was never online lie in a bracket between the boots that were, however the clock was."""
    world.tap()
    world.pass_s(10)
    world.send()
    world.reboot("b", dark_s=3600)
    world.pass_s(60)
    lost = [world.tap()]
    world.pass_s(60)
    lost.append(world.tap())
    world.reboot("c", dark_s=1800)
    world.wrong.jump(-20 * YEARS)
    world.pass_s(30)
    late = world.tap()
    world.send()
    _, *bracketed, last = world.rows()
    for (true, claimed), (kept, dated, width_s) in zip(lost, bracketed, strict=True):
        assert kept == claimed
        assert apart_s(dated, true) <= width_s < 3600
    assert apart_s(last[1], late[0]) <= last[2] < 20


def test_the_second_batch_goes_on_where_the_first_ended(world):
    """A long backlog of an unheard boot has one bracket, in how many batches ever it comes."""
    world.tap()
    world.send()
    world.reboot("b", dark_s=600)
    taps = []
    for _ in range(4):
        world.pass_s(300)
        taps.append(world.tap())
    world.reboot("c", dark_s=600)
    both = world.station.db
    both.execute("CREATE TABLE kept AS SELECT * FROM journal WHERE position > 3")
    both.execute("DELETE FROM journal WHERE position > 3")
    world.send()
    both.execute("INSERT INTO journal SELECT * FROM kept")
    world.send()
    for (true, _), (_, dated, width_s) in zip(taps, world.rows()[1:], strict=True):
        assert apart_s(dated, true) <= width_s < 1300


def test_a_second_sending_changes_nothing(world):
    """What was dated once stays dated so."""
    world.wrong.jump(YEARS)
    world.tap()
    world.send()
    before = world.rows()
    world.sent = 0
    world.right.advance(9999)
    world.send()
    assert world.rows() == before


def test_a_door_that_does_not_say_when_it_sends(world):
    """A batch without a time of sending, as from a stick, is kept and not dated."""
    world.wrong.jump(YEARS)
    world.tap()
    world.wrong.boot_id = ""
    world.send()
    assert [row[1] for row in world.rows()] == [None]


def test_the_page_and_the_export_say_both(world):
    """People see the door's time and the estimate; the export has both."""
    world.wrong.jump(-3600)
    world.tap()
    world.pass_s(30)
    world.send()
    reports = Reports(world.database)
    (entry,) = reports.today(world.right.wall)
    assert entry.estimate is not None
    assert timedelta(minutes=59) < entry.estimate.at - entry.at < timedelta(minutes=61)
    assert entry.estimate.width_minutes == 1
    (line,) = reports.export(first=None, last=None, health=True, names=False)
    assert {"dated_at", "dated_width_s"} <= set(line)
