"""Slips are printed beside everything else: a short queue, one thread, and an eye on how the printer is.

Nobody waits for paper: what was committed stands, and a slip that does not come out in time is for nobody any more.
"""

import queue
import threading
from collections.abc import Callable
from enum import StrEnum

from drivers.printers.base import Condition
from kiosk.services.slip_desk import SlipDesk
from kiosk.services.views import PrinterSign
from sync.clock import Clock

LAPSES_S = 20
"""A slip that has not begun to print by then is dropped: whoever it was for has gone."""
_LOOKS_EVERY_S = 10
_WAITS_S = 0.5
_S = 1_000_000_000

Errand = Callable[[SlipDesk], bool]
"""Print one slip at the desk; what `SlipDesk.number`, `visit` and `receipt` give."""


class Fate(StrEnum):
    """What has become of a slip."""

    WAITING = "waiting"
    PRINTED = "printed"
    NOT_PRINTED = "not_printed"


class Order:
    """A slip that was asked for. May be looked at from any thread."""

    def __init__(self, errand: Errand, clock: Clock) -> None:
        self._errand, self._clock = errand, clock
        self._until_ns = clock.now().mono_ns + LAPSES_S * _S
        self._begun, self._settled = False, threading.Event()
        self._lock = threading.Lock()
        self._fate, self._condition = Fate.WAITING, Condition.READY

    @property
    def fate(self) -> Fate:
        """What has become of it by now. One that lapsed will never be printed."""
        with self._lock:
            return Fate.NOT_PRINTED if self._is_over() else self._fate

    @property
    def condition(self) -> Condition:
        """What the printer was like when the slip did not come out."""
        return self._condition

    def wait(self, timeout_s: float) -> Fate:
        """Wait for its end, not longer than that; gives `fate`."""
        self._settled.wait(timeout_s)
        return self.fate

    def carry_out(self, desk: SlipDesk) -> None:
        """Print it, unless it has lapsed. Takes as long as the printer does."""
        with self._lock:
            if self._is_over():
                return
            self._begun = True
        fate = Fate.PRINTED if self._errand(desk) else Fate.NOT_PRINTED
        with self._lock:
            self._fate, self._condition = fate, desk.newest
        self._settled.set()

    def _is_over(self) -> bool:
        return not self._begun and self._clock.now().mono_ns >= self._until_ns


class Printing:
    """Prints what is ordered, in its order, from the one thread that runs it."""

    def __init__(self, desk: SlipDesk, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._sign = PrinterSign.READY if desk.has_printer else PrinterSign.OFF
        self._near_end, self._looks_at_ns = False, 0

    @property
    def has_printer(self) -> bool:
        """True if a printer is set at this door, whether it works or not."""
        return self._desk.has_printer

    @property
    def sign(self) -> PrinterSign:
        """How the printer is, as far as is known."""
        return self._sign

    def order(self, errand: Errand) -> Order | None:
        """Have a slip printed; returns at once. None where there is no printer."""
        if not self._desk.has_printer:
            return None
        order = Order(errand, self._clock)
        self._orders.put(order)
        return order

    def step(self, timeout_s: float = _WAITS_S) -> None:
        """Print what is next. While there is nothing, see how the printer is when that is due."""
        try:
            order = self._orders.get(timeout=timeout_s)
        except queue.Empty:
            self._look()
            return
        order.carry_out(self._desk)
        self._sign = sign_of(self._desk.newest, near_end=self._near_end)
        self._looks_at_ns = 0

    def run(self, stop: threading.Event, changed: Callable[[PrinterSign], None]) -> None:
        """Print until `stop` is set, and say how the printer is whenever that changes."""
        told = self._sign
        while not stop.is_set():
            self.step()
            if self._sign is not told:
                told = self._sign
                changed(told)

    def _look(self) -> None:
        now_ns = self._clock.now().mono_ns
        if now_ns < self._looks_at_ns:
            return
        self._looks_at_ns = now_ns + _LOOKS_EVERY_S * _S
        state = self._desk.look()
        if state is not None:
            self._near_end = state.paper_near_end
            self._sign = sign_of(state.condition, near_end=self._near_end)


def sign_of(condition: Condition, *, near_end: bool) -> PrinterSign:
    """What screens show of a printer."""
    if condition is Condition.READY and near_end:
        return PrinterSign.NEAR_END
    return PrinterSign(condition.value)
