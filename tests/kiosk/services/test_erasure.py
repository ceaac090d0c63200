"""Erasing: no byte of what was erased is left in database, log or backups, and the chain still verifies."""

import struct
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from kiosk.services import record
from kiosk.services.housekeeping import Housekeeping
from kiosk.services.retention import DAY_S, Keep
from kiosk.store import backup
from kiosk.store.arrivals import newest_arrivals, open_holds
from kiosk.store.database import open_reader
from sync import journal
from sync.journal import Event
from sync.protocol.events import Kind
from sync.state import SyncState
from tests.kiosk.services.post import Post

ROWS = 80
"""Of each kind; more than go into one transaction, all together."""
FEVER_C = 38.124375


class Door:
    """A door whose entries can be found in raw bytes, its housekeeping, and an agent that says what the server has."""

    def __init__(self, post: Post) -> None:
        self.post, self.data, self.clock = post, post.data, post.clock
        self.state = SyncState(post.data / "sync.db", post.clock)
        self.keeper: Housekeeping = post.housekeeping()
        self.epoch = post.database.journal.origin.epoch
        self.salts: list[bytes] = []

    def people_come(self, first: int = 0, count: int = ROWS) -> None:
        """Taps with a mark each in a payload of the class ordinary, and one in a payload of the class health."""
        for n in range(first, first + count):
            tap = {"tap_id": f"t{n}", "person_id": f"who-{n:05}-came", "direction": "in"}
            fever = {"tap_id": f"t{n}", "skin_temperature_c": FEVER_C, "note": f"how-{n:05}-ill"}
            hold = {"hold_id": f"h{n}", "tap_id": f"t{n}", "reasons": ["temperature_high"]}
            events = [Event(Kind.ATTENDANCE_TAPPED, tap), Event(Kind.SCREENING_MEASURED, fever), Event(Kind.VERDICT_HOLD, hold)]
            record.commit(self.post.database, [*events, Event(Kind.HOLD_OPENED, hold)], self.clock.now())

    def acknowledge(self, through: int) -> None:
        self.state.set_acked(self.epoch, ((1, through),))

    def days(self, days: float) -> float:
        """Let so many days pass, and keep house."""
        self.clock.advance(days * DAY_S)
        return self.keeper.step()

    def raw(self) -> bytes:
        """Every byte of the database, its log and its backups."""
        files = [self.data / f"kiosk.db{suffix}" for suffix in ("", "-wal", "-shm")]
        return b"".join(path.read_bytes() for path in (*files, *sorted((self.data / "backups").glob("*"))) if path.exists())

    def left(self) -> dict[str, int]:
        """How many marks of each sort, and temperatures, stand in the raw bytes."""
        raw = self.raw()
        return {
            "ordinary": sum(f"who-{n:05}-came".encode() in raw for n in range(ROWS)),
            "health": sum(f"how-{n:05}-ill".encode() in raw for n in range(ROWS)),
            "degrees": raw.count(struct.pack(">d", FEVER_C)) + raw.count(str(FEVER_C).encode()),
            "salts": sum(salt in raw for salt in self.salts),
        }

    def left_of_rows(self) -> int:
        """How many rows still have their payload."""
        with closing(open_reader(self.data / "kiosk.db")) as db:
            return int(db.execute("SELECT count(*) FROM journal WHERE payload IS NOT NULL").fetchone()[0])

    def remember_salts(self) -> None:
        with closing(open_reader(self.data / "kiosk.db")) as db:
            rows = db.execute("SELECT salt FROM journal WHERE kind = 'screening.measured'").fetchall()
        self.salts = [row[0].encode() for row in rows][:ROWS]

    def verifies(self) -> bool:
        found = []
        for path in (self.data / "kiosk.db", *backup.kept(self.data)):
            with closing(open_reader(path)) as db:
                found.append(journal.verify(db).ok)
        return all(found)


@pytest.fixture
def door(make_post: Callable[..., Post]) -> Iterator[Door]:
    """A door where 80 people with a fever came, all of it acknowledged, and a backup was made since."""
    made = Door(make_post())
    made.people_come()
    made.remember_salts()
    made.acknowledge(ROWS * 4)
    made.keeper.step()
    made.days(0.01)
    assert len(backup.kept(made.data)) == 1
    yield made
    made.state.close()


