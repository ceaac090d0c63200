"""What every receipt printer offers, and the values it takes and gives."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.errors import DeviceError, DeviceUnavailable, NotReady


class Condition(StrEnum):
    """What a printer is like. Only READY takes slips; each other one is another thing to do."""

    READY = "ready"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    """It answers and will not print: a jammed cutter, a head too hot, its feed button held."""
    SILENT = "silent"
    """Something is there and does not answer as a receipt printer."""
    UNPLUGGED = "unplugged"


@dataclass(frozen=True, slots=True)
class PrinterState:
    """A printer just now. `paper_near_end` is a warning; slips still come out."""

    condition: Condition
    paper_near_end: bool = False

    @property
    def ready(self) -> bool:
        """True while a slip can be printed."""
        return self.condition is Condition.READY


@dataclass(frozen=True, slots=True)
class Slip:
    """What is on one piece of paper, from above: a title, one large number, lines, a QR code with its text, and a footer.

    Title and footer may have several lines. Whatever is wider than the paper is broken between words.
    """

    title: str
    number: str = ""
    lines: tuple[str, ...] = ()
    qr: str | None = None
    footer: str = ""


class PrinterNotReady(NotReady):
    """It works, and waits for a person. `condition` says for what."""

    def __init__(self, message: str, condition: Condition) -> None:
        super().__init__(message)
        self.condition = condition


def condition_of(error: DeviceError) -> Condition:
    """What an error of `print_slip` says of the printer, for the sentence that people read."""
    if isinstance(error, PrinterNotReady):
        return error.condition
    return Condition.UNPLUGGED if isinstance(error, DeviceUnavailable) else Condition.SILENT


class ReceiptPrinter(Protocol):
    """A printer of slips. Its methods may be called from any thread; one slip is printed at a time."""

    @property
    def kind(self) -> str:
        """For example "escpos"."""

    def print_slip(self, slip: Slip) -> None:
        """Print one slip and cut it. It returns once the printer says that the slip is out.

        Raises:
            PrinterNotReady, DeviceUnavailable, DeviceTimeout, BadFrame: the slip counts as not printed. What was sent of it is
            taken back where the printer can do that; a piece without its end may hang from it.
        """

    def state(self) -> PrinterState:
        """Ask how it is. Takes up to the device's timeout; trouble is an answer, never an error."""
