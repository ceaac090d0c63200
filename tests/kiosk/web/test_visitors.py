import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.core.room_codes import Said, TicketState
from kiosk.core.screening import Evidence, Step
from kiosk.core.values import Screen, ScreenKind
from kiosk.services.room_views import Done, RoomsView, Visitor, WaitRange
from kiosk.web import create_app
from kiosk.web.passed import pass_face
from kiosk.web.visitor_pages import KNOWN_STEPS
from kiosk.web.visitor_tiles import Way, tiles
from sync.clock import ManualClock
from sync.protocol.rooms import PassKind, ServiceMode
from tests.kiosk.web.room_scenes import (
    SceneRooms,
    called,
    called_row,
    crowded,
    full,
    room_view,
    rooms_view,
    seven,
    ticket_row,
    two_rooms,
)
from tests.kiosk.web.station import SITI, MemoryStation, tap
from tests.kiosk.web.test_words import WORDS
from tests.kiosk.web.visitor_walks import CODE, URL, every_mode, lone, one_service, services, waiting_one

HOSTS = frozenset({"localhost", "127.0.0.1"})
WASH_AND_MASK = (Step("wash"), Step("mask"), Step("temperature", evidence=Evidence.SENSOR))
_FIELD = re.compile(r'name="(csrf_token|go|step)" value="([^"]*)"')
HERE = {"Origin": "http://localhost"}


class Hall:
    """A panel with rooms, and somebody who touches it."""

    def __init__(self, scene: RoomsView, steps: tuple[Step, ...] = ()) -> None:
        self.station, self.clock, self.rooms, self.steps = MemoryStation(), ManualClock(), SceneRooms(scene), steps
        self.app: Flask = create_app(
            self.station,
            secret_key=b"k" * 32,
            allowed_hosts=HOSTS,
            testing=True,
            clock=self.clock,
            rooms=self.rooms,
            visitor_steps=lambda: self.steps,
        )
        self.client = self.app.test_client()

    def fields(self, page: str) -> dict[str, str]:
        return dict(_FIELD.findall(self.client.get(page).text))

    def start(self, what: str = "in") -> str:
        """Touch a button of the idle panel; gives the page that follows."""
        return self.post("start", self.fields("/"), what=what).text

    def post(self, to: str, fields: dict[str, str], **more: str) -> TestResponse:
        return self.client.post(f"/visitor/{to}", data={**fields, **more}, headers=HERE, follow_redirects=True)

    def send(self, to: str, **more: str) -> str:
        """Send a form of the page that is shown; gives the page that follows."""
        return self.post(to, self.fields("/visitor"), **more).text

    def page(self) -> str:
        return self.client.get("/visitor").text

    def asked(self, method: str) -> list[dict[str, object]]:
        return [values for name, values in self.rooms.asked if name == method]

    def arrived(self, done: Done | None = None) -> str:
        """Through to the end, alone and without a name."""
        if done is not None:
            self.rooms.answers["arrive"] = done
        self.start()
        self.send("people", people="1")
        return self.send("name", skip="1")


@pytest.fixture
def halls() -> Iterator[list[Hall]]:
    made: list[Hall] = []
    yield made
    for hall in made:
        hall.station.stopping.set()
        hall.rooms.close()


@pytest.fixture
def hall(halls: list[Hall]) -> Hall:
    return opened(halls, lone())


def opened(halls: list[Hall], scene: RoomsView, steps: tuple[Step, ...] = ()) -> Hall:
    halls.append(Hall(scene, steps))
    return halls[-1]


# The idle panel


def test_a_panel_without_rooms_is_as_before(client: FlaskClient):
    """Where there is nothing for visitors there is no button for them, and no page."""
    assert "Saya tamu" not in client.get("/").text
    assert client.get("/visitor").status_code == 404


def test_what_the_idle_panel_offers(halls: list[Hall]):
    """A way in where there is anything to choose, a way out where there are rooms, and the numbers that are called."""
    with_rooms, files_only = opened(halls, called()), opened(halls, one_service(ServiceMode.DROP_OFF)())
    nothing = opened(halls, rooms_view(services=()))
    page = with_rooms.client.get("/").text
    assert "Saya tamu / pengunjung" in page
    assert "Saya selesai / keluar" in page
    assert "Nomor A 001 · A 007, silakan masuk" in page
    assert "Saya selesai" not in files_only.client.get("/").text
    assert "Saya tamu" not in nothing.client.get("/").text


