"""A panel with rooms, and somebody who touches it."""

import re

from flask import Flask
from werkzeug.test import TestResponse

from kiosk.core.screening import Evidence, Step
from kiosk.services.room_views import Done, RoomsView
from kiosk.web import create_app
from sync.clock import ManualClock
from tests.kiosk.web.room_scenes import (
    SceneRooms,
)
from tests.kiosk.web.station import MemoryStation

HOSTS = frozenset({"localhost", "127.0.0.1"})
WASH_AND_MASK = (Step("wash"), Step("mask"), Step("temperature", evidence=Evidence.SENSOR))
_FIELD = re.compile(r'name="(csrf_token|go|step)" value="([^"]*)"')
HERE = {"Origin": "http://localhost"}


class Hall:
    """A panel with rooms, and somebody who touches it."""

    def __init__(self, scene: RoomsView, steps: tuple[Step, ...] = ()) -> None:
        self.station, self.clock, self.rooms, self.steps = MemoryStation(), ManualClock(), SceneRooms(scene), steps
        self.app: Flask = create_app(
            self.station,
            secret_key=b"k" * 32,
            allowed_hosts=HOSTS,
            testing=True,
            clock=self.clock,
            rooms=self.rooms,
            visitor_steps=lambda: self.steps,
        )
        self.client = self.app.test_client()

    def fields(self, page: str) -> dict[str, str]:
        return dict(_FIELD.findall(self.client.get(page).text))

    def start(self, what: str = "in") -> str:
        """Touch a button of the idle panel; gives the page that follows."""
        return self.post("start", self.fields("/"), what=what).text

    def post(self, to: str, fields: dict[str, str], **more: str) -> TestResponse:
        return self.client.post(f"/visitor/{to}", data={**fields, **more}, headers=HERE, follow_redirects=True)

    def send(self, to: str, **more: str) -> str:
        """Send a form of the page that is shown; gives the page that follows."""
        return self.post(to, self.fields("/visitor"), **more).text

    def page(self) -> str:
        return self.client.get("/visitor").text

    def asked(self, method: str) -> list[dict[str, object]]:
        return [values for name, values in self.rooms.asked if name == method]

    def arrived(self, done: Done | None = None) -> str:
        """Through to the end, alone and without a name."""
        if done is not None:
            self.rooms.answers["arrive"] = done
        self.start()
        self.send("people", people="1")
        return self.send("name", skip="1")


def opened(halls: list[Hall], scene: RoomsView, steps: tuple[Step, ...] = ()) -> Hall:
    halls.append(Hall(scene, steps))
    return halls[-1]
