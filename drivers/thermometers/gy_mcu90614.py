"""GY-MCU90614: an MLX90614 behind a microcontroller that sends binary frames, 9600 baud, about 14 a second.

    5A 5A 45 04 | object, hundredths, big-endian | ambient, likewise | sum of all before

Some boards send one byte more after each frame; frames of other types than 45 are answers to settings.
"""

from types import MappingProxyType

from drivers.framing import FrameFormat, FrameParser, counted, sum8
from drivers.thermometers.decoding import Decoded, Reading

FORMAT = FrameFormat(
    header=b"\x5a\x5a",
    size=counted(at=3, extra_bytes=5),
    checksum=sum8(),
    most_bytes=16,
    trailing_bytes=1,
)
TEMPERATURES = b"\x45\x04"
"""Type and length of a frame with temperatures."""

COMMANDS = MappingProxyType(
    {
        "continuous": b"\xa5\x45\xea",
        "query": b"\xa5\x15\xba",
        "baud_9600": b"\xa5\xae\x53",
        "baud_115200": b"\xa5\xaf\x54",
        "speak_at_power_up": b"\xa5\x51\xf6",
        "silent_at_power_up": b"\xa5\x52\xf7",
    }
)
"""What the device understands. All but `continuous` and `query` take hold after the next power cycle."""


class GyMcu90614Decoder:
    """Decodes GY-MCU90614 frames into object and ambient temperature. Keeps the promises of `Decoder`."""

    def __init__(self) -> None:
        self._parser = FrameParser(FORMAT)

    @property
    def pending(self) -> bool:
        """True while the beginning of a frame is held back."""
        return self._parser.pending

    def feed(self, data: bytes) -> Decoded:
        """Take the next bytes; damage is counted in bytes."""
        parsed = self._parser.feed(data)
        return Decoded(
            tuple(
                Reading(object_c=FORMAT.number(frame, 4), ambient_c=FORMAT.number(frame, 6))
                for frame in parsed.frames
                if frame[2:4] == TEMPERATURES
            ),
            parsed.noise_bytes,
        )

    def reset(self) -> None:
        """Forget what is held back."""
        self._parser.reset()
