import pytest
from flask.testing import FlaskClient

from kiosk.simulation.web import create_simulator_app
from tests.kiosk.web.simulator import MemorySimulator

GOOD = {"code": "G1AAAA", "skin_temperature_c": 36.5, "ambient_c": 27, "seconds": 3}


@pytest.fixture
def simulator() -> MemorySimulator:
    return MemorySimulator()


@pytest.fixture
def client(simulator: MemorySimulator) -> FlaskClient:
    app = create_simulator_app(
        simulator,
        secret_key=b"k" * 32,
        allowed_hosts=frozenset({"localhost"}),
        links={"panel": "http://127.0.0.1:1/"},
        testing=True,
    )
    return app.test_client()


def test_presenting(client: FlaskClient, simulator: MemorySimulator):
    """A person comes with a code and a temperature, with either, or with neither."""
    assert client.post("/present", json=GOOD).json == {"ok": True}
    client.post("/present", json={**GOOD, "code": None, "skin_temperature_c": None})
    assert simulator.asked == [("G1AAAA", 36.5, 27.0, 3.0), (None, None, 27.0, 3.0)]


def test_faults_and_network(client: FlaskClient, simulator: MemorySimulator):
    """Devices break and mend, the network goes and comes."""
    client.post("/fault", json={"device": "thermometer", "fault": "unplug"})
    client.post("/fault", json={"device": "printer", "fault": "paper_out"})
    client.post("/network", json={"up": False})
    assert simulator.asked == [("thermometer", "unplug"), ("printer", "paper_out"), (False,)]
    state = client.get("/state").json or {}
    assert state["faults"] == {"camera": "none", "thermometer": "stuck", "printer": "none"}
    assert state["network_up"] is True


def test_slips(client: FlaskClient):
    """What came out of the printer can be read; a slip with a code is a button that holds it to the camera."""
    state = client.get("/state").json or {}
    assert [slip["code"] for slip in state["slips"]] == ["V1PAAAA", None]
    text = client.get("/").text
    assert "A 017\n&lt;b&gt;Ruang Baca&lt;/b&gt;</pre>" in text
    assert text.count("Tunjukkan slip ke kamera</button>") == 1
    assert 'data-code="V1PAAAA"' in text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/present", '{"code": "x", "skin_temperature_c": NaN, "ambient_c": 27, "seconds": 3}', 400),
        ("/present", '{"code": "x", "skin_temperature_c": 1e999, "ambient_c": 27, "seconds": 3}', 422),
        ("/present", '{"code": "x", "skin_temperature_c": 1e30, "ambient_c": 27, "seconds": 3}', 422),
        ("/present", '{"code": "x", "skin_temperature_c": 36, "ambient_c": 27, "seconds": 0}', 422),
        ("/present", '{"code": "x", "skin_temperature_c": 36, "ambient_c": 27, "seconds": 1e9}', 422),
        ("/present", '{"code": 5, "skin_temperature_c": 36, "ambient_c": 27, "seconds": 3}', 422),
        ("/present", '{"code": "x", "skin_temperature_c": "36", "ambient_c": 27, "seconds": 3}', 422),
        ("/present", '{"code": "x", "ambient_c": 27, "seconds": 3}', 422),
        ("/present", '{"code": "x", "skin_temperature_c": 36, "ambient_c": 27, "seconds": 3, "more": 1}', 422),
        ("/present", "[" * 10_000, 422),
        ("/present", "\xff", 400),
        ("/present", "", 400),
        ("/fault", '{"device": "toaster", "fault": "none"}', 422),
        ("/fault", '{"device": "printer", "fault": "stuck"}', 422),
        ("/fault", '{"device": "camera", "fault": "paper_out"}', 422),
        ("/fault", '{"device": "camera", "fault": "explode"}', 422),
        ("/fault", '{"device": "camera", "fault": "garbage"}', 422),
        ("/network", '{"up": 1}', 422),
        ("/network", "null", 422),
    ],
)
def test_bad_bodies_get_a_sentence(client: FlaskClient, simulator: MemorySimulator, path: str, body: str, status: int):
    """What cannot be done is refused with a sentence, and nothing happens."""
    answer = client.post(path, data=body.encode("latin-1"), content_type="application/json")
    assert answer.status_code == status, answer.text
    assert answer.json is not None
    assert answer.json["error"].endswith(".")
    assert simulator.asked == []


def test_only_json_is_taken(client: FlaskClient):
    """A form, which any site can send, is refused."""
    assert client.post("/network", data={"up": "true"}).status_code == 415
    assert client.post("/network", data='{"up": true}', content_type="text/plain").status_code == 415


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_shows_people_faults_and_links(client: FlaskClient, language: str):
    """Everybody who can come is a button; what is broken is chosen; the other pages are linked."""
    text = client.get(f"/?language={language}").text
    assert 'data-code="G1AAAA"' in text
    assert '<option value="stuck" selected>' in text
    assert 'href="http://127.0.0.1:1/"' in text
