"""The simulated disk keeps its own promises: without that, no cut of it means anything."""

import ctypes
import mmap
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest

from kiosk.simulation.disk import FaultDisk, FaultInjectionUnavailable, load_apsw, prove_hooks
from kiosk.simulation.disk_files import Change, Directory, Operation, StoredFile, survivors
from sync.database import DatabaseError, DatabaseUnavailable, open_database, open_reader

PATH = Path("/card/a.db")


@pytest.fixture
def disk() -> Iterator[FaultDisk]:
    """An honest disk."""
    with FaultDisk(Random(1)) as made:
        yield made
    assert made.unexpected == []


def _rows(disk: FaultDisk) -> list[int]:
    with closing(open_database(PATH, vfs=disk.name)) as db:
        return [row[0] for row in db.execute("SELECT x FROM t ORDER BY x")]


def test_the_hooks_are_proven() -> None:
    """The proof that faults reach the standard library's sqlite3 passes, and passes again."""
    prove_hooks()
    prove_hooks()


def test_without_apsw_it_fails_and_says_what_to_install(tmp_path: Path) -> None:
    """Where apsw is missing nothing is skipped: the error names the package."""
    with pytest.raises(FaultInjectionUnavailable, match="apt-get install python3-apsw"):
        load_apsw(str(tmp_path))


def test_an_apsw_with_another_sqlite_is_refused(tmp_path: Path) -> None:
    """An apsw that carries a library of its own is refused by name, since no fault would reach the product through it."""
    (tmp_path / "apsw.py").write_text("def sqlite3_sourceid(): return '2099-01-01 00:00:00 abc'\n")
    with pytest.raises(FaultInjectionUnavailable, match="apsw has SQLite 2099-01-01 00:00:00, the standard library 2"):
        load_apsw(str(tmp_path))


def test_an_apsw_with_a_copy_of_the_same_sqlite_is_refused(tmp_path: Path) -> None:
    """The same version loaded twice is two libraries: a VFS that the standard library does not see is noticed."""
    with closing(sqlite3.connect(":memory:")) as db:
        ours = db.execute("SELECT sqlite_source_id()").fetchone()[0]
    (tmp_path / "apsw.py").write_text(
        f"def sqlite3_sourceid(): return {ours!r}\n"
        "class VFS:\n    def __init__(self, name, base): pass\n    def unregister(self): pass\n"
    )
    with pytest.raises(FaultInjectionUnavailable, match="a copy of SQLite to itself"):
        load_apsw(str(tmp_path))


def test_what_was_synced_survives_and_what_was_open_is_dead(disk: FaultDisk) -> None:
    """A cut keeps committed rows, kills every connection for good, and lets nothing open before the power is back."""
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (1)")
        disk.cut()
        with pytest.raises(sqlite3.OperationalError):
            db.execute("INSERT INTO t VALUES (2)")
        with pytest.raises(DatabaseUnavailable):
            open_database(PATH, vfs=disk.name)
        disk.power_on()
        with pytest.raises(sqlite3.OperationalError):
            db.execute("INSERT INTO t VALUES (3)")
    assert _rows(disk) == [1]
    assert disk.cuts == 1


def test_the_power_goes_at_the_change_that_was_named(disk: FaultDisk) -> None:
    """A planned cut comes at exactly the n-th change of the disk, wherever the program is then."""
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
        before = disk.changes
        disk.cut_at(2)
        with pytest.raises(sqlite3.OperationalError):
            db.execute("INSERT INTO t VALUES (1)")
        assert not disk.powered
        assert disk.changes - before == 2
    disk.power_on()
    assert _rows(disk) in ([], [1])


def test_a_lying_disk_keeps_nothing_it_said_it_kept() -> None:
    """With syncs that do nothing, committed rows are lost by some cuts."""
    lost = 0
    for seed in range(20):
        with FaultDisk(Random(seed)) as disk, closing(open_database(PATH, vfs=disk.name)) as db:
            db.execute("CREATE TABLE t (x)")
            disk.lying = True
            db.execute("INSERT INTO t VALUES (1)")
            disk.cut()
            disk.power_on()
            lost += _rows(disk) == []
    assert lost > 3


def test_a_reader_beside_the_writer(disk: FaultDisk) -> None:
    """A read-only connection sees what the writer has committed, as on a real disk, and cannot write."""
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
        with closing(open_reader(PATH, vfs=disk.name)) as reader:
            db.execute("INSERT INTO t VALUES (1)")
            assert reader.execute("SELECT x FROM t").fetchall() == [(1,)]
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("INSERT INTO t VALUES (2)")


def test_a_second_writer_is_kept_out(disk: FaultDisk) -> None:
    """Locks work between connections of one disk, and not between two disks with files of the same name."""
    with FaultDisk(Random(2)) as other, closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("BEGIN IMMEDIATE")
        with closing(open_database(PATH, vfs=disk.name)) as second:
            second.execute("PRAGMA busy_timeout = 0")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                second.execute("BEGIN IMMEDIATE")
        with closing(open_database(PATH, vfs=other.name)) as elsewhere:
            elsewhere.execute("BEGIN IMMEDIATE")
            elsewhere.execute("CREATE TABLE other (x)")
            elsewhere.execute("COMMIT")
        db.execute("COMMIT")
    assert _rows(disk) == []


def test_space_comes_back(disk: FaultDisk) -> None:
    """Writes past the capacity fail as a full disk, and succeed once there is room."""
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
        disk.capacity_bytes = sum(map(len, disk.image().values()))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            db.execute("INSERT INTO t VALUES (1)")
        disk.capacity_bytes = None
        db.execute("INSERT INTO t VALUES (2)")
    assert _rows(disk) == [2]


