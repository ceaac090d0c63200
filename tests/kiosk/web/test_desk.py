import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.core.duties import Duty
from kiosk.services.room_views import (
    CHECKLIST_ITEMS,
    Done,
    FreeReason,
    OverrideReason,
    RoomsView,
    Said,
    TicketState,
    Visitor,
)
from kiosk.services.views import Guard
from kiosk.web import catalogs, create_app, desk_view
from kiosk.web.access import Access
from kiosk.web.desk import parts
from kiosk.web.desk_view import Asked, CountReason, Standing
from kiosk.web.sessions import LOCK_AFTER_S
from sync.clock import ManualClock
from tests.kiosk.services.post import PIN as REAL_PIN
from tests.kiosk.web import room_scenes as scenes
from tests.kiosk.web.desk_door import desk_door
from tests.kiosk.web.forms import send, sign_in
from tests.kiosk.web.room_scenes import SceneRooms
from tests.kiosk.web.station import NOW, PIN, MemoryStation

HOSTS = frozenset({"localhost", "127.0.0.1"})
SLAMET, TRI, HEAD = Guard("g1", "Slamet Widodo", "guard"), Guard("g2", "Tri Wahyuni", "desk"), Guard("g3", "Ibu Kepala", "head")
LANGUAGES = ("id", "en")


@pytest.fixture
def rooms() -> Iterator[SceneRooms]:
    rooms = SceneRooms()
    yield rooms
    rooms.close()


@pytest.fixture
def app(station: MemoryStation, clock: ManualClock, rooms: SceneRooms) -> Flask:
    station.people = (SLAMET, TRI, HEAD)
    return create_app(station, secret_key=b"k" * 32, allowed_hosts=HOSTS, testing=True, clock=clock, rooms=rooms)


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    """A browser at which a guard is signed in."""
    client = app.test_client()
    assert sign_in(client, "g1").status_code == 200
    return client


def words(html: str) -> str:
    """What is read on the page."""
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", html.split("<main")[1]).split()))


def page(client: FlaskClient, path: str = "/desk") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return words(answer.text)


def at_desk(client: FlaskClient, address: str, /, **fields: str) -> str:
    """Send a form of the room; gives what the next page says."""
    data = {"csrf_token": _token(client), "room": "reading", **fields}
    answer = client.post(address, data=data, headers={"Origin": "http://localhost"}, follow_redirects=True)
    assert answer.status_code == 200, address
    return words(answer.text)


# Who may


def test_the_desk_is_for_who_runs_rooms(app: Flask):
    """Guards and desks have it among their pages; the head of a unit does not, and is refused."""
    for guard, allowed in (("g1", True), ("g2", True), ("g3", False)):
        client = app.test_client()
        landed = sign_in(client, guard)
        assert ('href="/desk"' in landed.text) == allowed
        assert client.get("/desk").status_code == (200 if allowed else 403)
        assert client.get("/desk/events").status_code == (200 if allowed else 403)


def test_every_route_of_the_desk_needs_the_duty(app: Flask):
    """Nothing about rooms is public, and whatever changes something is closed to a locked session."""
    routes = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in ("desk", "desk_entry", "desk_rounds")]
    assert len(routes) >= 25
    for rule in routes:
        access = app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        assert isinstance(access, Access)
        assert access.duty is Duty.RUN_ROOM, rule
        assert access.acting == ("POST" in (rule.methods or ())), rule


def test_who_sits_at_a_desk_begins_there(app: Flask, rooms: SceneRooms):
    """The desk's people land on their room, guards on their feed; so does everybody where no room is set up."""
    assert sign_in(app.test_client(), "g2").request.path == "/desk"
    assert sign_in(app.test_client(), "g1").request.path == "/guard"
    rooms.show(scenes.rooms_view())
    assert sign_in(app.test_client(), "g2").request.path == "/guard"


def test_a_locked_desk_shows_and_does_not_act(desk: FlaskClient, clock: ManualClock, rooms: SceneRooms):
    """After 15 minutes the numbers stay, nothing can be pressed, and the PIN leads back to the room."""
    rooms.show(scenes.called())
    pressed = ("Daftarkan pengunjung", "Panggil berikutnya", "Masuk<span")
    assert all(words in desk.get("/desk").text for words in pressed)
    clock.advance(LOCK_AFTER_S)
    html = desk.get("/desk").text
    assert "8/10" in html
    assert not [words for words in pressed if words in html]
    send(desk, "/desk/numbers/next", room="reading")
    assert rooms.asked == []
    assert "Meja ruangan" in at_desk(desk, "/guard/sign-in", guard="g1", pin=PIN, to="desk")


