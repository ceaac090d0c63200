import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.store import directory, search
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync.protocol.wire import Directory, Person

NAMES = {
    "198705122010012003": "Siti Rahayu, S.Sos.",
    "P2": "Rahmat Sitorus",
    "P3": "José Ñuñez-O'Brien",
    "P4": "محمد عبد الرحمن",
    "P5": "🦊 Ayu 👩🏽\u200d🚒",
    "P6": "Budi 100% \\Wijaya_",
    "P7": 'Dewi "Wiwi" Lestari',
    "P8": "ＭＡＤＥ Straße",
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[KioskDatabase]:
    path = tmp_path / "kiosk.db"
    database = open_kiosk_database(path, device_id="door-1", place_id="lobby", random_bytes=os.urandom)
    with database.transaction() as db:
        directory.change_local(db, [Person(id=number, name=name) for number, name in NAMES.items()], [], [], "")
    yield database
    database.close()


def found(database: KioskDatabase, typed: str) -> set[str]:
    return {each.id[:6] for each in search.find(database.connection, typed, 20)}


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("siti rahayu", {"198705"}),
        ("rah sit", {"198705", "P2"}),
        ("RAH", {"198705", "P2"}),
        ("hayu", set()),
        ("1987", {"198705"}),
        ("19870512 201001 2 003", {"198705"}),
        ("1987 siti", {"198705"}),
        ("p4", {"P4"}),
        ("jose nunez", {"P3"}),
        ("JOSÉ", {"P3"}),
        ("brien", {"P3"}),
        ("o'b", {"P3"}),
        ("محمد", {"P4"}),
        ("عَبْد", {"P4"}),
        ("🦊", {"P5"}),
        ("👩🏽🚒", {"P5"}),
        ("%", set()),
        ("100%", {"P6"}),
        ("_", set()),
        ("\\wij", {"P6"}),
        ("wij", {"P6"}),
        ('"wiwi"', {"P7"}),
        ("wiwi", {"P7"}),
        ('"', {"P7"}),
        ("made strasse", {"P8"}),
        ("' OR 1=1 --", set()),
        ("*", set()),
        ("", set()),
        ("   ", set()),
        ("\u200d", set()),
        ("zzz", set()),
    ],
)
def test_finding(database: KioskDatabase, typed: str, ids: set[str]):
    """Every typed word begins a word of the name or the number, without case and accents, and means what it says."""
    assert found(database, typed) == ids


def test_in_order_of_names_and_not_more_than_asked_for(database: KioskDatabase):
    """Results come by name, as many as there is room for."""
    names = [each.name for each in search.find(database.connection, "p", 3)]
    assert names == ["Budi 100% \\Wijaya_", 'Dewi "Wiwi" Lestari', "José Ñuñez-O'Brien"]


def test_a_new_directory(database: KioskDatabase):
    """A new name is found and the old one is not; who left is found no more, and local entries stay."""
    for name in ("Ani", "Ina"):
        with database.transaction() as db:
            people = [Person(id="C1", name=name), *([Person(id="C2", name="Tono")] if name == "Ani" else [])]
            directory.replace_central(db, Directory(version=1, people=people), "")
    assert found(database, "ina") == {"C1"}
    assert found(database, "ani") | found(database, "tono") | found(database, "c2") == set()
    assert found(database, "dewi") == {"P7"}


def test_one_line_a_person(database: KioskDatabase):
    """However often the directory comes, the search holds exactly its people."""
    with database.transaction() as db:
        directory.change_local(db, [Person(id="P2", name="Rahmat")], [], [], "")
    db = database.connection
    lines = {row[0] for row in db.execute("SELECT person_id FROM people_search")}
    assert lines == set(NAMES) == {row[0] for row in db.execute("SELECT id FROM people")}
    assert found(database, "sitorus") == set()


def test_people_who_were_there_before_the_search(database: KioskDatabase):
    """A station that is brought up to date finds the people it already had."""
    with database.transaction() as db:
        db.execute("DELETE FROM people_search")
        search.rebuild(db)
    assert found(database, "rah sit") == {"198705", "P2"}
