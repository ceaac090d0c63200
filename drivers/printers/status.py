"""What ESC/POS printers say of themselves, byte by byte. Pure: questions, and what answers mean."""

from collections.abc import Iterable, Iterator
from enum import Enum

from drivers.printers.base import Condition, PrinterState

PRINTER, OFFLINE_CAUSE, PAPER = b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"
"""Questions that are answered at once, also while the printer does not print (DLE EOT n)."""
WHEN_PRINTED = b"\x1dr\x01"
"""A question that waits its turn behind what is to be printed (GS r 1), so that its answer says: all of it is out."""
NO_REPORTS = b"\x1da\x00"
"""Ends a printer's habit of telling its state unasked, which would be taken for answers (GS a 0)."""
FORGET = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""Throws away at once what was sent and is not printed yet (DLE DC4 8): half a slip must not come out later."""

_OFFLINE, _COVER_OPEN, _STOPPED_FOR_PAPER = 0x08, 0x04, 0x20
_NEAR_END, _NO_PAPER, _NO_PAPER_IN_TURN = 0x0C, 0x60, 0x0C


class Answer(Enum):
    """Which question a byte answers, by its fixed bits."""

    AT_ONCE = "at once"
    IN_TURN = "in turn"


def answers(received: Iterable[int]) -> Iterator[tuple[Answer, int]]:
    """The answers among bytes that were read; whatever else a line carries (XON, XOFF, noise) is left out."""
    for byte in received:
        if byte & 0x93 == 0x12:
            yield Answer.AT_ONCE, byte
        elif byte & 0x90 == 0x00:
            yield Answer.IN_TURN, byte


def is_offline(printer: int) -> bool:
    """True if the answer to PRINTER says that it does not print now."""
    return bool(printer & _OFFLINE)


def is_out(in_turn: int) -> bool:
    """True if the answer to WHEN_PRINTED still tells of paper: without any, nothing came out."""
    return in_turn & _NO_PAPER_IN_TURN != _NO_PAPER_IN_TURN


def state_of(printer: int, paper: int, cause: int) -> PrinterState:
    """What the answers to PRINTER, PAPER and OFFLINE_CAUSE say together. `cause` is 0 for a printer that is online."""
    condition = Condition.READY
    if cause & _COVER_OPEN:
        condition = Condition.COVER_OPEN
    elif paper & _NO_PAPER or cause & _STOPPED_FOR_PAPER:
        condition = Condition.PAPER_OUT
    elif is_offline(printer):
        condition = Condition.OFFLINE
    return PrinterState(condition, paper_near_end=bool(paper & _NEAR_END))
