"""Nightly checks and backups, room on the disk, and a journal that cannot be written."""

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.values import ScreenKind
from kiosk.services.housekeeping import Housekeeping
from kiosk.services.program import Program
from kiosk.store import arrivals, backup
from sync import journal
from sync.clock import ManualClock, SyncState
from sync.database import DatabaseUnavailable, open_database, open_reader
from sync.journal import Event
from sync.protocol.events import Kind
from tests.kiosk.services.post import Post
from tests.kiosk.services.test_devices import wait_for

_MIB = 1 << 20
NIGHT = datetime(2020, 6, 10, 3, 0, tzinfo=ZoneInfo("Asia/Jakarta")).astimezone(UTC)


def night(post: Post, keeper: Housekeeping) -> None:
    """A day goes by, to three at night."""
    post.clock.advance(86_400)
    keeper.step()


@pytest.fixture
def post(make_post: Callable[..., Post]) -> Post:
    """A door at three at night, with a few entries of the day."""
    made = make_post(clock=ManualClock(NIGHT))
    for number in range(1, 5):
        made.badge(number)
        made.forehead(36.4)
        made.wait(10)
    return made


def rows_of(path: Path) -> int:
    with closing(open_reader(path)) as db:
        return journal.last_position(db)


def test_a_backup_every_night_and_seven_of_them(post: Post) -> None:
    """Each night adds one that verifies, with that day's rows; the oldest goes."""
    keeper, rows = post.housekeeping(), []
    for _ in range(9):
        post.badge(5)
        night(post, keeper)
        rows.append(rows_of(post.data / "kiosk.db"))
    assert [path.name for path in backup.kept(post.data)] == [f"kiosk-{n:06}.db" for n in range(3, 10)]
    assert [rows_of(path) for path in backup.kept(post.data)] == rows[2:]
    assert all(backup.check(path).ok for path in backup.kept(post.data))


def test_once_a_night(post: Post) -> None:
    """The hour goes by in many steps, and a restart falls into it: one backup."""
    keeper = post.housekeeping()
    for _ in range(3):
        post.clock.advance(600)
        keeper.step()
    again = post.housekeeping()
    for _ in range(2):
        post.clock.advance(600)
        again.step()
    assert len(backup.kept(post.data)) == 1


def test_without_a_known_hour_a_day_of_running_is_enough(make_post: Callable[..., Post]) -> None:
    """A clock that nobody vouches for, at whatever hour: every 24 hours, and never right at the start."""
    post = make_post(clock=ManualClock(sync_state=SyncState.NEVER))
    keeper, made = post.housekeeping(), []
    for _ in range(4 * 24 * 3):
        keeper.step()
        made.append(len(backup.kept(post.data)))
        post.clock.advance(900)
    assert made[0] == 0
    assert made[-1] == 3
    assert [made.count(n) for n in (1, 2)] == [96, 96]