def test_only_at_the_panel(hall: Hall):
    """A browser elsewhere sees no buttons and opens no page."""
    far = hall.app.test_client()
    far.environ_base["REMOTE_ADDR"] = "10.0.0.7"
    assert "Saya tamu" not in far.get("/").text
    assert far.get("/visitor").status_code == 403
    assert far.post("/visitor/start", data=hall.fields("/")).status_code == 403


def test_every_form_needs_its_token(hall: Hall):
    """Nothing is done for a form without the token of our own page."""
    hall.start()
    fields = {name: value for name, value in hall.fields("/visitor").items() if name != "csrf_token"}
    for to in ("start", "choose", "service", "people", "name", "steps", "number", "back", "language", "close"):
        assert hall.client.post(f"/visitor/{to}", data=fields, headers=HERE).status_code == 403, to
    assert hall.page().count("Berapa orang?") == 1


def test_without_a_go_every_page_leads_to_the_panel(hall: Hall):
    """A page from the browser's history, or a made-up go, opens nothing."""
    fields = {"csrf_token": hall.fields("/")["csrf_token"], "go": "x", "step": "people"}
    assert hall.client.get("/visitor").headers["Location"] == "/"
    for to in ("choose", "service", "people", "name", "steps", "number", "back", "language", "close"):
        answer = hall.client.post(f"/visitor/{to}", data=fields, headers=HERE)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/"), to
    assert hall.rooms.asked == []


# Choosing


def test_rooms_and_services_with_places(halls: list[Hall]):
    """Each tile says what there is: places left, full with the wait, closed until when, or a file to hand in."""
    page = opened(halls, full()).start()
    assert "Penuh, 7 menunggu, ±30–60 menit" in page
    assert "Serahkan berkas, tidak perlu menunggu" in page
    assert "Ditutup sampai Jumat, 12 Juni 2020" in page
    assert "Sisa tempat: 3 dari 10" in opened(halls, seven()).start()


def test_one_room_is_not_a_choice(hall: Hall):
    """Where there is one thing to come for, the first page is the next one."""
    assert "Berapa orang?" in hall.start()


def test_more_than_six_are_on_pages(halls: list[Hall]):
    """Six tiles a page; pages that do not exist lead nowhere."""
    hall = opened(halls, every_mode())
    assert hall.start().count('class="tile ') == 6
    assert hall.send("choose", page="1").count('class="tile ') == 2
    assert "Halaman 2 dari 2" in hall.page()
    for page in ("9", "-1", "x"):
        assert "Halaman 1 dari 2" in hall.send("choose", page=page)


def test_a_tile_that_is_gone(halls: list[Hall]):
    """A made-up tile leaves one at the choice, with a sentence; a room that was closed meanwhile says so later."""
    hall = opened(halls, two_rooms())
    hall.start()
    assert "tidak ada lagi dalam daftar" in hall.send("choose", tile="room:<b>")
    hall.send("choose", tile="room:archive")
    fields = hall.fields("/visitor")
    hall.rooms.show(lone())
    assert "tidak ada lagi dalam daftar" in hall.page()
    assert "tidak ada lagi dalam daftar" in hall.post("people", fields, people="1").text
    assert hall.asked("arrive") == []


def test_a_room_is_no_way_around_its_services():
    """A room whose services all take nobody in is no tile; with one that does it is."""
    shut = services(ServiceMode.SUSPENDED, ServiceMode.ONLINE_ONLY)
    assert [each.key for each in tiles(shut)] == ["service:suspended", "service:online_only"]
    some = services(ServiceMode.SUSPENDED, ServiceMode.NORMAL)
    assert [each.key for each in tiles(some)] == ["room:reading", "service:suspended", "service:normal"]


