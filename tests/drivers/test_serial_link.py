"""The one door to serial ports, with real pyserial on real pseudo-terminals."""

import errno
import fcntl
import os
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from drivers.errors import DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.serial_link import SerialLink, is_pseudo_terminal, serial_errors, serial_ports, stable_name
from drivers.virtual.pty_port import PtyPort

pytestmark = pytest.mark.pty


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    port = PtyPort(tmp_path / "port")
    port.plug()
    yield port
    port.unplug()


@pytest.fixture
def link(port: PtyPort) -> Iterator[SerialLink]:
    link = SerialLink(str(port.name), baud=9600, timeout_s=0.1)
    yield link
    link.close()


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    """A link to a port that is not there yet can be made."""
    link = SerialLink(str(tmp_path / "later"), baud=9600, timeout_s=0.1)
    assert not link.is_open


@pytest.mark.parametrize("baud", [0, -9600, 12345, 10**12])
def test_an_odd_baud_rate_is_refused(baud: int) -> None:
    """A rate that is none is told when the link is made, with those there are."""
    with pytest.raises(ValueError, match=f"{baud} is no standard baud rate; .*9600"):
        SerialLink("/dev/door", baud=baud, timeout_s=0.1)


def test_bytes_go_both_ways_unaltered(link: SerialLink, port: PtyPort) -> None:
    """Every byte value arrives as it was sent: no echo, no line ends made over, no flow control."""
    link.open()
    every = bytes(range(256))
    port.write(every)
    assert link.read() == every
    link.write(every)
    assert port.read() == every


def test_read_gives_what_is_there_and_does_not_wait_for_more(link: SerialLink, port: PtyPort) -> None:
    """A read ends with the first bytes that arrive, and takes no more than it was asked for."""
    link.open()
    port.write(b"abcdef")
    assert link.read(4, timeout_s=60) == b"abcd"
    assert link.read(1, timeout_s=60) == b"e"
    assert link.read(timeout_s=60) == b"f"


def test_silence_is_empty(link: SerialLink, port: PtyPort) -> None:
    """Nothing in time gives no bytes: whether silence is an error is for the protocol to say."""
    assert link.read() == b""
    assert port.plugged


def test_what_came_before_the_opening_is_thrown_away(link: SerialLink, port: PtyPort) -> None:
    """Bytes from before the port was opened are of unknown age; they do not go back to the device either."""
    port.write(b"old\n")
    assert link.read() == b""
    assert port.read() == b""


def test_held_alone(link: SerialLink, port: PtyPort) -> None:
    """A second link to the same port is refused, also under another name of it."""
    link.open()
    for name in (str(port.name), str(port.name.readlink())):
        with pytest.raises(DeviceUnavailable, match="another program holds it"):
            SerialLink(name, baud=9600, timeout_s=0.1).open()
    link.close()
    second = SerialLink(str(port.name), baud=9600, timeout_s=0.1)
    second.open()
    second.close()


def test_closing_does_not_drop_the_line(link: SerialLink, port: PtyPort) -> None:
    """HUPCL is off while a port is held, so that letting it go does not reset an Arduino."""
    fd = os.open(port.name, os.O_RDWR | os.O_NOCTTY)
    attributes = termios.tcgetattr(fd)
    attributes[2] |= termios.HUPCL
    termios.tcsetattr(fd, termios.TCSANOW, attributes)
    link.open()
    link.read(timeout_s=0.05)
    flags = termios.tcgetattr(fd)[2]
    os.close(fd)
    assert not flags & termios.HUPCL


@pytest.mark.parametrize("use", [SerialLink.open, SerialLink.read, lambda link: link.write(b"x")], ids=["open", "read", "write"])
def test_gone_and_back(link: SerialLink, port: PtyPort, use: "object") -> None:
    """Every use of an unplugged port raises DeviceUnavailable with its name; the first use after a replug works."""
    assert callable(use)
    link.open()
    port.unplug()
    for _ in range(2):
        with pytest.raises(DeviceUnavailable, match=str(port.name)):
            link.read() if use is SerialLink.open else use(link)
    assert not link.is_open
    port.plug()
    use(link)
    assert link.is_open


def test_a_write_that_nobody_takes_times_out(port: PtyPort) -> None:
    """A device that takes nothing raises DeviceTimeout rather than holding the caller for ever."""
    link = SerialLink(str(port.name), baud=9600, timeout_s=0.1)
    with pytest.raises(DeviceTimeout):
        link.write(b"x" * 1_000_000)
    assert not link.is_open


def test_closing_twice_or_after_the_port_is_gone(link: SerialLink, port: PtyPort) -> None:
    """Letting go never fails."""
    link.close()
    link.open()
    port.unplug()
    link.close()
    link.close()


