"""The question how it was, on the panel: who is asked and for how long, and that an answer counts once."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kiosk.services.room_views import Done, Said, Visitor
from kiosk.web.catalogs import read_catalog
from sync.protocol.events import Kind
from sync.protocol.satisfaction import Level
from tests.kiosk.services.post import ZONE
from tests.kiosk.services.room_post import card_code
from tests.kiosk.web.desk_door import READING as DOOR_ROOM
from tests.kiosk.web.desk_door import desk_door
from tests.kiosk.web.room_scenes import full
from tests.kiosk.web.visitor_hall import HERE, Hall, opened

FACE = 'form="rate" name="level"'
LEFT = Done(Said.LEFT, "reading", visit_id="visit-5", card=5, showing="one")


def token(hall: Hall) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', hall.client.get("/").text)
    assert found
    return found[1]


def rated(hall: Hall, follow: bool = False, **form: str):
    form = {"csrf_token": token(hall), "showing": "one", "level": "good", **form}
    return hall.client.post("/visitor/rate", data=form, headers=HERE, follow_redirects=follow)


def test_who_leaves_is_asked_for_eight_seconds(hall: Hall):
    """Four faces under the thanks, with the words of the levels; then the panel is everybody's again."""
    hall.rooms.show_scanned(LEFT)
    page = hall.client.get("/").text
    assert page.count(FACE) == 4
    assert all(words in page for words in ("Terima kasih", "Bagaimana layanan kami?", "Sangat baik", "Kurang baik", "Tidak baik"))
    assert 'form="rate" name="showing" value="one"' in page
    hall.clock.advance(7.9)
    assert FACE in hall.client.get("/").text
    hall.clock.advance(0.2)
    assert "Terima kasih" not in hall.client.get("/").text


def test_a_room_that_does_not_ask(hall: Hall):
    """Thanks without faces, for the four seconds of any other answer."""
    hall.rooms.show_scanned(Done(Said.LEFT, "reading", card=5))
    page = hall.client.get("/").text
    assert "Terima kasih" in page
    assert FACE not in page
    hall.clock.advance(4)
    assert "Terima kasih" not in hall.client.get("/").text


def test_it_is_drawn_the_same_each_time(hall: Hall):
    """What is under a finger is not drawn anew: a second look at the same showing gives the same page, but for its tokens."""
    hall.rooms.show_scanned(LEFT)
    pages = [hall.client.get("/").text for _ in range(2)]
    first, second = (re.findall(r'data-fragment="screen".*?</section>', page, re.S)[0] for page in pages)
    tokens = re.findall(r'name="csrf_token" value="([^"]+)"', pages[0])
    assert first == second
    assert tokens
    assert not any(token in first for token in tokens)


@pytest.mark.parametrize("level", Level)
def test_a_touch_is_told_to_the_rooms(hall: Hall, level: Level):
    """The level and the showing it was drawn for; then the panel again, with short thanks."""
    answer = rated(hall, level=level.value)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert hall.asked("rate") == [{"showing": "one", "level": level}]
    hall.rooms.show_scanned(Done(Said.RATED, "reading"))
    page = hall.client.get("/").text
    assert "Penilaian Anda sudah kami catat, tanpa nama." in page
    assert FACE not in page
    hall.clock.advance(4)
    assert "Penilaian" not in hall.client.get("/").text


@pytest.mark.parametrize(
    ("said", "words"), [(Said.RATED_LATE, "waktu untuk menilai sudah lewat"), (Said.ALREADY_RATED, "tadi sudah kami catat")]
)
def test_what_does_not_count_is_told_kindly(hall: Hall, said: Said, words: str):
    """Too late, or a second time: one sentence, and the way back to the panel by itself."""
    hall.rooms.answers["rate"] = Done(said)
    answer = rated(hall)
    assert (answer.status_code, answer.headers["Refresh"]) == (409, "4; url=/")
    assert words in answer.text
    hall.station.set_language("en")
    assert "Thank you for your visit" in rated(hall).text


@pytest.mark.parametrize("form", [{"csrf_token": "forged"}, {"csrf_token": ""}, {"level": "excellent"}, {"level": ""}])
def test_odd_forms_are_refused(hall: Hall, form: dict[str, str]):
    """Without the page's token or with a level that is none, rooms are not even asked."""
    assert rated(hall, **form).status_code in (400, 403)
    assert hall.asked("rate") == []


def test_only_at_the_panel(hall: Hall):
    """Another machine's browser is refused, and so is another site's page."""
    form = {"csrf_token": token(hall), "showing": "one", "level": "good"}
    elsewhere = hall.client.post("/visitor/rate", data=form, headers=HERE, environ_base={"REMOTE_ADDR": "192.168.1.7"})
    foreign = hall.client.post("/visitor/rate", data=form, headers={"Origin": "http://example.org"})
    assert (elsewhere.status_code, foreign.status_code) == (403, 403)
    assert hall.asked("rate") == []


def test_somebody_elses_go_is_not_lost(halls: list[Hall]):
    """Who answers over the page of somebody who is taking a number leads back to that page; a go that was for leaving is over."""
    hall = opened(halls, full())
    hall.start()
    assert rated(hall).headers["Location"] == "/visitor"
    assert "data-visit" in hall.page()
    hall.start("out")
    assert rated(hall).headers["Location"] == "/"
    assert hall.client.get("/visitor").status_code == 303


def test_at_a_whole_door(tmp_path: Path):
    """From the card that is handed in to the row of the journal: one touch is one row, and neither a second one nor another page
    adds to it.
    """
    with desk_door(tmp_path, msgspec.structs.replace(DOOR_ROOM, asks_satisfaction=True)) as door:
        client = door.app.test_client()
        desk = next(each for each in door.post.station.guards() if each.role == "desk")
        assert door.rooms.arrive(DOOR_ROOM.id, Visitor(name="Siti"), by=desk, card=1).said is Said.ENTERED
        door.post.clock.advance(60)
        page = client.get("/").text
        assert door.rooms.pass_shown(card_code(1)).said is Said.LEFT
        form = dict(re.findall(r'name="(csrf_token|showing)" value="([^"]*)"', client.get("/").text))
        touches = [client.post("/visitor/rate", data={**form, "level": level}, headers=HERE) for level in ("poor", "good")]
        assert [each.status_code for each in touches] == [303, 409]
        assert "tanpa nama" in client.get("/").text
        stale = {**dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', page)), "showing": "0" * 32, "level": "bad"}
        assert client.post("/visitor/rate", data=stale, headers=HERE).status_code == 409
        day = door.post.clock.now().wall.astimezone(ZoneInfo(ZONE)).date().isoformat()
        assert door.post.of(Kind.VISITOR_RATED) == [{"room_id": DOOR_ROOM.id, "level": "poor", "day": day}]


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_level_has_words(language: str):
    """On the panel and in the figures, in both languages."""
    there = {str(each.id) for each in read_catalog(language) if each.string}
    assert {f"visits.column.{each}" for each in (*Level, "answered", "left")} <= there
    assert {"visits.sheet.satisfaction", "visits.satisfaction.of", "visits.satisfaction.unsure"} <= there
