"""Slips are printed in turn beside everything else, over a real connection to the simulated printer, or dropped in time."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from drivers.printers.base import Condition
from drivers.virtual.printer import Fault, VirtualPrinter
from kiosk.services.printing import LAPSES_S, Errand, Fate, Printing
from kiosk.services.slip_desk import SlipDesk
from kiosk.services.slips import NumberGiven
from kiosk.services.views import PrinterSign
from kiosk.settings import parse
from kiosk.web.slip_words import both_languages
from kiosk.wiring import build_printer
from sync.clock import ManualClock

NOW = datetime(2020, 6, 10, 0, 12, tzinfo=UTC)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    made = VirtualPrinter()
    yield made
    made.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def printing(printer: VirtualPrinter, clock: ManualClock) -> Printing:
    settings = parse(f"[printer]\nkind = 'network'\naddress = '{printer.address}'\ntimeout_s = 0.5", "door.toml")
    return Printing(SlipDesk(build_printer(settings), both_languages("Asia/Jakarta")), clock)


def number(text: str) -> Errand:
    given = NumberGiven(text, "Ruang Baca", ahead=4, taken_at=NOW, clock_trusted=True)
    return lambda desk: desk.number(given)


def test_in_turn(printer: VirtualPrinter, printing: Printing) -> None:
    """What is ordered comes out in that order, and each order says when it has."""
    orders = [printing.order(number(text)) for text in ("A 017", "A 018")]
    assert [each and each.fate for each in orders] == [Fate.WAITING] * 2
    printing.step()
    assert [each and each.fate for each in orders] == [Fate.PRINTED, Fate.WAITING]
    printing.step()
    assert [slip.text.splitlines()[2] for slip in printer.slips] == ["A 017", "A 018"]


def test_ordering_never_waits(printer: VirtualPrinter, printing: Printing) -> None:
    """A printer that does not answer holds up nobody: an order is taken at once, and its end is heard later."""
    printer.set_fault(Fault.SILENT)
    stop = threading.Event()
    thread = threading.Thread(target=printing.run, args=(stop, lambda _sign: None), daemon=True)
    thread.start()
    began = time.monotonic()
    order = printing.order(number("A 017"))
    assert time.monotonic() - began < 0.2
    assert order is not None
    assert order.wait(5) is Fate.NOT_PRINTED
    assert order.condition is Condition.SILENT
    stop.set()
    thread.join()


@pytest.mark.parametrize(
    ("fault", "condition", "sign"),
    [
        (Fault.PAPER_OUT, Condition.PAPER_OUT, PrinterSign.PAPER_OUT),
        (Fault.COVER_OPEN, Condition.COVER_OPEN, PrinterSign.COVER_OPEN),
        (Fault.UNPLUG, Condition.UNPLUGGED, PrinterSign.UNPLUGGED),
        (Fault.GARBAGE, Condition.SILENT, PrinterSign.SILENT),
    ],
)
def test_what_cannot_be_printed_is_not_printed_later(
    printer: VirtualPrinter, printing: Printing, fault: Fault, condition: Condition, sign: PrinterSign
) -> None:
    """A slip that failed says why and stays away when the printer is mended; the next one comes out."""
    printer.set_fault(fault)
    order = printing.order(number("A 017"))
    printing.step()
    assert order is not None
    assert (order.fate, order.condition, printing.sign) == (Fate.NOT_PRINTED, condition, sign)
    printer.set_fault(Fault.NONE)
    printing.step(0)
    assert (printing.sign, printer.slips) == (PrinterSign.READY, [])
    printing.order(number("A 018"))
    printing.step()
    assert [slip.text.splitlines()[2] for slip in printer.slips] == ["A 018"]


def test_what_waits_too_long_is_dropped(printer: VirtualPrinter, clock: ManualClock, printing: Printing) -> None:
    """Behind a slip that is stuck, those of people who have gone lapse; they know it before their turn comes."""
    late = printing.order(number("A 017"))
    clock.advance(LAPSES_S)
    assert late is not None
    assert late.fate is Fate.NOT_PRINTED
    timely = printing.order(number("A 018"))
    printing.step()
    printing.step()
    assert timely is not None
    assert (late.fate, timely.fate) == (Fate.NOT_PRINTED, Fate.PRINTED)
    assert [slip.text.splitlines()[2] for slip in printer.slips] == ["A 018"]


def test_how_it_is(printer: VirtualPrinter, clock: ManualClock, printing: Printing) -> None:
    """It is looked at while nothing is printed, not more often than needed; the paper's end is told ahead."""

    def looked() -> PrinterSign:
        printing.step(0)
        return printing.sign

    printer.load(20)
    signs = [looked()]
    printer.set_fault(Fault.PAPER_OUT)
    signs.append(looked())
    clock.advance(10)
    signs.append(looked())
    assert signs == [PrinterSign.NEAR_END, PrinterSign.NEAR_END, PrinterSign.PAPER_OUT]


def test_changes_are_told_once(printer: VirtualPrinter, clock: ManualClock, printing: Printing) -> None:
    """Whoever listens hears of an outage when it begins and when it ends, however many slips it takes along."""
    told: list[PrinterSign] = []
    stop = threading.Event()
    thread = threading.Thread(target=printing.run, args=(stop, told.append), daemon=True)
    thread.start()
    printer.set_fault(Fault.PAPER_OUT)
    for text in ("A 017", "A 018", "A 019"):
        order = printing.order(number(text))
        assert order is not None
        assert order.wait(5) is Fate.NOT_PRINTED
    printer.set_fault(Fault.NONE)
    order = printing.order(number("A 020"))
    assert order is not None
    assert order.wait(5) is Fate.PRINTED
    for _ in range(100):
        if len(told) == 2:
            break
        time.sleep(0.02)
    stop.set()
    thread.join()
    assert told == [PrinterSign.PAPER_OUT, PrinterSign.READY]


def test_a_door_without_a_printer(clock: ManualClock) -> None:
    """Nothing is ordered, nothing is wrong."""
    printing = Printing(SlipDesk(None, both_languages("Asia/Jakarta")), clock)
    assert printing.order(number("A 017")) is None
    printing.step(0)
    assert (printing.has_printer, printing.sign) == (False, PrinterSign.OFF)
