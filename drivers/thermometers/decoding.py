"""What decoders of thermometer protocols have in common."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of one frame in degrees Celsius, exactly as sent: NaN and sentinels too. None: not in this protocol."""

    object_c: float | None = None
    ambient_c: float | None = None
    body_c: float | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """What some bytes said: readings in their order, how much was damaged, and the device's own complaint ("" for none)."""

    readings: tuple[Reading, ...] = ()
    damage: int = 0
    complaint: str = ""


class Decoder(Protocol):
    """Turns a device's bytes into readings. Pure: no port and no clock, and any cuts of the bytes give the same readings."""

    @property
    def pending(self) -> bool:
        """True while the beginning of a frame is held back."""

    def feed(self, data: bytes) -> Decoded:
        """Take the next bytes; give what is now whole."""

    def reset(self) -> None:
        """Forget what is held back."""
