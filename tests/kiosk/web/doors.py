"""A whole door behind its pages: a real journal and every duty, as its own machine and as the network see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from kiosk.core.duties import Role
from kiosk.services.changes import DirectoryChange, NewGuard
from kiosk.services.duties import build_duties
from kiosk.services.lan import LanState
from kiosk.services.pins import hash_pin
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.web import create_app
from kiosk.web.sessions import LOCK_AFTER_S, Client, GuardSessions
from tests.kiosk.services.post import PEPPER, PIN, STAFF, ZONE, Post
from tests.kiosk.services.room_post import READING
from tests.kiosk.web.desk_door import open_rooms

ROLES = tuple(role.value for role in Role)
PEOPLE = {role: Guard(role, role.title(), role) for role in ROLES}
WHO = ("nobody", *ROLES, "locked")
HOSTS = frozenset({"localhost", "127.0.0.1"})
_AGENT = "a tablet"
_CLIENT = {"loopback": Client.seen(on_lan=False, address="", user_agent=_AGENT)} | {
    "lan": Client.seen(on_lan=True, address="127.0.0.1", user_agent=_AGENT)
}


class WholeDoor:
    """A door that is switched on, with one person of each role, and its two apps by name: "loopback" and "lan"."""

    def __init__(self, data: Path) -> None:
        pin_hash = hash_pin(PIN, PEPPER)
        people = [NewGuard(one.id, one.name, one.role, pin_hash) for one in PEOPLE.values()]
        self.post = Post(data, people=DirectoryChange(people=STAFF.people, badges=STAFF.badges, guards=people))
        self._thread = self.post.run()
        tools = StationTools(
            name="Pintu",
            place="lobby",
            device_id="door-1",
            data=data,
            photos=data / "photos",
            database=data / "kiosk.db",
            clock=self.post.clock,
            zone=ZoneInfo(ZONE),
            journal=self.post.lane.journal,
            random_bytes=lambda n: b"r" * n,
        )
        self.sessions = GuardSessions(self.post.clock)
        self.rooms = open_rooms(self.post, READING)
        self.apps = {flavour: self._app(build_duties(tools), flavour == "lan") for flavour in ("loopback", "lan")}

    def _app(self, duties: object, on_lan: bool) -> Flask:
        return create_app(
            self.post.station,
            secret_key=b"k" * 32,
            allowed_hosts=HOSTS,
            testing=True,
            clock=self.post.clock,
            duties=duties,  # type: ignore[arg-type]
            sessions=self.sessions,
            lan=LanState(),
            on_lan=on_lan,
            rooms=self.rooms,
        )

    def close(self) -> None:
        self.post.end(self._thread)

    def client(self, flavour: str, who: str) -> FlaskClient:
        """A browser at which that person has just signed in; "locked" is an administrator who did nothing for long."""
        client = self.apps[flavour].test_client()
        client.environ_base["HTTP_USER_AGENT"] = _AGENT
        if who == "nobody":
            return client
        guard = PEOPLE["administrator" if who == "locked" else who]
        session_id = self.sessions.open(guard, _CLIENT[flavour])
        if who == "locked":
            found = self.sessions.find(session_id)
            assert found
            found.used_ns -= LOCK_AFTER_S * 1_000_000_000
        with client.session_transaction(base_url=base_of(flavour)) as session:
            session["sid"] = session_id
        return client


def base_of(flavour: str) -> str:
    """The address that a browser there has typed."""
    return "https://localhost" if flavour == "lan" else "http://localhost"


def path_of(app: Flask, rule: Rule) -> str:
    """An address of that route, with something in each of its places."""
    values: dict[str, object] = {}
    for name in rule.arguments:
        converter = type(rule._converters[name]).__name__
        values[name] = 1 if converter == "IntegerConverter" else "a" * 64
    if rule.endpoint == "static":
        values["filename"] = "tokens.css"
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Every method of every route."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: (each.endpoint, each.rule)):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


@contextmanager
def whole_door(data: Path) -> Iterator[WholeDoor]:
    door = WholeDoor(data)
    try:
        yield door
    finally:
        door.close()