def test_without_rooms_nothing_is_there(client: FlaskClient, station: MemoryStation):
    """A door without rooms has no desk; one whose rooms are not set up says so."""
    app = create_app(station, secret_key=b"k" * 32, allowed_hosts=HOSTS, testing=True)
    bare = app.test_client()
    assert "Ruangan" not in sign_in(bare).text
    assert bare.get("/desk").status_code == 404


def test_rooms_not_set_up(desk: FlaskClient, rooms: SceneRooms):
    """An empty door says what to do next, and has no files to list."""
    rooms.show(scenes.rooms_view())
    assert "Belum ada ruangan di pintu ini" in page(desk)
    assert "Belum ada berkas" in page(desk, "/desk/files")


# What is shown

LINES = {
    "empty": ("0/10", "Sisa tempat: 10", "Daftar periksa pembukaan belum diisi", "Belum ada orang di dalam"),
    "seven": ("7/10", "Sisa tempat: 3", "lewat 11 menit", "2 orang", "prioritas", "keluar sebentar, sisa 6 menit", "Kartu 2"),
    "full": ("10/10", "PENUH", "Antrean (5)", "tidak datang saat dipanggil", "kira-kira 10–20 menit lagi", "Izinkan masuk"),
    "called": ("8/10", "2 tempat disimpan", "A 001", "1:37", "dijeda", "Panggil ulang", "Lewati"),
    "over": ("11/10", "melebihi 1", "izin petugas", "Masuk dengan izin petugas: Kartu 11"),
    "cut_off": ("8 dari 10 dapat dipakai, 2 di Pintu B , terakhir terdengar 07.02 WIB", "Mohon hitung orang di dalam"),
    "two_rooms": ("Ruang Baca 7/10", "Ruang Arsip 4/4"),
    "dropped_off": ("1 berkas belum diterima petugas",),
}


def test_a_room_in_words(desk: FlaskClient, rooms: SceneRooms):
    """Each state of a room is said in words, beside its colour and shape."""
    for scene, lines in LINES.items():
        rooms.show(scenes.SCENES[scene]())
        said = page(desk)
        assert [line for line in lines if line not in said] == [], said


@pytest.mark.parametrize(
    ("view", "standing"),
    [
        (scenes.seven(), Standing.FREE),
        (scenes.full(), Standing.FULL),
        (scenes.called(), Standing.KEPT),
        (scenes.over(), Standing.OVER),
        (scenes.rooms_view(scenes.room_view(7, places_left=0, usable=3, is_lone=False)), Standing.NONE_HERE),
    ],
)
def test_states_differ_in_word_shape_and_colour(desk: FlaskClient, rooms: SceneRooms, view: RoomsView, standing: Standing):
    """The state is in the page, and no two states share their shape or their colour and shape."""
    rooms.show(view)
    assert f'data-standing="{standing}"' in desk.get("/desk").text
    assert len({drawing for _, drawing in desk_view.LOOKS.values()}) == len(Standing)


def test_another_room_and_an_unknown_one(desk: FlaskClient, rooms: SceneRooms):
    """A room is chosen by its address; one that is not there gives the first on the page, and 404 in a form."""
    rooms.show(scenes.two_rooms())
    assert "4/4" in page(desk, "/desk?room=archive")
    assert "7/10" in page(desk, "/desk?room=attic")
    for path in ("register", "override", "count", "sweep", "checklist"):
        assert desk.get(f"/desk/{path}?room=attic").status_code == 404, path
    assert send(desk, "/desk/numbers/next", room="attic").status_code == 404
    assert rooms.asked == []


def test_english(desk: FlaskClient, rooms: SceneRooms):
    """The room has its English name and words once English is chosen."""
    send(desk, "/guard/language", language="en")
    rooms.show(scenes.full())
    said = page(desk)
    assert "Reading Room" in said
    assert "FULL" in said
    assert "Card 1" in said
    assert "Ruang" not in said


def test_today(desk: FlaskClient):
    """The counts of today are there, and a dash where nobody has waited."""
    assert "Masuk 19 Keluar 12 Menunggu 4 Prioritas 2" in page(desk)
    assert "Tunggu terlama 18 menit" in page(desk)


# Who is inside


