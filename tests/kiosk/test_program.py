import logging
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from drivers.base import Sample, Scanner, Sighting
from drivers.errors import DeviceUnavailable
from drivers.virtual.printer import Fault, VirtualPrinter
from kiosk.core.values import ScreenKind
from kiosk.services.changes import DirectoryChange, write_durably
from kiosk.services.printing import Printing
from kiosk.services.program import Program
from kiosk.services.slip_desk import SlipDesk
from kiosk.settings import parse
from kiosk.wiring import build_printer
from sync.clock import ManualClock, SystemClock
from tests.kiosk.services.post import Post, code_of, read_rows
from tests.kiosk.services.test_devices import wait_for


class Line:
    """A scanner into which a test puts codes, or errors."""

    kind, simulated = "line", True

    def __init__(self) -> None:
        self.said: SimpleQueue[str | Exception] = SimpleQueue()
        self.closed = False

    def read(self) -> Sighting | None:
        if self.said.empty():
            threading.Event().wait(0.01)
            return None
        said = self.said.get()
        if isinstance(said, Exception):
            raise said
        return Sighting(said, 0)

    def close(self) -> None:
        self.closed = True


class Deaf(Line):
    """A scanner that never comes back from a read, as a driver hung in the kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def read(self) -> Sighting | None:
        self.let_go.wait(30)
        return None


class NoThermometer:
    """One that is not there."""

    kind, simulated = "none", True

    def read(self) -> Sample:
        raise DeviceUnavailable("/dev/nothing: not there")

    def close(self) -> None:
        pass


def build(post: Post, scanner: Scanner, *, thermometer: NoThermometer | None = None, printing: Printing | None = None) -> Program:
    return Program(
        data=post.data,
        clock=SystemClock(lambda: True),
        database=post.database,
        lane=post.lane,
        station=post.station,
        health=post.health,
        scanner=scanner,
        thermometer=thermometer,
        housekeeping=post.housekeeping(),
        stopping=post.stopping,
        printing=printing,
    )


def kinds(data: Path) -> list[str]:
    return [row["kind"] for row in read_rows(data / "kiosk.db")]


def test_from_start_to_stop(post: Post) -> None:
    """Started, a badge, stopped: in this order in the journal, with devices let go and every thread ended."""
    scanner = Line()
    before = threading.active_count()
    program = build(post, scanner)
    program.start()
    scanner.said.put(code_of(1))
    wait_for(lambda: "attendance.tapped" in kinds(post.data))
    post.stopping.set()
    program.wait()
    program.stop()
    found = kinds(post.data)
    assert (found[0], found[-1]) == ("station.started", "station.stopped")
    assert found.count("attendance.tapped") == 1
    assert (scanner.closed, program.failure, threading.active_count()) == (True, None, before)


def test_a_hanging_device_does_not_hold_up_the_end(post: Post) -> None:
    """A driver that never returns is left behind within five seconds, and the stop is journaled."""
    scanner = Deaf()
    program = build(post, scanner)
    program.start()
    clock = SystemClock()
    began_ns = clock.now().mono_ns
    program.stop()
    assert clock.now().mono_ns - began_ns < 5_000_000_000
    assert kinds(post.data)[-1] == "station.stopped"
    scanner.let_go.set()


def test_outages_are_journaled_at_both_ends(post: Post) -> None:
    """A camera that goes and comes back is one row each, and the screens' signs follow."""
    scanner = Line()
    program = build(post, scanner)
    program.start()
    for _ in range(2):
        scanner.said.put(DeviceUnavailable("gone"))
    scanner.said.put("no badge")
    wait_for(lambda: "device.back" in kinds(post.data))
    program.stop()
    rows = [row for row in read_rows(post.data / "kiosk.db") if row["kind"].startswith("device.")]
    assert [row["payload"] for row in rows] == [{"device": "camera", "state": "lost"}, {"device": "camera", "state": "ok"}]
    assert post.station.panel.current().health.camera == "ok"


def test_a_printer_out_of_paper_is_journaled_once(post: Post) -> None:
    """Paper that ends and a cover that is open then are one outage; the signs tell them apart, and the new roll ends it."""
    printer = VirtualPrinter()
    settings = parse(f"[printer]\nkind = 'network'\naddress = '{printer.address}'\ntimeout_s = 1", "door.toml")
    clock = ManualClock()
    program = build(post, Line(), printing=Printing(SlipDesk(build_printer(settings), ()), clock))
    program.start()
    for fault, sign in ((Fault.PAPER_OUT, "paper_out"), (Fault.COVER_OPEN, "cover_open"), (Fault.NONE, "ready")):
        printer.set_fault(fault)
        clock.advance(10)
        wait_for(lambda sign=sign: post.station.guard.current().health.printer == sign)  # type: ignore[misc]
    program.stop()
    printer.close()
    rows = [row for row in read_rows(post.data / "kiosk.db") if row["kind"].startswith("device.")]
    assert [row["payload"] for row in rows] == [
        {"device": "printer", "state": "paper_out"},
        {"device": "printer", "state": "ready"},
    ]


def test_without_a_thermometer_nobody_is_stopped(post: Post) -> None:
    """A sensor that was never there: the tap is recorded, and the person answered."""
    scanner = Line()
    program = build(post, scanner, thermometer=NoThermometer())
    program.start()
    wait_for(lambda: "device.lost" in kinds(post.data))
    scanner.said.put(code_of(1))
    wait_for(lambda: "verdict.admit" in kinds(post.data))
    program.stop()


def test_a_journal_that_cannot_be_written_ends_the_program(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Out of service on the screen, one line in the log, the program ends by itself, and the tap is not claimed."""
    scanner = Line()
    program = build(post, scanner)
    program.start()
    wait_for(lambda: "station.started" in kinds(post.data))
    with post.database.reading() as db:
        db.execute("DROP TABLE arrivals")
    scanner.said.put(code_of(1))
    assert post.stopping.wait(5)
    program.stop()
    assert post.station.panel.current().screen.kind is ScreenKind.OUT_OF_SERVICE
    assert "arrivals" in str(program.failure)
    assert [each.levelno for each in caplog.records if each.levelno >= logging.ERROR] == [logging.CRITICAL]
    assert kinds(post.data) == ["station.started"]


def test_a_fault_of_our_own_ends_the_program_too(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """An exception nobody thought of, in whatever thread, is out of service, logged once with its trace, never silence."""
    scanner = Line()
    program = build(post, scanner)
    program.start()
    scanner.said.put(RuntimeError("nobody thought of this"))
    assert post.stopping.wait(5)
    program.stop()
    assert isinstance(program.failure, RuntimeError)
    assert post.station.panel.current().screen.kind is ScreenKind.OUT_OF_SERVICE
    [logged] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert logged.exc_info is not None


def test_changes_from_commands_are_taken_over(make_post: Callable[..., Post]) -> None:
    """What a command puts into the inbox of a running kiosk is known there about a second later; nonsense is said once."""
    post = make_post(people=DirectoryChange())
    scanner = Line()
    program = build(post, scanner)
    program.start()
    (post.data / "inbox").mkdir(exist_ok=True)
    write_durably(post.data / "inbox" / "change-0.json", b"nonsense")
    write_durably(post.data / "inbox" / "change-1.json", b'{"people": [{"id": "P1", "name": "Ani"}]}')
    wait_for(lambda: "documents.applied" in kinds(post.data))
    program.stop()
    assert (post.data / "inbox" / "change-0.unusable").exists()
