"""Bytes to frames without a port. Pure: however the bytes are cut up, the same frames come out; what is held back stays small."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SizeRule = Callable[[bytes | bytearray], int | None]
"""Gives a frame's whole size in bytes from its beginning, or None while too little of it is there to tell."""

ChecksumRule = Callable[[bytes], bool]
"""Says whether a whole frame is sound."""

_LINE_END = re.compile(rb"[\r\n]")


def fixed(size_bytes: int) -> SizeRule:
    """Every frame has the same size."""
    return lambda _head: size_bytes


def counted(*, at: int, extra_bytes: int) -> SizeRule:
    """The byte at position `at` counts a frame's data; `extra_bytes` more are around them."""
    return lambda head: head[at] + extra_bytes if len(head) > at else None


def sum8(*, start: int = 0) -> ChecksumRule:
    """The last byte is the sum of the bytes before it, from position `start` on, modulo 256."""
    return lambda frame: sum(frame[start:-1]) & 0xFF == frame[-1]


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """How one device's binary frames look.

    `most_bytes` bounds a frame: a longer one is taken for noise, so that a damaged length delays nothing.
    `trailing_bytes` may follow a sound frame without being noise. `scale` is how many steps make one degree.
    """

    header: bytes
    size: SizeRule
    checksum: ChecksumRule
    most_bytes: int
    trailing_bytes: int = 0
    byteorder: Literal["big", "little"] = "big"
    scale: int = 100

    def number(self, frame: bytes, at: int) -> float:
        """The signed 16-bit number at position `at`, scaled to degrees Celsius."""
        return int.from_bytes(frame[at : at + 2], self.byteorder, signed=True) / self.scale


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser found: sound frames in their order, and how many bytes belonged to none."""

    frames: tuple[bytes, ...]
    noise_bytes: int


class FrameParser:
    """Finds the sound frames of one format in a stream. After damage it goes on at the next byte that can begin a frame."""

    def __init__(self, frame_format: FrameFormat) -> None:
        self._format = frame_format
        self._held = bytearray()
        self._silent_bytes = 0

    @property
    def pending(self) -> bool:
        """True while the beginning of a frame is held back, waiting for its rest."""
        return bool(self._held)

    def reset(self) -> None:
        """Forget what is held back."""
        self._held.clear()
        self._silent_bytes = 0

    def feed(self, data: bytes) -> Parsed:
        """Take the next bytes of the stream; give the frames that are now whole."""
        self._held += data
        frames: list[bytes] = []
        noise_bytes = self._skip_to_header()
        while (size_bytes := self._size_if_whole()) is not None:
            frame = bytes(self._held[:size_bytes])
            if frame and self._format.checksum(frame):
                frames.append(frame)
                del self._held[:size_bytes]
                self._silent_bytes = self._format.trailing_bytes
            else:
                noise_bytes += self._drop(1)
            noise_bytes += self._skip_to_header()
        return Parsed(tuple(frames), noise_bytes)

    def _size_if_whole(self) -> int | None:
        """The size of the frame at hand, 0 when it can be none, None while it is not all there."""
        if len(self._held) < len(self._format.header):
            return None
        size_bytes = self._format.size(self._held)
        if size_bytes is None:
            return None
        if size_bytes > self._format.most_bytes:
            return 0
        return size_bytes if len(self._held) >= size_bytes else None

    def _skip_to_header(self) -> int:
        """Drop what cannot begin a frame; give how many of the bytes were noise."""
        header = self._format.header
        found = self._held.find(header)
        if found < 0:
            kept = next(n for n in range(len(header) - 1, -1, -1) if self._held.endswith(header[:n]))
            found = len(self._held) - kept
        return self._drop(found)

    def _drop(self, count: int) -> int:
        del self._held[:count]
        silent = min(count, self._silent_bytes)
        self._silent_bytes -= silent
        return count - silent


class LineParser:
    """Finds lines that end in CR, LF or both. Empty lines are not given; a line beyond `most_bytes` is noise as a whole."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held = b""
        self._overlong = False

    @property
    def pending(self) -> bool:
        """True while the beginning of a line is held back, waiting for its end."""
        return bool(self._held) or self._overlong

    def reset(self) -> None:
        """Forget what is held back."""
        self._held = b""
        self._overlong = False

    def feed(self, data: bytes) -> Parsed:
        """Take the next bytes of the stream; give the lines that are now whole, without their ends."""
        *ended, rest = _LINE_END.split(data)
        lines: list[bytes] = []
        noise_bytes = 0
        for part in ended:
            noise_bytes += self._hold(part)
            if self._held:
                lines.append(self._held)
            self.reset()
        return Parsed(tuple(lines), noise_bytes + self._hold(rest))

    def _hold(self, part: bytes) -> int:
        """Add to the line at hand, or drop it once it is overlong; give how many bytes were dropped."""
        if not self._overlong and len(self._held) + len(part) <= self._most_bytes:
            self._held += part
            return 0
        dropped = len(self._held) + len(part)
        self._held = b""
        self._overlong = True
        return dropped
