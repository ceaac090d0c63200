"""Receipt printers: what is sent, what counts as printed, and what each trouble is called; over real sockets, ptys and files."""

import fcntl
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.printers.base import Condition, PrinterNotReady, PrinterState, Slip, condition_of
from drivers.printers.escpos_printer import EscposPrinter, Paper, plain, slip_bytes
from drivers.printers.links import FileLink, Link, NetworkLink
from drivers.serial_link import SerialLink
from drivers.virtual.escpos_reader import Command, commands
from drivers.virtual.printer import Fault, VirtualPrinter
from drivers.virtual.pty_port import PtyPort

CODE = "V1PAAAQEAYEAUDAOCAJBIFQYDIOB4"
SLIP = Slip("NOMOR TUNGGU", "A 017", ("Ruang Baca – Lantai 2", "4 antrean di depan Anda"), CODE, "Mohon tunggu dipanggil.")
LETTERS = ["NOMOR TUNGGU", "A 017", "Ruang Baca - Lantai 2", "4 antrean di depan Anda", "Mohon tunggu dipanggil."]

GOLDEN = (
    b"\x1b@\x1da\x00\x1bt\x10\x1b!\x00\x1b!\x00\x1b!\x10\x1bE\x01\x1ba\x01NOMOR TUNGGU\n"
    b"\x1d!\x55A 017\n"
    b"\x1b!\x00\x1b!\x00\x1b!\x00\x1bE\x00\nRuang Baca - Lantai 2\n4 antrean di depan Anda\n"
    b"\n\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x09\x1d(k\x03\x001E1\x1d(k\x20\x001P0" + CODE.encode() + b"\x1d(k\x03\x001Q0\n"
    b"Mohon tunggu dipanggil.\n\x1bd\x06\x1dV\x00"
)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    made = VirtualPrinter()
    yield made
    made.close()


def network(printer: VirtualPrinter, *, timeout_s: float = 0.4) -> Link:
    host, _, port = printer.address.rpartition(":")
    return NetworkLink(host, int(port), timeout_s=timeout_s)


def driver(link: Link, *, answers: bool = True, paper: Paper | None = None, speed: int = 1) -> EscposPrinter:
    return EscposPrinter(
        link, name="receipts", paper=paper or Paper(), timeout_s=0.4, now=lambda: time.monotonic_ns() * speed, answers=answers
    )


# What is sent


def test_a_slip_as_bytes() -> None:
    """A slip is always the same bytes: from a reset printer, over large letters and the code, to the cut."""
    assert slip_bytes(SLIP, Paper()) == GOLDEN


@settings(deadline=None)
@given(st.text())
def test_words_hold_no_commands(text: str) -> None:
    """Whatever a room is called, its name reaches the printer as letters of one line, and as nothing else."""
    words = plain(text)
    assert all(byte >= 0x20 for byte in words.encode("cp1252"))
    assert words.isascii() or any(char in text for char in words)


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=60), st.text(max_size=60), st.lists(st.text(max_size=80), max_size=3), st.sampled_from([16, 32, 48]))
def test_any_slip_is_one_piece(title: str, number: str, words: list[str], columns: int) -> None:
    """Any words make one slip: known commands only, no line wider than the paper, one cut, at the end."""
    made = list(commands(bytearray(slip_bytes(Slip(title, number, tuple(words), CODE), Paper(columns)))))
    assert [one.name for one in made].count(b"\x1dV") == 1
    assert made[-1].name == b"\x1dV"
    assert not any(one.is_real_time for one in made)
    size = 1
    for one in made:
        if one.name in (b"\x1d!", b"\x1b!"):
            size = 1 + (one.raw[2] >> 4 if one.name == b"\x1d!" else 0)
        assert one.name != b"" or len(one.raw) * size <= columns


def test_letters_that_printers_have() -> None:
    """Typographic signs become plain ones, Western letters stay, others lose their marks or become a question mark."""
    assert plain("“Ruang”\x1b@ – é\n ş … 漢") == '"Ruang" @ - é s ... ?'


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_commands_however_they_are_cut_up(step: int) -> None:
    """The simulator reads the same commands from the same bytes, in whatever pieces they come."""
    whole = [one for one in commands(bytearray(GOLDEN)) if one.name]
    buffer, found = bytearray(), list[Command]()
    for at in range(0, len(GOLDEN), step):
        buffer += GOLDEN[at : at + step]
        found += [one for one in commands(buffer) if one.name]
    assert (found, buffer) == (whole, b"")


