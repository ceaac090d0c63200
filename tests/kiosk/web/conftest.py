from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from kiosk.web import create_app
from sync.clock import ManualClock
from tests.kiosk.web.desk_reading import HEAD, SLAMET, TRI
from tests.kiosk.web.forms import sign_in
from tests.kiosk.web.room_scenes import SceneRooms
from tests.kiosk.web.station import MemoryStation
from tests.kiosk.web.visitor_hall import Hall, opened
from tests.kiosk.web.visitor_walks import lone

SHA = "a" * 64


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[MemoryStation]:
    Image.new("RGB", (300, 400), (120, 150, 180)).save(tmp_path / f"{SHA}.jpg")
    station = MemoryStation(tmp_path)
    yield station
    station.stopping.set()


@pytest.fixture
def app(station: MemoryStation, clock: ManualClock) -> Flask:
    hosts = frozenset({"localhost", "127.0.0.1"})
    return create_app(station, secret_key=b"k" * 32, stream_cap=2, allowed_hosts=hosts, testing=True, clock=clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def rooms() -> Iterator[SceneRooms]:
    rooms = SceneRooms()
    yield rooms
    rooms.close()


@pytest.fixture
def desk_app(station: MemoryStation, clock: ManualClock, rooms: SceneRooms) -> Flask:
    """A door with rooms, at which a guard, a desk and the head of a unit may sign in."""
    station.people = (SLAMET, TRI, HEAD)
    hosts = frozenset({"localhost", "127.0.0.1"})
    return create_app(station, secret_key=b"k" * 32, allowed_hosts=hosts, testing=True, clock=clock, rooms=rooms)


@pytest.fixture
def desk(desk_app: Flask) -> FlaskClient:
    """A browser at which a guard is signed in."""
    client = desk_app.test_client()
    assert sign_in(client, "g1").status_code == 200
    return client


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