def test_no_descriptor_is_left_behind(link: SerialLink, port: PtyPort, tmp_path: Path) -> None:
    """A thousand failures later no file is open that was not open before."""
    link.open()
    before = len(list(Path("/proc/self/fd").iterdir()))
    absent = SerialLink(str(tmp_path / "absent"), baud=9600, timeout_s=0.1)
    plain = SerialLink(str(Path(__file__)), baud=9600, timeout_s=0.1)
    busy = SerialLink(str(port.name), baud=9600, timeout_s=0.1)
    for _ in range(50):
        for failing in (absent, plain, busy):
            with pytest.raises(DeviceUnavailable):
                failing.read()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("name", "says"),
    [("/dev/null", "not a serial port"), ("/", "a folder"), ("/nowhere/port", "no such port"), (__file__, "not a serial port")],
)
def test_what_is_no_port_says_so(name: str, says: str) -> None:
    """Whatever is named instead of a port gets one sentence that names it and says what it is."""
    with pytest.raises(DeviceUnavailable, match=says) as caught:
        SerialLink(name, baud=9600, timeout_s=0.1).open()
    assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("foreign", "ours", "says"),
    [
        (termios.error(errno.EIO, "Input/output error"), DeviceUnavailable, "gone"),
        (OSError(errno.EIO, "Input/output error"), DeviceUnavailable, "gone"),
        (PermissionError(errno.EACCES, "denied"), DeviceUnavailable, "dialout"),
        (serial.SerialException("read failed: socket disconnected"), DeviceUnavailable, "gone"),
        (serial.SerialException(errno.EBUSY, "busy"), DeviceUnavailable, "another program"),
        (serial.SerialTimeoutException("Write timeout"), DeviceTimeout, "does not take"),
    ],
)
def test_foreign_errors_stop_here(foreign: Exception, ours: type[DeviceError], says: str) -> None:
    """Each error of pyserial, the OS and termios becomes one of ours, with the port's name and the cause kept."""
    with pytest.raises(ours, match=f"/dev/door: .*{says}") as caught, serial_errors("/dev/door"):
        raise foreign
    assert caught.value.__cause__ is foreign


def test_the_mapped_errors_are_those_that_happen(port: PtyPort) -> None:
    """On an unplugged port pyserial's own calls raise what the mapping is made for."""
    opened = serial.Serial(str(port.name), timeout=0.1)
    port.unplug()
    try:
        for call in (opened.reset_input_buffer, lambda: opened.in_waiting, lambda: opened.read(1), lambda: opened.write(b"x")):
            with pytest.raises(DeviceUnavailable), serial_errors("/dev/door"):
                call()
    finally:
        opened.close()


def test_a_stable_name_is_found_in_the_order_of_the_folders(tmp_path: Path) -> None:
    """by-id is preferred to by-path, by-path to the kernel's name; a link to another device does not count."""
    device, other = tmp_path / "ttyUSB0", tmp_path / "ttyUSB1"
    device.touch()
    other.touch()
    by_id, by_path, missing = tmp_path / "by-id", tmp_path / "by-path", tmp_path / "missing"
    for folder in (by_id, by_path):
        folder.mkdir()
        (folder / "thermometer").symlink_to(device)
    (by_id / "another").symlink_to(other)
    assert stable_name(str(device), folders=(missing, by_id, by_path)) == str(by_id / "thermometer")
    assert stable_name(str(device), folders=(by_path,)) == str(by_path / "thermometer")
    assert stable_name(str(device), folders=(missing,)) == str(device)


def test_simulators_are_not_among_the_ports(port: PtyPort) -> None:
    """A pseudo-terminal is known as one under any name, and is never listed."""
    assert is_pseudo_terminal(str(port.name))
    assert not is_pseudo_terminal("/dev/ttyUSB0")
    assert not any(is_pseudo_terminal(found.device) for found in serial_ports())


def test_a_port_nobody_reads_loses_bytes_and_stops_nobody(port: PtyPort) -> None:
    """A simulator that speaks to nobody is not held up, as a device on a wire is not."""
    speaker = threading.Thread(target=port.write, args=(b"x" * 1_000_000,), daemon=True)
    speaker.start()
    speaker.join(timeout=10)
    assert not speaker.is_alive()


def test_plugging_twice_is_one_port(port: PtyPort, link: SerialLink) -> None:
    """Plugging in what is plugged in changes nothing; unplugging twice is no error; the names' folder is left clean."""
    target = port.name.readlink()
    port.plug()
    assert port.name.readlink() == target
    link.open()
    port.unplug()
    port.unplug()
    assert list(port.name.parent.iterdir()) == []
    assert (port.read(), port.plugged) == (b"", False)


def test_simulated_ports_are_not_inherited(port: PtyPort) -> None:
    """A program that is started meanwhile does not keep an unplugged port alive."""
    near = port.name.readlink()
    held = [int(fd.name) for fd in Path("/proc/self/fd").iterdir() if fd.resolve() == near]
    assert held
    assert all(fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC for fd in held)
