"""`gapura bench evacuation`: the evacuation list of 5,000 people, from the press to the whole page."""

import os
import tempfile
import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask import Flask
from flask.testing import FlaskClient

from kiosk.bench.figures import Figure, report
from kiosk.services import record
from kiosk.services.device_health import HealthKeeper
from kiosk.services.duties import GuardDuties, build_duties
from kiosk.services.station import KioskStation
from kiosk.services.tools import StationTools
from kiosk.services.views import DeviceState, Guard
from kiosk.store import directory, guards
from kiosk.store.database import KioskDatabase, open_kiosk_database
from kiosk.web import create_app
from kiosk.web.sessions import Client, GuardSessions
from sync.clock import Clock, SystemClock
from sync.ids import uuid7
from sync.journal import Event
from sync.protocol.events import Kind
from sync.protocol.wire import Person

_PEOPLE, _UNITS, _LOOKS, _LIMIT_S = 5_000, 40, 5, 1.0
_ZONE = "Asia/Jakarta"
_GUARD = Guard("bench", "Bench", "guard")
_AGENT = "bench"


@click.command("evacuation")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_evacuation(as_json: bool) -> None:
    """Seconds until the evacuation list of 5,000 people is drawn, and until it is with the roll-call's ticks."""
    with tempfile.TemporaryDirectory() as folder:
        report(measure(Path(folder)), as_json)


def measure(folder: Path) -> list[Figure]:
    """The slowest of some looks counts: it is looked at once, when it matters."""
    clock = SystemClock(lambda: True)
    database = open_kiosk_database(folder / "kiosk.db", device_id="bench", place_id="bench", random_bytes=os.urandom)
    try:
        _fill(database, clock)
        app, duties, sessions = _pages(folder, database, clock)
        client = _signed_in(app, sessions)
        drawn = _slowest(client)
        duties.evacuation.start(_GUARD)
        ticked = _slowest(client)
    finally:
        database.close()
    said = f"fixed, {_PEOPLE} people"
    return [Figure("evacuation.list", drawn, "s", _LIMIT_S, said), Figure("evacuation.roll", ticked, "s", _LIMIT_S, said)]


def _fill(database: KioskDatabase, clock: Clock) -> None:
    people = [Person(id=f"P{n:05}", name=f"Pegawai Nomor {n}", unit=f"Bagian {n % _UNITS}") for n in range(_PEOPLE)]
    moment = clock.now()
    with database.transaction() as db:
        directory.change_local(db, people, [], [], moment.claimed_at)
        guards.put(db, [(_GUARD.id, _GUARD.name, _GUARD.role, "")])
    for start in range(0, _PEOPLE, 250):
        taps = []
        for person in people[start : start + 250]:
            tap_id = uuid7(moment.wall, os.urandom)
            payload = {"tap_id": tap_id, "person_id": person.id, "direction": "in", "direction_source": "kiosk"}
            taps.append(Event(Kind.ATTENDANCE_TAPPED, payload, id=tap_id))
        record.commit(database, taps, moment)


def _pages(folder: Path, database: KioskDatabase, clock: Clock) -> tuple[Flask, GuardDuties, GuardSessions]:
    health = HealthKeeper(folder, clock, camera=DeviceState.OFF, thermometer=DeviceState.OFF, simulated=True)
    station = KioskStation(
        name="Bench",
        place="Bench",
        time_zone=_ZONE,
        database=database,
        clock=clock,
        health=health,
        photos=folder,
        pepper=b"",
        random_bytes=os.urandom,
        stopping=threading.Event(),
    )
    duties = build_duties(
        StationTools(
            name="Bench",
            place="Bench",
            device_id="bench",
            data=folder,
            photos=folder,
            database=database.path,
            clock=clock,
            zone=ZoneInfo(_ZONE),
            journal=lambda *events: _commit(database, clock, events),
            random_bytes=os.urandom,
        )
    )
    sessions = GuardSessions(clock)
    hosts = frozenset({"localhost"})
    app = create_app(station, secret_key=b"bench", allowed_hosts=hosts, clock=clock, duties=duties, sessions=sessions)
    return app, duties, sessions


def _commit(database: KioskDatabase, clock: Clock, events: tuple[Event, ...]) -> None:
    record.commit(database, events, clock.now())


def _signed_in(app: Flask, sessions: GuardSessions) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = _AGENT
    screen = Client.seen(on_lan=False, address="127.0.0.1", user_agent=_AGENT)
    with client.session_transaction() as session:
        session["sid"] = sessions.open(_GUARD, screen)
    return client


def _slowest(client: FlaskClient) -> float:
    took = []
    for _ in range(_LOOKS):
        start = time.perf_counter()
        page = client.get("/guard/evacuation")
        took.append(time.perf_counter() - start)
        if page.text.count("roll__name") < _PEOPLE:
            raise click.ClickException(f"the page does not hold everybody (HTTP {page.status_code})")
    return max(took)
