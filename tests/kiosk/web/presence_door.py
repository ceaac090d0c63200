"""A whole door for tests of typed presence and self-check: people with difficult names, and somebody of each role."""

import threading
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from drivers.base import Sighting
from kiosk.core.values import Screen, ScreenKind
from kiosk.services.changes import DirectoryChange, NewGuard
from kiosk.services.duties import build_duties
from kiosk.services.lane import Shown
from kiosk.services.pins import hash_pin
from kiosk.web import create_app
from sync.protocol.wire import BadgeEntry, Person
from tests.kiosk.services.post import PEPPER, PIN, UNMEASURED, Post, code_of, hash_of
from tests.kiosk.services.toolbox import tools_of
from tests.kiosk.web.forms import send

SHA = "a" * 64
LONG = "Raden Ajeng Kusumawardhani Puspitaningrum Hadiningrat-Sosrodiningrat, S.STP., M.Si."
NAMES = {
    "P1": "Siti Rahayu, S.Sos.",
    "P2": LONG,
    "P3": "محمد عبد الرحمن بن عبد الله",
    "P4": "🦊 Ayu 'O\"Brien' <b>",
    "P5": "Budi Santoso",
}
ROLES = {"budi": "guard", "meja": "desk", "P5": "head", "admin": "administrator"}


def open_door(data: Path) -> Post:
    """A door at which P1 to P5 work. P5 is a head of unit too."""
    (data / "photos").mkdir()
    Image.new("RGB", (300, 400), (120, 150, 180)).save(data / "photos" / f"{SHA}.jpg")
    pin_hash = hash_pin(PIN, PEPPER)
    people = [Person(id=i, name=name, unit="Bagian Umum", photo=SHA if i == "P1" else None) for i, name in NAMES.items()]
    badges = [BadgeEntry(token_sha256=hash_of(int(i[1:])), person_id=i) for i in NAMES]
    guards = [NewGuard(i, f"Tuan {i}", role, pin_hash) for i, role in ROLES.items()]
    post = Post(data, policy=UNMEASURED, people=DirectoryChange(people=people, badges=badges, guards=guards))
    post.run()
    return post


def app_of(post: Post) -> Flask:
    """Its web pages, with every duty."""
    duties = build_duties(tools_of(post, on_thread=True))
    hosts = frozenset({"localhost", "127.0.0.1"})
    return create_app(post.station, secret_key=b"k" * 32, allowed_hosts=hosts, testing=True, clock=post.clock, duties=duties)


def sign_in(client: FlaskClient, guard: str = "budi") -> TestResponse:
    """Sign in with the right PIN."""
    return send(client, "/guard/sign-in", guard=guard, pin=PIN)


def tap(post: Post, number: int) -> str:
    """Person P<number> shows their badge; gives the tap that is then on the panel."""
    before = post.station.panel.current().serial
    post.lane.offer(Sighting(code_of(number), post.clock.now().mono_ns))
    for _ in range(400):
        view = post.station.panel.current()
        person = view.screen.person
        if view.serial != before and person is not None and person.id == f"P{number}" and view.screen.tap:
            return view.screen.tap.id
        threading.Event().wait(0.005)
    raise AssertionError("the panel shows no such tap")


def put_away(post: Post) -> None:
    """The screen goes back to nobody's."""
    post.station.show(Shown(Screen(ScreenKind.IDLE), None))