def test_find_leads_to_the_only_one(desk: FlaskClient, rooms: SceneRooms):
    """A card's number, a queue number or a name finds its page; several are listed; nothing found says what to try."""
    rooms.show(scenes.full())
    for typed, path in (("7", "/desk/visits/visit-7"), ("a 6", "/desk/numbers/ticket-6"), ("karto", "/desk/numbers/ticket-2")):
        answer = desk.get("/desk/find", query_string={"room": "reading", "q": typed})
        assert answer.headers["Location"] == path, typed
    assert "Kartu 3" in page(desk, "/desk/find?room=reading&q=3")
    assert "A 003" in page(desk, "/desk/find?room=reading&q=3")
    assert "Tidak ada yang cocok" in page(desk, "/desk/find?room=reading&q=%22%3E%3Cb%3E")


def test_a_visit(desk: FlaskClient):
    """Since when, how many, which door; a name is shown where one was given."""
    said = page(desk, "/desk/visits/visit-3")
    assert "Kartu 3" in said
    assert "06.42 WIB · 30 menit · sisa 30 menit" in said
    assert "Ibu Sumarni" in said
    assert "Apakah kartunya" not in said


def test_free(desk: FlaskClient, rooms: SceneRooms):
    """A reason frees a place; without one, or with another reason and no note, nothing happens."""
    said = at_desk(desk, "/desk/visits/visit-1/free", reason="forgot")
    assert "Tempat sudah dikosongkan." in said
    asked = {"visit_id": "visit-1", "reason": FreeReason.FORGOT, "by": SLAMET, "note": "", "card_here": False}
    assert rooms.asked == [("free", asked)]
    assert "Tulis dulu alasannya" in at_desk(desk, "/desk/visits/visit-1/free", reason="<b>")
    assert "Mohon tulis catatan" in at_desk(desk, "/desk/visits/visit-1/free", reason="other", note="  ")
    assert "sudah selesai atau tidak ditemukan" in at_desk(desk, "/desk/visits/nobody/free", reason="forgot")
    assert len(rooms.asked) == 1
    at_desk(desk, "/desk/visits/visit-1/free", reason="other", note="pulang\r\n lewat belakang")
    assert rooms.asked[-1][1]["note"] == "pulang lewat belakang"


def test_free_asks_for_the_card_where_it_matters(desk: FlaskClient, rooms: SceneRooms):
    """In a room of several doors a card may turn up elsewhere: the question must be answered; a lost card is not here."""
    rooms.show(scenes.cut_off())
    assert "Apakah kartunya ada di kotak pintu ini?" in page(desk, "/desk/visits/visit-1")
    assert "Apakah kartunya" in at_desk(desk, "/desk/visits/visit-1/free", reason="forgot")
    assert rooms.asked == []
    for reason, here in (("forgot", True), ("lost_card", False)):
        at_desk(desk, "/desk/visits/visit-1/free", reason=reason, card_here="yes")
        assert rooms.asked[-1][1]["card_here"] == here


def test_step_out_back_and_move(desk: FlaskClient, rooms: SceneRooms):
    """Somebody inside leaves for a while, is back, and moves to another room in one action."""
    rooms.show(scenes.two_rooms())
    assert "Sudah kembali" in page(desk, "/desk/visits/visit-4")
    assert "Pindahkan ke Ruang Arsip" in page(desk, "/desk/visits/visit-1")
    at_desk(desk, "/desk/away/visit-1")
    at_desk(desk, "/desk/back/visit-4")
    rooms.answers["move"] = Done(Said.FULL)
    assert "Ruangan penuh" in at_desk(desk, "/desk/visits/visit-1/move", to="archive")
    assert [name for name, _ in rooms.asked] == ["step_away", "come_back", "move"]
    assert rooms.asked[-1][1] == {"visit_id": "visit-1", "to_room_id": "archive", "by": SLAMET}


# The queue


def test_calls(desk: FlaskClient, rooms: SceneRooms):
    """Next, again, pause, skip, away: one press each, and the port hears who pressed."""
    rooms.show(scenes.called())
    assert "Nomor A 002 dipanggil" in at_desk(desk, "/desk/numbers/next")
    for press, method in (("call", "call_again"), ("pause", "pause_call"), ("skip", "skip")):
        at_desk(desk, f"/desk/numbers/ticket-1/{press}")
        assert rooms.asked[-1] == (method, {"ticket_id": "ticket-1", "by": SLAMET})
    at_desk(desk, "/desk/away/ticket-1")
    assert rooms.asked[-1] == ("step_away", {"ticket_or_visit_id": "ticket-1", "by": SLAMET})


