"""The desk of a room: who may, what is shown, who is inside, the queue."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.core.duties import Duty
from kiosk.services.room_views import (
    Done,
    FreeReason,
    RoomsView,
    Said,
)
from kiosk.web import create_app, desk_view
from kiosk.web.access import Access
from kiosk.web.desk_view import Standing
from kiosk.web.sessions import LOCK_AFTER_S
from sync.clock import ManualClock
from tests.kiosk.web import room_scenes as scenes
from tests.kiosk.web.desk_reading import SLAMET, at_desk, page
from tests.kiosk.web.forms import send, sign_in
from tests.kiosk.web.room_scenes import SceneRooms
from tests.kiosk.web.station import PIN, MemoryStation

HOSTS = frozenset({"localhost", "127.0.0.1"})

# Who may


def test_the_desk_is_for_who_runs_rooms(desk_app: Flask):
    """Guards and desks have it among their pages; the head of a unit does not, and is refused."""
    for guard, allowed in (("g1", True), ("g2", True), ("g3", False)):
        client = desk_app.test_client()
        landed = sign_in(client, guard)
        assert ('href="/desk"' in landed.text) == allowed
        assert client.get("/desk").status_code == (200 if allowed else 403)
        assert client.get("/desk/events").status_code == (200 if allowed else 403)


def test_every_route_of_the_desk_needs_the_duty(desk_app: Flask):
    """Nothing about rooms is public, and whatever changes something is closed to a locked session."""
    routes = [
        rule for rule in desk_app.url_map.iter_rules() if rule.endpoint.split(".")[0] in ("desk", "desk_entry", "desk_rounds")
    ]
    assert len(routes) >= 25
    for rule in routes:
        access = desk_app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        assert isinstance(access, Access)
        assert access.duty is Duty.RUN_ROOM, rule
        assert access.acting == ("POST" in (rule.methods or ())), rule


def test_who_sits_at_a_desk_begins_there(desk_app: Flask, rooms: SceneRooms):
    """The desk's people land on their room, guards on their feed; so does everybody where no room is set up."""
    assert sign_in(desk_app.test_client(), "g2").request.path == "/desk"
    assert sign_in(desk_app.test_client(), "g1").request.path == "/guard"
    rooms.show(scenes.rooms_view())
    assert sign_in(desk_app.test_client(), "g2").request.path == "/guard"


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
    "seven": ("7/10", "Sisa tempat: 3", "lewat 11 menit", "2 orang", "prioritas", "pergi sebentar, sisa 6 menit", "Kartu 2"),
    "full": ("10/10", "PENUH", "Antrean (5)", "terlewat", "kira-kira 10–20 menit lagi", "Izinkan masuk"),
    "called": ("8/10", "2 tempat disimpan", "A 001", "1:37", "dijeda", "Panggil ulang", "Lewati"),
    "over": ("11/10", "melebihi 1", "izin petugas", "Masuk dengan izin petugas: Kartu 11"),
    "cut_off": ("8 dari 10 dapat dipakai, 2 di Pintu B , terakhir terhubung 07.02 WIB", "Mohon hitung orang di dalam"),
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


def test_a_lowered_limit_is_nobodys_fault(desk: FlaskClient, rooms: SceneRooms):
    """Over the limit without anybody's permission: the desk is told that nobody has to leave."""
    rooms.show(scenes.rooms_view(scenes.room_view(12)))
    assert "Tidak ada yang perlu diminta keluar" in page(desk)
    rooms.show(scenes.over())
    assert "Tidak ada yang perlu diminta keluar" not in page(desk)


def test_calling_the_next_is_offered_first_only_with_places(desk: FlaskClient, rooms: SceneRooms):
    """In a full room nothing invites to call somebody who cannot come in."""
    for inside, quiet in ((10, " button--quiet"), (9, "")):
        rooms.show(scenes.rooms_view(scenes.room_view(inside, queue=(scenes.ticket_row(2),))))
        assert f'<button class="button{quiet}">Panggil berikutnya' in desk.get("/desk").text


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
        ("ticket-3", ("Lewati", "Pergi sebentar", "Mencari arsip", "15–30 menit"), ("Jeda",)),
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
