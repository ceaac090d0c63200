"""What every device of a kind offers, and the values it gives. Implementations are real or virtual; both keep these promises."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

MonotonicNs = Callable[[], int]
"""Gives monotonic nanoseconds. Drivers never read a clock of their own."""


class Channel(StrEnum):
    """What the main number of a thermometer is. Only `BODY` may ever be called body temperature."""

    OBJECT = "object"
    SKIN = "skin"
    BODY = "body"
    AMBIENT = "ambient"


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as the device gave it: nothing rounded, clamped or corrected. Numbers may be NaN or a device's sentinel.

    `channel` says what the device's main number is; absent numbers are None.
    """

    channel: Channel
    at_ns: int
    object_c: float | None = None
    ambient_c: float | None = None
    body_c: float | None = None


class Thermometer(Protocol):
    """A device that gives temperatures."""

    @property
    def kind(self) -> str:
        """The protocol's name, as in `gapura devices list`, for example "gy-mcu90614"."""

    @property
    def simulated(self) -> bool:
        """True when no real warmth is measured. Every screen fed by it says SIMULATED."""

    def read(self) -> Sample:
        """Give the next sample. Blocks for up to the device's timeout.

        Raises:
            DeviceUnavailable, DeviceTimeout, BadFrame. After each of them `read()` may be called again: it opens the port anew.
        """

    def close(self) -> None:
        """Let the port go. Closing twice, or a port that is gone, is no error."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a scanner has to say: a code that has just come into view, or a hint about one that cannot be read.

    A code held in view is one sighting; it is seen anew only after it was gone for a while. `text` is None for a hint.
    `at_ns` is when the frame (or the line) arrived, not when it was decoded.
    """

    text: str | None
    at_ns: int
    hint: "Hint | None" = None


class Hint(StrEnum):
    """Why there is no code although there is something to see."""

    LOCATED_NOT_READ = "located_not_read"
    SEVERAL_CODES = "several_codes"


class Scanner(Protocol):
    """A device that reads codes: a camera with a decoder, or a scanner on a serial line."""

    @property
    def kind(self) -> str:
        """For example "camera" or "gm65"."""

    @property
    def simulated(self) -> bool:
        """True when the codes come from a simulator."""

    def read(self) -> Sighting | None:
        """Wait for up to the scanner's timeout for something new. None when nothing came: a quiet hall is no error.

        Raises:
            DeviceUnavailable, DeviceTimeout (a camera without new frames, or with a frozen picture), BadFrame
        """

    def close(self) -> None:
        """Let the device go. Closing twice is no error."""


class PreviewSource(Protocol):
    """A scanner that can show what it sees."""

    def preview_jpeg(self) -> tuple[int, bytes] | None:
        """The newest frame as (sequence number, JPEG bytes), or None while there is none."""
