"""What the pages of one door share. Nothing here is global: each app has its own."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import abort, current_app

from kiosk.services.duties import GuardDuties
from kiosk.services.views import Guard, Station
from kiosk.web.streams import Audience
from sync.clock import Clock

LOCK_AFTER_S = 15 * 60
_KEY = "gapura"


@dataclass(slots=True)
class SignedIn:
    """A guard's session. `used_ns` is the last time (monotonic) that its owner did something."""

    guard: Guard
    used_ns: int


@dataclass(slots=True)
class GuardSessions:
    """Who is signed in, by the random id their cookie carries. It lives in memory: a restart signs everybody out."""

    clock: Clock
    _by_id: dict[str, SignedIn] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, guard: Guard) -> str:
        """A new session; gives its id."""
        session_id = secrets.token_urlsafe(32)
        with self._lock:
            self._by_id[session_id] = SignedIn(guard, self.clock.now().mono_ns)
        return session_id

    def guard(self, session_id: str | None) -> Guard | None:
        """Whose session it is, None if it is over."""
        with self._lock:
            signed_in = self._by_id.get(session_id or "")
            return signed_in.guard if signed_in else None

    def is_locked(self, session_id: str | None) -> bool:
        """True when nothing was done for 15 minutes, or there is no such session: what it shows stays, what it may do is over."""
        with self._lock:
            signed_in = self._by_id.get(session_id or "")
            return signed_in is None or self.clock.now().mono_ns - signed_in.used_ns >= LOCK_AFTER_S * 1_000_000_000

    def touch(self, session_id: str) -> None:
        """Its owner did something: the 15 minutes begin anew."""
        with self._lock:
            if session_id in self._by_id:
                self._by_id[session_id].used_ns = self.clock.now().mono_ns

    def close(self, session_id: str | None) -> Guard | None:
        """End a session, so that its cookie is worth nothing any more; gives whose it was."""
        with self._lock:
            signed_in = self._by_id.pop(session_id or "", None)
            return signed_in.guard if signed_in else None


@dataclass(frozen=True, slots=True)
class Door:
    """The station and what the web layer keeps beside it."""

    station: Station
    audience: Audience
    clock: Clock
    sessions: GuardSessions
    duties: GuardDuties | None = None

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