def test_a_called_number_comes_in(desk: FlaskClient, rooms: SceneRooms):
    """With a card's number or without one."""
    rooms.show(scenes.called())
    for typed, card in (("", None), (" 12 ", 12), ("007", 7)):
        at_desk(desk, "/desk/numbers/ticket-1/enter", card=typed)
        assert rooms.asked[-1] == ("enter_called", {"ticket_id": "ticket-1", "by": SLAMET, "card": card})


def test_what_is_no_card(desk: FlaskClient, rooms: SceneRooms):
    """What is no number of a card is refused with a sentence, in both forms, and nobody enters."""
    for typed in ("x", "0", "-1", "1.5", "99999999", "٣", "7; drop"):
        assert "Nomor kartu harus berupa angka" in at_desk(desk, "/desk/numbers/ticket-1/enter", card=typed), typed
        assert "Nomor kartu harus berupa angka" in at_desk(desk, "/desk/register", card=typed, people="1"), typed
    assert rooms.asked == []


@pytest.mark.parametrize(
    ("ticket", "shown", "hidden"),
    [
        ("ticket-1", ("Panggil ulang", "Jeda", "Nomor kartu"), ("Sudah kembali",)),
        ("ticket-4", ("Sudah kembali", "Lewati"), ("Panggil ulang",)),
        ("ticket-5", ("Panggil ulang", "Lewati"), ("Nomor kartu",)),
        ("ticket-3", ("Lewati", "Keluar sebentar", "Mencari arsip", "15–30 menit"), ("Jeda",)),
    ],
)
def test_a_number(desk: FlaskClient, rooms: SceneRooms, ticket: str, shown: tuple[str, ...], hidden: tuple[str, ...]):
    """Each state of a number offers what can be done about it, and no more."""
    rooms.show(scenes.called())
    said = page(desk, f"/desk/numbers/{ticket}")
    assert [each for each in shown if each not in said] == []
    assert [each for each in hidden if each in said] == []


def test_a_number_that_is_gone(desk: FlaskClient):
    """Somebody else was faster: the desk says so and shows the room."""
    answer = desk.get("/desk/numbers/ticket-99", follow_redirects=True)
    assert "Nomor ini sudah tidak menunggu" in answer.text


# Registering and overriding


def test_register_by_voice(desk: FlaskClient, rooms: SceneRooms):
    """Nothing but a number of people is needed; what is typed is cleaned; the place's owner is named back."""
    said = at_desk(desk, "/desk/register", people="1", card="9")
    assert "Sudah masuk: Kartu 9." in said
    at_desk(desk, "/desk/register", people="3", name="  Ibu\x00 Siti \n", purpose="Membaca", priority="yes")
    visitor = Visitor(people=3, name="Ibu Siti", purpose="Membaca", priority=True)
    assert rooms.asked[-1] == ("arrive", {"room_id": "reading", "visitor": visitor, "by": SLAMET, "card": None})


def test_register_into_a_full_room_gives_a_number(desk: FlaskClient, rooms: SceneRooms):
    """The number is said with what is ahead of it, and the form has said so beforehand."""
    rooms.show(scenes.full())
    assert "Beri nomor tunggu" in page(desk, "/desk/register?room=reading")
    rooms.answers["arrive"] = Done(Said.WAITING, "reading", number="A 018", ahead=5)
    said = at_desk(desk, "/desk/register", people="1")
    assert "Nomor tunggu A 018. Orang di depan: 5, perkiraan tunggu: belum dapat diperkirakan." in said


def test_a_number_of_people(desk: FlaskClient, rooms: SceneRooms):
    """Without a number of people nobody is let in; what was typed stays in the form."""
    for people in ("", "0", "-2", "banyak", "501", "1e3"):
        html = send(desk, "/desk/register", room="reading", people=people, name="Ibu Siti").text
        assert "angka 1 sampai 500" in html, people
        assert 'value="Ibu Siti"' in html
    assert rooms.asked == []


def test_register_again(desk: FlaskClient, rooms: SceneRooms):
    """What can be put right leads back to the form, with what was typed."""
    for said in (Said.CARD_IN_USE, Said.CARD_OTHER_ROOM, Said.GROUP_TOO_LARGE, Said.UNKNOWN_PASS):
        rooms.answers["arrive"] = Done(said, "reading")
        html = send(desk, "/desk/register", room="reading", people="2", card="3", purpose='"Arsip"').text
        assert 'name="card" value="3"' in html
        assert "&#34;Arsip&#34;" in html
        assert _WORDS["id"][f"room.said.{said}"].split(".")[0] in html


