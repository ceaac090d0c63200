"""The public display as a page: what it says of each room, what it never says, who may open it, and what it costs."""

import json
import re
import shutil
import wave
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import time
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from drivers.speech import EspeakVoice
from kiosk.services.announcer import Announcer, Manner
from kiosk.services.room_views import WaitRange
from kiosk.web import catalogs, create_app, display_faces
from kiosk.web.desk_view import LOOKS, Standing
from kiosk.web.display import build_of
from kiosk.web.paths import templates_folder
from kiosk.web.serve import SPARE_THREADS, KioskServer
from kiosk.web.texts import LANGUAGES
from sync.clock import ManualClock, SystemClock
from sync.protocol.rooms import Room
from tests.kiosk.web.display_scenes import DISPLAYS, EARLY, busy, calling, rooms_of
from tests.kiosk.web.room_scenes import (
    ARCHIVE,
    READING,
    SceneRooms,
    called_row,
    room_view,
    rooms_view,
    ticket_row,
)
from tests.kiosk.web.station import TROUBLED, MemoryStation
from tests.kiosk.web.test_serving import events, until
from tests.kiosk.web.test_sounds import MADE

MORNING, EVENING = time(7, 12), time(21, 12)
KEY_IN_TEMPLATES = re.compile(r"\b(?:both|_)\('([a-z_.]+)'")
CAP = 4
REAL = SystemClock()


@pytest.fixture
def rooms() -> Iterator[SceneRooms]:
    rooms = SceneRooms()
    yield rooms
    rooms.close()


@pytest.fixture
def announcer(clock: ManualClock) -> Iterator[Announcer]:
    announcer = Announcer(clock, EspeakVoice(), ZoneInfo("Asia/Jakarta"), Manner(volume_percent=70))
    yield announcer
    announcer.close()


def made(station: MemoryStation, clock: ManualClock, rooms: SceneRooms, **more: object) -> Flask:
    hosts = frozenset({"localhost"})
    return create_app(
        station, secret_key=b"k" * 32, stream_cap=CAP, allowed_hosts=hosts, testing=True, clock=clock, rooms=rooms, **more
    )


@pytest.fixture
def app(station: MemoryStation, clock: ManualClock, rooms: SceneRooms, announcer: Announcer) -> Flask:
    return made(station, clock, rooms, announcer=announcer)


@pytest.fixture
def base(app: Flask, station: MemoryStation) -> Iterator[str]:
    server = KioskServer(app, "127.0.0.1", 0, CAP + SPARE_THREADS)
    server.start()
    yield f"http://localhost:{server.port}"
    station.stopping.set()
    server.stop()


def opened(base: str, path: str) -> closing[requests.Response]:
    return closing(requests.get(f"{base}{path}", stream=True, timeout=5))


def shown(client: FlaskClient, path: str = "/display") -> str:
    """The page's words: without markup, and without the names of its parts."""
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


class TestFaces:
    """What a room is, from far away."""

    @pytest.mark.parametrize(
        ("room", "local", "word"),
        [
            (room_view(7), MORNING, "display.come_in"),
            (room_view(10), MORNING, "display.full"),
            (room_view(11), MORNING, "display.full"),
            (room_view(7, places_left=0), MORNING, "display.wait"),
            (room_view(7, queue=(ticket_row(1),)), MORNING, "display.wait"),
            (calling(1), MORNING, "display.wait"),
            (room_view(2), EVENING, "display.closed"),
            (room_view(2), None, "display.come_in"),
            (room_view(2, ARCHIVE), EVENING, "display.come_in"),
            (room_view(2, EARLY), time(7, 0), "display.closed"),
            (room_view(2, EARLY), time(6, 59), "display.come_in"),
            (room_view(2, called=(called_row(1),), places_left=0), EVENING, "display.wait"),
        ],
    )
    def test_each_state_has_its_word(self, room: object, local: time | None, word: str):
        """Closed is said by a clock that is trusted and not while people are called; full before wait, wait before come in."""
        assert display_faces.face(room, local).word == word  # type: ignore[arg-type]

    def test_states_differ_without_colour(self):
        """Each state has a shape and a word of its own, but for over, which is FULL with another shape and colour."""
        rooms = [room_view(7), room_view(10), room_view(7, places_left=0), room_view(2, EARLY), room_view(11)]
        faces = [display_faces.face(room, MORNING) for room in rooms]
        assert len({each.shape for each in faces}) == 5
        assert len({each.word for each in faces[:4]}) == 4
        assert len({(each.tone, each.word) for each in faces}) == 5

    @pytest.mark.parametrize(("inside", "standing"), [(7, Standing.FREE), (10, Standing.FULL), (11, Standing.OVER)])
    def test_one_state_has_one_look(self, inside: int, standing: Standing):
        """What stands at the desk in a colour and a shape is on the public display in the same."""
        drawn = display_faces.face(room_view(inside), MORNING)
        assert (drawn.tone.removeprefix("tone-"), drawn.shape) == LOOKS[standing]

    def test_who_was_called_before_is_known_from_who_is_inside(self):
        """The last numbers that went in, newest first, without anything that a restart would lose."""
        assert display_faces.called_before(busy()) == ("A 016", "A 015", "A 004")

    def test_numbers_are_counted_where_they_do_not_fit(self):
        """Four called and three next are written out; of the others it says how many."""
        drawn = display_faces.board(calling(6), MORNING)
        assert ([call.number for call in drawn.called], drawn.more_called) == (["A 117", "A 118", "A 119", "A 120"], 2)
        drawn = display_faces.board(busy(), MORNING)
        assert [each.number for each in drawn.next] == ["A 018", "A 019", "A 020"]
        assert drawn.waiting == 5

    def test_a_call_again_has_another_key(self):
        """The page can tell a number that is called again from one that was there before."""
        first, again = (
            display_faces.board(room_view(9, called=(called_row(1, calls=calls),)), MORNING).called[0].key for calls in (1, 2)
        )
        assert first != again

    def test_many_rooms_take_turns(self):
        """More rooms than fit are shown page by page, each for the same time, and none is left out."""
        rooms = rooms_of(9).rooms
        turns = [display_faces.on_page(rooms, at_s) for at_s in range(0, 4 * display_faces.PAGE_S, display_faces.PAGE_S)]
        assert [(page, len(here)) for page, here in turns] == [(0, 4), (1, 4), (2, 1), (0, 4)]
        assert display_faces.on_page((), 5) == (0, ())


