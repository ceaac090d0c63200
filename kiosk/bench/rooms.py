"""`gapura bench rooms`: every page with 500 visits and 100 waiting, and how soon a change is on the screens."""

import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask
from flask.testing import FlaskClient

from kiosk import settings
from kiosk.bench.figures import Figure, report
from kiosk.services.room_views import FreeReason, Visitor
from kiosk.services.views import Guard
from kiosk.store import guards, room_documents
from kiosk.web import create_app
from kiosk.web.sessions import Client, GuardSessions
from kiosk.wiring import Kiosk, build_kiosk
from sync.protocol.rooms import Door, Room, RoomsDocument

_INSIDE, _WAITING, _LOOKS, _LIMIT_S, _SCREEN_LIMIT_S = 500, 100, 9, 0.1, 0.3
_ROOM = Room(id="aula", name="Aula Pelayanan", max_people=_INSIDE, max_minutes=120)
_DESK = Guard("bench", "Bench", "administrator")
_AGENT = "bench"
_PAGES = ("/", "/visitor", "/desk", "/desk/statistics", "/display", "/guard", "/guard/evacuation")


@click.command("rooms")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_rooms(as_json: bool) -> None:
    """Seconds until a page answers with 500 visits and 100 waiting, and until a place that comes free is on the screens."""
    with tempfile.TemporaryDirectory() as folder:
        report(measure(Path(folder)), as_json)


def measure(folder: Path) -> list[Figure]:
    """The median of some looks at each page, and the slowest of some changes."""
    with _station(folder) as (built, app, sessions):
        client = _signed_in(app, sessions)
        said = f"fixed, {_INSIDE} visits, {_WAITING} waiting"
        pages = [Figure(f"rooms.{_name(page)}", _median(client, page), "s", _LIMIT_S, said) for page in _PAGES]
        return [*pages, Figure("rooms.screen", _slowest_change(built), "s", _SCREEN_LIMIT_S, f"{said}; slowest of {_LOOKS}")]


def _name(page: str) -> str:
    return page.strip("/").replace("/", ".") or "panel"


@contextmanager
def _station(folder: Path) -> Iterator[tuple[Kiosk, Flask, GuardSessions]]:
    wanted = settings.Settings(
        data=str(folder), camera=settings.Camera(source="off"), thermometer=settings.Thermometer(kind="off")
    )
    built = build_kiosk(wanted)
    lane = threading.Thread(target=built.lane.run, args=(built.stopping,))
    lane.start()
    try:
        _fill(built)
        sessions = GuardSessions(built.clock)
        app = create_app(
            built.station,
            secret_key=os.urandom(32),
            allowed_hosts=frozenset({"localhost"}),
            clock=built.clock,
            duties=built.duties,
            sessions=sessions,
            rooms=built.rooms,
        )
        yield built, app, sessions
    finally:
        built.stopping.set()
        lane.join()
        built.database.close()


def _fill(built: Kiosk) -> None:
    with built.database.transaction() as db:
        document = RoomsDocument(doors=[Door(device_id="", name="", letter="A")], rooms=[_ROOM])
        room_documents.put(db, document, room_documents.LOCAL)
        guards.put(db, [(_DESK.id, _DESK.name, _DESK.role, "")])
    built.rooms.step()
    for _ in range(_INSIDE + _WAITING):
        built.rooms.arrive(_ROOM.id, Visitor(name="Pengunjung", purpose="Membaca"), by=_DESK)
    room = built.rooms.view().rooms[0]
    if (room.inside, len(room.queue)) != (_INSIDE, _WAITING):
        raise click.ClickException(f"the room could not be filled: {room.inside} inside, {len(room.queue)} waiting")


def _signed_in(app: Flask, sessions: GuardSessions) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = _AGENT
    screen = Client.seen(on_lan=False, address="127.0.0.1", user_agent=_AGENT)
    with client.session_transaction() as session:
        session["sid"] = sessions.open(_DESK, screen)
    _begin_visit(client)
    return client


def _begin_visit(client: FlaskClient) -> None:
    """Touch "I am a visitor" at the panel, so that there is a visitor's page to measure."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)
    if token is None:
        raise click.ClickException("the panel has no button for visitors")
    client.post("/visitor/start", data={"csrf_token": token[1], "what": "in"})


def _median(client: FlaskClient, page: str) -> float:
    took = []
    for _ in range(_LOOKS):
        start = time.perf_counter()
        answer = client.get(page)
        took.append(time.perf_counter() - start)
        if answer.status_code != 200:
            raise click.ClickException(f"{page}: HTTP {answer.status_code}")
    return sorted(took)[_LOOKS // 2]


def _slowest_change(built: Kiosk) -> float:
    """From the desk's press that frees a place to the view with the next number called, at a screen that listens."""
    took = []
    with built.rooms.views.subscribe() as ear:
        ear.next(0)
        for row in built.rooms.view().rooms[0].visits[:_LOOKS]:
            start = time.perf_counter()
            built.rooms.free(row.visit_id, FreeReason.FORGOT, by=_DESK)
            if ear.next(5) is None:
                raise click.ClickException("a place came free, and no screen heard of it")
            took.append(time.perf_counter() - start)
    return max(took)