def test_every_mode_has_a_way():
    """A mode that is added must be given a way."""
    for mode in ServiceMode:
        ways = {each.way for each in tiles(services(mode)) if each.service}
        assert ways <= set(Way)
        assert len(ways) == 1


@pytest.mark.parametrize(
    ("scene", "says", "has_code"),
    [
        (one_service(ServiceMode.SUSPENDED, url=None), "Layanan ini ditutup sampai Kamis, 9 April 2020", False),
        (one_service(ServiceMode.SUSPENDED), "Selama ditutup, layanan tersedia daring", True),
        (one_service(ServiceMode.ONLINE_ONLY), "Layanan ini tersedia daring. Pindai kode ini.", True),
        (one_service(ServiceMode.ONLINE_ONLY, url=None), "Petugas siap membantu tanpa ponsel", False),
        (one_service(ServiceMode.LIMITED, quota_left=0), "kuota hari ini sudah habis", True),
        (one_service(ServiceMode.NORMAL), "Silakan langsung menuju loket", False),
    ],
)
def test_services_that_give_no_number(halls: list[Hall], scene: object, says: str, has_code: bool):
    """Closed, online only, used up, or at a counter: a clear sentence, the code of its address, and no way to a number."""
    hall = opened(halls, scene())  # type: ignore[operator]
    page = hall.start()
    assert says in page
    assert (URL in page and "<svg" in page) is has_code
    assert 'action="/visitor/service"' not in page
    hall.send("service")
    assert says in hall.page()
    assert hall.rooms.asked == []


@pytest.mark.parametrize(
    "mode", [ServiceMode.ONLINE_FIRST, ServiceMode.ONLINE_AND_OFFLINE, ServiceMode.LIMITED, ServiceMode.NORMAL]
)
def test_services_that_lead_into_a_room(halls: list[Hall], mode: ServiceMode):
    """Online first shows the address before the counter; all of them end in the service's room, with what it is for."""
    hall = opened(halls, services(mode))
    hall.start()
    page = hall.send("choose", tile=f"service:{mode.value}")
    if mode in (ServiceMode.ONLINE_FIRST, ServiceMode.ONLINE_AND_OFFLINE):
        assert URL in page
        hall.send("service")
    hall.send("people", people="1")
    hall.send("name", skip="1")
    [asked] = hall.asked("arrive")
    assert asked["room_id"] == "reading"
    assert asked["visitor"] == Visitor(purpose=f"Layanan {mode.value}")


def test_a_service_that_closes_meanwhile(halls: list[Hall]):
    """Who is on the way when a service closes is told so, and takes no number."""
    hall = opened(halls, services(ServiceMode.LIMITED))
    hall.start()
    hall.send("choose", tile="service:limited")
    hall.send("people", people="1")
    shut = hall.rooms.view().services[0]
    hall.rooms.show(replace(hall.rooms.view(), services=(replace(shut, quota_left=0),)))
    assert "kuota hari ini sudah habis" in hall.send("name", skip="1")
    assert hall.asked("arrive") == []


def test_handing_in_a_file(halls: list[Hall]):
    """A file needs a name at most, and gives a receipt number at once."""
    hall = opened(halls, one_service(ServiceMode.DROP_OFF)())
    assert "tidak perlu menunggu" in hall.start()
    page = hall.send("service")
    assert 'name="purpose"' not in page
    assert "A-0003" in hall.send("name", name="  Budi   Santoso ")
    assert hall.asked("drop_off") == [{"service_id": "ktp", "name": "Budi Santoso"}]


# Who


def test_people_and_priority(hall: Hall):
    """How many and priority are kept, going back and forth too."""
    hall.start()
    hall.send("people", people="7", priority="1")
    hall.send("back")
    page = hall.page()
    assert "<output data-count>7</output>" in page
    assert "checked" in page
    hall.send("people", people="6", priority="1")
    hall.send("name", name="Siti", institution="SMA 1", purpose="Membaca")
    assert hall.asked("arrive")[0]["visitor"] == Visitor(6, "Siti", "Membaca", "SMA 1", priority=True)


