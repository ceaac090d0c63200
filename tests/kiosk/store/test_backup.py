"""Backups: made beside a working door, checked before they count, brought back under a new epoch."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from kiosk.store import backup, quarantine
from kiosk.store.backup import BackupFailed
from kiosk.store.database import open_kiosk_database
from sync import journal
from sync.clock import ManualClock, SystemClock
from sync.database import open_database, open_reader
from tests.kiosk.store.test_quarantine import entries, fill, lived_in, open_here, torn

CLOCK = ManualClock()


def hashes(path: Path) -> list[str]:
    with closing(open_reader(path)) as db:
        return [entry.record.hash for entry in journal.read(db)]


def bring_back(source: Path, data: Path) -> journal.Verification:
    return backup.restore(
        source, data / "kiosk.db", device_id="door-1", place_id="lobby", random_bytes=Random("back").randbytes, moment=CLOCK.now()
    )


def test_a_backup_is_the_journal(tmp_path: Path) -> None:
    """The copy holds the same chain, hash by hash, is one file that only its owner may read, and needs nothing beside it."""
    lived_in(tmp_path, with_backup=False)
    target = backup.next_path(tmp_path)
    found = backup.make(tmp_path / "kiosk.db", target)
    assert (found.ok, found.rows) == (True, 40)
    assert hashes(target) == hashes(tmp_path / "kiosk.db")
    assert [path.name for path in target.parent.iterdir()] == ["kiosk-000001.db"]
    assert target.stat().st_mode & 0o777 == 0o600


def test_taps_go_on_while_a_backup_is_made(tmp_path: Path) -> None:
    """Rows committed between its steps neither wait for the copy, nor make it start over, nor are in it by half."""
    database = open_here(tmp_path)
    fill(database, 6000)
    taken: list[int] = []

    def tap() -> None:
        if len(taken) < 30:
            taken.append(1)
            fill(database, 1)

    found = backup.make(tmp_path / "kiosk.db", tmp_path / "copy.db", pause=tap)
    database.close()
    assert (found.ok, found.rows, len(taken)) == (True, 6000, 30)
    assert hashes(tmp_path / "copy.db") == hashes(tmp_path / "kiosk.db")[:6000]


def test_a_backup_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    """Stopped between its steps, it is as if it had not been tried."""
    lived_in(tmp_path, with_backup=False)

    def stop() -> None:
        raise KeyboardInterrupt

    target = backup.next_path(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        backup.make(tmp_path / "kiosk.db", target, pause=stop)
    assert list(target.parent.iterdir()) == []
    assert backup.kept(tmp_path) == []


def spoilt_directory(path: Path) -> None:
    """The journal's own rows stay readable."""
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'people'").fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 + 3 : (root - 1) * 4096 + 40] = b"\x5a" * 37
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [torn, spoilt_directory])
def test_a_damaged_journal_gives_no_backup(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """What does not check as whole never gets a backup's name, and an older one stays."""
    lived_in(tmp_path, with_backup=True)
    damage(tmp_path / "kiosk.db")
    with pytest.raises(BackupFailed):
        backup.make(tmp_path / "kiosk.db", backup.next_path(tmp_path))
    assert [path.name for path in backup.kept(tmp_path)] == ["kiosk-000001.db"]


def test_a_broken_chain_is_copied_and_told(tmp_path: Path) -> None:
    """A row that was changed at the door must not end all backups: the copy is broken where the door's own journal is."""
    lived_in(tmp_path, with_backup=False)
    with closing(open_database(tmp_path / "kiosk.db")) as db:
        db.execute("UPDATE journal SET kind = 'verdict.admit' WHERE position = 5")
    found = backup.make(tmp_path / "kiosk.db", tmp_path / "copy.db")
    assert (found.ok, found.first_bad) == (False, 5)
    assert hashes(tmp_path / "copy.db") == hashes(tmp_path / "kiosk.db")


def test_names_count_up_whatever_the_clock_says(tmp_path: Path) -> None:
    """The newest is the one with the highest number, past 999999 too."""
    (tmp_path / "backups").mkdir()
    for number in (2, 1000000, 999999):
        (tmp_path / "backups" / f"kiosk-{number:06}.db").touch()
    (tmp_path / "backups" / "kiosk-mine.db").touch()
    assert [path.stem for path in backup.kept(tmp_path)] == ["kiosk-000002", "kiosk-999999", "kiosk-1000000"]
    assert backup.next_path(tmp_path).name == "kiosk-1000001.db"


def test_a_restored_backup_is_equal_by_its_chain_and_goes_on_under_a_new_epoch(tmp_path: Path) -> None:
    """The rows of the backup are there hash by hash; the rows since are in quarantine; no number is ever used twice."""
    lived_in(tmp_path, with_backup=True)
    [copy] = backup.kept(tmp_path)
    database = open_here(tmp_path, "second")
    fill(database, 5)
    database.close()
    since = hashes(tmp_path / "kiosk.db")
    used = {(entry.record.epoch, entry.record.seq) for entry in entries(tmp_path)}
    found = bring_back(copy, tmp_path)
    again = open_here(tmp_path, "third")
    fill(again, 3)
    again.close()
    rows = entries(tmp_path)
    [folder] = quarantine.folders(tmp_path)
    assert (found.ok, found.rows) == (True, 40)
    assert [row.record.hash for row in rows[:40]] == hashes(copy)
    assert rows[40].record.kind == "station.quarantined"
    assert rows[40].payload == {"reason": "restored", "folder": folder.name, "backup": copy.name}
    assert not used & {(row.record.epoch, row.record.seq) for row in rows[40:]}
    assert hashes(folder / "kiosk.db") == since
    with closing(open_reader(tmp_path / "kiosk.db")) as db:
        assert journal.verify(db).ok
        assert db.execute("SELECT count(*) FROM people").fetchone() == (9,)


def test_restoring_where_nothing_is(tmp_path: Path) -> None:
    """On a new card the backup becomes the station's journal; there is nothing to set aside."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    lived_in(old, with_backup=True)
    bring_back(backup.kept(old)[0], new)
    assert hashes(new / "kiosk.db")[:40] == hashes(old / "kiosk.db")
    assert quarantine.folders(new) == []
    assert (new / "kiosk.db").stat().st_mode == (old / "kiosk.db").stat().st_mode  # the sync agent reads it


@pytest.mark.parametrize("damage", ["torn", "changed", "no journal"])
def test_what_is_wrong_is_not_restored(tmp_path: Path, damage: str) -> None:
    """A backup that does not check leaves the door as it was."""
    lived_in(tmp_path, with_backup=True)
    [copy] = backup.kept(tmp_path)
    if damage == "torn":
        torn(copy)
    elif damage == "changed":
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute("UPDATE journal SET payload = '{}' WHERE position = 3")
    else:
        copy.write_bytes(b"")
    before = hashes(tmp_path / "kiosk.db")
    with pytest.raises(BackupFailed):
        bring_back(copy, tmp_path)
    assert hashes(tmp_path / "kiosk.db") == before
    assert quarantine.folders(tmp_path) == []
    assert not list(tmp_path.glob(".*"))


def test_the_log_is_folded_unless_somebody_reads(tmp_path: Path) -> None:
    """Folding never waits: a reader in the middle of something is left alone, and the log is empty after the next try."""
    database = open_kiosk_database(tmp_path / "kiosk.db", device_id="d", place_id="p", random_bytes=Random(1).randbytes)
    fill(database)
    with closing(open_reader(tmp_path / "kiosk.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM journal").fetchone()
        began_ns = SystemClock().now().mono_ns
        assert not database.fold_log()
        assert SystemClock().now().mono_ns - began_ns < 1_000_000_000
        assert database.connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    assert database.fold_log()
    assert (tmp_path / "kiosk.db-wal").stat().st_size == 0
    database.close()


def test_a_slow_reader_holds_no_log(tmp_path: Path) -> None:
    """While somebody reads the journal page by page for as long as they like, the log stays under 8 MiB."""
    database = open_here(tmp_path)
    fill(database, 1000)
    with closing(open_reader(tmp_path / "kiosk.db")) as db:
        slowly = journal.read(db)
        largest = 0
        for _ in range(40):
            next(slowly)
            fill(database, 400)
            largest = max(largest, (tmp_path / "kiosk.db-wal").stat().st_size)
    database.close()
    assert largest < 8 << 20
    assert (tmp_path / "kiosk.db").stat().st_size > largest