def test_an_entry_can_be_taken_back(desk: FlaskClient, rooms: SceneRooms, clock: ManualClock):
    """For a minute after it, on the screen where it was made."""
    rooms.answers["arrive"] = Done(Said.ENTERED, "reading", visit_id="visit-2", card=2)
    assert "Batalkan masuk" in at_desk(desk, "/desk/register", people="1", card="2")
    clock.advance(59)
    assert 'action="/desk/visits/visit-2/free"' in desk.get("/desk").text
    at_desk(desk, "/desk/visits/visit-2/free", reason="mistake", card_here="yes")
    assert rooms.asked[-1][1]["reason"] is FreeReason.MISTAKE
    clock.advance(2)
    assert "Batalkan masuk" not in page(desk)


def test_override(desk: FlaskClient, rooms: SceneRooms):
    """A person decides: with a reason and the PIN once more somebody comes into a full room."""
    rooms.show(scenes.full())
    said = at_desk(desk, "/desk/override", reason="companion", people="1", pin=PIN)
    assert "Masuk dengan izin petugas" in said
    visitor, asked = Visitor(), rooms.asked[0][1]
    assert asked == {"room_id": "reading", "visitor": visitor, "reason": OverrideReason.COMPANION, "by": SLAMET, "note": ""}


NO_OVERRIDE: tuple[tuple[dict[str, str], str], ...] = (
    ({"reason": "companion", "pin": "0000"}, "PIN"),
    ({"reason": "companion"}, "PIN"),
    ({"pin": PIN}, "Tulis dulu alasannya"),
    ({"pin": PIN, "reason": "nice"}, "Tulis dulu alasannya"),
    ({"pin": PIN, "reason": "other"}, "Mohon tulis catatan"),
    ({"pin": PIN, "reason": "companion", "people": "0"}, "angka 1 sampai 500"),
)


def test_what_is_no_override(desk: FlaskClient, rooms: SceneRooms):
    """A wrong PIN, no reason, another reason without a note, nobody: nothing happens, and the sentence says what is missing."""
    for fields, sentence in NO_OVERRIDE:
        assert sentence in at_desk(desk, "/desk/override", **{"people": "1", **fields}), fields
    assert rooms.asked == []


def test_override_waits_like_the_sign_in(desk: FlaskClient, rooms: SceneRooms, station: MemoryStation):
    """After too many wrong PINs it says how long to wait, and keeps what was typed but the PIN."""
    station.wait_s = 30
    html = send(desk, "/desk/override", room="reading", reason="other", note="tamu bupati", people="2", pin=PIN).text
    assert "30 detik" in html
    assert 'value="tamu bupati"' in html
    assert PIN not in html
    assert rooms.asked == []


def test_guards_see_full_rooms_among_their_decisions(desk: FlaskClient, rooms: SceneRooms, app: Flask):
    """The guard's page has a line a room; a full one leads to the override; the head of a unit sees none."""
    rooms.show(scenes.two_rooms())
    html = desk.get("/guard").text
    assert "Ruang Baca" in html
    assert 'href="/desk/override?room=archive"' in html
    assert 'href="/desk/override?room=reading"' not in html
    head = app.test_client()
    sign_in(head, "g3")
    assert "Ruang Baca" not in head.get("/guard").text


def test_overrides_are_in_the_duty_log(tmp_path: Path):
    """Who let whom into which room and why stands in the duty log and on the sheet of the shift, and is found by its note."""
    with desk_door(tmp_path) as door:
        client = door.app.test_client()
        sign_in(client, "guard", REAL_PIN)
        done = door.rooms.override(
            "baca", Visitor(people=4), OverrideReason.OFFICIAL, by=Guard("guard", "Slamet", "guard"), note="rapat"
        )
        assert done.said is Said.OVERRIDDEN
        sentence = "Diizinkan masuk ke ruangan penuh: Ruang Baca, 4 orang, Tugas kedinasan"
        for path in ("/guard/log", "/guard/log?q=RAPAT", "/guard/shift"):
            assert sentence in page(client, path), path
            assert "Slamet" in page(client, path)
        assert sentence not in page(client, "/guard/log?q=lain")


# Rounds


def marks(html: str) -> list[str]:
    return re.findall(r'name="k" value="([^"]+)"', html)


def listed(html: str) -> str:
    found = re.search(r'name="list" value="([^"]+)"', html)
    assert found
    return found[1]


