"""Visitors at the panel of a whole door: a real journal, real rights, real cards."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.core.room_codes import FreeReason
from sync.protocol.events import Kind
from sync.protocol.rooms import PassKind, Room
from tests.kiosk.services.room_post import card_code
from tests.kiosk.web.desk_door import READING, DeskDoor, desk_door

_FIELD = re.compile(r'name="(csrf_token|go|step)" value="([^"]*)"')
SCREENED = Room(id="arsip", name="Ruang Arsip", max_people=1, pass_kind=PassKind.SCREEN)


@dataclass
class Visitor:
    """Somebody at the panel."""

    door: DeskDoor
    client: FlaskClient

    def send(self, to: str, **more: str) -> str:
        """Send a form of the page that is shown; gives the page that follows."""
        shown = self.client.get("/" if to == "start" else "/visitor").text
        data = {**dict(_FIELD.findall(shown)), **more}
        headers = {"Origin": "http://localhost"}
        return self.client.post(f"/visitor/{to}", data=data, headers=headers, follow_redirects=True).text

    def arrives(self, room: str, people: int = 1) -> str:
        """Through to the end, without a name."""
        self.send("start")
        self.send("choose", tile=f"room:{room}")
        self.send("people", people=str(people))
        return self.send("name", skip="1")

    def inside(self) -> list[int]:
        """People in each room."""
        return [each.inside for each in self.door.rooms.view().rooms]


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with desk_door(tmp_path, READING, SCREENED) as door:
        yield Visitor(door, door.app.test_client())


def test_in_and_out_with_a_card(visitor: Visitor) -> None:
    """Two come in with one card, and leave with it: two places are taken and given back, and the panel says so."""
    assert "Ambil satu kartu untuk 2 orang" in visitor.arrives("baca", people=2)
    assert visitor.inside() == [0, 0]
    visitor.door.rooms.pass_shown(card_code(1))
    assert visitor.inside() == [2, 0]
    assert "Kartu 1" in visitor.client.get("/").text
    visitor.door.post.clock.advance(600)
    visitor.door.rooms.step()
    visitor.door.rooms.pass_shown(card_code(1))
    page = visitor.client.get("/").text
    assert "Terima kasih sudah berkunjung" in page
    assert "Anda di dalam 10 menit" in page
    assert visitor.inside() == [0, 0]


def test_going_away_spends_nothing(visitor: Visitor) -> None:
    """Who leaves before showing a card takes no place; the card that is shown next belongs to nobody's visit."""
    visitor.arrives("baca")
    visitor.send("close")
    visitor.door.rooms.pass_shown(card_code(1))
    assert visitor.inside() == [0, 0]
    assert visitor.door.post.of(Kind.VISITOR_ENTERED) == []


def test_full_then_called(visitor: Visitor) -> None:
    """The second gets a number; when the first leaves it is called by itself, and comes in by touching it."""
    assert "Foto kode ini" in visitor.arrives("arsip")
    assert "A 001" in visitor.arrives("arsip")
    assert "Pergi sebentar" in visitor.client.get("/visitor").text
    visitor.send("close")
    first = visitor.door.rooms.view().rooms[1].visits[0]
    guard = next(each for each in visitor.door.post.station.guards() if each.role == "desk")
    visitor.door.rooms.free(first.visit_id, FreeReason.FORGOT, by=guard)
    visitor.door.rooms.step()
    assert "Nomor A 001, silakan masuk" in visitor.client.get("/").text
    assert "Nomor ini dipanggil" in visitor.send("start", what="called")
    assert "Foto kode ini" in visitor.send("number", do="enter")
    assert visitor.inside() == [0, 1]
