"""A server over every supported database, a door that may report to it, and the words of its pages."""

import shutil
from contextlib import closing

import argon2
import pytest

from sync.clock import ManualClock
from sync.protocol.rooms import Room
from sync.server.app import create_app, open_store
from sync.server.database import Database
from sync.server.room_ledger import places
from sync.server.room_setup import RoomSetup, Setup
from sync.server.settings import Settings
from tests.postgres import postgres_empty, postgres_filled, postgres_reused, postgres_url, postgres_with_tables
from tests.sync.server.doorway import Doorway
from tests.sync.server.making import EPOCH, KEY, signed
from tests.sync.server.rooming import Office

__all__ = ["postgres_empty", "postgres_filled", "postgres_reused", "postgres_url", "postgres_with_tables"]

HASHER = argon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request):
    """Which engine a test is over: each of these runs once for both."""
    return request.param


@pytest.fixture
def engine_url(request, engine, tmp_path):
    """The address of an empty database."""
    return f"sqlite:///{tmp_path / 'central.db'}" if engine == "sqlite" else request.getfixturevalue("postgres_empty")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An SQLite file with the tables in it, to copy: migrating anew for every test would be most of the time."""
    file = tmp_path_factory.mktemp("migrated") / "central.db"
    with closing(Database(f"sqlite:///{file}")) as found:
        found.migrate()
    return file


@pytest.fixture
def sqlite_filled(tmp_path, migrated):
    """The address of a new SQLite file with the tables in it."""
    return f"sqlite:///{shutil.copy(migrated, tmp_path / 'central.db')}"


@pytest.fixture
def database(request, engine):
    """The database with its tables."""
    with closing(Database(request.getfixturevalue("sqlite_filled" if engine == "sqlite" else "postgres_filled"))) as found:
        yield found


@pytest.fixture
def store(database):
    return open_store(database, HASHER)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def door(store, clock):
    """A registered door."""
    return store.devices.add(
        "Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=clock.now().claimed_at, public_key=KEY.public
    )


@pytest.fixture
def app(store, clock):
    return create_app(store, clock, Settings(hosts=["gapura.example"]))


@pytest.fixture
def client(app):
    with app.test_client() as client:
        yield client


@pytest.fixture
def send(client, door):
    """Posts a body as the door's batch."""

    def post(body, *, key=KEY, device_id=None, coding="gzip", **headers):
        at = f"/v1/devices/{device_id or door.id}/batches"
        headers = signed(door.id, "POST", at, body, key) | {"Content-Type": "application/json"} | headers
        if coding:
            headers["Content-Encoding"] = coding
        return client.post(at, data=body, headers=headers)

    return post


@pytest.fixture
def get(client, door):
    """Asks as the door."""

    def ask(path, **headers):
        return client.get(path, headers=signed(door.id, "GET", path) | headers)

    return ask


@pytest.fixture
def cursor_of(store, door):
    """Where the server stands in the door's epoch, as (seq, hash)."""
    return lambda epoch=EPOCH: (store.sink.head(door.id, epoch).seq, store.sink.head(door.id, epoch).hash)


@pytest.fixture
def make_door(store, clock):
    return lambda name, site="": Doorway(store, clock, name, site)


@pytest.fixture
def doors(make_door):
    return make_door("Pintu A"), make_door("Pintu B")


@pytest.fixture
def put(store, clock):
    """Puts one room or a setup in place."""

    def make(*doors, room_id="baca", max_people=10, **more):
        room = Room(id=room_id, name="Ruang Baca", max_people=max_people, doors=[door.id for door in doors])
        return RoomSetup(store.database).put(Setup(rooms=(room,), **more), now=clock.now().claimed_at)

    return make


@pytest.fixture
def sums(store):
    return lambda room="baca": places(next(row.ledger for row in store.rooms.all() if row.room.id == room))


@pytest.fixture
def office():
    """A room's ledger that two doors talk to."""
    return Office()
