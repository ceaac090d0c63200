"""Who is signed in, and at which screen. A session is worth something only there."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime

from kiosk.services.views import Guard
from sync.clock import Clock

LOCK_AFTER_S = 15 * 60
MOST_A_GUARD = 4
_LOCK_AFTER_NS = LOCK_AFTER_S * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Client:
    """The screen that asks. `address` is empty on the door's own machine; `agent` is a digest of the browser's name."""

    on_lan: bool = False
    address: str = ""
    agent: str = ""

    @classmethod
    def seen(cls, *, on_lan: bool, address: str, user_agent: str) -> "Client":
        """From what a request says."""
        agent = hashlib.sha256(user_agent.encode("utf-8", "surrogateescape")).hexdigest()
        return cls(on_lan, address if on_lan else "", agent)


@dataclass(slots=True)
class SignedIn:
    """A guard's session. `used_ns` is the last time (monotonic) that its owner did something; `handle` names it to others, and
    opens nothing.
    """

    guard: Guard
    client: Client
    since: datetime
    used_ns: int
    handle: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as administrators see it."""

    handle: str
    guard: Guard
    client: Client
    since: datetime
    idle_s: int
    locked: bool


@dataclass(slots=True)
class GuardSessions:
    """Who is signed in, by the random id their cookie carries. It lives in memory: a restart signs everybody out.

    A guard may be signed in at four screens (the kiosk, a tablet, a PC, and one more); a fifth ends the one that rested longest.
    """

    clock: Clock
    _by_id: dict[str, SignedIn] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, guard: Guard, client: Client | None = None) -> str:
        """A new session at that screen; gives its id."""
        session_id, moment = secrets.token_urlsafe(32), self.clock.now()
        with self._lock:
            own = sorted((each.used_ns, known) for known, each in self._by_id.items() if each.guard.id == guard.id)
            for _, known in own[: max(0, len(own) - MOST_A_GUARD + 1)]:
                del self._by_id[known]
            self._by_id[session_id] = SignedIn(guard, client or Client(), moment.wall, moment.mono_ns, secrets.token_hex(8))
        return session_id

    def find(self, session_id: str | None) -> SignedIn | None:
        """The session, None if it is over."""
        with self._lock:
            return self._by_id.get(session_id or "")

    def guard(self, session_id: str | None) -> Guard | None:
        """Whose session it is, None if it is over."""
        signed_in = self.find(session_id)
        return signed_in.guard if signed_in else None

    def is_locked(self, session_id: str | None) -> bool:
        """True when nothing was done for 15 minutes, or there is no such session: what it shows stays, what it may do is over."""
        signed_in = self.find(session_id)
        return signed_in is None or self.clock.now().mono_ns - signed_in.used_ns >= _LOCK_AFTER_NS

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

    def end(self, handle: str) -> Guard | None:
        """End the session that `everyone` names so; gives whose it was, None if it is over already."""
        with self._lock:
            found = next((known for known, each in self._by_id.items() if each.handle == handle), None)
            return self._by_id.pop(found).guard if found else None

    def everyone(self) -> tuple[OpenSession, ...]:
        """All open sessions, the last used first."""
        now_ns = self.clock.now().mono_ns
        with self._lock:
            found = sorted(self._by_id.values(), key=lambda each: -each.used_ns)
        idle = [(each, now_ns - each.used_ns) for each in found]
        return tuple(
            OpenSession(each.handle, each.guard, each.client, each.since, rested // 1_000_000_000, rested >= _LOCK_AFTER_NS)
            for each, rested in idle
        )