def test_a_head_count_says_its_result_first(desk: FlaskClient, rooms: SceneRooms):
    """Ticks and others are added up and stated; only the second press counts."""
    html = desk.get("/desk/count?room=reading").text
    ticked = {"k": marks(html)[1], "others": "1", "list": listed(html)}
    said = at_desk(desk, "/desk/count", **ticked)
    assert "3 di dalam, 7 tempat bebas" in said
    assert "5 kunjungan akan diakhiri: Kartu 1" in said
    assert rooms.asked == []
    assert "Hitungan disimpan" in at_desk(desk, "/desk/count", sure="yes", **ticked)
    asked = {"room_id": "reading", "kept": ("visit-2",), "others": 1, "doors_are_shut": True, "by": SLAMET}
    assert rooms.asked == [("count", asked)]


def test_more_people_than_places_are_counted_as_they_are(desk: FlaskClient, rooms: SceneRooms):
    """A head count is never bent to the limit."""
    html = desk.get("/desk/count?room=reading").text
    assert "12 di dalam, melebihi 2" in at_desk(desk, "/desk/count", others="12", list=listed(html))


def test_every_other_door_is_confirmed_shut(desk: FlaskClient, rooms: SceneRooms):
    """One by one; a door that was not confirmed keeps the count from being one, and the ticks stay."""
    rooms.show(scenes.cut_off())
    html = desk.get("/desk/count?room=reading").text
    assert "tetap tertutup sampai layarnya terhubung lagi" in html
    form = {"list": listed(html), "k": "visit-1", "sure": "yes"}
    again = send(desk, "/desk/count", room="reading", shut="Pintu B", **form).text
    assert "Pastikan dulu semua pintu lain" in again
    assert re.search(r'value="visit-1" data-people="1" checked', again)
    assert rooms.asked == []
    both = desk.post(
        "/desk/count",
        data={"csrf_token": _token(desk), "room": "reading", "shut": ["Pintu B", "Pintu C"], **form},
        headers={"Origin": "http://localhost"},
    )
    assert both.status_code == 303
    assert rooms.asked[0][0] == "count"


def test_doors_that_nobody_knows_are_confirmed_too(desk: FlaskClient, rooms: SceneRooms):
    """A room of several doors that never heard of its server still asks for somebody's word about them."""
    rooms.show(scenes.rooms_view(scenes.room_view(2, is_lone=False)))
    html = desk.get("/desk/count?room=reading").text
    assert "Setiap pintu lain ruangan ini tertutup" in html
    assert "Pastikan dulu" in at_desk(desk, "/desk/count", list=listed(html), sure="yes")
    assert rooms.asked == []


@pytest.mark.parametrize("path", ["count", "sweep"])
def test_who_came_in_meanwhile_is_not_lost(desk: FlaskClient, rooms: SceneRooms, path: str):
    """A count or a sweep of a list that has changed since it was shown asks for another look."""
    old = listed(desk.get(f"/desk/{path}?room=reading").text)
    view = rooms.view().rooms[0]
    rooms.show(scenes.rooms_view(replace(view, visits=(*view.visits, scenes.visit_row(9)))))
    assert "Daftar berubah" in at_desk(desk, f"/desk/{path}", list=old, sure="yes")
    assert rooms.asked == []


def test_others_are_a_number(desk: FlaskClient, rooms: SceneRooms):
    """What is no number of people is asked for again."""
    old = listed(desk.get("/desk/count?room=reading").text)
    for others in ("-1", "501", "dua", "1.5"):
        assert "jumlah orang lain" in at_desk(desk, "/desk/count", list=old, others=others, sure="yes"), others
    assert rooms.asked == []


def test_closing_time(desk: FlaskClient, rooms: SceneRooms):
    """Who is still inside is listed by number before anything ends, and those who wait are counted."""
    rooms.show(scenes.full())
    html = desk.get("/desk/sweep?room=reading").text
    assert "masih di dalam: 10 orang" in html
    assert all(f"Kartu {number}<" in html for number in range(1, 11))
    assert "5 nomor yang masih menunggu" in html
    assert "Ruangan ditutup" in at_desk(desk, "/desk/sweep", list=listed(html))
    assert rooms.asked == [("sweep", {"room_id": "reading", "by": SLAMET})]


def test_closing_time_is_said_in_time(desk: FlaskClient, rooms: SceneRooms):
    """In the last half hour the desk is told, and not before."""
    for left, words in ((31, None), (30, "tutup 30 menit lagi"), (0, "Sudah waktunya tutup")):
        rooms.show(scenes.rooms_view(scenes.room_view(1, closing_in_min=left)))
        assert ("menit lagi" in page(desk) or "waktunya" in page(desk)) == (words is not None)
        assert words is None or words in page(desk)


