"""`gapura rooms import` as an office without a server calls it: which letter a kiosk gets, and what is refused."""

from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from kiosk.cli.rooms import rooms
from kiosk.store import room_documents
from kiosk.store.database import KioskDatabase, open_kiosk_database
from sync.protocol.rooms import Counts, Door, Room, RoomsDocument

ID = "door-1"
ROOM = '[[room]]\nid = "baca"\nname = "Ruang Baca"\nmax_people = 10\n'
TWICE = ROOM + 'counts = "everyone"\n' + ROOM.replace("baca", "arsip") + 'counts = "everyone"\n'


class Kiosk:
    """A station's folder, and files to import there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def imports(self, text: str, *options: str) -> Result:
        (self.folder / "rooms.toml").write_text(text)
        file, data = str(self.folder / "rooms.toml"), str(self.folder / "data")
        return CliRunner().invoke(rooms, ["import", file, *options, "--data", data])

    def hears(self, document: RoomsDocument) -> None:
        """The server says something to this station."""
        with closing(self._database()) as database, database.transaction() as db:
            room_documents.put(db, document, room_documents.CENTRAL)

    @property
    def letter(self) -> str | None:
        """What its numbers begin with."""
        with closing(self._database()) as database, database.reading() as db:
            return room_documents.read(db).letter(ID)

    def _database(self) -> KioskDatabase:
        (self.folder / "data").mkdir(exist_ok=True)
        path = self.folder / "data" / "kiosk.db"
        return open_kiosk_database(path, device_id=ID, place_id="lobby", random_bytes=Random(7).randbytes)


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


def test_a_letter_is_chosen_for_a_new_kiosk(kiosk: Kiosk) -> None:
    """Two kiosks of an office would both begin with A if nobody chose: the first import says so, and what to type."""
    for options in ((), ("--dry-run",)):
        refused = kiosk.imports(ROOM, *options)
        assert refused.exit_code == 2
        assert "no letter yet" in refused.stderr
        assert "--letter A at the first kiosk of the office, --letter B at the second" in refused.stderr
    assert kiosk.imports(ROOM, "--letter", "B").exit_code == 0
    assert kiosk.letter == "B"


def test_the_example_names_no_letter(kiosk: Kiosk) -> None:
    """It is copied to every kiosk as it is: with a letter of its own in it, all of them would have that one."""
    example = CliRunner().invoke(rooms, ["example"]).stdout
    assert "[[room]]" in example
    assert kiosk.imports(example).exit_code == 2
    assert kiosk.imports(example, "--letter", "B").exit_code == 0


def test_a_kiosk_keeps_its_letter(kiosk: Kiosk) -> None:
    """An office that set its rooms up without a word of letters goes on as it was; a letter that is said comes first."""
    assert kiosk.imports('letter = "C"\n' + ROOM).exit_code == 0
    assert kiosk.imports(ROOM).exit_code == 0
    assert kiosk.letter == "C"
    assert kiosk.imports('letter = "C"\n' + ROOM, "--letter", "D").exit_code == 0
    assert kiosk.letter == "D"


def test_a_letter_of_the_server_is_enough(kiosk: Kiosk) -> None:
    """Where the server gave one nobody is asked for another, and one that is said anyway does not come before it."""
    kiosk.hears(RoomsDocument(version=1, doors=[Door(device_id=ID, name="Pintu", letter="E")]))
    assert kiosk.imports(ROOM).exit_code == 0
    assert kiosk.imports(ROOM, "--letter", "A").exit_code == 0
    assert kiosk.letter == "E"


@pytest.mark.parametrize("letter", ["a", "ABC", "1", ""])
def test_a_letter_that_is_none(kiosk: Kiosk, letter: str) -> None:
    """One or two capital letters, said in one sentence."""
    refused = kiosk.imports(ROOM, "--letter", letter)
    assert refused.exit_code == 2
    assert f'letter "{letter}" must be one or two capital letters' in refused.stderr


def test_one_badge_in_two_rooms(kiosk: Kiosk) -> None:
    """Refused whether both rooms are in the file or one of them is the server's."""
    refused = kiosk.imports(TWICE, "--letter", "A")
    assert refused.exit_code == 2
    assert "rooms baca and arsip both count everyone at the same door" in refused.stderr
    shared = Room(id="aula", name="Aula", max_people=5, doors=[ID, "door-2"], counts=Counts.EVERYONE)
    kiosk.hears(RoomsDocument(version=1, rooms=[shared]))
    refused = kiosk.imports(ROOM + 'counts = "everyone"\n', "--letter", "A")
    assert refused.exit_code == 2
    assert "rooms baca and aula both count everyone" in refused.stderr
    assert kiosk.imports(ROOM, "--letter", "A").exit_code == 0


def test_a_day_that_is_none(kiosk: Kiosk) -> None:
    """The sentence names file and service."""
    text = '[[service]]\nid = "uji"\nname = "Uji"\nmode = "suspended"\nuntil = "2020-04-31"\n'
    refused = kiosk.imports(text, "--letter", "A")
    assert refused.exit_code == 2
    assert 'rooms.toml: service uji: until "2020-04-31" must be a date' in refused.stderr


def test_a_room_of_the_server_stays_the_servers(kiosk: Kiosk) -> None:
    """Its places have one keeper."""
    kiosk.hears(RoomsDocument(version=1, rooms=[Room(id="baca", name="Baca", max_people=5, doors=[ID])]))
    assert "room baca comes from the central server" in kiosk.imports(ROOM, "--letter", "A").stderr