def test_a_card_is_copied_and_put_back(disk: FaultDisk) -> None:
    """An image is a copy: what happens later is not in it, and putting it back makes everything open dead."""
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
    image = disk.image()
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("INSERT INTO t VALUES (1)")
        disk.restore(image)
        with pytest.raises(sqlite3.OperationalError):
            db.execute("INSERT INTO t VALUES (2)")
    assert _rows(disk) == []


def test_a_file_is_renamed_for_good_once_the_folder_is_synced(disk: FaultDisk) -> None:
    """A new name may or may not survive a cut, but never both names and never neither."""
    names = set()
    for seed in range(20):
        directory = Directory({"old": b"x"})
        directory.change({"old": None, "new": directory.files["old"]})
        directory.lose_power(Random(seed), 512)
        names.add(tuple(directory.files))
    assert names == {("old",), ("new",)}
    with pytest.raises(FileNotFoundError):
        disk.rename("nothing", "something")
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
    disk.rename(str(PATH), "/card/aside.db")
    assert list(disk.image()) == ["/card/aside.db"]


def test_what_survives_is_torn_reordered_or_gone() -> None:
    """Unsynced writes end in every way: none, all, a prefix, and later sectors without earlier ones; never bytes nobody wrote."""
    changes = [Change(0, b"a" * 1024), Change(1024, b"b" * 1024)]
    ends = set()
    for seed in range(300):
        file = StoredFile()
        for change in changes:
            file.change(change)
        file.lose_power(Random(seed), 512)
        ends.add(bytes(file.content[::512]))
    assert {b"", b"a", b"aa", b"aab", b"aabb"} < ends
    assert any(b"\0" in end and end.endswith(b"b") for end in ends)
    assert all(set(end) <= set(b"ab\0") for end in ends)
    assert survivors([], Random(0), 512) == []


def test_a_failed_sync_leaves_what_no_later_sync_writes() -> None:
    """After a failed sync the changes are seen and lost at once: a later sync does not write them, as on Linux."""
    file = StoredFile(b"old")
    file.change(Change(0, b"new"))
    file.fail_sync()
    file.sync()
    assert (bytes(file.content), bytes(file.durable)) == (b"new", b"old")
    file.forget_cached()
    assert bytes(file.content) == b"old"


def test_planned_errors_come_once_or_for_good(disk: FaultDisk) -> None:
    """A failure planned once passes; one that stays, stays until it is taken back."""
    with closing(open_database(PATH, vfs=disk.name)) as db:
        db.execute("CREATE TABLE t (x)")
        for keeps_failing, failures in ((False, 1), (True, 3)):
            disk.fail_at(1, frozenset({Operation.SYNC}), keeps_failing=keeps_failing)
            seen = 0
            for _ in range(3):
                try:
                    db.execute("INSERT INTO t VALUES (1)")
                except sqlite3.OperationalError:
                    seen += 1
            assert seen == failures
        disk.fail_at(None, frozenset())
        db.execute("INSERT INTO t VALUES (1)")


@pytest.mark.parametrize("part", ["a.db", "a.db-wal"])
def test_a_real_file_is_read_from_the_disk_again(part: str) -> None:
    """Opening drops what memory holds of a real file and its log, so what a failed sync left there is no record."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # /tmp may be in memory altogether
        path = Path(folder) / "a.db"
        with closing(open_database(path)) as db:
            for _ in range(2):
                db.execute("CREATE TABLE IF NOT EXISTS t (x)")
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                db.execute("PRAGMA wal_autocheckpoint = 0")
                db.execute("INSERT INTO t VALUES (randomblob(8000000))")
            (path.parent / part).read_bytes()
            before = _resident_pages(path.parent / part)
            with closing(open_database(path)):
                assert _resident_pages(path.parent / part) < before / 2


def _resident_pages(path: Path) -> int:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        found = (ctypes.c_ubyte * (-(-len(mapped) // mmap.PAGESIZE)))()
        start = ctypes.c_char.from_buffer(mapped)
        assert ctypes.CDLL(None, use_errno=True).mincore(ctypes.byref(start), ctypes.c_size_t(len(mapped)), found) == 0
        del start
        return sum(each & 1 for each in found)


def test_an_error_of_the_simulation_itself_is_kept() -> None:
    """What goes wrong inside a hook, and is no planned fault, is there to be looked at instead of printed and forgotten."""
    with FaultDisk(Random(1)) as disk:
        disk.directory.files[str(PATH)] = object()  # type: ignore[assignment]
        with suppress(DatabaseError):
            open_database(PATH, vfs=disk.name).close()
        assert disk.unexpected


def test_nothing_is_printed_and_nothing_is_left() -> None:
    """A whole life with cuts prints nothing and leaves no file behind."""
    program = (
        "from contextlib import closing\nfrom pathlib import Path\nfrom random import Random\nimport sqlite3\n"
        "from kiosk.simulation.disk import FaultDisk\nfrom sync.database import open_database\n"
        "with FaultDisk(Random(1)) as disk, closing(open_database(Path('/a.db'), vfs=disk.name)) as db:\n"
        "    disk.cut_at(1)\n"
        "    try: db.execute('CREATE TABLE t (x)')\n"
        "    except sqlite3.OperationalError: print(Path(disk.lock_file('x')).parent)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert not Path(done.stdout.strip()).exists()
