"""Printers that speak ESC/POS, on any wire. The only importer of python-escpos, which turns a slip into bytes."""

import functools
import logging
import textwrap
import threading
import unicodedata
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qrcode

from drivers.base import MonotonicNs
from drivers.errors import BadFrame, DeviceError, DeviceTimeout
from drivers.printers import status
from drivers.printers.base import Condition, PrinterNotReady, PrinterState, Slip, condition_of
from drivers.printers.links import Link
from drivers.printers.status import Answer

_NS = 1_000_000_000
_DOTS_PER_COLUMN = 12
_LARGEST_LETTERS = 6
_QR_MODULE_DOTS = (3, 10)
_CODE_PAGE = "CP1252"
_PRINTS_WITHIN_S = 30.0
_LOOKS_EVERY_S = 0.5
_ADVICE = {
    Condition.PAPER_OUT: "it is out of paper; put in a new roll",
    Condition.COVER_OPEN: "its cover is open; close it",
    Condition.OFFLINE: "it does not print now; look at its lamps and at the cutter",
}
_PLAIN = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "\N{NO-BREAK SPACE}": " "})


@dataclass(frozen=True, slots=True)
class Paper:
    """What a slip is made for: letters in a line (32 on 58 mm paper, 42 or 48 on 80 mm), and who draws the QR code.

    `native_qr` True: the printer does; False: it is sent as a picture, for printers that cannot.
    """

    columns: int = 32
    native_qr: bool = True


