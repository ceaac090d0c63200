"""ESC/POS as a printer reads it: bytes into commands, however they are cut up, and commands onto paper. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import zxingcpp

_ESC, _GS, _DLE = 0x1B, 0x1D, 0x10
_LENGTHS = {
    **{bytes([_ESC, each]): 2 for each in b"@2"},
    **{bytes([_ESC, each]): 3 for each in b"!-3EMRdGat{"},
    **{bytes([_GS, each]): 3 for each in b"!BHabfhrw"},
    b"\x10\x04": 3,
    b"\x10\x05": 3,
}
"""Whole commands of one length, by their first two bytes."""
_LINE_DOTS = 24
_CODE_PAGES = {0: "cp437", 2: "cp850", 16: "cp1252"}


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or a run of letters: its first two bytes (one for a line feed, none for letters), and all of it."""

    name: bytes
    raw: bytes

    @property
    def is_real_time(self) -> bool:
        """True if a printer does it at once, before what waits to be printed."""
        return self.raw[0] == _DLE


def commands(buffer: bytearray) -> Iterator[Command]:
    """Take whole commands out of the front of `buffer`; what is not whole yet stays in it."""
    while buffer:
        name, length = _measured(buffer)
        if length is None or length > len(buffer):
            return
        raw = bytes(buffer[:length])
        del buffer[:length]
        yield Command(name, raw)


def _measured(buffer: bytearray) -> tuple[bytes, int | None]:
    """The name of the first command and its length; None while that cannot be told yet."""
    first = buffer[0]
    if first not in (_ESC, _GS, _DLE):
        if first < 0x20:
            return bytes([first]), 1
        return b"", next((n for n, byte in enumerate(buffer) if byte < 0x20), len(buffer))
    name = bytes(buffer[:2])
    if len(name) < 2:
        return name, None
    return name, _LENGTHS[name] if name in _LENGTHS else _long(name, buffer)


def _long(name: bytes, buffer: bytearray) -> int | None:
    """The length of a command that says itself how long it is. An unknown one is taken for two bytes, as printers do."""
    match name:
        case b"\x1dV":
            return None if len(buffer) < 3 else 4 if buffer[2] in (65, 66) else 3
        case b"\x1d(":
            return None if len(buffer) < 5 else 5 + buffer[3] + 256 * buffer[4]
        case b"\x1dv":
            return None if len(buffer) < 8 else 8 + (buffer[4] + 256 * buffer[5]) * (buffer[6] + 256 * buffer[7])
        case b"\x10\x14":
            return None if len(buffer) < 3 else 10 if buffer[2] == 8 else 5
    return 2


@dataclass(frozen=True, slots=True)
class Printed:
    """A piece of paper: the bytes that made it, its lines as text, and what its codes say when they are read."""

    raw: bytes
    text: str
    qr: tuple[str, ...]


@dataclass(slots=True)
class Sheet:
    """The piece of paper that is being printed. `carry_out` gives the lines of paper that a command takes."""

    encoding: str = "cp437"
    _raw: bytearray = field(default_factory=bytearray)
    _lines: list[str] = field(default_factory=lambda: [""])
    _codes: list[str] = field(default_factory=list)
    _stored: str = ""

    def __bool__(self) -> bool:
        return self._lines != [""] or bool(self._codes)

    def carry_out(self, command: Command) -> int:
        """Put it on the paper."""
        self._raw += command.raw
        match command.name:
            case b"":
                self._lines[-1] += command.raw.decode(self.encoding, "replace")
            case b"\n":
                return self._feed(1)
            case b"\x1bd":
                return self._feed(command.raw[2])
            case b"\x1bt":
                self.encoding = _CODE_PAGES.get(command.raw[2], "cp437")
            case b"\x1d(" if command.raw[2:3] == b"k":
                return self._code(command.raw)
            case b"\x1dv":
                return self._picture(command.raw)
        return 0

    def torn_off(self) -> Printed:
        """The piece as it is; the sheet is empty then."""
        text = "\n".join(line.rstrip() for line in self._lines).strip("\n")
        piece = Printed(bytes(self._raw), text, tuple(self._codes))
        self._raw.clear()
        self._lines, self._codes = [""], []
        return piece

    def _feed(self, lines: int) -> int:
        self._lines += [""] * lines
        return lines

    def _code(self, raw: bytes) -> int:
        function, data = raw[6], raw[8:]
        if function == 80:
            self._stored = data.decode("utf-8", "replace")
        if function == 81:
            self._codes.append(self._stored)
            return 10
        return 0

    def _picture(self, raw: bytes) -> int:
        width, height = raw[4] + 256 * raw[5], raw[6] + 256 * raw[7]
        dots = np.unpackbits(np.frombuffer(raw[8:], np.uint8)).reshape(height, width * 8)
        paper = np.pad(((1 - dots) * 255).astype(np.uint8), 60, constant_values=255)
        self._codes += [found.text for found in zxingcpp.read_barcodes(paper)]
        return -(-height // _LINE_DOTS)
