import re

import pytest
from flask.testing import FlaskClient

from kiosk.core.values import Reason, Screen, ScreenKind
from kiosk.web.streams import event_text
from tests.kiosk.web.forms import send
from tests.kiosk.web.scenes import PANELS
from tests.kiosk.web.station import SITI, MemoryStation, panel_view, tap


def words(html: str) -> str:
    """What is read on the page."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("name", PANELS)
def test_every_screen_is_drawn(client: FlaskClient, station: MemoryStation, name: str, language: str):
    """Each screen is a whole page in both languages, with long and foreign names and nobody's msgid on it."""
    station.panel.publish(PANELS[name])
    station.set_language(language)
    answer = client.get("/")
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert not re.search(r"\b(scan|temp|tap|hold|sign|verdict|device)\.[a-z]+\b", words(answer.text))


def test_idle(client: FlaskClient):
    """The empty hall sees the date, the zone, a welcome and what to do."""
    text = words(client.get("/").text)
    assert "07.12 WIB Rabu, 10 Juni 2020" in text
    assert "Selamat datang Arahkan kode QR kartu pegawai ke kamera" in text
    assert "SIMULASI" in text


def test_proof_of_a_tap(client: FlaskClient, station: MemoryStation):
    """Whoever tapped sees the time, that it is saved, and apart from that whether it was sent."""
    admitted = Screen(ScreenKind.ADMITTED, SITI, tap(), (Reason.TEMPERATURE_IN_ORDER,), 36.5)
    station.panel.publish(panel_view(admitted))
    text = words(client.get("/").text)
    assert "Silakan masuk" in text
    assert "Suhu 36,5 °C" in text
    assert "Presensi masuk tercatat, 07.12 WIB Tersimpan di kiosk Belum terkirim" in text
    station.panel.publish(panel_view(admitted, tap_sent=True))
    assert "Tersimpan di kiosk Terkirim ke server" in words(client.get("/").text)


def test_a_time_that_is_not_certain_is_never_bare(client: FlaskClient, station: MemoryStation):
    """While the clock is not trusted a tap says so instead of a time, the first time and on a repeat."""
    unsure = tap(trusted=False)
    for kind in (ScreenKind.ADMITTED, ScreenKind.REPEATED):
        station.panel.publish(panel_view(Screen(kind, SITI, unsure)))
        screen = client.get("/").text.split("<main")[1]
        assert "waktu belum pasti" in screen
        assert "07.12" not in screen


def test_a_held_persons_reading_is_not_on_the_panel(client: FlaskClient, station: MemoryStation):
    """Nobody in the queue reads a held person's temperature, even if it were handed to the screen."""
    station.panel.publish(panel_view(Screen(ScreenKind.HELD, SITI, tap(), (Reason.TEMPERATURE_HIGH,), 38.4), recheck_in_s=297))
    text = client.get("/").text
    assert "38" not in words(text)
    assert 'data-countdown="297">4:57<' in text
    assert "Mohon tunggu" in words(text)


def test_a_name_cannot_become_code(client: FlaskClient, station: MemoryStation):
    """A name from a staff list is text, whatever is in it."""
    person = type(SITI)("p9", '<script>alert("x")</script>\r\nevent: reload')
    station.panel.publish(panel_view(Screen(ScreenKind.ADMITTED, person, tap(person))))
    assert "<script>alert" not in client.get("/").text
    event = event_text(("screen", f"{person.name}\rdata: y\n\n"))
    assert [line.split(":")[0] for line in event.strip().split("\n")] == ["event", "data", "data", "data"]


def test_language_button(client: FlaskClient, station: MemoryStation):
    """One press shows the panel in the other language; an unknown one is refused."""
    answer = send(client, "/language", "/", language="en")
    assert "Hold your badge QR to the camera" in answer.text
    assert station.panel.current().language == "en"
    assert send(client, "/language", "/", language="fr").status_code == 400


def test_camera(client: FlaskClient, station: MemoryStation):
    """The newest frame is served as it is; without one there is nothing, and no error."""
    assert client.get("/camera.jpg").status_code == 204
    station.frame = (7, b"\xff\xd8jpeg")
    answer = client.get("/camera.jpg")
    assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (b"\xff\xd8jpeg", "image/jpeg", "no-store")


def test_out_of_service(client: FlaskClient, station: MemoryStation):
    """A door that cannot record says so and what to do, is alive, and is not ready."""
    station.panel.publish(PANELS["out-of-service"])
    assert "Silakan isi daftar hadir" in client.get("/").text
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)


def test_stopping_is_not_ready(client: FlaskClient, station: MemoryStation):
    """A door that goes down is not ready."""
    assert client.get("/readyz").status_code == 200
    station.stopping.set()
    assert client.get("/readyz").status_code == 503
