"""Slips are handed out over a real connection to the simulated printer; trouble is told once."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from drivers.printers.base import Condition
from drivers.virtual.printer import Fault, VirtualPrinter
from kiosk.services.slip_desk import SlipDesk
from kiosk.services.slips import FileReceived, NumberGiven, PassGiven
from kiosk.settings import parse
from kiosk.web.slip_words import both_languages
from kiosk.wiring import build_printer

NOW = datetime(2020, 6, 10, 0, 12, tzinfo=UTC)
NUMBER = NumberGiven("A 017", "Ruang Baca", ahead=4, taken_at=NOW, clock_trusted=True)
PASS = PassGiven("V1PAAAQEAYEAUDAOCAJBIFQYDIOB4", "A 017", "Ruang Baca", since=NOW, clock_trusted=True)
FILE = FileReceived("B-K7PX-0031", "Pengujian kendaraan", NOW, clock_trusted=True)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    made = VirtualPrinter()
    yield made
    made.close()


def desk(printer: VirtualPrinter) -> SlipDesk:
    settings = parse(f"[printer]\nkind = 'network'\naddress = '{printer.address}'\ntimeout_s = 1", "door.toml")
    return SlipDesk(build_printer(settings), both_languages("Asia/Jakarta"))


def test_every_kind_of_slip(printer: VirtualPrinter) -> None:
    """A number, a pass and a receipt come out of the printer that the settings name; the pass can be read again."""
    door = desk(printer)
    assert door.has_printer
    assert [door.number(NUMBER), door.visit(PASS), door.receipt(FILE)] == [True] * 3
    titles = [slip.text.splitlines()[0] for slip in printer.slips]
    assert titles == ["Nomor antrean Anda", "Tanda kunjungan", "Tanda terima berkas"]
    assert printer.slips[1].qr == (PASS.code,)


def test_an_outage_is_told_once(printer: VirtualPrinter, caplog: pytest.LogCaptureFixture) -> None:
    """Every slip that is not on paper says so to its caller; the log hears of the outage and of its end."""
    door = desk(printer)
    caplog.set_level("INFO", "kiosk.services.slip_desk")
    printer.set_fault(Fault.PAPER_OUT)
    assert [door.number(NUMBER) for _ in range(3)] == [False] * 3
    assert door.newest is Condition.PAPER_OUT
    printer.set_fault(Fault.NONE)
    assert door.number(NUMBER)
    assert door.newest is Condition.READY
    assert caplog.messages == [
        f"printer: {printer.address}: it is out of paper; put in a new roll",
        "printer: slips come out again",
    ]


def test_a_door_without_a_printer() -> None:
    """Nothing is printed, nothing is wrong."""
    door = SlipDesk(None, both_languages("Asia/Jakarta"))
    assert (door.has_printer, door.number(NUMBER), door.newest) == (False, False, Condition.READY)
