"""What a thermometer at a door feels: the room, and now and then a forehead. Pure but for the given source of chance."""

import math
import random
from dataclasses import dataclass

ROOM_C = 27.0
_RISE_S = 0.12
_OBJECT_NOISE_C = 0.04
_AMBIENT_NOISE_C = 0.02
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Presence:
    skin_temperature_c: float
    from_ns: int
    until_ns: int


class Warmth:
    """Object and ambient temperature over time. While somebody is there the object nears their skin's temperature within half a
    second; otherwise it is the room's. Each look differs by a small noise, as with a real sensor.
    """

    def __init__(self, *, rng: random.Random, ambient_c: float = ROOM_C) -> None:
        self._rng = rng
        self._ambient_c = ambient_c
        self._presence: _Presence | None = None

    def present(self, skin_temperature_c: float | None, ambient_c: float, seconds: float, now_ns: int) -> None:
        """Somebody with that skin is there from now on for so long (None: nobody); the room has `ambient_c` from now on."""
        self._ambient_c = ambient_c
        if skin_temperature_c is None:
            self._presence = None
        else:
            self._presence = _Presence(skin_temperature_c, now_ns, now_ns + round(seconds * _NS))

    def at(self, now_ns: int) -> tuple[float, float]:
        """What a sensor says at that moment: object and ambient temperature in degrees Celsius."""
        object_c = self._without_noise_c(now_ns) + self._rng.gauss(0, _OBJECT_NOISE_C)
        return object_c, self._ambient_c + self._rng.gauss(0, _AMBIENT_NOISE_C)

    def _without_noise_c(self, now_ns: int) -> float:
        there = self._presence
        if there is None or not there.from_ns <= now_ns < there.until_ns:
            return self._ambient_c
        risen = 1 - math.exp(-(now_ns - there.from_ns) / _NS / _RISE_S)
        return self._ambient_c + (there.skin_temperature_c - self._ambient_c) * risen
