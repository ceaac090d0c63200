"""What the pages of one door share. Nothing here is global: each app has its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import abort, current_app

from kiosk.core.screening import Step
from kiosk.services.announcer import Announcer
from kiosk.services.duties import GuardDuties
from kiosk.services.lan import LanState
from kiosk.services.printing import Printing
from kiosk.services.room_views import Rooms
from kiosk.services.views import Station
from kiosk.web.sessions import GuardSessions
from kiosk.web.streams import Audience
from sync.clock import Clock

_KEY = "gapura"


@dataclass(frozen=True, slots=True)
class Door:
    """The station and what the web layer keeps beside it. `on_lan` is true in the app that other machines reach."""

    station: Station
    audience: Audience
    clock: Clock
    sessions: GuardSessions
    duties: GuardDuties | None = None
    lan: LanState = field(default_factory=LanState)
    on_lan: bool = False
    rooms: Rooms | None = None
    announcer: Announcer | None = None
    visitor_steps: Callable[[], tuple[Step, ...]] = tuple
    slips: Printing | None = None
    keeps_days: int = 35

    def now(self) -> datetime:
        """The wall clock, aware UTC."""
        return self.clock.now().wall


def install(door: Door) -> None:
    """Make `door` the one that `the_door()` gives inside this app."""
    current_app.extensions[_KEY] = door


def the_door() -> Door:
    """The door this app belongs to."""
    return cast(Door, current_app.extensions[_KEY])


def duties() -> GuardDuties:
    """What signed-in people can do at this door. Pages of duties exist only where there are some (404)."""
    found = the_door().duties
    if found is None:
        abort(404)
    return found


def rooms() -> Rooms:
    """The rooms that this door lets people into. Their pages exist only where there are some (404)."""
    found = the_door().rooms
    if found is None:
        abort(404)
    return found
