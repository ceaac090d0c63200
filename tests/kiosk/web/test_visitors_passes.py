"""Numbers at the panel, leaving, and passes shown to the camera."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.room_codes import Said
from kiosk.core.values import Screen, ScreenKind
from kiosk.services.room_views import Done
from kiosk.web import create_app
from sync.clock import ManualClock
from tests.kiosk.web.room_scenes import (
    SceneRooms,
    called,
    called_row,
    crowded,
    full,
    room_view,
    rooms_view,
    ticket_row,
)
from tests.kiosk.web.station import SITI, MemoryStation, tap
from tests.kiosk.web.visitor_hall import HOSTS, Hall, opened
from tests.kiosk.web.visitor_walks import every_mode, lone


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


def test_no_minutes_inside_are_not_told(hall: Hall):
    """Who goes out again at once is not told "0 menit"."""
    hall.rooms.show_scanned(Done(Said.LEFT, "reading", visit_id="visit-5", card=5, in_use_since=hall.clock.now().wall))
    page = hall.client.get("/").text
    assert "Kunjungan Anda sudah selesai." in page
    assert "0 menit" not in page


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