def test_health_goes_after_seven_days_and_the_rest_after_thirty_five(door: Door) -> None:
    """To the last byte of file, log and backups; heads and chain stay and verify; what is not due is all there."""
    assert door.left() == {"ordinary": ROWS, "health": ROWS, "degrees": door.left()["degrees"], "salts": ROWS}
    assert door.left()["degrees"] >= ROWS
    door.days(6.9)
    assert door.left()["health"] == ROWS
    door.days(0.1)
    assert door.left() == {"ordinary": ROWS, "health": 0, "degrees": 0, "salts": 0}
    assert door.verifies()
    door.days(27.9)
    assert door.left()["ordinary"] == ROWS
    door.days(0.1)
    assert door.left() == {"ordinary": 0, "health": 0, "degrees": 0, "salts": 0}
    assert door.verifies()
    with closing(open_reader(door.data / "kiosk.db")) as db:
        assert journal.verify(db).rows == ROWS * 4
        assert db.execute("SELECT count(*) FROM journal WHERE payload IS NOT NULL OR salt IS NOT NULL").fetchone() == (0,)


def test_backups_of_before_are_kept_and_erased_in(door: Door) -> None:
    """A backup survives the erasure as a journal that verifies; only what was due is gone from it."""
    [before] = backup.kept(door.data)
    door.days(7)
    assert before in backup.kept(door.data)
    with closing(open_reader(before)) as db:
        assert journal.verify(db) == journal.verify(door.post.database.connection)
        assert db.execute("SELECT count(*) FROM journal WHERE payload IS NULL").fetchone() == (ROWS * 3,)


def test_a_backup_that_cannot_be_erased_in_goes(door: Door) -> None:
    """A damaged backup may not keep what the door has promised to forget."""
    [before] = backup.kept(door.data)
    content = before.read_bytes()
    before.write_bytes(b"broken" + content[6:])
    door.days(7)
    assert not before.read_bytes().startswith(b"broken")
    assert door.left()["health"] == 0


def test_what_the_server_does_not_have_stays(make_post: Callable[..., Post]) -> None:
    """However old: rows behind the last acknowledged one keep everything."""
    door = Door(make_post())
    with closing(door.state):
        door.people_come()
        door.acknowledge(40)
        door.keeper.step()
        door.days(400)
        assert (door.left_of_rows(), door.verifies()) == (ROWS * 4 - 40, True)
        door.acknowledge(0)  # the server was restored from an old copy
        door.days(400)
        assert door.left_of_rows() == ROWS * 4 - 40


def test_a_clock_that_jumps_ahead_erases_nothing(door: Door) -> None:
    """Twenty years ahead by the wall clock, synced as it says, before and after a restart: not one payload is gone."""
    door.clock.jump(20 * 365 * DAY_S)
    for _ in range(3):
        door.days(0.05)
    door.clock.reboot("another")
    again = door.post.housekeeping()
    for _ in range(3):
        door.clock.advance(3600)
        again.step()
    assert (door.left()["health"], door.left_of_rows()) == (ROWS, ROWS * 4)


def test_ages_survive_restarts(door: Door) -> None:
    """A door that is switched off and on every day still forgets in time."""
    for day in range(8):
        door.clock.reboot(f"day-{day}")
        door.keeper = door.post.housekeeping()
        door.keeper.step()
        door.days(0.999)
    assert door.left()["health"] == 0


def test_screens_forget_too(door: Door) -> None:
    """Who came stays on the guard's feed; how warm they were, and why they were held, does not."""
    door.days(7)
    with door.post.database.reading() as db:
        arrivals, holds = newest_arrivals(db, 1000), open_holds(db)
    assert {(a.shown_temperature_c, a.reasons) for a in arrivals} == {(None, ())}
    assert {h.shown_temperature_c for h in holds} == {None}
    assert len(arrivals) == len(holds) == ROWS


def test_the_days_can_be_set(make_post: Callable[..., Post]) -> None:
    """Two days for health and three for the rest, where an office says so."""
    post = make_post()
    door = Door(post)
    door.keeper = post.housekeeping(keep=Keep(health_days=2, ordinary_days=3))
    with closing(door.state):
        door.people_come()
        door.acknowledge(ROWS * 4)
        door.keeper.step()
        door.days(2)
        assert (door.left()["health"], door.left()["ordinary"]) == (0, ROWS)
        door.days(1)
        assert door.left_of_rows() == 0


def test_a_reader_in_the_way_is_waited_for(door: Door) -> None:
    """While somebody reads, the log still has the bytes; it is tried again soon, and the next try gets them out."""
    with closing(open_reader(door.data / "kiosk.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal").fetchone()
        assert door.days(7) == 5.0
        assert door.left()["health"] == ROWS
    again = door.post.housekeeping()  # also after a power cut in between
    again.step()
    assert door.left()["health"] == 0


def test_the_scan_sees_what_is_not_overwritten(door: Door) -> None:
    """Without secure_delete marks stay in free space, so a scan that finds none has something to say."""
    door.post.database.connection.execute("PRAGMA secure_delete = OFF")
    for path in backup.kept(door.data):
        path.unlink()
    door.days(7)
    left = door.left()
    assert left["health"] + left["degrees"] + left["salts"] > 0
    assert door.verifies()
