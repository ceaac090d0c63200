"""Database files: who may write them, and what is said when they cannot be used."""

import os
import stat
from contextlib import closing

import pytest

from sync.database import (
    DatabaseCorrupt,
    DatabaseUnavailable,
    open_database,
    open_reader,
    quick_check,
    transaction,
    version_note,
)


@pytest.mark.parametrize(("umask", "mode"), [(0o007, 0o660), (0o027, 0o640), (0o077, 0o600)])
def test_the_umask_says_who_may_write(tmp_path, umask, mode):
    """The file and its log are made with the umask's mode, so that kiosk and agent can share them by group."""
    path = tmp_path / "kiosk.db"
    before = os.umask(umask)
    try:
        with closing(open_database(path)) as db:
            db.execute("CREATE TABLE t (x)")
            found = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.with_name("kiosk.db-wal"))]
    finally:
        os.umask(before)
    assert found == [mode, mode]


def test_a_mode_that_was_set_stays(tmp_path):
    """Opening a file again leaves its mode alone."""
    path = tmp_path / "kiosk.db"
    open_database(path).close()
    path.chmod(0o640)
    open_database(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_durable_and_overwriting(tmp_path):
    """Every connection syncs each commit and overwrites what is deleted."""
    with closing(open_database(tmp_path / "a.db")) as db:
        found = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "secure_delete")]
    assert found == ["wal", 2, 1]


def test_a_transaction_is_whole_or_not_at_all(tmp_path):
    """An exception takes back everything, and the next transaction begins clean."""

    def broken(db):
        with transaction(db):
            db.execute("INSERT INTO t VALUES (1)")
            raise KeyError

    with closing(open_database(tmp_path / "a.db")) as db:
        db.execute("CREATE TABLE t (x)")
        with pytest.raises(KeyError):
            broken(db)
        with transaction(db):
            db.execute("INSERT INTO t VALUES (2)")
        assert db.execute("SELECT x FROM t").fetchall() == [(2,)]


def test_a_reader_cannot_write(tmp_path):
    """A reader's connection is read-only."""
    open_database(tmp_path / "a.db").close()
    with closing(open_reader(tmp_path / "a.db")) as db, pytest.raises(Exception, match="readonly"):
        db.execute("CREATE TABLE t (x)")


def test_what_cannot_be_used_is_named(tmp_path):
    """No folder, no file, and a file that is no database each say so, with the file's name."""
    with pytest.raises(DatabaseUnavailable, match=r"away/a\.db"):
        open_database(tmp_path / "away" / "a.db")
    with pytest.raises(DatabaseUnavailable, match=r"b\.db"):
        open_reader(tmp_path / "b.db")
    (tmp_path / "c.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseCorrupt, match="set aside"):
        open_database(tmp_path / "c.db")


def test_a_damaged_page_is_found(tmp_path):
    """The check reads the whole file's structure."""
    path = tmp_path / "a.db"
    with closing(open_database(path)) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) INSERT INTO t SELECT i FROM n")
        quick_check(db, path)
    content = bytearray(path.read_bytes())
    content[4096 * 2 : 4096 * 2 + 200] = b"\xff" * 200
    path.write_bytes(content)
    with closing(open_reader(path)) as db, pytest.raises(DatabaseCorrupt):
        quick_check(db, path)


def test_an_old_sqlite_is_noted():
    """Whoever runs an SQLite of before the fix is told, and nobody else."""
    assert version_note() is None or "one writer" in version_note()
