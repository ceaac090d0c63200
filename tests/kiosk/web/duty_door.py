"""A whole station behind its web pages: a real database and journal, the lane on a thread, and a clock that is moved by hand."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient

from kiosk.services.changes import DirectoryChange
from kiosk.services.duties import GuardDuties, build_duties
from kiosk.services.neighbours import Neighbours
from kiosk.services.tools import Event, StationTools
from kiosk.web import create_app
from sync.clock import ManualClock
from sync.protocol.events import Kind
from tests.kiosk.services.post import PIN, STAFF, UNMEASURED, ZONE, Post
from tests.kiosk.web.forms import sign_in

HOSTS = frozenset({"localhost", "127.0.0.1"})


@dataclass
class DutyDoor:
    """A door, its duties and its pages."""

    post: Post
    duties: GuardDuties
    app: Flask

    def client(self, guard: str = "budi") -> FlaskClient:
        """A browser in which that guard is signed in."""
        client = self.app.test_client()
        assert sign_in(client, guard, PIN).status_code == 200
        return client

    def tap(self, person_id: str, direction: str = "in", kind: Kind = Kind.ATTENDANCE_TAPPED, **more: object) -> None:
        """Somebody's entry is journaled now."""
        payload = {"tap_id": f"t-{person_id}-{self.post.clock.now().mono_ns}", "person_id": person_id, "direction": direction}
        self.duties.tools.journal(Event(kind, {**payload, **more}))


@contextmanager
def duty_door(
    data: Path,
    *,
    people: DirectoryChange = STAFF,
    clock: ManualClock | None = None,
    place: str = "Pintu Utama",
    neighbours: Callable[[StationTools], Neighbours] | None = None,
    hosts: frozenset[str] = HOSTS,
) -> Iterator[DutyDoor]:
    """One door, in service until the block ends."""
    data.mkdir(parents=True, exist_ok=True)
    post = Post(data, people=people, policy=UNMEASURED, clock=clock)
    tools = StationTools(
        name="Kantor Bupati",
        place=place,
        device_id="door-1",
        data=data,
        photos=data / "photos",
        database=data / "kiosk.db",
        clock=post.clock,
        zone=ZoneInfo(ZONE),
        journal=post.lane.journal,
        ask=post.lane.ask,
        random_bytes=os.urandom,
    )
    duties = build_duties(tools, None if neighbours is None else neighbours(tools))
    app = create_app(post.station, secret_key=b"k" * 32, allowed_hosts=hosts, testing=True, clock=post.clock, duties=duties)
    lane = post.run()
    try:
        yield DutyDoor(post, duties, app)
    finally:
        post.end(lane)
