"""Finds out which kind of thermometer speaks on a port. It only listens: nothing is ever written while probing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.base import MonotonicNs
from drivers.registry import THERMOMETERS
from drivers.serial_link import SerialLink

BAUDS = (9600, 115200)
"""The rates that are tried, the commonest first."""

LISTEN_S = (0.6, 3.0)
"""How long each rate is listened to, round by round. Opening resets an Arduino, which then is silent for 2 s: hence round two."""

GOOD_FRAMES_NEEDED = 3
_PATIENCE_S = 2.0
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What speaks on `port`: its kind, or None when nothing was recognised, and how many sound readings say so at which rate."""

    port: str
    kind: str | None
    baud: int
    good_frames: int


def probe(port: str, *, now: MonotonicNs, listen_s: Sequence[float] = LISTEN_S) -> Finding:
    """Listen to the port at each rate until three sound readings of one kind are there.

    Raises:
        DeviceUnavailable
    """
    best = Finding(port, None, BAUDS[0], 0)
    for seconds in listen_s:
        for baud in BAUDS:
            kind, good_frames = _listen(port, baud, seconds, now)
            if good_frames >= GOOD_FRAMES_NEEDED:
                return Finding(port, kind, baud, good_frames)
            if good_frames > best.good_frames:
                best = Finding(port, None, baud, good_frames)
    return best


def _listen(port: str, baud: int, seconds: float, now: MonotonicNs) -> tuple[str, int]:
    """The kind with most sound readings at that rate, and their number. A slow speaker that has begun is given more time."""
    decoders = {name: kind.decoder() for name, kind in THERMOMETERS.items()}
    good = Counter(dict.fromkeys(decoders, 0))
    link = SerialLink(port, baud=baud, timeout_s=seconds)
    try:
        link.open()
        ends_ns = now() + round(seconds * _NS)
        ends_at_most_ns = ends_ns + round(_PATIENCE_S * _NS)
        while max(good.values()) < GOOD_FRAMES_NEEDED:
            left_ns = (ends_at_most_ns if any(good.values()) else ends_ns) - now()
            if left_ns <= 0:
                break
            data = link.read(timeout_s=left_ns / _NS)
            for name, decoder in decoders.items():
                good[name] += len(decoder.feed(data).readings)
    finally:
        link.close()
    return good.most_common(1)[0]
