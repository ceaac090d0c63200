"""How often a door may ask. Every worker counts for itself: with N workers a door may get up to N times as much."""

import math
import threading

_NS = 1_000_000_000
_MANY = 4096
"""So many doors are remembered before those with a full bucket are forgotten."""


class RateLimit:
    """A bucket of tokens for each door: a request takes one, `per_s` come back a second, and `burst` fit in."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._buckets: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def wait_s(self, door: str, mono_ns: int) -> int:
        """0 if `door` may ask now, which takes a token; else whole seconds until it may."""
        with self._lock:
            tokens = self._tokens(door, mono_ns)
            if tokens < 1:
                return math.ceil((1 - tokens) / self._per_s)
            self._buckets[door] = (tokens - 1, mono_ns)
            if len(self._buckets) > _MANY:
                self._buckets = {name: kept for name, kept in self._buckets.items() if self._tokens(name, mono_ns) < self._burst}
            return 0

    def _tokens(self, door: str, mono_ns: int) -> float:
        tokens, since = self._buckets.get(door, (self._burst, mono_ns))
        return min(float(self._burst), tokens + self._per_s * max(0, mono_ns - since) / _NS)