@functools.cache
def _library() -> Any:
    """python-escpos' printer that prints nothing. Importing it takes a while, sets up logging and leaves a folder behind."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    from escpos import capabilities
    from escpos.printer import Dummy

    root.handlers[:] = handlers
    with suppress(OSError):
        Path(capabilities.pickle_path).unlink(missing_ok=True)
        Path(capabilities.pickle_dir).rmdir()
    return Dummy


def slip_bytes(slip: Slip, paper: Paper) -> bytes:
    """The slip as ESC/POS, from a reset printer to the cut."""
    made = _library()()
    dots = paper.columns * _DOTS_PER_COLUMN
    # Without a width the library complains on standard output, where only answers belong.
    made.profile.profile_data = {**made.profile.profile_data, "media": {"width": {"pixels": dots}}}
    made.hw("INIT")
    made._raw(status.NO_REPORTS)
    made.charcode(_CODE_PAGE)
    made.set(align="center", bold=True, double_height=True)
    _write(made, slip.title, paper.columns)
    if number := plain(slip.number):
        size = max(1, min(_LARGEST_LETTERS, paper.columns // len(number)))
        made.set(custom_size=True, width=size, height=size)
        _write(made, number, paper.columns)
    made.set(bold=False, normal_textsize=True)
    made.ln()
    for line in slip.lines:
        _write(made, line, paper.columns)
    if slip.qr:
        made.ln()
        made.qr(slip.qr, ec=_level(), size=_module_dots(slip.qr, dots), native=paper.native_qr)
    made.ln()
    _write(made, slip.footer, paper.columns)
    made.cut()
    return bytes(made.output)


def _write(made: Any, words: str, columns: int) -> None:
    for line in words.split("\n"):
        for part in textwrap.wrap(plain(line), columns):
            made.textln(part)


def _level() -> int:
    from escpos.constants import QR_ECLEVEL_M

    return int(QR_ECLEVEL_M)


def _module_dots(text: str, dots: int) -> int:
    """How large a dot of the code is: it takes four fifths of the paper with its quiet zone, and no more than it needs."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    modules = 17 + 4 * code.best_fit()
    least, most = _QR_MODULE_DOTS
    return int(min(most, max(least, dots * 4 // 5 // (modules + 8))))


def plain(text: str) -> str:
    """`text` as a receipt printer can print it: one line, no commands in it, letters of Western Europe, "?" for any other."""
    flat = " ".join("".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text).split())
    return "".join(_letter(char) for char in unicodedata.normalize("NFC", flat).translate(_PLAIN))


def _letter(char: str) -> str:
    if _is_printable(char):
        return char
    bare = "".join(part for part in unicodedata.normalize("NFKD", char) if part.isascii())
    return bare or ("" if unicodedata.combining(char) else "?")


def _is_printable(char: str) -> bool:
    try:
        char.encode(_CODE_PAGE)
    except UnicodeEncodeError:
        return False
    return True


class EscposPrinter:
    """A receipt printer at the end of `link`, which is opened for each slip and closed behind it.

    `answers` False is for a printer, or a wire, that cannot be asked: what it has taken then counts as printed.
    """

    def __init__(self, link: Link, *, name: str, paper: Paper, timeout_s: float, now: MonotonicNs, answers: bool = True) -> None:
        self._link = link
        self._name = name
        self._paper = paper
        self._timeout_s = timeout_s
        self._now = now
        self._answers = answers
        self._turn = threading.Lock()
        _library()  # now, because the first visitor is not to wait for it

    @property
    def kind(self) -> str:
        return "escpos"

    def print_slip(self, slip: Slip) -> None:
        job = slip_bytes(slip, self._paper)
        if not self._turn.acquire(timeout=self._timeout_s + _PRINTS_WITHIN_S):
            raise DeviceTimeout(f"{self._name}: it is still busy with another slip")
        with self._talking() as talk:
            if not self._answers:
                self._link.write(job)
                return
            self._refuse(talk.state())
            talk.begin_anew()
            try:
                self._link.write(job + status.WHEN_PRINTED)
                self._wait_printed(talk)
            except DeviceError:
                with suppress(DeviceError):
                    talk.forget()
                raise

    def state(self) -> PrinterState:
        if not self._turn.acquire(timeout=self._timeout_s):
            return PrinterState(Condition.READY)  # it is printing; whoever waits for that slip hears of any trouble
        try:
            with self._talking() as talk:
                return talk.state() if self._answers else PrinterState(Condition.READY)
        except DeviceError as exc:
            return PrinterState(condition_of(exc))

    @contextmanager
    def _talking(self) -> Iterator["_Talk"]:
        """The open link for whoever has the turn; both are given back at the end."""
        try:
            self._link.open()
            yield _Talk(self._link, self._name, self._timeout_s, self._now)
        finally:
            self._link.close()
            self._turn.release()

    def _wait_printed(self, talk: "_Talk") -> None:
        """Wait for the answer from behind the slip, and meanwhile look whether the printer can still print."""
        until_ns = self._now() + int(_PRINTS_WITHIN_S * _NS)
        while self._now() < until_ns:
            in_turn = talk.in_turn(_LOOKS_EVERY_S)
            if in_turn is None:
                self._refuse(talk.state())
            elif status.is_out(in_turn):
                return
            else:
                raise self._not_ready(Condition.PAPER_OUT)
        raise DeviceTimeout(f"{self._name}: it does not say that the slip is out; if it never does, set printer.answers to false")

    def _refuse(self, state: PrinterState) -> None:
        if not state.ready:
            raise self._not_ready(state.condition)

    def _not_ready(self, condition: Condition) -> PrinterNotReady:
        return PrinterNotReady(f"{self._name}: {_ADVICE[condition]}", condition)


class _Talk:
    """Questions and answers over an open link."""

    def __init__(self, link: Link, name: str, timeout_s: float, now: MonotonicNs) -> None:
        self._link, self._name, self._timeout_s, self._now = link, name, timeout_s, now
        self._heard: dict[Answer, deque[int]] = {kind: deque() for kind in Answer}
        self._strange = False

    def state(self) -> PrinterState:
        printer = self._ask(status.PRINTER)
        paper = self._ask(status.PAPER)
        return status.state_of(printer, paper, self._ask(status.OFFLINE_CAUSE) if status.is_offline(printer) else 0)

    def begin_anew(self) -> None:
        """Leave out what was heard so far: on a serial line it may be of a slip that was given up."""
        self._heard[Answer.IN_TURN].clear()

    def forget(self) -> None:
        """Take back what is not printed yet. The question behind it is answered once that was heard."""
        self._link.write(status.FORGET)
        self._ask(status.PRINTER)

    def in_turn(self, timeout_s: float) -> int | None:
        """The answer from behind the slip; None if it has not come in that time."""
        return self._next(Answer.IN_TURN, timeout_s)

    def _ask(self, question: bytes) -> int:
        self._link.write(question)
        answer = self._next(Answer.AT_ONCE, self._timeout_s)
        if answer is not None:
            return answer
        if self._strange:
            raise BadFrame(f"{self._name}: what it says is no answer of a receipt printer; check its kind and its baud rate")
        raise DeviceTimeout(f"{self._name}: it does not answer; check its power, and whether it has another caller")

    def _next(self, kind: Answer, timeout_s: float) -> int | None:
        until_ns = self._now() + int(timeout_s * _NS)
        while not self._heard[kind]:
            left_s = (until_ns - self._now()) / _NS
            if left_s <= 0:
                return None
            received = self._link.read(timeout_s=left_s)
            answers = list(status.answers(received))
            self._strange |= bool(received) and not answers
            for answer, byte in answers:
                self._heard[answer].append(byte)
        return self._heard[kind].popleft()
