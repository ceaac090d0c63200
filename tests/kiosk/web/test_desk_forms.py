"""The desk's forms: registering, letting in anyway, and the rounds of a room."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.services.room_views import (
    Done,
    FreeReason,
    OverrideReason,
    Said,
    Visitor,
)
from kiosk.services.views import Guard
from sync.clock import ManualClock
from tests.kiosk.services.post import PIN as REAL_PIN
from tests.kiosk.web import room_scenes as scenes
from tests.kiosk.web.desk_door import desk_door
from tests.kiosk.web.desk_reading import SLAMET, WORDS, at_desk, listed, marks, page, token_here
from tests.kiosk.web.forms import send, sign_in
from tests.kiosk.web.room_scenes import SceneRooms
from tests.kiosk.web.station import PIN, MemoryStation

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
    assert "Beri nomor antrean" in page(desk, "/desk/register?room=reading")
    rooms.answers["arrive"] = Done(Said.WAITING, "reading", number="A 018", ahead=5)
    said = at_desk(desk, "/desk/register", people="1")
    assert "Nomor antrean A 018. Orang di depan: 5, perkiraan tunggu: belum dapat diperkirakan." in said


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
        assert WORDS["id"][f"room.said.{said}"].split(".")[0] in html


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


def test_guards_see_full_rooms_among_their_decisions(desk: FlaskClient, rooms: SceneRooms, desk_app: Flask):
    """The guard's page has a line a room; a full one leads to the override; the head of a unit sees none."""
    rooms.show(scenes.two_rooms())
    html = desk.get("/guard").text
    assert "Ruang Baca" in html
    assert 'href="/desk/override?room=archive"' in html
    assert 'href="/desk/override?room=reading"' not in html
    head = desk_app.test_client()
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


def test_staff_have_a_label_everywhere(desk: FlaskClient, rooms: SceneRooms):
    """Staff have neither card nor number: they are called by their name, else "Pegawai", where heads are counted too."""
    nameless = scenes.visit_row(2, visit_id="visit-7", label="", card=None, is_staff=True)
    rooms.show(scenes.rooms_view(scenes.room_view(2, visits=(*scenes.seven().rooms[0].visits[-1:], nameless))))
    for path in ("/desk", "/desk/count?room=reading", "/desk/sweep?room=reading"):
        said = page(desk, path)
        assert "Siti Rahayu" in said, path
        assert "Pegawai" in said, path


def test_an_empty_room_is_closed_without_ending_visits(desk: FlaskClient, rooms: SceneRooms):
    """Nobody is inside: there is no visit to end, and the button says only that the room is closed."""
    rooms.show(scenes.empty())
    assert "akhiri kunjungan" not in page(desk, "/desk/sweep?room=reading")


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
        data={"csrf_token": token_here(desk), "room": "reading", "shut": ["Pintu B", "Pintu C"], **form},
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
        data={"csrf_token": token_here(desk), "room": "reading", "there": ["masks", "soap", "gold"]},
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
    assert said.index("A-K7PX-0002") < said.index("A-K7PX-0001")
    assert "Berkas A-K7PX-0002 sudah diterima" in at_desk(desk, "/desk/files/A-K7PX-0002")
    assert "Nomor tanda terima: AB-K7PX-0003" in at_desk(desk, "/desk/files", service="files", name="Budi")
    assert rooms.asked[-1] == ("drop_off", {"service_id": "files", "name": "Budi"})
    assert send(desk, "/desk/files", service="attic").status_code == 400
    rooms.answers["accept"] = Done(Said.NO_SUCH_NUMBER, receipt="A-K7PX-0009")
    assert "Nomor ini sudah tidak menunggu" in at_desk(desk, "/desk/files/A-K7PX-0009")
