import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.kiosk.services.post import Post
from tests.kiosk.web.forms import send
from tests.kiosk.web.presence_door import app_of, open_door, put_away, sign_in, tap

_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = open_door(tmp_path)
    yield post
    post.close()


@pytest.fixture
def app(post: Post) -> Flask:
    return app_of(post)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def button(client: FlaskClient) -> str:
    """The token on the panel as it is drawn now; "" where it has no button."""
    found = _TOKEN.search(client.get("/").text)
    return found[1] if found else ""


def press(client: FlaskClient, token: str) -> str:
    """Press the button; gives the page that follows."""
    return send(client, "/me/open", "/", token=token).text


def test_ones_own_days(post: Post, client: FlaskClient) -> None:
    """One touch after one's tap shows one's own attendance, and nobody else's."""
    tap(post, 1)
    post.clock.advance(60)
    tap(post, 5)
    page = press(client, button(client))
    assert "Budi Santoso" in page
    assert "07.13 WIB" in page
    assert "Tersimpan di kiosk" in page
    assert "Siti" not in page
    assert "07.12" not in page


def test_an_idle_panel_has_no_button(client: FlaskClient) -> None:
    """Without a tap there is nothing to open."""
    assert button(client) == ""
    assert "Presensi saya" not in press(client, "0" * 64)


def test_once_and_only_here(post: Post, app: Flask, client: FlaskClient) -> None:
    """A token that is spent opens nothing, another browser has no part in the page, and a browser elsewhere gets no button."""
    tap(post, 1)
    token = button(client)
    other, far = app.test_client(), app.test_client()
    far.environ_base["REMOTE_ADDR"] = "10.0.0.7"
    assert button(far) == ""
    assert far.get("/me").status_code == 403
    assert far.post("/me/open", data={"token": token}).status_code == 403
    assert "Siti Rahayu" in press(client, token)
    assert "Presensi saya" not in press(other, token)
    assert other.get("/me").status_code == 303
    assert client.get("/me").status_code == 200


def test_after_a_minute(post: Post, client: FlaskClient) -> None:
    """A button that was shown more than a minute ago opens nothing."""
    tap(post, 1)
    token = button(client)
    put_away(post)
    post.clock.advance(61)
    assert "Presensi saya" not in press(client, token)


def test_another_person_meanwhile(post: Post, client: FlaskClient) -> None:
    """Who comes next ends the page of who was there, and their button."""
    tap(post, 1)
    token = button(client)
    tap(post, 5)
    assert "Presensi saya" not in press(client, token)
    tap(post, 3)
    press(client, button(client))
    assert client.get("/me").status_code == 200
    tap(post, 4)
    assert client.get("/me").status_code == 303
    put_away(post)
    assert client.get("/me").status_code == 303


@pytest.mark.parametrize("guard", ["budi", "admin"])
def test_a_guards_session_opens_nobodys(post: Post, client: FlaskClient, guard: str) -> None:
    """Being signed in, even as administrator, is no way to somebody's page."""
    sign_in(client, guard)
    tap(post, 1)
    assert client.get("/me").status_code == 303
    assert "Presensi saya" not in press(client, "")


def test_it_closes(post: Post, client: FlaskClient) -> None:
    """After half a minute, and by its button; the browser is told to leave too, also where no script runs."""
    tap(post, 1)
    press(client, button(client))
    answer = client.get("/me")
    assert answer.headers["Refresh"] == "30; url=/"
    post.clock.advance(30.1)
    assert client.get("/me").status_code == 303
    tap(post, 5)
    press(client, button(client))
    send(client, "/me/close", "/me")
    assert client.get("/me").status_code == 303


def test_in_the_language_of_the_panel(post: Post, client: FlaskClient) -> None:
    """Who chose English for their go reads English, also when the panel is Indonesian again."""
    tap(post, 1)
    post.station.set_language("en")
    assert "My attendance" in press(client, button(client))
    put_away(post)
    post.station.set_language("id")
    assert "First in" in client.get("/me").text


def test_asking_for_a_correction(post: Post, client: FlaskClient) -> None:
    """Kind, day, time and note, one a page; then it stands on one's page as waiting."""
    tap(post, 1)
    press(client, button(client))
    wish: dict[str, str] = {}
    for step, value, title in (
        ("what", "forgot_out", "Tanggal berapa?"),
        ("date", "2020-06-09", "Pukul berapa?"),
        ("time", "16.00", "Keterangan"),
    ):
        page = send(client, "/me/correction", "/me", **wish, **{step: value, "step": step}).text
        assert title in page
        wish[step] = value
    page = send(client, "/me/correction", "/me", **wish, note="rapat", step="note").text
    assert "Permohonan koreksi tersimpan" in page
    assert "Menunggu keputusan atasan" in page
    [payload] = post.of("correction.requested")
    assert (payload["person_id"], payload["time"], payload["note"]) == ("P1", "16.00", "rapat")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"what": "lazy", "step": "what"}, "pilih apa"),
        ({"what": "forgot_in", "date": "1999-01-01", "step": "date"}, "30 hari"),
        ({"what": "forgot_in", "date": "2020-06-09", "time": "99", "step": "time"}, "belum terbaca"),
        ({"what": "forgot_in", "date": "2020-06-10", "time": "23.00", "step": "time"}, "belum terjadi"),
        ({"what": "forgot_in", "date": "2020-06-09", "time": "07.00", "note": "x" * 301, "step": "note"}, "terlalu panjang"),
    ],
)
def test_what_cannot_be_asked(post: Post, client: FlaskClient, fields: dict[str, str], words: str) -> None:
    """The step that is wrong is shown again, and says what is wrong."""
    tap(post, 1)
    press(client, button(client))
    assert words in send(client, "/me/correction", "/me", **fields).text
    assert post.of("correction.requested") == []


def test_nobody_asks_in_anothers_name(post: Post, client: FlaskClient) -> None:
    """The request is of who tapped, whatever the form says; without a page of one's own nothing is asked."""
    wish = {"what": "forgot_in", "date": "2020-06-09", "time": "07.00", "note": "", "step": "note", "person_id": "P5"}
    send(client, "/me/correction", "/", **wish)
    assert post.of("correction.requested") == []
    tap(post, 1)
    press(client, button(client))
    send(client, "/me/correction", "/me", **wish)
    assert post.of("correction.requested")[0]["person_id"] == "P1"


def test_a_form_has_time(post: Post, client: FlaskClient) -> None:
    """Who is asking for a correction is not cut off after half a minute, and is after two."""
    tap(post, 1)
    press(client, button(client))
    send(client, "/me/correction", "/me")
    post.clock.advance(100)
    assert client.get("/me").status_code == 200
    post.clock.advance(21)
    assert client.get("/me").status_code == 303
