import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.core.inputs import Decision
from kiosk.web.sessions import LOCK_AFTER_S
from kiosk.web.typed import parse_temperature
from sync.clock import ManualClock
from tests.kiosk.web.forms import send, sign_in
from tests.kiosk.web.scenes import GUARDS
from tests.kiosk.web.station import MemoryStation


@pytest.fixture
def busy(station: MemoryStation) -> MemoryStation:
    station.guard.publish(GUARDS["busy"])
    return station


def close(client: FlaskClient, hold: str = "hold-1", **fields: str) -> str:
    return send(client, f"/guard/holds/{hold}/close", **fields).text


def test_nothing_is_seen_before_signing_in(client: FlaskClient, busy: MemoryStation):
    """Names of arrivals are for those who signed in; the stream is closed to others too."""
    text = client.get("/guard").text
    assert "Slamet Widodo" in text
    assert "Siti Rahayu" not in text
    assert client.get("/guard/events").status_code == 403


def test_signing_in(client: FlaskClient, busy: MemoryStation):
    """The right PIN shows feed and holds, with the reading and the reasons in words."""
    text = sign_in(client).text
    assert "37,84" in text
    assert "Suhu di atas batas" in text
    assert "Presensi hari ini: 47 orang" in text


def test_wrong_pin_and_back_off(client: FlaskClient, station: MemoryStation):
    """A wrong PIN is told as such and keeps the name chosen; the wait is told in seconds; an unknown name is answered alike."""
    refused = sign_in(client, pin="000000").text
    assert "PIN belum cocok" in refused
    assert 'value="g1" required checked' in refused
    assert "PIN belum cocok" in sign_in(client, guard="nobody").text
    station.wait_s = 30
    assert "setelah 30 detik" in sign_in(client).text
    assert "pilih nama Anda" in sign_in(client, guard="").text


def test_let_in_and_clinic(client: FlaskClient, busy: MemoryStation):
    """Each button reaches the station as that decision by that guard."""
    sign_in(client)
    assert "Keputusan tersimpan" in close(client, "hold-1", decision="let_in")
    close(client, "hold-2", decision="clinic")
    assert busy.decisions == [("g1", "hold-1", Decision.LET_IN, None), ("g1", "hold-2", Decision.CLINIC, None)]


def test_typed_temperature(client: FlaskClient, busy: MemoryStation):
    """A comma and a point mean the same."""
    sign_in(client)
    close(client, "hold-1", decision="typed_temperature", temperature="36,5")
    close(client, "hold-2", decision="typed_temperature", temperature=" 38.25 °C")
    assert [typed for *_, typed in busy.decisions] == [36.5, 38.25]


@pytest.mark.parametrize("typed", ["", "abc", "29.9", "45,1", "365", "36,555", "nan", "inf", "-36,5", "3e1", "36,5,5", "٣٦"])
def test_implausible_temperatures(client: FlaskClient, busy: MemoryStation, typed: str):
    """What no forehead has is refused with a sentence, and the hold stays open."""
    sign_in(client)
    assert "antara 30 dan 45" in close(client, decision="typed_temperature", temperature=typed)
    assert busy.decisions == []
    assert parse_temperature(typed) is None


def test_somebody_else_was_faster(app: Flask, client: FlaskClient, busy: MemoryStation):
    """Two guards press at once: one decides, the other is told."""
    other = app.test_client()
    sign_in(client)
    sign_in(other, guard="g2")
    close(client, "hold-1", decision="let_in")
    assert "Sudah diputuskan petugas lain" in close(other, "hold-1", decision="clinic")
    assert len(busy.decisions) == 1
    assert "tidak lagi menunggu" in close(other, "hold-99", decision="clinic")


def test_an_unknown_decision_is_refused(client: FlaskClient, busy: MemoryStation):
    """Only the three decisions exist."""
    sign_in(client)
    assert send(client, "/guard/holds/hold-1/close", decision="refuse").status_code == 400
    assert busy.decisions == []


def test_inactivity_locks_the_actions_not_the_feed(client: FlaskClient, clock: ManualClock, busy: MemoryStation):
    """After 15 minutes the feed is still there, deciding asks for the PIN, and the PIN gives it back."""
    sign_in(client)
    clock.advance(LOCK_AFTER_S - 1)
    close(client, "hold-1", decision="let_in")
    clock.advance(LOCK_AFTER_S)
    assert "terkunci" in close(client, "hold-2", decision="let_in")
    page = client.get("/guard").text
    assert "Raden Ajeng" in page
    assert "Izinkan masuk" not in page
    assert len(busy.decisions) == 1
    assert "Izinkan masuk" in sign_in(client).text


def test_setting_the_wall_clock_locks_nobody(client: FlaskClient, clock: ManualClock, busy: MemoryStation):
    """Inactivity is not measured by the wall clock, which may jump."""
    sign_in(client)
    clock.jump(86_400)
    assert "Izinkan masuk" in client.get("/guard").text


def test_signing_out_kills_the_session(app: Flask, client: FlaskClient, busy: MemoryStation):
    """A copied cookie is worth nothing after signing out."""
    sign_in(client)
    cookie = client.get_cookie("gapura_kiosk")
    assert cookie
    send(client, "/guard/sign-out")
    thief = app.test_client()
    thief.set_cookie("gapura_kiosk", cookie.value)
    assert "Siti Rahayu" not in thief.get("/guard").text
    assert "sudah berakhir" in close(thief, decision="let_in")
    assert (busy.signed_out, busy.decisions) == (["g1"], [])


def test_signing_in_anew_ends_the_session_before(app: Flask, client: FlaskClient, busy: MemoryStation):
    """A handover changes the user: the old session's id is not taken over."""
    sign_in(client)
    old = client.get_cookie("gapura_kiosk")
    assert old
    sign_in(client, guard="g2")
    thief = app.test_client()
    thief.set_cookie("gapura_kiosk", old.value)
    assert "Siti Rahayu" not in thief.get("/guard").text
    close(client, "hold-1", decision="let_in")
    assert busy.decisions[0][0] == "g2"


def test_language_stays_with_the_browser(client: FlaskClient, busy: MemoryStation):
    """A guard's choice of language is kept over pages, and the panel does not follow it."""
    send(client, "/guard/language", language="en")
    assert "Waiting for an officer" in sign_in(client).text
    assert "Selamat datang" in client.get("/").text
    assert send(client, "/guard/language", language="xx").status_code == 400


@pytest.mark.parametrize("name", GUARDS)
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_guard_page_is_drawn(client: FlaskClient, station: MemoryStation, name: str, language: str):
    """Empty and busy pages are whole in both languages."""
    station.guard.publish(GUARDS[name])
    send(client, "/guard/language", language=language)
    assert sign_in(client).status_code == 200


def test_no_guards_yet(client: FlaskClient, station: MemoryStation):
    """A new kiosk says who can help, instead of an empty list."""
    station.people = ()
    assert "Mintalah admin" in client.get("/guard").text
