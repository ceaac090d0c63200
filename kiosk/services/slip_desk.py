"""Where slips are handed out: prints, says what became of it, and tells an outage of the printer once, and its end once."""

import logging
import threading
from collections.abc import Sequence

from drivers.errors import DeviceError
from drivers.printers.base import Condition, PrinterState, ReceiptPrinter, Slip, condition_of
from kiosk.services.slips import (
    FileReceived,
    NumberGiven,
    PassGiven,
    SlipWords,
    drop_off_receipt,
    visit_pass,
    waiting_number,
)

_log = logging.getLogger(__name__)


class SlipDesk:
    """Prints slips in the languages of `words`. `printer` None: nothing is ever printed. May be used from any thread.

    Printing takes seconds, and up to half a minute where a printer is stuck: commit first, print then.
    """

    def __init__(self, printer: ReceiptPrinter | None, words: Sequence[SlipWords]) -> None:
        self._printer, self._words = printer, words
        self._newest = Condition.READY
        self._lock = threading.Lock()

    @property
    def has_printer(self) -> bool:
        """True if a printer is set at this door, whether it works or not."""
        return self._printer is not None

    @property
    def newest(self) -> Condition:
        """What the newest slip, or the newest look, found of the printer. READY before the first."""
        return self._newest

    def number(self, given: NumberGiven) -> bool:
        """Print a waiting number. False: it is not on paper, and whoever waits must be told by the screen."""
        return self._printed(waiting_number(given, self._words))

    def visit(self, given: PassGiven) -> bool:
        """Print the pass of a visit; as `number`."""
        return self._printed(visit_pass(given, self._words))

    def receipt(self, given: FileReceived) -> bool:
        """Print the receipt of a file; as `number`."""
        return self._printed(drop_off_receipt(given, self._words))

    def look(self) -> PrinterState | None:
        """Ask the printer how it is; None where there is none. Takes a few seconds where it does not answer."""
        if self._printer is None:
            return None
        state = self._printer.state()
        self._note(state.condition, f"it is {state.condition.value}")
        return state

    def _printed(self, slip: Slip) -> bool:
        if self._printer is None:
            return False
        try:
            self._printer.print_slip(slip)
        except DeviceError as exc:
            self._note(condition_of(exc), str(exc))
            return False
        self._note(Condition.READY, "slips come out again")
        return True

    def _note(self, condition: Condition, what: str) -> None:
        with self._lock:
            was, self._newest = self._newest, condition
        if was is not condition:
            _log.log(logging.INFO if condition is Condition.READY else logging.WARNING, "printer: %s", what)