def test_a_number_of_people_that_cannot_be(hall: Hall):
    """Anything but 1 to as many as the room holds is asked again, and nothing is counted."""
    hall.start()
    for people in ("0", "11", "-1", "", "two", "1e3", "٣", "9" * 30):
        assert "Pilih jumlah orang dari 1 sampai 10" in hall.send("people", people=people), people
    assert hall.rooms.asked == []


def test_without_a_name(hall: Hall):
    """ "Without a name" forgets what was typed; nobody has to type anything."""
    hall.start()
    hall.send("people", people="1")
    page = hall.page()
    assert "Perangkat ini menghapusnya 35 hari setelah diterima server" in page
    assert "jangan menulis nama anak" in page
    hall.send("name", skip="1", name="Siti", institution="x", purpose="y")
    assert hall.asked("arrive")[0]["visitor"] == Visitor()


def test_what_is_typed_is_tidied(hall: Hall):
    """One line, no longer than it may be, and never anybody's markup."""
    hall.start()
    hall.send("people", people="1")
    hall.send("name", name="Siti\r\n\x00 <b>Rahayu</b>  ", institution="x" * 500, purpose="‮" + "ᱚ" * 3)
    visitor = hall.asked("arrive")[0]["visitor"]
    assert isinstance(visitor, Visitor)
    assert visitor.name == "Siti <b>Rahayu</b>"
    assert len(visitor.institution) == 80
    assert visitor.purpose == "ᱚᱚᱚ"


def test_the_steps_in_force(halls: list[Hall]):
    """The steps of the circular, in its order, on one page; the sensor's is no notice. Without any there is no such page."""
    hall = opened(halls, lone(), (*WASH_AND_MASK, Step("a_new_one")))
    hall.start()
    hall.send("people", people="1")
    page = hall.send("name", skip="1")
    assert page.index("Cuci tangan") < page.index("Kenakan masker") < page.index("Ikuti petunjuk")
    assert hall.rooms.asked == []
    hall.send("steps")
    assert len(hall.asked("arrive")) == 1


def test_every_step_has_words():
    """A step that the catalogs name is known, and each known one has words."""
    assert all(f"step.{step}" in WORDS[language] for step in KNOWN_STEPS for language in WORDS)


# What it leads to


def test_a_card_to_show(hall: Hall):
    """A place is kept for a minute; reloading does not begin it anew, and going away gives it back."""
    page = hall.arrived(Done(Said.SHOW_CARD, "reading", people=3))
    assert "Ambil satu kartu untuk 3 orang" in page
    assert 'data-closes-after="60" data-fixed' in page
    hall.clock.advance(20)
    assert 'data-closes-after="40"' in hall.page()
    hall.send("close")
    assert hall.asked("cancel") == [{}]
    assert "Saya tamu" in hall.client.get("/").text


def test_whoever_comes_next_gives_the_place_back(hall: Hall):
    """A go that was left standing ends with the next touch, or after five minutes, and frees the place that it kept."""
    hall.arrived(Done(Said.SHOW_CARD, "reading"))
    hall.start()
    assert len(hall.asked("cancel")) == 1
    hall.arrived(Done(Said.SHOW_CARD, "reading"))
    hall.clock.advance(300)
    assert hall.client.get("/visitor").headers["Location"] == "/"
    assert len(hall.asked("cancel")) == 2


def test_a_pass_on_the_screen(hall: Hall):
    """The code is drawn here, once; the next visitor does not see it."""
    page = hall.arrived(Done(Said.ENTERED, "reading", pass_code=CODE, pass_kind=PassKind.SCREEN))
    assert "Foto kode ini" in page
    assert "<svg" in page
    assert CODE not in page
    hall.send("close")
    assert hall.client.get("/visitor").headers["Location"] == "/"
    assert "Berapa orang?" in hall.start()


def test_a_pass_on_paper_without_a_printer(hall: Hall):
    """Where nothing can be printed the code on the screen is the pass."""
    page = hall.arrived(Done(Said.ENTERED, "reading", pass_code=CODE, pass_kind=PassKind.PAPER))
    assert "Foto kode ini, lalu tunjukkan saat keluar" in page
    assert "Slip belum" not in page
    assert "Kertas habis. Slip belum tercetak. Foto kode ini" in hall.arrived(
        Done(Said.PRINTER_OUT, "reading", visit_id="v", pass_code=CODE, pass_kind=PassKind.PAPER)
    )