class TestWords:
    """What the page says."""

    @pytest.mark.parametrize("name", DISPLAYS)
    def test_nobody_is_named(self, client: FlaskClient, rooms: SceneRooms, name: str):
        """No scene shows a name, a purpose, or an id of a visit; on the page and on its stream."""
        rooms.show(DISPLAYS[name]())
        page = client.get("/display").text
        for secret in ("Siti", "Sumarni", "Karto", "Kusumawardhani", "Membaca", "visit-", "archive-"):
            assert secret not in page

    def test_numbers_states_and_both_languages(self, client: FlaskClient, rooms: SceneRooms):
        """Places left, n/max, who is called, who is next with a range, who was missed, whose time is up, and when it closes."""
        rooms.show(rooms_view(busy()))
        words = shown(client)
        for said in (
            *("PENUH FULL", "0 sisa tempat places left", "10/10", "Dipanggil Now calling A 017", "Berikutnya Next A 018"),
            *("± 2–5 menit ± 2–5 min", "Sudah masuk Went in A 016 · A 015 · A 004", "Terlewat: A 012. Silakan temui petugas."),
            *("Kartu 7, A 004: waktu kunjungan habis.", "Card 7, A 004: your time is up.", "Tutup 15 menit lagi"),
            "Prioritas: lansia, disabilitas, ibu hamil",
        ):
            assert said in words

    def test_over_the_limit(self, client: FlaskClient, rooms: SceneRooms):
        """After an override the truth is shown."""
        rooms.show(DISPLAYS["over"]())
        assert "11/10 melebihi 1" in shown(client)

    @pytest.mark.parametrize(
        ("guess", "said"), [((5, 5), "± 5 menit"), ((5, 9), "± 5–9 menit"), ((130, 300), "lebih dari 2 jam")]
    )
    def test_waits(self, client: FlaskClient, rooms: SceneRooms, guess: tuple[int, int], said: str):
        """A wait is a range; a very long one is not given in minutes."""
        rooms.show(rooms_view(room_view(10, queue=(ticket_row(1, wait=WaitRange(*guess)),))))
        assert f"A 001 {said}" in shown(client)

    def test_a_wait_that_nobody_knows_is_not_made_up(self, client: FlaskClient, rooms: SceneRooms):
        """Without recent visits the number stands alone."""
        rooms.show(rooms_view(room_view(10, queue=(ticket_row(1, wait=None),))))
        assert "±" not in shown(client)

    def test_rooms_are_chosen(self, client: FlaskClient, rooms: SceneRooms):
        """One by its address, several by name, all without; one that is not there yet is waited for."""
        rooms.show(rooms_of(3))
        asked = {"": "12", "/room-0": "1", "?room=room-1": "2", "?room=room-0&room=room-1": "12", "/later": ""}
        for path, there in asked.items():
            words = shown(client, f"/display{path}")
            assert [each for each in "12" if f"Ruang {each}" in words] == list(there), path
        assert "Belum ada ruangan di layar ini" in shown(client, "/display/later")
        assert 'data-display="/display/events?room=room-0"' in client.get("/display/room-0").text

    def test_names_are_text(self, client: FlaskClient, rooms: SceneRooms):
        """A room's name is never markup."""
        bad = Room(id="x", name='<b>Ruang</b> & "', name_en="<i>Room</i>", max_people=3)
        rooms.show(rooms_view(room_view(1, bad, called=(called_row(1, number="<u>"),))))
        page = client.get("/display").text
        assert not {"<b>Ruang", "<i>Room", "<u>"} & set(re.findall(r"<[biu]>\w*", page))

    def test_calls_of_rooms_out_of_sight_are_shown(self, client: FlaskClient, rooms: SceneRooms):
        """While rooms take turns, numbers called to the others stand below."""
        rooms.show(rooms_of(9))
        assert "A 105 Ruang 6" in shown(client)

    def test_signs(self, client: FlaskClient, station: MemoryStation):
        """Simulated, offline, a clock that is not trusted and out of service are always said."""
        assert "SIMULASI SIMULATED" in shown(client)
        assert "Luring" not in shown(client)
        station.panel.publish(replace(station.panel.current(), health=replace(TROUBLED, in_service=False)))
        words = shown(client)
        for sign in ("SIMULASI", "Luring, data aman", "Jam belum tepat", "Kiosk sedang tidak dapat dipakai"):
            assert sign in words

    def test_every_word_is_in_both_catalogs(self):
        """Nobody in the hall reads a msgid."""
        texts = [path.read_text() for path in (templates_folder() / "display").glob("*.html")]
        code = Path(display_faces.__file__).read_text() + Path(display_faces.__file__).with_name("display.py").read_text()
        used = {key for text in texts for key in KEY_IN_TEMPLATES.findall(text)} | set(re.findall(r'"(display\.\w+)"', code))
        used -= {"display.page", "display.events", "display.css", "display.js"}
        assert len(used) > 25
        for language in LANGUAGES:
            words = {str(each.id): each.string for each in catalogs.read_catalog(language)}
            assert [key for key in used if not words.get(key)] == [], language
            assert {key for key in words if key.startswith("display.")} <= used


