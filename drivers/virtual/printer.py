"""A simulated receipt printer on a TCP port. It speaks ESC/POS and answers as printers do; only the paper is made up."""

import socket
import threading
from collections import deque
from contextlib import suppress
from enum import StrEnum

from drivers.virtual.escpos_reader import Command, Printed, Sheet, commands

_LOOKS_EVERY_S = 0.05
_NEAR_END_LINES = 30
_FORGET_LENGTH = 10


class Fault(StrEnum):
    """What can be wrong with it. `NONE` mends everything: it is plugged in, closed, and has a new roll."""

    NONE = "none"
    UNPLUG = "unplug"
    SILENT = "silent"
    GARBAGE = "garbage"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    JAMMED = "jammed"


class VirtualPrinter:
    """A printer at `address`, switched on from the start; `port` 0 takes a free one and keeps it over each unplugging.

    Like most it serves one caller at a time; others wait. All methods may come from any thread. `close()` ends it.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host, self._port = host, port
        self._changed = threading.Condition()
        self._fault = Fault.NONE
        self._paper_lines: int | None = None
        self._waiting: deque[Command] = deque()
        self._say = bytearray()
        self._sheet = Sheet()
        self._slips: list[Printed] = []
        self._scraps: list[Printed] = []
        self._stop = threading.Event()
        self._listener = self._plugged()
        self._thread = threading.Thread(target=self.run, args=(self._stop,), name="virtual printer", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens, as "host:port"."""
        return f"{self._host}:{self._port}"

    @property
    def slips(self) -> list[Printed]:
        """Every slip that was cut, oldest first."""
        with self._changed:
            return list(self._slips)

    @property
    def scraps(self) -> list[Printed]:
        """Pieces that were begun and never cut, because what they belonged to was taken back or the printer lost its power."""
        with self._changed:
            return list(self._scraps)

    def wait_for_slips(self, count: int, timeout_s: float) -> bool:
        """True once so many slips are out; False if they are not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._slips) >= count, timeout_s)

    def set_fault(self, fault: Fault) -> None:
        """Break it in one way, or mend it with `Fault.NONE`. Takes hold before the call returns."""
        with self._changed:
            was, self._fault = self._fault, fault
            if fault is Fault.NONE:
                self._paper_lines = None
            if fault is Fault.UNPLUG and was is not Fault.UNPLUG:
                self._listener.close()
                self._forget()
            elif was is Fault.UNPLUG and fault is not Fault.UNPLUG:
                self._listener = self._plugged()
            self._print()

    def load(self, paper_lines: int | None) -> None:
        """Put in a roll of so many lines; None for one without end. What waited for paper is printed."""
        with self._changed:
            self._paper_lines = paper_lines
            self._print()

    def run(self, stop: threading.Event) -> None:
        """Serve callers until `stop` is set."""
        while not stop.is_set():
            caller = self._called()
            if caller is None:
                stop.wait(_LOOKS_EVERY_S)
                continue
            with caller, suppress(OSError):
                caller.settimeout(_LOOKS_EVERY_S)
                self._serve(caller, stop)

    def close(self) -> None:
        """Switch it off for good. Closing twice is no error."""
        self._stop.set()
        self._thread.join()
        self._listener.close()

    def _plugged(self) -> socket.socket:
        listener = socket.create_server((self._host, self._port))
        listener.settimeout(0)
        self._port = listener.getsockname()[1]
        return listener

    def _called(self) -> socket.socket | None:
        # Under the lock, so that nobody takes the listener away meanwhile: its number may be another file's by then.
        with self._changed:
            try:
                caller, _ = self._listener.accept()
            except OSError:  # nobody called, or it is unplugged
                return None
            self._say.clear()
            return caller

    def _serve(self, caller: socket.socket, stop: threading.Event) -> None:
        buffer = bytearray()
        while not stop.is_set() and self._fault is not Fault.UNPLUG:
            with suppress(TimeoutError):
                received = caller.recv(4096)
                if not received:
                    return
                buffer += received
            with self._changed:
                self._take(buffer)
                said = bytes(self._say)
                self._say.clear()
            if said:
                caller.sendall(said)

    def _take(self, buffer: bytearray) -> None:
        """Take in what arrived."""
        if self._fault in (Fault.SILENT, Fault.UNPLUG):
            buffer.clear()
            return
        for command in commands(buffer):
            if command.is_real_time:
                self._at_once(command.raw)
            else:
                self._waiting.append(command)
        self._print()

    def _at_once(self, raw: bytes) -> None:
        if raw[:2] == b"\x10\x04":
            self._say.append(0xFF if self._fault is Fault.GARBAGE else self._status(raw[2]))
        elif len(raw) == _FORGET_LENGTH:
            self._forget()

    def _status(self, question: int) -> int:
        no_paper, cover = self._is_out_of_paper, self._fault is Fault.COVER_OPEN
        jammed = self._fault is Fault.JAMMED
        near_end = self._paper_lines is not None and self._paper_lines <= _NEAR_END_LINES
        bits = {
            1: 0x08 * (no_paper or cover or jammed),
            2: 0x04 * cover | 0x20 * no_paper | 0x40 * jammed,
            3: 0x08 * jammed,
            4: 0x0C * near_end | 0x60 * no_paper,
        }
        return 0x12 | bits.get(question, 0)

    @property
    def _is_out_of_paper(self) -> bool:
        return self._fault is Fault.PAPER_OUT or self._paper_lines == 0

    def _print(self) -> None:
        """Do what waits, as far as paper and cover let it."""
        while self._waiting and self._fault in (Fault.NONE, Fault.GARBAGE) and not self._is_out_of_paper:
            command = self._waiting.popleft()
            if command.name == b"\x1dr":
                self._say.append(0x03 if self._status(4) & 0x0C else 0x00)
                continue
            taken = self._sheet.carry_out(command)
            if command.name == b"\x1dV":
                self._slips.append(self._sheet.torn_off())
            if self._paper_lines is not None:
                self._paper_lines = max(0, self._paper_lines - taken)
        self._changed.notify_all()

    def _forget(self) -> None:
        """Forget what waits to be printed; what is on paper already stays a scrap."""
        self._waiting.clear()
        if self._sheet:
            self._scraps.append(self._sheet.torn_off())
        self._sheet = Sheet()