def test_the_opening_checklist(desk: FlaskClient, rooms: SceneRooms):
    """What was not ticked is missing; what is missing stays on the screen; a made-up item is not heard of."""
    answer = desk.post(
        "/desk/checklist",
        data={"csrf_token": _token(desk), "room": "reading", "there": ["masks", "soap", "gold"]},
        headers={"Origin": "http://localhost"},
    )
    assert answer.status_code == 303
    assert rooms.asked == [("check", {"room_id": "reading", "missing": ("water", "sanitiser"), "by": SLAMET})]
    checked = replace(scenes.CHECKED, missing=("soap",))
    rooms.show(scenes.rooms_view(scenes.room_view(1, checklist=checked)))
    assert "Belum tersedia: Sabun" in page(desk)
    rooms.show(scenes.rooms_view(scenes.room_view(1)))
    assert "Daftar periksa pembukaan belum" not in page(desk)


def test_files(desk: FlaskClient, rooms: SceneRooms):
    """Open ones come first and are taken with one press; a new one gets its receipt; another service is refused."""
    rooms.show(scenes.dropped_off())
    said = page(desk, "/desk/files")
    assert said.index("A-0002") < said.index("A-0001")
    assert "Berkas A-0002 sudah diterima" in at_desk(desk, "/desk/files/A-0002")
    assert "Nomor tanda terima: A-0003" in at_desk(desk, "/desk/files", service="files", name="Budi")
    assert rooms.asked[-1] == ("drop_off", {"service_id": "files", "name": "Budi"})
    assert send(desk, "/desk/files", service="attic").status_code == 400
    rooms.answers["accept"] = Done(Said.NO_SUCH_NUMBER, receipt="A-0009")
    assert "Nomor ini sudah tidak menunggu" in at_desk(desk, "/desk/files/A-0009")


# Words, and what can go wrong

_WORDS = {language: {str(one.id): str(one.string) for one in catalogs.read_catalog(language) if one.id} for language in LANGUAGES}
FAMILIES: tuple[tuple[str, type[StrEnum]], ...] = (
    ("desk.is", Standing),
    ("desk.count_why", CountReason),
    ("desk.free", FreeReason),
    ("desk.let_in", OverrideReason),
    ("room.said", Said),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str):
    """Whatever the port answers, people read a sentence."""
    wanted = {f"{family}.{code}" for family, codes in FAMILIES for code in codes}
    wanted |= {f"desk.done.{said}" for said in Said if Done(said).ok} | {f"desk.item.{item}" for item in CHECKLIST_ITEMS}
    assert sorted(wanted - _WORDS[language].keys()) == []


def test_every_answer_is_said(desk: FlaskClient, rooms: SceneRooms):
    """A refusal is its sentence on the room's page, and so is everything that was done: never a code."""
    for language in LANGUAGES:
        send(desk, "/guard/language", language=language)
        for said in Said:
            rooms.answers["call_next"] = Done(said, "reading", number="A 002", receipt="A-0001")
            told = at_desk(desk, "/desk/numbers/next")
            assert "%(" not in told
            if not Done(said).ok:
                assert " ".join(_WORDS[language][f"room.said.{said}"].split()) in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_scene(desk: FlaskClient, rooms: SceneRooms, language: str):
    """No page fails, and none shows a msgid, whatever the room looks like."""
    send(desk, "/guard/language", language=language)
    for scene in scenes.SCENES.values():
        rooms.show(scene())
        for path in paths_of(rooms.view()):
            said = page(desk, path)
            assert not re.search(r"\b(desk|room|guard)\.[a-z_]+\.?[a-z_]*\b", said), (path, said)


def paths_of(view: RoomsView) -> list[str]:
    """Every page that there is to look at."""
    paths = ["/desk", "/desk/files"]
    for room in view.rooms:
        room_id = room.room.id
        paths += [f"/desk/{name}?room={room_id}" for name in ("register", "override", "count", "sweep", "checklist", "find")]
        paths += [f"/desk/visits/{row.visit_id}" for row in room.visits[:4]]
        paths += [f"/desk/numbers/{row.ticket_id}" for row in (*room.called, *room.queue)]
    return paths


def test_names_are_text(desk: FlaskClient, rooms: SceneRooms):
    """A name with marks in it is shown as it is, and does nothing."""
    row = scenes.visit_row(1, name='<script>alert("x")</script>', purpose="</main>")
    rooms.show(scenes.rooms_view(scenes.room_view(1, visits=(row,))))
    for path in ("/desk", "/desk/visits/visit-1"):
        assert "<script>alert" not in desk.get(path).text
    assert "&lt;script&gt;" in desk.get("/desk").text


