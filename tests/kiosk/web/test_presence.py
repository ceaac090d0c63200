from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.services.corrections import Corrections, Wish
from tests.kiosk.services.post import Post
from tests.kiosk.services.toolbox import tools_of
from tests.kiosk.web.forms import send
from tests.kiosk.web.presence_door import NAMES, app_of, open_door, sign_in

PERSON = "/guard/presence/person"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = open_door(tmp_path)
    yield post
    post.close()


@pytest.fixture
def client(post: Post) -> FlaskClient:
    return app_of(post).test_client()


def enter(client: FlaskClient, person: str = "P1", **fields: str) -> str:
    """Fill in the form of somebody's page and send it."""
    form = {"id": person, "direction": "in", "reason": "forgot_badge", **fields}
    return send(client, PERSON, f"{PERSON}?id={person}", **form).text


def test_a_forgotten_badge(post: Post, client: FlaskClient) -> None:
    """A guard searches, chooses, gives the reason and the direction; the page then says it is typed, and by whom."""
    sign_in(client)
    found = client.get("/guard/presence?q=rah siti").text
    assert "Siti Rahayu" in found
    assert "Belum presensi hari ini" in found
    assert "Presensi tersimpan" in enter(client, note="di rumah", time="07.05")
    [payload] = post.of("attendance.manual")
    assert (payload["by"], payload["reason"], payload["note"]) == ("budi", "forgot_badge", "di rumah")
    page = client.get(f"{PERSON}?id=P1").text
    assert "Diketik oleh Tuan budi" in page
    assert "waktu diketik" in page
    assert "07.05 WIB" in page


def test_what_is_missing_keeps_what_was_typed(post: Post, client: FlaskClient) -> None:
    """A time that has not come is said in words, and the note is not lost."""
    sign_in(client)
    page = enter(client, note="catatan panjang", time="23.00")
    assert "Waktu itu belum terjadi" in page
    assert "catatan panjang" in page
    assert "alasan" in enter(client, reason="")
    assert "keterangan" in enter(client, reason="other", note="")
    assert post.of("attendance.manual") == []


def test_the_second_time_is_asked_about(post: Post, client: FlaskClient) -> None:
    """Two entries close together need a second look; pressing again means it."""
    sign_in(client)
    enter(client)
    page = enter(client)
    assert "Tetap catat?" in page
    assert len(post.of("attendance.manual")) == 1
    assert "Presensi tersimpan" in enter(client, again="yes")
    assert len(post.of("attendance.manual")) == 2


def test_exit_for_who_forgot(post: Post, client: FlaskClient) -> None:
    """That way only leaving can be chosen, with its reason already there."""
    sign_in(client)
    page = client.get(f"{PERSON}?id=P1&direction=out").text
    assert 'value="out"' in page
    assert 'value="in"' not in page
    assert 'value="forgot_exit" required checked' in page
    enter(client, direction="out", reason="forgot_exit")
    assert post.of("attendance.manual")[0]["direction"] == "out"


@pytest.mark.parametrize("typed", ["'", '"', "%", "_", "<b>", "محمد", "🦊", "x" * 5000, "\x00", "zzz"])
def test_whatever_is_searched_for(client: FlaskClient, typed: str) -> None:
    """Anything may be typed; what nobody's name begins with says that nobody matches."""
    sign_in(client)
    answer = client.get("/guard/presence", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert ("Tidak ada pegawai" in answer.text) == (typed not in ("'", "محمد", "🦊", "<b>"))


def test_nobody_of_that_number(client: FlaskClient) -> None:
    """A page about nobody is none."""
    sign_in(client)
    assert client.get(f"{PERSON}?id=P99").status_code == 404


def test_who_may_type(post: Post, client: FlaskClient) -> None:
    """Desk and head of unit may not; somebody who is not signed in is led to the sign-in page; a locked session types nothing."""
    assert client.get("/guard/presence").status_code == 303
    for guard, status in (("meja", 403), ("P5", 403), ("admin", 200), ("budi", 200)):
        sign_in(client, guard)
        assert client.get("/guard/presence").status_code == status, guard
    post.clock.advance(901)
    assert "Presensi tersimpan" not in enter(client)
    assert post.of("attendance.manual") == []


def test_in_english(client: FlaskClient) -> None:
    """A guard who chose English reads English here too."""
    sign_in(client)
    send(client, "/guard/language", language="en")
    assert "Search by name or number" in client.get("/guard/presence").text


def ask(post: Post, person: str = "P1", note: str = "") -> str:
    """Somebody asks for a correction; gives its id."""
    office = Corrections(tools_of(post, on_thread=True))
    assert office.ask(person, Wish("forgot_in", "2020-06-09", "07.05", note)).ok
    return office.of_person(person)[0].correction_id


def decide(client: FlaskClient, correction_id: str, **fields: str) -> str:
    return send(client, f"/guard/corrections/{correction_id}", "/guard/corrections", decision="approve", **fields).text


def test_the_head_decides(post: Post, client: FlaskClient) -> None:
    """The request stands in the list with what was asked; decided, it moves below with who decided."""
    correction_id = ask(post, note="<b>lupa</b>")
    sign_in(client, "P5")
    page = client.get("/guard/corrections").text
    assert "Lupa presensi masuk" in page
    assert "Selasa, 9 Juni 2020" in page
    assert "&lt;b&gt;lupa" in page
    assert "Keputusan tersimpan" in decide(client, correction_id, note="baik")
    page = client.get("/guard/corrections").text
    assert "Tidak ada permohonan yang menunggu" in page
    assert "Tuan P5" in page
    assert "sudah diputuskan" in decide(client, correction_id)


def test_not_ones_own(post: Post, client: FlaskClient) -> None:
    """A head's own request has no buttons for them, and pressing anyway is refused; an administrator may."""
    correction_id = ask(post, "P5")
    sign_in(client, "P5")
    page = client.get("/guard/corrections").text
    assert f"/guard/corrections/{correction_id}" not in page
    assert "diputuskan oleh orang lain" in decide_unseen(client, correction_id)
    sign_in(client, "admin")
    assert "Keputusan tersimpan" in decide(client, correction_id)


def decide_unseen(client: FlaskClient, correction_id: str) -> str:
    """Press a button that the page does not have."""
    return send(client, f"/guard/corrections/{correction_id}", "/guard/corrections", decision="approve").text


@pytest.mark.parametrize(("guard", "status"), [("budi", 403), ("meja", 403), ("P5", 200), ("admin", 200)])
def test_who_decides(client: FlaskClient, guard: str, status: int) -> None:
    """Only heads of units and administrators see requests."""
    sign_in(client, guard)
    assert client.get("/guard/corrections").status_code == status


def test_difficult_names(client: FlaskClient) -> None:
    """Quotes and angle brackets in a name are words, never markup."""
    sign_in(client)
    page = client.get("/guard/presence?q=ayu").text
    assert "<b>" not in page
    assert NAMES["P4"].split()[1] in page
