"""A station with a journal, the central server over HTTP, and the agent's parts between them."""

from contextlib import ExitStack, closing
from dataclasses import dataclass

import argon2
import pytest

from sync.backlog import Backlog
from sync.client import RequestSigner, ServerClient, ServerLink, Timeouts
from sync.clock import ManualClock
from sync.inbox import Inbox
from sync.server.app import Store, create_app, open_store
from sync.server.database import Database
from sync.server.settings import Settings
from sync.state import SyncState, read_link
from sync.uploader import Uploader
from tests.sync.making import KEY, PLAYED_PUBLIC, Station
from tests.sync.served import serving


@dataclass
class Central:
    """The real server: its address, what it keeps, and the one door it knows."""

    url: str
    store: Store
    database: Database
    device_id: str
    server_key: str

    def rows(self, sql: str = "SELECT seq, hash FROM events ORDER BY epoch, seq") -> list[tuple]:
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]


@pytest.fixture
def manual_clock():
    return ManualClock()


@pytest.fixture
def central(tmp_path, manual_clock):
    """The central server behind a real port, over a file."""
    with closing(Database(f"sqlite:///{tmp_path / 'central.db'}")) as database:
        database.migrate()
        hasher = argon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)
        store = open_store(database, hasher)
        now = manual_clock.now().claimed_at
        door = store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key=KEY.public)
        with serving(create_app(store, manual_clock, Settings(requests_at_once=10_000))) as url:
            yield Central(url, store, database, door.id, store.keys.public)


@pytest.fixture
def make_station(tmp_path, manual_clock):
    """Makes a station's folder with an open journal."""
    with ExitStack() as stack:

        def make(device_id="door-1", name="station", **origin):
            data = tmp_path / name
            data.mkdir(exist_ok=True)
            station = Station(data, manual_clock, device_id, **origin)
            stack.callback(station.close)
            return station

        yield make


@pytest.fixture
def station(make_station):
    return make_station()


class Rig:
    """An agent's parts for one station, sending to one address; every random pause is at its longest."""

    def __init__(self, station, url, clock, stack, device_id=None, server_key=PLAYED_PUBLIC, key=KEY):
        self.station, self.path = station, station.data / "sync.db"
        device_id = device_id or station.journal.origin.device_id
        self.backlog, self.clock = Backlog(station.path), clock
        self.state = SyncState(self.path, clock)
        link = ServerLink(url, RequestSigner(key, device_id), clock, timeouts=Timeouts(2.0, 2.0, 5.0))
        self.client = ServerClient(link, device_id, server_key)
        self.wishes = []
        self.uploader = Uploader(
            self.backlog,
            self.state,
            self.client,
            new_epoch=lambda *wish: self.wishes.append(wish),
            chance=lambda: 1.0,
            clock=clock,
        )
        self.inbox = Inbox(station.data, self.backlog, self.state, self.client, chance=lambda: 0.5)
        for part in (self.state, self.backlog, self.client):
            stack.callback(part.close)

    @property
    def link(self):
        return read_link(self.path)

    def drain(self, steps=200):
        """Step without waiting until nothing is left to send; gives the pauses that were asked for."""
        pauses = []
        for _ in range(steps):
            pauses.append(self.uploader.step())
            if pauses[-1] == 0.5 and self.uploader.step() == 0.5:
                return pauses
        raise AssertionError(f"not empty after {steps} steps: {pauses[-5:]}")


@pytest.fixture
def make_rig(manual_clock):
    """Makes the agent's parts."""
    with ExitStack() as stack:

        def make(station, server, device_id=None):
            known = getattr(server, "server_key", PLAYED_PUBLIC)
            return Rig(station, server if isinstance(server, str) else server.url, manual_clock, stack, device_id, known)

        yield make