class TestVoice:
    """What is spoken."""

    def test_an_announcement_is_a_sound_file(self, client: FlaskClient, announcer: Announcer):
        """Its sound is served whole and in ranges, as television browsers ask for it."""
        wanted = f"/display/speech/{announcer.call('A 017').id}.wav"
        with client.get(wanted) as answer:
            assert answer.content_type == "audio/wav"
            with wave.open(BytesIO(answer.data)) as sound:
                assert sound.getnframes() / sound.getframerate() > 1
        with client.get(wanted, headers={"Range": "bytes=0-99"}) as part:
            assert (part.status_code, len(part.data)) == (206, 100)

    def test_what_is_not_announced_is_not_there(self, client: FlaskClient, station: MemoryStation, clock: ManualClock):
        """An unknown id, and a station without a voice, answer 404; the page is then silent."""
        assert client.get("/display/speech/1.wav").status_code == 404
        silent = made(station, clock, SceneRooms()).test_client()
        assert silent.get("/display/speech/1.wav").status_code == 404
        assert "data-speech" not in silent.get("/display").text
        assert "data-speech" in client.get("/display").text
        assert "data-speech" not in client.get("/display?sound=off").text

    def test_what_a_page_finds_is_known_and_not_news(self, client: FlaskClient, announcer: Announcer):
        """A display that is switched on does not read out what was called before."""
        first = announcer.call("A 017")
        assert f'data-heard="[{first.id}]"' in client.get("/display").text

    def test_a_display_speaks_for_its_rooms(self, client: FlaskClient, rooms: SceneRooms, announcer: Announcer):
        """Calls to a room are spoken where that room is shown; what is said to everybody is spoken everywhere."""
        rooms.show(rooms_view(room_view(1), room_view(1, ARCHIVE)))
        calls = [announcer.call("A 001", READING.name), announcer.call("A 002", ARCHIVE.name), announcer.minutes_left("7", 10)]
        for path, heard in (("/display", [0, 1, 2]), ("/display/archive", [1, 2])):
            found = re.search(r'data-heard="([^"]*)"', client.get(path).text)
            assert found
            assert json.loads(found[1]) == [calls[each].id for each in heard]

    def test_the_chime_is_our_own(self):
        """The sound before a call is what the tool makes."""
        made_here = MADE["wav"](MADE["SOUNDS"]["chime"])
        assert (templates_folder() / "static" / "sounds" / "chime.wav").read_bytes() == made_here


