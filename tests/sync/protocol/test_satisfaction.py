"""A room says whether it asks those who leave: in both rooms files, and in documents of servers that do not know of it."""

from pathlib import Path

import click
import msgspec
import pytest

from kiosk.cli.rooms import EXAMPLE, read_file
from sync.protocol.room_faults import faults
from sync.protocol.rooms import Room, RoomsDocument
from sync.protocol.satisfaction import Level
from sync.server.errors import BadRooms
from sync.server.room_setup import read_setup

ROOM = '[[room]]\nid = "baca"\nname = "Ruang Baca"\nmax_people = 10\n'
ASKS = "asks_satisfaction = true\n"


def test_levels_are_never_renamed():
    """Journals outlive programs."""
    assert [str(level) for level in Level] == ["very_good", "good", "poor", "bad"]


def test_older_documents_ask_nobody():
    """Without the field, as an older server sends it, a room does not ask; a newer one's is read back as it was."""
    old = msgspec.json.decode(b'{"version":3,"rooms":[{"id":"baca","name":"Ruang Baca","max_people":10}]}', type=RoomsDocument)
    assert old.rooms[0].asks_satisfaction is False
    new = RoomsDocument(rooms=[Room(id="baca", name="Ruang Baca", max_people=10, asks_satisfaction=True)])
    assert msgspec.json.decode(msgspec.json.encode(new), type=RoomsDocument) == new
    assert list(faults(new)) == []


def test_a_kiosk_may_set_it(tmp_path: Path):
    """In the file of an office without a server; the example shows it, switched off. A word that is no yes or no is named."""
    file = tmp_path / "rooms.toml"
    for text, asks in ((EXAMPLE, False), (EXAMPLE.replace("asks_satisfaction = false", ASKS.strip()), True), (ROOM, False)):
        file.write_text(text)
        assert [room.asks_satisfaction for room in read_file(file, letter="A").rooms] == [asks]
    assert "asks_satisfaction = false" in EXAMPLE
    file.write_text(ROOM + 'asks_satisfaction = "ya"\n')
    with pytest.raises(click.ClickException, match="asks_satisfaction"):
        read_file(file, letter="A")


def test_a_server_may_set_it():
    """In its own file, in the same words; what is no yes or no is named."""
    assert [room.asks_satisfaction for room in read_setup((ROOM + ASKS).encode(), is_json=False).rooms] == [True]
    with pytest.raises(BadRooms, match=r"room\[0\].asks_satisfaction: Expected `bool`"):
        read_setup((ROOM + "asks_satisfaction = 1\n").encode(), is_json=False)
