"""Damaged files, taken away files, changed rows: the door goes on, and says what happened."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec
import pytest

from kiosk.services.changes import station_lock
from kiosk.settings import parse
from kiosk.store import backup, directory, guards, quarantine
from kiosk.store.database import KioskDatabase
from kiosk.wiring import build_kiosk
from sync import journal
from sync.clock import ManualClock
from sync.database import DatabaseUnavailable, open_database, open_reader
from sync.journal import Event
from sync.protocol.events import Kind
from sync.protocol.wire import Directory, Person, SignedDocument
from sync.state import SyncState
from tests.kiosk.services.post import staff

CLOCK = ManualClock()


def open_here(data: Path, seed: str = "first") -> KioskDatabase:
    return quarantine.open_station(
        data / "kiosk.db",
        device_id="door-1",
        place_id="lobby",
        random_bytes=Random(seed).randbytes,
        now=CLOCK.now,
        backups=lambda: backup.kept(data),
    )


def fill(database: KioskDatabase, count: int = 40) -> None:
    people = staff(9)
    with database.transaction() as db:
        directory.change_local(db, people.people, people.badges, ["ab" * 32], CLOCK.now().claimed_at)
        guards.put(db, [(g.id, g.name, g.role, g.pin_hash) for g in people.guards])
        for n in range(count):
            database.journal.append(Event(Kind.ATTENDANCE_TAPPED, {"tap_id": f"t{n}", "person_id": "P1"}), CLOCK.now())


def lived_in(data: Path, *, with_backup: bool) -> str:
    """A door's folder after some days; gives the epoch."""
    database = open_here(data)
    fill(database)
    database.close()
    if with_backup:
        backup.make(data / "kiosk.db", backup.next_path(data))
    return database.journal.origin.epoch


def entries(data: Path) -> list[journal.Entry]:
    with closing(open_reader(data / "kiosk.db")) as db:
        return list(journal.read(db))


def torn(path: Path) -> None:
    """Half of it is another file's, as after a power cut on a bad card."""
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\x5a" * 8192 + content[16384:])


def no_database(path: Path) -> None:
    path.write_bytes(b"this was once a journal " * 400)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-6000])


def other_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE holds")
        db.execute("CREATE TABLE holds (colour TEXT)")


def no_such_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE what is this' WHERE name = 'people'")
        db.commit()


@pytest.mark.parametrize("damage", [torn, no_database, cut_short, other_tables, no_such_schema])
def test_a_damaged_file_is_set_aside_and_the_door_goes_on(tmp_path: Path, damage) -> None:
    """Whatever the damage: the file is kept whole, the new journal has another epoch and says so first, people are known."""
    before = lived_in(tmp_path, with_backup=True)
    damage(tmp_path / "kiosk.db")
    damaged = (tmp_path / "kiosk.db").read_bytes()
    database = open_here(tmp_path, "second")
    with database.reading() as db:
        assert {person.id for person in directory.people(db)} == {f"P{n}" for n in range(1, 10)}
        assert len(guards.everyone(db)) == 2
        assert db.execute("SELECT * FROM revoked_here").fetchall() == [("ab" * 32,)]
    database.close()
    [folder] = quarantine.folders(tmp_path)
    first, *others = entries(tmp_path)
    assert (folder / "kiosk.db").read_bytes()[8192:] == damaged[8192:]
    assert (first.record.kind, first.record.seq, others) == ("station.quarantined", 1, [])
    assert first.payload == {"reason": "damaged", "folder": folder.name, "people": 9}
    assert first.record.epoch != before
    assert folder.stat().st_mode & 0o077 == 0


def test_without_a_backup_the_door_opens_with_nobody(tmp_path: Path) -> None:
    """A first day's damage costs the directory, which the server or a list brings back, and not the door."""
    lived_in(tmp_path, with_backup=False)
    torn(tmp_path / "kiosk.db")
    open_here(tmp_path, "second").close()
    assert entries(tmp_path)[0].payload["people"] == 0


def test_a_damaged_backup_is_passed_over(tmp_path: Path) -> None:
    """The newest backup that can be read gives the directory."""
    lived_in(tmp_path, with_backup=True)
    newest = backup.next_path(tmp_path)
    newest.write_bytes(b"nothing")
    torn(tmp_path / "kiosk.db")
    open_here(tmp_path, "second").close()
    assert entries(tmp_path)[0].payload["people"] == 9


def test_the_start_after_a_quarantine_is_an_ordinary_one(tmp_path: Path) -> None:
    """One damage is told once, and its folder stays."""
    lived_in(tmp_path, with_backup=True)
    torn(tmp_path / "kiosk.db")
    open_here(tmp_path, "second").close()
    again = open_here(tmp_path, "third")
    fill(again, 3)
    again.close()
    assert [e.record.kind for e in entries(tmp_path)] == ["station.quarantined"] + ["attendance.tapped"] * 3
    assert len(quarantine.folders(tmp_path)) == 1
    assert (quarantine.folders(tmp_path)[0] / "kiosk.db").exists()


def test_the_agent_asks_for_documents_anew(tmp_path: Path) -> None:
    """What was handed over to the lost file does not count for the new one: the agent asks behind version 0 again."""
    before = lived_in(tmp_path, with_backup=True)
    with closing(SyncState(tmp_path / "sync.db", CLOCK)) as state:
        state.set_documents_version(before, 12)
        torn(tmp_path / "kiosk.db")
        open_here(tmp_path, "second").close()
        assert state.documents_version(before) == 12
        assert state.documents_version(entries(tmp_path)[-1].record.epoch) == 0


