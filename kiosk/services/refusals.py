"""What was refused goes into the journal, but nobody can fill the journal by being refused."""

import threading
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from sync.clock import Clock
from sync.journal import Event
from sync.protocol.events import Kind

A_KIND_AN_HOUR = 10
_HOUR_NS = 3600 * 1_000_000_000


class Refusal(StrEnum):
    """Why something was refused. These stand in the journal as the `reason` of guard.refused."""

    WRONG_PIN = "wrong_pin"
    TOO_SOON = "too_soon"
    UNKNOWN_GUARD = "unknown_guard"
    NOT_SIGNED_IN = "not_signed_in"
    NOT_ALLOWED = "not_allowed"
    LOCKED = "locked"
    STALE_FORM = "stale_form"
    FOREIGN_ORIGIN = "foreign_origin"
    FOREIGN_HOST = "foreign_host"
    SESSION_ELSEWHERE = "session_elsewhere"


class Refusals:
    """Journals ten refusals of a kind an hour; the others are counted, and one row at the hour's end says how many there were.

    `journal` commits one event. The hour is the machine's, not the wall clock's.
    """

    def __init__(self, clock: Clock, journal: Callable[[Event], None]) -> None:
        self._clock, self._journal = clock, journal
        self._lock = threading.Lock()
        self._began_ns = clock.now().mono_ns
        self._seen: Counter[str] = Counter()

    def refused(self, reason: Refusal, payload: dict[str, object]) -> None:
        """One refusal. `payload` says about whom and what; never what was typed."""
        self.tick()
        with self._lock:
            self._seen[reason] += 1
            told = self._seen[reason] <= A_KIND_AN_HOUR
        if told:
            self._journal(Event(Kind.GUARD_REFUSED, {**payload, "reason": reason.value}))

    def tick(self) -> None:
        """Look whether the hour is over. Call now and then."""
        with self._lock:
            now_ns = self._clock.now().mono_ns
            if now_ns - self._began_ns < _HOUR_NS:
                return
            uncounted = {reason: n - A_KIND_AN_HOUR for reason, n in sorted(self._seen.items()) if n > A_KIND_AN_HOUR}
            self._began_ns, self._seen = now_ns, Counter()
        self._tell(uncounted)

    def _tell(self, uncounted: dict[str, int]) -> None:
        if uncounted:
            self._journal(Event(Kind.GUARD_REFUSED, {"reason": "more", "counts": uncounted}))