def test_a_waiting_number(halls: list[Hall]):
    """The number large, people ahead, an honest range, and leaving for a while."""
    hall = opened(halls, waiting_one(TicketState.WAITING)())
    waits = Done(Said.WAITING, "reading", ticket_id="ticket-4", number="A 017", ahead=4, wait=WaitRange(20, 35))
    page = hall.arrived(waits)
    for words in ("A 017", "4 orang di depan Anda", "Perkiraan menunggu 20–35 menit", "dipanggil di layar"):
        assert words in page
    assert "Silakan pergi sebentar" in hall.send("number", do="away")
    assert hall.asked("step_away") == [{"ticket_or_visit_id": "ticket-4", "by": None}]
    page = hall.arrived(replace(waits, ahead=0, wait=None))
    assert "Anda giliran berikutnya" in page
    assert "belum dapat diperkirakan" in page
    assert "Kertas habis. Slip belum tercetak. Ingat" in hall.arrived(replace(waits, said=Said.PRINTER_OUT))


def test_every_answer_has_a_page(hall: Hall):
    """Whatever the rooms answer, the visitor reads a sentence; each has one in both languages, and a colour, shape and sound."""
    shown = {Said.SHOW_CARD: "Ambil satu kartu", Said.WAITING: "A 017", Said.RECEIVED: "B-0031", Said.PRINTER_OUT: "Kertas habis"}
    for said in Said:
        done = Done(said, "reading", number="A 017", receipt="B-0031" if said is Said.RECEIVED else None)
        assert shown.get(said, WORDS["id"][f"room.said.{said}"]) in hall.arrived(done), said
        assert f"room.said.{said}" in WORDS["en"]
        assert pass_face(said).headline in WORDS["id"]
        assert pass_face(said).sound


def test_twice_is_once(hall: Hall):
    """A button touched twice, a form sent again from the history: one number, whatever the order."""
    hall.start()
    first = hall.fields("/visitor")
    hall.post("people", first, people="2")
    hall.post("people", first, people="9")
    second = hall.fields("/visitor")
    answers = [hall.post("name", second, skip="1") for _ in range(3)]
    hall.post("people", first, people="9")
    assert {answer.status_code for answer in answers} == {200}
    assert [asked["visitor"] for asked in hall.asked("arrive")] == [Visitor(2)]


def test_two_touches_at_the_same_instant(hall: Hall):
    """Of two requests in the same moment one counts."""
    hall.start()
    hall.send("people", people="1")
    fields, together = hall.fields("/visitor"), threading.Barrier(2)
    cookie = hall.client.get_cookie("gapura_kiosk")
    assert cookie is not None

    def touch() -> None:
        client = hall.app.test_client()
        client.set_cookie("gapura_kiosk", cookie.value)
        together.wait(5)
        client.post("/visitor/name", data={**fields, "skip": "1"}, headers=HERE)

    touches = [threading.Thread(target=touch) for _ in range(2)]
    for each in touches:
        each.start()
    for each in touches:
        each.join(10)
    assert len(hall.asked("arrive")) == 1


def test_nothing_stays_for_the_next(hall: Hall):
    """The next visitor's pages hold nothing of the one before, and the one before has no go any more."""
    hall.start()
    hall.send("people", people="3", priority="1")
    hall.send("name", name="Siti Rahayu", institution="SMA 1")
    before = hall.fields("/visitor")
    hall.start()
    assert "<output data-count>1</output>" in hall.page()
    hall.post("close", before)
    assert "Siti" not in hall.send("people", people="1")


def test_the_language_is_for_one_go(hall: Hall):
    """English chosen on the panel or here lasts for this go only; an unknown language is refused."""
    hall.station.set_language("en")
    assert "How many people?" in hall.start()
    assert hall.station.panel.current().language == "id"
    assert "Berapa orang?" in hall.send("language", language="id")
    assert hall.post("language", hall.fields("/visitor"), language="xx").status_code == 400
    hall.send("language", language="en")
    assert "Berapa orang?" in hall.start()


