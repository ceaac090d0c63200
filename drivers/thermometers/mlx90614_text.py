"""An MLX90614 behind an Arduino with Adafruit's example sketch: lines of text, 9600 baud, twice a second.

The sketch says each reading in Celsius and again in Fahrenheit; only the Celsius line counts. It has no checksum, so a
line counts only when all of it has the sketch's exact form.
"""

import re

from drivers.framing import LineParser
from drivers.thermometers.decoding import Decoded, Reading

_NUMBER = rb"(nan|-?\d{1,4}\.\d\d)"
_CELSIUS = re.compile(rb"Ambient = " + _NUMBER + rb"\*C\s+Object = " + _NUMBER + rb"\*C\s*")
_TO_IGNORE = re.compile(
    rb"\s*|Ambient = " + _NUMBER + rb"\*F\s+Object = " + _NUMBER + rb"\*F\s*|Adafruit MLX90614.*|Emissivity = .*|=+\s*"
)
_SENSOR_MISSING = b"Error connecting to MLX sensor"
_COMPLAINT = "the board answers, but it does not find its MLX90614 sensor; check the sensor's wiring, then reset the board"


class Mlx90614TextDecoder:
    """Decodes the sketch's lines into object and ambient temperature. Keeps the promises of `Decoder`."""

    def __init__(self) -> None:
        self._lines = LineParser(most_bytes=200)

    @property
    def pending(self) -> bool:
        """True while the beginning of a line is held back."""
        return self._lines.pending

    def feed(self, data: bytes) -> Decoded:
        """Take the next bytes; damage is counted in lines, and in bytes where no line ends. `nan` is given as NaN."""
        parsed = self._lines.feed(data)
        readings: list[Reading] = []
        damage = parsed.noise_bytes
        complaint = ""
        for line in parsed.frames:
            if match := _CELSIUS.fullmatch(line):
                readings.append(Reading(ambient_c=float(match[1]), object_c=float(match[2])))
            elif line.startswith(_SENSOR_MISSING):
                complaint = _COMPLAINT
            elif not _TO_IGNORE.fullmatch(line):
                damage += 1
        return Decoded(tuple(readings), damage, complaint)

    def reset(self) -> None:
        """Forget what is held back."""
        self._lines.reset()
