"""What the desk hands out on paper, with the simulated printer at a real connection."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from drivers.virtual.printer import Fault, VirtualPrinter
from kiosk.services.printing import Printing
from kiosk.services.room_views import Done, Said
from kiosk.services.slip_desk import SlipDesk
from kiosk.services.views import PrinterSign
from kiosk.settings import parse
from kiosk.web import create_app
from kiosk.web.slip_words import both_languages
from kiosk.wiring import build_printer
from sync.clock import ManualClock, SystemClock
from sync.protocol.rooms import PassKind
from tests.kiosk.web import room_scenes as scenes
from tests.kiosk.web.desk_reading import SLAMET, TRI, at_desk, page
from tests.kiosk.web.forms import sign_in
from tests.kiosk.web.room_scenes import SceneRooms
from tests.kiosk.web.station import HEALTH, MemoryStation
from tests.kiosk.web.visitor_walks import CODE

WAITING = Done(Said.WAITING, "reading", ticket_id="t", number="A 018", ahead=5)


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    made = VirtualPrinter()
    yield made
    made.close()


@pytest.fixture
def desk(printer: VirtualPrinter, station: MemoryStation, clock: ManualClock, rooms: SceneRooms) -> Iterator[FlaskClient]:
    """A browser at the desk of a door with a printer, which is at work."""
    settings = parse(f"[printer]\nkind = 'network'\naddress = '{printer.address}'\ntimeout_s = 2", "door.toml")
    printing = Printing(SlipDesk(build_printer(settings), both_languages("Asia/Jakarta")), SystemClock())
    stop = threading.Event()
    thread = threading.Thread(target=printing.run, args=(stop, lambda _sign: None))
    thread.start()
    station.people = (SLAMET, TRI)
    hosts = frozenset({"localhost"})
    made = create_app(station, secret_key=b"k" * 32, allowed_hosts=hosts, testing=True, clock=clock, rooms=rooms, slips=printing)
    client = made.test_client()
    assert sign_in(client, SLAMET.id).status_code == 200
    yield client
    stop.set()
    thread.join()


def test_the_desk_prints_a_number_and_a_pass(printer: VirtualPrinter, desk: FlaskClient, rooms: SceneRooms) -> None:
    """Whoever is registered by voice gets the same slip as at the panel."""
    rooms.show(scenes.full())
    rooms.answers["arrive"] = WAITING
    assert "Slip belum tercetak" not in at_desk(desk, "/desk/register", people="1")
    rooms.answers["arrive"] = Done(Said.ENTERED, "reading", visit_id="v", pass_code=CODE, pass_kind=PassKind.PAPER)
    at_desk(desk, "/desk/register", people="1")
    assert printer.wait_for_slips(2, 5)
    number, visit = printer.slips
    assert "A 018" in number.text
    assert visit.qr == (CODE,)


def test_out_of_paper_is_said_at_once(printer: VirtualPrinter, desk: FlaskClient, rooms: SceneRooms) -> None:
    """The number stands, and whoever sits at the desk reads what to do about the printer."""
    printer.set_fault(Fault.PAPER_OUT)
    rooms.answers["arrive"] = WAITING
    said = at_desk(desk, "/desk/register", people="1")
    assert "Nomor antrean A 018." in said
    assert "Slip belum tercetak. Nomor dan tempat tetap berlaku. Printer: kertas habis, pasang gulungan baru." in said


def test_a_silent_printer_holds_nobody_up(printer: VirtualPrinter, desk: FlaskClient, rooms: SceneRooms) -> None:
    """The page comes within about a second, whatever the printer does."""
    printer.set_fault(Fault.SILENT)
    rooms.answers["arrive"] = WAITING
    began = time.monotonic()
    assert "Nomor antrean A 018." in at_desk(desk, "/desk/register", people="1")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("sign", PrinterSign)
def test_the_printers_sign(station: MemoryStation, desk: FlaskClient, sign: PrinterSign) -> None:
    """Trouble is a sign with what to do, at the desk and at the guard's; a door without a printer says nothing of one."""
    view = station.guard.current()
    station.guard.publish(replace(view, health=replace(HEALTH, printer=sign), serial=view.serial + 1))
    assert ("Printer:" in page(desk)) == (sign not in (PrinterSign.OFF, PrinterSign.READY))
    assert ("Printer:" in page(desk, "/guard")) == (sign is not PrinterSign.OFF)
    assert "Printer" not in desk.get("/").text