def test_going_back(halls: list[Hall]):
    """Back leads step by step to the choice, and from there to the panel; after the end there is no way back."""
    hall = opened(halls, services(ServiceMode.ONLINE_FIRST))
    hall.start()
    hall.send("choose", tile="service:online_first")
    hall.send("service")
    hall.send("people", people="1")
    for words in ("Berapa orang?", URL, "Anda datang untuk apa?", "Selamat datang"):
        assert words in hall.send("back")
    hall = opened(halls, lone())
    hall.arrived()
    assert "Silakan masuk" in hall.send("back")


# Numbers, and leaving


def test_a_called_number_comes_in(halls: list[Hall]):
    """One called number is asked after at once; of several one is chosen first."""
    hall = opened(halls, rooms_view(room_view(9, called=(called_row(17),)), services=()))
    hall.rooms.answers["enter_called"] = Done(Said.SHOW_CARD, "reading", ticket_id="ticket-17")
    assert "Nomor ini dipanggil. Silakan masuk." in hall.start("called")
    assert "Ambil satu kartu dari kotak" in hall.send("number", do="enter")
    assert hall.asked("enter_called") == [{"ticket_id": "ticket-17", "by": None, "card": None}]
    several = opened(halls, called())
    page = several.start("called")
    assert "A 001" in page
    assert "A 007" in page
    assert "Nomor ini dipanggil" in several.send("number", ticket="ticket-7")


def test_numbers_that_wait(halls: list[Hall]):
    """Who has a number sees how it stands, may leave for a while, and says so when back."""
    hall = opened(halls, full())
    hall.start()
    page = hall.send("choose", number="1")
    assert page.count("numbers__one") == 5
    assert "2 orang di depan Anda" in hall.send("number", ticket="ticket-3")
    assert "Silakan pergi sebentar" in hall.send("number", do="away")
    hall.start()
    hall.send("choose", number="1")
    assert "disimpan 8 menit lagi" in hall.send("number", ticket="ticket-4")
    assert "Selamat datang kembali" in hall.send("number", do="back")
    assert [name for name, _ in hall.rooms.asked] == ["step_away", "come_back"]


@pytest.mark.parametrize(
    ("ticket", "do", "words"),
    [("ticket-99", "enter", "sudah tidak menunggu"), ("", "away", "sudah tidak menunggu"), ("ticket-4", "away", "sudah tidak")],
)
def test_numbers_that_cannot(halls: list[Hall], ticket: str, do: str, words: str):
    """A number that waits no more, or has left already, says so; nothing is done."""
    hall = opened(halls, full())
    hall.start()
    hall.send("choose", number="1")
    fields = hall.fields("/visitor")
    hall.post("number", fields, ticket=ticket)
    assert words in hall.post("number", {**fields, "step": "number"}, do=do).text
    assert hall.rooms.asked == []


def test_a_hundred_numbers_are_on_pages(halls: list[Hall]):
    """Twelve numbers a page."""
    queue = tuple(ticket_row(number) for number in range(2, 102))
    hall = opened(halls, rooms_view(room_view(10, queue=queue)))
    hall.start()
    assert "Halaman 1 dari 9" in hall.send("choose", number="1")
    assert hall.send("number", page="8").count("numbers__one") == 4
    assert "Halaman 9 dari 9" in hall.send("number", page="99")


def test_leaving(hall: Hall):
    """Show what you have to the camera, or ask the desk."""
    page = hall.start("out")
    assert "Tunjukkan kartu, slip, atau foto kode Anda ke kamera" in page
    assert "petugas" in page
    assert 'data-awaits="left left_unknown already_left"' in page


# Passes shown to the camera