def test_the_library_leaves_nothing_behind() -> None:
    """Drawing a slip sets up no logging, prints nothing and leaves no folder: each start of a door would add one."""
    script = (
        "import logging; from pathlib import Path; from drivers.printers.escpos_printer import *;"
        f"slip_bytes(Slip('x', qr={CODE!r}), Paper(native_qr=False)); from escpos import capabilities;"
        "assert not logging.getLogger().handlers; assert not Path(capabilities.pickle_dir).exists()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# What comes out


@contextmanager
def wired(printer: VirtualPrinter, folder: Path) -> Iterator[str]:
    """A tty whose far end is the simulated printer."""
    port, stop = PtyPort(folder / "printer"), threading.Event()
    port.plug()
    host, _, number = printer.address.rpartition(":")
    far = socket.create_connection((host, int(number)))
    far.settimeout(0.01)

    def carry() -> None:
        while not stop.is_set():
            if sent := port.read():
                far.sendall(sent)
            with suppress(TimeoutError):
                port.write(far.recv(4096))

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield str(port.name)
    finally:
        stop.set()
        carrier.join()
        far.close()
        port.unplug()


@pytest.fixture(params=["network", pytest.param("serial", marks=pytest.mark.pty), pytest.param("file", marks=pytest.mark.pty)])
def link(request: pytest.FixtureRequest, printer: VirtualPrinter, tmp_path: Path) -> Iterator[Link]:
    """Each wire that there is, to the same printer."""
    if request.param == "network":
        yield network(printer)
        return
    with wired(printer, tmp_path) as name:
        made: Link = SerialLink(name, baud=9600, timeout_s=0.4)
        if request.param == "file":
            made = FileLink(name, timeout_s=0.4, two_way=True)
        yield made
        made.close()


def test_slips_come_out(link: Link, printer: VirtualPrinter) -> None:
    """Over every wire a slip that counts as printed is on paper, with its words and a code that can be read; the next one too."""
    door = driver(link)
    for count in (1, 2):
        door.print_slip(SLIP)
        assert len(printer.slips) == count
    assert lines(printer.slips[0].text) == LETTERS
    assert printer.slips[0].qr == (CODE,)
    assert door.state() == PrinterState(Condition.READY)
    assert printer.scraps == []


def test_a_code_as_a_picture(printer: VirtualPrinter) -> None:
    """A printer that draws no codes gets a picture of it, which is read like any other."""
    driver(network(printer), paper=Paper(48, native_qr=False)).print_slip(SLIP)
    (slip,) = printer.slips
    assert slip.qr == (CODE,)
    assert lines(slip.text) == LETTERS


@pytest.mark.parametrize(
    ("fault", "error", "condition"),
    [
        (Fault.PAPER_OUT, PrinterNotReady, Condition.PAPER_OUT),
        (Fault.COVER_OPEN, PrinterNotReady, Condition.COVER_OPEN),
        (Fault.JAMMED, PrinterNotReady, Condition.OFFLINE),
        (Fault.SILENT, DeviceTimeout, Condition.SILENT),
        (Fault.GARBAGE, BadFrame, Condition.SILENT),
        (Fault.UNPLUG, DeviceUnavailable, Condition.UNPLUGGED),
    ],
)
def test_trouble_has_a_name_and_ends(
    printer: VirtualPrinter, fault: Fault, error: type[DeviceError], condition: Condition
) -> None:
    """Each trouble is told from the others, nothing of the slip is sent, and once it is mended the next slip comes out whole."""
    door = driver(network(printer))
    printer.set_fault(fault)
    with pytest.raises(error, match=r"receipts|127\.0\.0\.1") as told:
        door.print_slip(SLIP)
    assert condition_of(told.value) is condition
    assert door.state().condition is condition
    assert not door.state().ready
    printer.set_fault(Fault.NONE)
    door.print_slip(SLIP)
    assert [lines(slip.text) for slip in printer.slips] == [LETTERS]
    assert printer.scraps == []


def test_paper_that_ends_in_the_middle(link: Link, printer: VirtualPrinter) -> None:
    """Half a slip is not printed; its rest does not come out of the new roll, but the whole slip does when asked for again."""
    door = driver(link)
    printer.load(4)
    assert door.state() == PrinterState(Condition.READY, paper_near_end=True)
    with pytest.raises(PrinterNotReady, match="out of paper") as told:
        door.print_slip(SLIP)
    assert told.value.condition is Condition.PAPER_OUT
    assert printer.slips == []
    printer.load(None)
    door.print_slip(SLIP)
    assert [lines(slip.text) for slip in printer.slips] == [LETTERS]
    assert [lines(scrap.text) for scrap in printer.scraps] == [LETTERS[:3]]


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[Link]:
    """Something at the other end that is no whole printer: serves one caller."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            caller, _ = listener.accept()
            with caller, suppress(OSError):
                serve(caller)

        thread = threading.Thread(target=run)
        thread.start()
        yield NetworkLink("127.0.0.1", listener.getsockname()[1], timeout_s=0.4)
        thread.join()


def test_a_cable_pulled_in_the_middle() -> None:
    """A connection that ends before the printer said that the slip is out leaves it unprinted."""

    def serve(caller: socket.socket) -> None:
        for answer in (b"\x12", b"\x12"):
            caller.recv(3)
            caller.sendall(answer)
        caller.recv(100)

    with listening(serve) as link, pytest.raises(DeviceUnavailable):
        driver(link).print_slip(SLIP)


def test_a_connection_that_was_ended() -> None:
    """An end is told at once, and is never taken for silence."""
    with listening(lambda caller: None) as link, pytest.raises(DeviceUnavailable):
        link.read(timeout_s=5)
    link.close()


@pytest.mark.parametrize(("in_turn", "error"), [(b"", DeviceTimeout), (b"\x0f", PrinterNotReady), (b"\x13\xff\x00", None)])
def test_what_the_last_answer_says(in_turn: bytes, error: type[DeviceError] | None) -> None:
    """Only the answer from behind the slip makes it printed: not its absence, nor one without paper; noise is nothing."""

    def serve(caller: socket.socket) -> None:
        while received := caller.recv(4096):
            caller.sendall(b"\x12" * received.count(b"\x10\x04") + (in_turn if b"\x1dr\x01" in received else b""))

    with listening(serve) as link:
        door = driver(link, speed=60)
        if error is None:
            door.print_slip(SLIP)
        else:
            with pytest.raises(error):
                door.print_slip(SLIP)


def test_a_printer_that_cannot_be_asked(printer: VirtualPrinter) -> None:
    """Where no answers are expected none is waited for: what was taken counts as printed, and a missing printer is still told."""
    door = driver(network(printer), answers=False)
    assert door.state() == PrinterState(Condition.READY)
    door.print_slip(SLIP)
    assert printer.wait_for_slips(1, 2)
    printer.set_fault(Fault.UNPLUG)
    assert door.state() == PrinterState(Condition.UNPLUGGED)
    with pytest.raises(DeviceUnavailable):
        door.print_slip(SLIP)


def test_a_file_that_takes_slips(tmp_path: Path) -> None:
    """A device file that can only be written to gets every slip whole, one behind the other."""
    path = tmp_path / "lp0"
    path.touch()
    door = driver(FileLink(str(path), timeout_s=0.2, two_way=False), answers=False)
    door.print_slip(SLIP)
    door.print_slip(SLIP)
    assert path.read_bytes() == GOLDEN * 2


def test_a_device_of_somebody_else(tmp_path: Path) -> None:
    """A device that is not there, or that another program holds, is told with what to do."""
    path = tmp_path / "lp0"
    door = driver(FileLink(str(path), timeout_s=0.2, two_way=False), answers=False)
    with pytest.raises(DeviceUnavailable, match="no such printer; check the cable"):
        door.print_slip(SLIP)
    path.touch()
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DeviceUnavailable, match="another program holds it"):
            door.print_slip(SLIP)
    assert path.read_bytes() == b""


def test_two_doors_at_one_printer(printer: VirtualPrinter) -> None:
    """Slips asked for at the same moment, by one door or by two, come out one after the other, each whole."""
    doors = [driver(network(printer, timeout_s=2)) for _ in range(2)]
    callers = [threading.Thread(target=door.print_slip, args=(SLIP,)) for door in doors * 2]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [lines(slip.text) for slip in printer.slips] == [LETTERS] * 4


def test_an_answer_to_an_older_slip() -> None:
    """What a line still carries of a slip that was given up does not make the next one printed."""

    def serve(caller: socket.socket) -> None:
        while received := caller.recv(4096):
            caller.sendall((b"\x00" if received == b"\x10\x04\x01" else b"") + b"\x12" * received.count(b"\x10\x04"))

    with listening(serve) as link, pytest.raises(DeviceTimeout):
        driver(link, speed=60).print_slip(SLIP)


def test_nothing_is_cut_before_its_time(printer: VirtualPrinter) -> None:
    """Whoever waits for a slip that is stuck hears that it did not come."""
    printer.load(2)
    with pytest.raises(PrinterNotReady):
        driver(network(printer)).print_slip(SLIP)
    assert (printer.slips, printer.wait_for_slips(1, 0.01)) == ([], False)