class TestAccess:
    """Who may open it, and how often."""

    def test_it_is_there_on_the_network_without_a_name(self, station: MemoryStation, clock: ManualClock, rooms: SceneRooms):
        """Other machines see it as the door's own does, and no more of the rooms' pages than that; other hosts see nothing."""
        client = made(station, clock, rooms, on_lan=True).test_client()
        assert client.get("/display", base_url="https://localhost").status_code == 200
        assert client.get("/", base_url="https://localhost").status_code == 404
        assert client.get("/display", base_url="https://evil.example").status_code == 400

    def test_it_is_read_only(self, client: FlaskClient):
        """Nothing can be posted to it, and it gives nobody a cookie."""
        for path in ("/display", "/display/reading", "/display/events", "/display/speech/1.wav"):
            assert client.post(path, headers={"Origin": "http://localhost"}).status_code in (403, 405)
        assert "Set-Cookie" not in client.get("/display").headers

    def test_displays_take_half_of_the_streams_at_most(self, base: str):
        """The guards' screens keep their share; a display that is closed gives its place back, and HEAD takes none."""
        for _ in range(CAP):
            assert requests.head(f"{base}/display/events", timeout=5).status_code == 200
        with ExitStack() as open_now:
            answers = [open_now.enter_context(opened(base, "/display/events")) for _ in range(CAP)]
            assert [answer.status_code for answer in answers] == [200, 200, 503, 503]
            assert answers[2].headers["Retry-After"] == "5"
            assert open_now.enter_context(opened(base, "/panel/events")).status_code == 200

        def seat_is_free() -> bool:
            with opened(base, "/display/events") as answer:
                return answer.status_code == 200

        assert until(seat_is_free)

    def test_no_display_is_let_in_while_the_station_stops(self, base: str, station: MemoryStation):
        """It is told to come again."""
        station.stopping.set()
        assert requests.get(f"{base}/display/events", timeout=5).status_code == 503

    def test_the_stream_says_everything_the_page_shows(self, base: str, announcer: Announcer, rooms: SceneRooms):
        """Version, clock, signs, what is to be spoken and how loud, and the rooms; and nothing is asked to be done."""
        call = announcer.call("A 017")
        found = re.search(r'data-build="(\w+)"', requests.get(f"{base}/display", timeout=5).text)
        with opened(base, "/display/events?room=reading") as answer:
            told: dict[str, str] = {}
            for name, html in events(answer):
                told[name] = html
                if len(told) == 5:
                    break
        assert found
        assert told["build"] == found[1]
        assert json.loads(told["speech"]) == [[call.id, 70]]
        assert "07.12 WIB" in told["clock"]
        assert "SIMULASI" in told["signs"]
        assert "7/10" in told["board"]
        assert rooms.asked == []


def test_the_page_is_light(client: FlaskClient, rooms: SceneRooms):
    """With all it loads it is under 100 KB, it needs nothing from elsewhere, and no syntax that old televisions do not know."""
    rooms.show(rooms_of(9))
    page = client.get("/display")
    static = templates_folder() / "static"
    files = [static / name for name in ("tokens.css", "display.css", "display.js", "icon.svg", "sounds/chime.wav")]
    assert len(page.data) + sum(path.stat().st_size for path in files) < 100_000
    assert "http" not in page.text
    script, style = (static / "display.js").read_text(), (static / "display.css").read_text()
    assert not re.findall(r"\?\.|\?\?|\basync\b|\bawait\b|replaceChildren|\.at\(|#\w+;|\.\.\.", script)
    assert not re.findall(r":has\(|:is\(|:where\(|@container|@layer|\binset\b|min\(|clamp\(|[^-]aspect-ratio:|[^-]\bgap:", style)


@pytest.mark.parametrize("name", ["crowded", "nine"])
def test_it_is_quick(client: FlaskClient, rooms: SceneRooms, name: str):
    """With 500 inside and 100 waiting the page is drawn in well under 100 ms."""
    rooms.show(DISPLAYS[name]())
    client.get("/display")
    assert until(lambda: _took_ms(client) < 100, 3)


def _took_ms(client: FlaskClient) -> float:
    began_ns = REAL.now().mono_ns
    client.get("/display")
    return (REAL.now().mono_ns - began_ns) / 1e6


def test_its_version_is_of_its_files(client: FlaskClient, tmp_path: Path):
    """A display that is open is loaded anew when a template, style or script of its own changed, and not otherwise."""
    for part in ("display", "static"):
        shutil.copytree(templates_folder() / part, tmp_path / part)
    same = build_of(tmp_path)
    assert f'data-build="{same}"' in client.get("/display").text
    (tmp_path / "static" / "guard.css").write_text("")
    assert build_of(tmp_path) == same
    for changed in ("display/room.html", "static/display.js", "static/display.css"):
        before = build_of(tmp_path)
        (tmp_path / changed).write_text("anew")
        assert build_of(tmp_path) != before, changed