def test_a_changed_row_is_said_once_and_stays_said(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log when a check finds it, a sign for as long as it is so, and backups go on."""
    keeper = post.housekeeping()
    with post.database.reading() as db:
        db.execute("UPDATE journal SET place_id = 'elsewhere' WHERE position = 2")
    caplog.set_level(logging.INFO)
    for _ in range(3):
        night(post, keeper)
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR] == [
        "nightly check: journal: row 2 does not fit: the row's header was changed"
    ]
    assert not post.health.refresh().journal_sound
    assert len(backup.kept(post.data)) == 3
    again = post.restart()
    again.housekeeping()
    assert not again.health.health.journal_sound
    again.close()


def test_no_room_for_a_copy(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """The journal is checked in its place, the want of room is said once, and its end once."""
    free = [0]
    keeper = post.housekeeping(free_bytes=lambda: free[0])
    free[0] = 200 * _MIB + 1000
    caplog.set_level(logging.INFO)
    for _ in range(3):
        night(post, keeper)
    assert (backup.kept(post.data), post.health.refresh().journal_sound) == ([], True)
    free[0] = 900 * _MIB
    night(post, keeper)
    assert [r.getMessage() for r in caplog.records if "backup" in r.getMessage()] == [
        "nightly check: backup: no room for a backup",
        "nightly check: backup: all is well again",
    ]
    assert len(backup.kept(post.data)) == 1


def test_a_backup_folder_that_cannot_be_written_does_not_stop_the_door(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """It is an outage of backups: said once, and the journal is checked in its place."""
    (post.data / "backups").write_text("a file where the folder should be")
    keeper = post.housekeeping()
    night(post, keeper)
    night(post, keeper)
    assert len([r for r in caplog.records if "nightly check: backup" in r.getMessage()]) == 1
    assert post.health.refresh().journal_sound


def test_a_disk_that_fills_costs_old_backups_first(post: Post) -> None:
    """Below 200 MiB only the newest stays; below 50 MiB not even that: the journal must go on."""
    free = [900 * _MIB]
    keeper = post.housekeeping(free_bytes=lambda: free[0])
    for _ in range(3):
        night(post, keeper)
    counts = []
    for free_mib in (200, 199, 60, 49):
        free[0] = free_mib * _MIB
        keeper.step()
        counts.append([path.stem for path in backup.kept(post.data)])
    newest = ["kiosk-000003"]
    assert counts == [["kiosk-000001", "kiosk-000002", *newest], newest, newest, []]


def test_a_long_log_is_folded(post: Post) -> None:
    """After a rush the log does not stay as long as it was."""
    log = post.data / "kiosk.db-wal"
    event = Event(Kind.GUARD_NOTED, {"note": "x" * 2000})
    with post.database.transaction():
        for _ in range(600):
            post.database.journal.append(event, post.clock.now())
    assert log.stat().st_size > _MIB
    post.housekeeping().step()
    assert log.stat().st_size < _MIB


def test_screens_forget_after_35_days_by_a_synced_clock_only(post: Post) -> None:
    """Projections of older days go, and come back only by a rebuild; an unsynced clock drops nothing."""
    keeper = post.housekeeping()
    post.clock.sync_state = SyncState.NEVER
    post.clock.advance(36 * 86_400)
    keeper.step()
    with post.database.reading() as db:
        assert len(arrivals.newest_arrivals(db, 100)) == 4
    post.clock.sync_state = SyncState.SYNCED
    post.clock.advance(3600)
    keeper.step()
    with post.database.reading() as db:
        assert arrivals.newest_arrivals(db, 100) == []


def test_what_is_known_of_ages_survives_nonsense(post: Post) -> None:
    """A value in `upkeep` that is none of ours is counted anew, and the door starts."""
    with post.database.transaction() as db:
        db.executemany("INSERT INTO upkeep VALUES (?, ?)", [("count", "[1]"), ("acknowledged", "no")])
    assert post.housekeeping().step() == 60.0


def program_of(post: Post) -> Program:
    return Program(
        data=post.data,
        clock=post.clock,
        database=post.database,
        lane=post.lane,
        station=post.station,
        health=post.health,
        scanner=None,
        thermometer=None,
        housekeeping=post.housekeeping(),
        stopping=post.stopping,
    )


def test_a_full_disk_ends_in_the_out_of_service_screen_and_loses_nothing(post: Post) -> None:
    """SQLite finds no room for a tap: the panel says out of service, the program ends, and with room the chain goes on."""
    before = len(post.rows())
    with post.database.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    program = program_of(post)
    program.start()
    for _ in range(50):
        post.lane.note(Event(Kind.GUARD_NOTED, {"note": "x" * 3000}))
    program.wait()
    assert isinstance(program.failure, DatabaseUnavailable)
    assert "full" in str(program.failure)
    assert post.station.panel.current().screen.kind is ScreenKind.OUT_OF_SERVICE
    assert not post.station.panel.current().health.in_service
    program.stop()
    kept = len(post.rows())
    again = post.restart()
    again.badge(7)
    rows = again.rows()
    assert kept >= before
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["kind"] == "attendance.tapped"
    again.close()


def test_housekeeping_runs_beside_the_door_and_ends_with_it(post: Post) -> None:
    """It is one of the program's threads: the night's backup is made, and stopping ends it."""
    program = program_of(post)
    program.start()
    wait_for(lambda: len(backup.kept(post.data)) == 1)
    post.stopping.set()
    program.stop()
    assert program.failure is None


def test_damage_found_while_running_ends_the_program(post: Post) -> None:
    """An error of kiosk.db in housekeeping is as final as one in the lane: the next start sees to it."""
    keeper = post.housekeeping()
    with closing(open_database(post.data / "kiosk.db")) as db:
        db.execute("DROP TABLE upkeep")
    with pytest.raises(DatabaseUnavailable):
        keeper.step()