def test_a_form_of_yesterday(desk: FlaskClient, rooms: SceneRooms):
    """Without the page's token nothing happens (403), and no GET changes anything."""
    answer = desk.post("/desk/numbers/next", data={"room": "reading"}, headers={"Origin": "http://localhost"})
    assert answer.status_code == 403
    for path in ("/desk/numbers/next", "/desk/visits/visit-1/free", "/desk/away/visit-1"):
        assert desk.get(path).status_code in (303, 404, 405)
    assert rooms.asked == []


# Five hundred inside


def test_a_crowd_answers_in_time(desk: FlaskClient, rooms: SceneRooms):
    """With 500 inside and 100 waiting every page answers in under 100 ms, and none is larger than its list needs."""
    rooms.show(scenes.crowded())
    for path in (
        "/desk",
        "/desk?visits=13&queue=5",
        "/desk/count?room=hall",
        "/desk/sweep?room=hall",
        "/desk/find?room=hall&q=3",
    ):
        desk.get(path)
        took = []
        for _ in range(5):
            begun = time.perf_counter()
            answer = desk.get(path)
            took.append(time.perf_counter() - begun)
        assert min(took) < 0.1, path
        assert len(answer.data) < 200_000, path
    assert len(desk.get("/desk").data) < 60_000


def test_a_hall_can_be_counted(desk: FlaskClient, rooms: SceneRooms):
    """All 500 ticks fit into one form."""
    rooms.show(scenes.crowded())
    html = desk.get("/desk/count?room=hall").text
    answer = desk.post(
        "/desk/count",
        data={"csrf_token": _token(desk), "room": "hall", "k": marks(html), "list": listed(html), "sure": "yes"},
        headers={"Origin": "http://localhost"},
    )
    assert answer.status_code == 303
    assert len(rooms.asked[0][1]["kept"]) == 500  # type: ignore[arg-type]


def test_pages_of_a_list():
    """Lists come in pages; a page beyond the end is the last; those who stay too long come first."""
    room = scenes.crowded().rooms[0]
    rows = desk_view.by_need(room.visits)
    assert [each.over_by_min for each in rows[:2]] == [440, 439]
    last = desk_view.part(rows, 99, 40)
    assert (last.number, last.pages, last.total, len(last.rows)) == (13, 13, 500, 20)
    assert desk_view.part((), 5, 40) == desk_view.Page((), 1, 1, 0)


def test_only_what_changed_is_drawn_again():
    """A countdown draws nothing; an entry draws the figure and the list of who is inside, and leaves the queue alone."""
    view, asked = scenes.called(), Asked("reading")
    room = view.rooms[0]
    before = parts(view, room, asked)
    ticking = replace(
        room, called=tuple(replace(row, call_left_s=(row.call_left_s or 1) - 1) for row in room.called[:1]) + room.called[1:]
    )
    assert parts(view, ticking, asked) == before
    entered = replace(room, inside=9, visits=(*room.visits, scenes.visit_row(9)))
    after = parts(view, entered, asked)
    changed = {name for name in before if before[name] != after[name]}
    assert {"figure", "visits"} <= changed
    assert not changed & {"queue", "called", "today", "notes"}


def test_doors_are_told_apart_from_their_pulse():
    """A connected door is heard every second, and draws nothing by that; one that falls silent does."""
    view, asked = scenes.cut_off(), Asked("reading")
    room = view.rooms[0]
    lively = replace(room, doors=tuple(replace(door, connected=True) for door in room.doors))
    later = replace(lively, doors=tuple(replace(door, heard_at=NOW + timedelta(seconds=1)) for door in lively.doors))
    assert parts(view, lively, asked) == parts(view, later, asked)
    assert parts(view, lively, asked)["figure"] != parts(view, room, asked)["figure"]


@pytest.mark.parametrize("state", TicketState)
def test_find_knows_every_state(state: TicketState):
    """A number is found however it was typed and wherever it stands."""
    room = scenes.room_view(1, queue=(scenes.ticket_row(17, state=state),))
    for typed in ("17", "A 017", "a17", "A17"):
        assert [row.number for row in desk_view.find_tickets(room, typed)] == ["A 017"], typed
    assert desk_view.find_tickets(room, "b17") == []
    assert desk_view.find_tickets(room, "") == desk_view.find_visits(room, " ") == []


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/guard").text)
    assert found
    return found[1]