@pytest.mark.parametrize("parts_moved", [0, 1, 2])
def test_a_power_cut_while_setting_aside(tmp_path: Path, parts_moved: int) -> None:
    """However far the moving came, the log ends up beside its file, and the start after tells of the damage."""
    lived_in(tmp_path, with_backup=True)
    torn(tmp_path / "kiosk.db")
    (tmp_path / "kiosk.db-wal").write_bytes(b"the log")
    folder = quarantine.new_folder(tmp_path / "kiosk.db", CLOCK.now())
    (folder / "unreported").touch()
    for suffix in ("", "-wal")[:parts_moved]:
        (tmp_path / f"kiosk.db{suffix}").replace(folder / f"kiosk.db{suffix}")
    open_here(tmp_path, "second").close()
    kept = quarantine.folders(tmp_path)[-1]
    assert (kept / "kiosk.db").exists()
    assert parts_moved == 0 or (kept / "kiosk.db-wal").read_bytes() == b"the log"
    assert entries(tmp_path)[0].payload["reason"] == "damaged"


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """Where backups say that there was a journal, its absence is told, and people are known."""
    lived_in(tmp_path, with_backup=True)
    (tmp_path / "kiosk.db").unlink()
    open_here(tmp_path, "second").close()
    assert entries(tmp_path)[0].payload == {"reason": "missing", "folder": "", "people": 9}


def test_a_first_start_is_no_loss(tmp_path: Path) -> None:
    """A new station's journal begins with its own first event."""
    database = open_here(tmp_path)
    database.close()
    assert entries(tmp_path) == []


def test_tampering_is_not_damage(tmp_path: Path) -> None:
    """A row changed in a sound file stays where it is; the next rows are a chain of their own that begins with the alarm."""
    before = lived_in(tmp_path, with_backup=True)
    with closing(open_database(tmp_path / "kiosk.db")) as db:
        db.execute("UPDATE journal SET claimed_at = '2020-06-10T00:00:00.000000Z' WHERE position = 17")
    database = open_here(tmp_path, "second")
    fill(database, 2)
    database.close()
    rows = entries(tmp_path)
    alarm = rows[40]
    assert quarantine.folders(tmp_path) == []
    assert (alarm.record.kind, alarm.record.seq) == ("station.quarantined", 1)
    assert alarm.payload == {"reason": "chain", "position": 17, "fault": "the row's header was changed"}
    assert {row.record.epoch for row in rows[:40]} == {before}
    assert {row.record.epoch for row in rows[40:]} == {alarm.record.epoch}
    assert alarm.record.epoch != before
    open_here(tmp_path, "third").close()
    assert len(entries(tmp_path)) == len(rows)  # told once


def test_text_that_is_none(tmp_path: Path) -> None:
    """Bytes that are no text, in the first row or a late one, are a changed row like any other."""
    lived_in(tmp_path, with_backup=False)
    with closing(open_database(tmp_path / "kiosk.db")) as db:
        db.execute("UPDATE journal SET place_id = CAST(x'ff00fe' AS TEXT) WHERE position IN (1, 39)")
    open_here(tmp_path, "second").close()
    with closing(open_reader(tmp_path / "kiosk.db")) as db:
        last = journal.tail(db, 1)[0]
    assert (last.record.kind, last.payload["reason"], last.payload["position"]) == ("station.quarantined", "chain", 1)
    assert quarantine.folders(tmp_path) == []


def test_a_disk_that_cannot_be_written_is_no_damage(tmp_path: Path) -> None:
    """A folder in the file's place is not quarantined: whoever set that up must see to it."""
    (tmp_path / "kiosk.db").mkdir()
    with pytest.raises(DatabaseUnavailable):
        open_here(tmp_path)
    assert quarantine.folders(tmp_path) == []


def test_what_the_server_signed_last_is_handed_in_again(tmp_path: Path) -> None:
    """A directory newer than the backup's is known before the first tap, with no network."""
    lived_in(tmp_path, with_backup=True)
    newest = Directory(version=7, people=[Person(id="P77", name="Baru")])
    text = msgspec.json.encode(newest).decode()
    signed = SignedDocument(kind="directory", version=7, text=text, key_id="k", signature="s")
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "directory.json").write_bytes(msgspec.json.encode(signed))
    torn(tmp_path / "kiosk.db")
    with station_lock(tmp_path):
        built = build_kiosk(parse(f'data = "{tmp_path}"\n[camera]\nsource = "off"\n', "test"))
        with built.database.reading() as db:
            found = directory.state(db).version, {person.id for person in directory.people(db)}
        built.database.close()
    assert found == (7, {f"P{n}" for n in range(1, 10)} | {"P77"})
    assert [entry.record.kind for entry in entries(tmp_path)] == ["station.quarantined", "documents.applied"]


def test_the_kiosk_shows_it(tmp_path: Path) -> None:
    """A whole kiosk starts on a damaged file, and its health says that a file waits to be looked at."""
    settings = parse(f'data = "{tmp_path}"\n[camera]\nsource = "off"\n', "test")
    lived_in(tmp_path, with_backup=True)
    torn(tmp_path / "kiosk.db")
    with station_lock(tmp_path):
        built = build_kiosk(settings)
        built.database.close()
    assert built.health.refresh().quarantined == 1
