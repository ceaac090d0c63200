"""What visitors take along comes out of a real (simulated) printer, and the page says what has become of it."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from drivers.virtual.printer import Fault, VirtualPrinter
from kiosk.core.room_codes import Said
from kiosk.services.printing import Printing
from kiosk.services.room_views import Done, DropOff, WaitRange
from kiosk.services.slip_desk import SlipDesk
from kiosk.settings import parse
from kiosk.web.slip_errands import SlipErrands, SlipState
from kiosk.web.slip_words import both_languages
from kiosk.wiring import build_printer
from sync.clock import SystemClock
from sync.protocol.rooms import PassKind, ServiceMode
from tests.kiosk.web.room_scenes import full, seven
from tests.kiosk.web.station import NOW
from tests.kiosk.web.visitor_walks import CODE, one_service

WAITING = Done(Said.WAITING, "reading", ticket_id="t", number="A 017", ahead=4, wait=WaitRange(20, 35))
ON_PAPER = Done(Said.ENTERED, "reading", visit_id="visit-5", pass_code=CODE, pass_kind=PassKind.PAPER)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    made = VirtualPrinter()
    yield made
    made.close()


@pytest.fixture
def errands(printer: VirtualPrinter) -> Iterator[SlipErrands]:
    settings = parse(f"[printer]\nkind = 'network'\naddress = '{printer.address}'\ntimeout_s = 1", "door.toml")
    printing = Printing(SlipDesk(build_printer(settings), both_languages("Asia/Jakarta")), SystemClock())
    stop = threading.Event()
    thread = threading.Thread(target=printing.run, args=(stop, lambda _sign: None))
    thread.start()
    yield SlipErrands(printing)
    stop.set()
    thread.join()


def settled(errands: SlipErrands, go_id: str) -> SlipState:
    """How the slip of that go ended."""
    for _ in range(400):
        if errands.state(go_id) is not SlipState.PRINTING:
            return errands.state(go_id)
        threading.Event().wait(0.01)
    raise AssertionError("it is printed for ever")


def test_every_kind_comes_out(printer: VirtualPrinter, errands: SlipErrands) -> None:
    """A number, a pass on paper and a receipt are printed with what belongs on them."""
    files = one_service(ServiceMode.DROP_OFF)()
    files = replace(files, drop_offs=(DropOff("B-K7PX-0031", "ktp", NOW),))
    given = (("g1", WAITING, full()), ("g2", ON_PAPER, seven()), ("g3", Done(Said.RECEIVED, receipt="B-K7PX-0031"), files))
    for go_id, done, view in given:
        errands.begin(go_id, done, view, NOW)
        assert settled(errands, go_id) is SlipState.PRINTED
    number, visit, receipt = printer.slips
    assert "A 017" in number.text
    assert "Ruang Baca" in number.text
    assert visit.qr == (CODE,)
    assert "Kartu 5" in visit.text
    assert "B-K7PX-0031" in receipt.text
    assert "Dinas Kependudukan" in receipt.text


def test_what_needs_no_paper(printer: VirtualPrinter, errands: SlipErrands) -> None:
    """A card, a pass on the screen, a goodbye: nothing is printed."""
    for done in (Done(Said.SHOW_CARD, "reading"), replace(ON_PAPER, pass_kind=PassKind.SCREEN), Done(Said.LEFT)):
        errands.begin("g", done, seven(), NOW)
        assert errands.state("g") is SlipState.NONE
    assert printer.slips == []


def test_out_of_paper_and_other_trouble(printer: VirtualPrinter, errands: SlipErrands) -> None:
    """Only when the paper is out it says so; any other trouble is no slip."""
    for fault, state in ((Fault.PAPER_OUT, SlipState.PAPER_OUT), (Fault.COVER_OPEN, SlipState.FAILED)):
        printer.set_fault(fault)
        errands.begin(fault, WAITING, full(), NOW)
        assert settled(errands, fault) is state


def test_a_slip_is_of_one_go(printer: VirtualPrinter, errands: SlipErrands) -> None:
    """The next visitor hears nothing of the slip of the one before."""
    errands.begin("before", WAITING, full(), NOW)
    settled(errands, "before")
    assert errands.state("next") is SlipState.NONE


def test_without_a_printer() -> None:
    """A number needs no slip; a pass that should be on paper is one to photograph."""
    for printing in (None, Printing(SlipDesk(None, both_languages("Asia/Jakarta")), SystemClock())):
        errands = SlipErrands(printing)
        errands.begin("g", WAITING, full(), NOW)
        assert errands.state("g") is SlipState.NONE
        errands.begin("g", ON_PAPER, seven(), NOW)
        assert errands.state("g") is SlipState.ON_SCREEN
