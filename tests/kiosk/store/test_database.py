import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from kiosk.services import record
from kiosk.store.database import KioskDatabase, open_kiosk_database, open_reader
from sync import journal
from sync.clock import ManualClock
from sync.database import DatabaseCorrupt, DatabaseUnavailable
from sync.journal import Event
from sync.protocol.events import Kind

CLOCK = ManualClock()
TAP = Event(Kind.ATTENDANCE_TAPPED, {"tap_id": "t", "person_id": "P1", "direction": "in"})


def opened(path: Path, device_id: str = "door-1", seed: int = 1) -> KioskDatabase:
    return open_kiosk_database(path, device_id=device_id, place_id="lobby", random_bytes=Random(seed).randbytes)


def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Opening again goes on in the same epoch, without a gap."""
    for seed in (1, 2):
        with closing(opened(tmp_path / "kiosk.db", seed=seed)) as database:
            record.commit(database, [TAP, TAP], CLOCK.now())
    with closing(open_reader(tmp_path / "kiosk.db")) as db:
        assert [tuple(row) for row in db.execute("SELECT DISTINCT epoch FROM journal")] == [(database.journal.origin.epoch,)]
        assert [row[0] for row in db.execute("SELECT seq FROM journal ORDER BY position")] == [1, 2, 3, 4]
        assert journal.verify(db).ok


def test_another_device_starts_another_epoch(tmp_path: Path) -> None:
    """A card put into another kiosk, and back, starts a new chain each time; the file as a whole still verifies."""
    epochs = []
    for seed, device in enumerate(["door-1", "door-2", "door-1", "door-1"]):
        with closing(opened(tmp_path / "kiosk.db", device, seed)) as database:
            [entry] = record.commit(database, [TAP], CLOCK.now())
            epochs.append((entry.record.epoch, entry.record.seq))
            assert journal.verify(database.connection).ok
    assert len({epoch for epoch, _ in epochs}) == 3
    assert [seq for _, seq in epochs] == [1, 1, 1, 2]


def test_a_failed_commit_leaves_nothing(tmp_path: Path) -> None:
    """When the last of several events cannot be written none of them happened, in no table."""
    with closing(opened(tmp_path / "kiosk.db")) as database:
        nan = Event(Kind.SCREENING_MEASURED, {"tap_id": "t", "object_c": float("nan")})
        with pytest.raises(ValueError, match=r"nan|NaN"):
            record.commit(database, [TAP, nan], CLOCK.now())
        assert database.connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)
        assert database.connection.execute("SELECT count(*) FROM arrivals").fetchone() == (0,)
        [entry] = record.commit(database, [TAP], CLOCK.now())
        assert entry.record.seq == 1


def test_a_reader_cannot_write_and_sees_only_what_is_committed(tmp_path: Path) -> None:
    """The sync agent's and the screens' connection is read-only."""
    with closing(opened(tmp_path / "kiosk.db")) as database, closing(open_reader(tmp_path / "kiosk.db")) as reader:
        with database.transaction():
            database.journal.append(TAP, CLOCK.now())
            assert journal.last_position(reader) == 0
        assert journal.last_position(reader) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM journal")


@pytest.mark.parametrize("where", ["missing/folder/kiosk.db", "kiosk.db", "file/kiosk.db"])
def test_a_place_that_cannot_be_used_is_named(tmp_path: Path, where: str) -> None:
    """No folder, a folder in the file's place, a file in the folder's place: one sentence with the path and what to do."""
    (tmp_path / "file").write_text("")
    (tmp_path / "kiosk.db").mkdir()
    with pytest.raises(DatabaseUnavailable, match=f"{tmp_path / where}: .*; check the disk"):
        opened(tmp_path / where)
    with pytest.raises(DatabaseUnavailable, match="check the disk"):
        open_reader(tmp_path / where)


def test_what_is_no_database_is_corrupt(tmp_path: Path) -> None:
    """A file of something else is never written to."""
    path = tmp_path / "kiosk.db"
    path.write_bytes(b"photo of a cat" * 1000)
    with pytest.raises(DatabaseCorrupt, match="set aside"):
        opened(path)
    assert path.read_bytes() == b"photo of a cat" * 1000


def test_a_damaged_page_is_found_at_the_start(tmp_path: Path) -> None:
    """Bytes lost in the middle of the file stop the kiosk before it writes."""
    path = tmp_path / "kiosk.db"
    with closing(opened(path)) as database:
        for _ in range(200):
            record.commit(database, [TAP], CLOCK.now())
    with path.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xff" * 4096 * 12)
    with pytest.raises(DatabaseCorrupt, match="set aside"):
        opened(path)


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    """Using it after the end is our error, not sqlite3's."""
    database = opened(tmp_path / "kiosk.db")
    database.close()
    with pytest.raises(DatabaseUnavailable), database.transaction():
        pass