def test_a_pass_is_answered_for_four_seconds(hall: Hall):
    """What a pass led to is on the idle panel with its time inside, then it is gone."""
    assert "Terima kasih" not in hall.client.get("/").text
    since = hall.clock.now().wall - timedelta(minutes=5)
    hall.rooms.show_scanned(Done(Said.LEFT, "reading", visit_id="visit-5", card=5, in_use_since=since))
    page = hall.client.get("/").text
    for words in ("Terima kasih sudah berkunjung", "Kartu 5", "Anda di dalam 5 menit", "masukkan kartu ke kotak", 'data-sound="'):
        assert words in page
    hall.clock.advance(3.9)
    assert "Terima kasih" in hall.client.get("/").text
    hall.clock.advance(0.2)
    assert "Terima kasih" not in hall.client.get("/").text


def test_a_time_inside_that_nobody_can_be_sure_of(halls: list[Hall]):
    """Without a clock to be believed, or with one that was set back, no minutes are told."""
    for trusted, minutes in ((False, 5), (True, -5)):
        hall = opened(halls, replace(lone(), clock_trusted=trusted))
        since = hall.clock.now().wall - timedelta(minutes=minutes)
        hall.rooms.show_scanned(Done(Said.LEFT, "reading", in_use_since=since))
        page = hall.client.get("/").text
        assert "Terima kasih" in page
        assert "Anda di dalam" not in page


def test_a_pass_shown_before_the_start_is_nobodys(halls: list[Hall]):
    """What was shown when the program began is not told to whoever stands there now."""
    rooms = SceneRooms(lone())
    rooms.show_scanned(Done(Said.LEFT, "reading"))
    station = MemoryStation()
    app = create_app(station, secret_key=b"k" * 32, allowed_hosts=HOSTS, testing=True, clock=ManualClock(), rooms=rooms)
    assert "Terima kasih" not in app.test_client().get("/").text
    station.stopping.set()
    rooms.close()


def test_the_same_pass_twice_sounds_twice(hall: Hall):
    """Each showing has its own sound."""
    keys = set()
    for _ in range(2):
        hall.rooms.show_scanned(Done(Said.ALREADY_LEFT, "reading"))
        keys |= set(re.findall(r'data-sound-key="([^"]+)"', hall.client.get("/").text))
    assert keys == {"pass:1", "pass:2"}


def test_a_card_in_use_says_since_when(hall: Hall):
    """The clock time, and what to do."""
    hall.rooms.show_scanned(Done(Said.CARD_IN_USE, "reading", card=7, in_use_since=hall.rooms.now))
    page = hall.client.get("/").text
    assert "Dipakai sejak 07.12 WIB" in page
    assert "Silakan ambil kartu lain" in page


def test_staff_come_first(hall: Hall):
    """While somebody of the staff is on the panel a pass is answered beside them, not instead of them."""
    hall.station.show(Screen(ScreenKind.TAPPED, SITI, tap()))
    hall.rooms.show_scanned(Done(Said.LEFT, "reading"))
    page = hall.client.get("/").text
    assert "Siti Rahayu" in page
    assert 'class="notice" role="status" data-passed="left"' in page


def test_staff_are_shown_over_a_visitors_page(hall: Hall):
    """A visitor's page carries the panel's screen, and is itself untouched by a badge."""
    hall.start()
    hall.station.show(Screen(ScreenKind.ADMITTED, SITI, tap()))
    page = hall.page()
    assert "Siti Rahayu" in page
    assert "Berapa orang?" in page
    hall.station.show(Screen(ScreenKind.IDLE))
    assert "Siti Rahayu" not in hall.send("people", people="1")


def test_pages_are_light(halls: list[Hall]):
    """A page with all that it loads is under 100 KB, and asks for nothing elsewhere."""
    hall = opened(halls, every_mode())
    page = hall.start()
    root = Path(hall.app.static_folder or "")
    files = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    sounds = [f"sounds/{one}.wav" for one in ("accepted", "attention", "full")]
    assert "visitors.js" in files
    assert len(page.encode()) + sum((root / file).stat().st_size for file in [*files, *sounds]) < 100_000
    assert "//" not in page.replace("http://www.w3.org/2000/svg", "")


def test_a_crowd_is_one_tile(halls: list[Hall]):
    """500 inside and 100 waiting are one tile, and their numbers are on pages."""
    hall = opened(halls, crowded())
    assert "Penuh, 100 menunggu" in hall.start()
    assert "Halaman 1 dari 9" in hall.send("choose", number="1")
