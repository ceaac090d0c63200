"""The one door to serial ports, and the only importer of pyserial. No error of pyserial, the OS or termios gets out."""

import errno
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import serial
from serial.tools import list_ports

from drivers.errors import DeviceTimeout, DeviceUnavailable

_BY_ID = Path("/dev/serial/by-id")
_BY_PATH = Path("/dev/serial/by-path")
_PSEUDO_TERMINALS = Path("/dev/pts")
_CONTROL_FLAGS = 2

STANDARD_BAUDS: tuple[int, ...] = serial.Serial.BAUDRATES
"""The rates that every serial port is asked for by number."""

_ADVICE = {
    errno.ENOENT: "there is no such port; check the cable and the name (`gapura devices list` shows what is there)",
    errno.ENODEV: "the device is gone; check the cable",
    errno.ENXIO: "the device is gone; check the cable",
    errno.EACCES: "this user may not open it; add the user to the group `dialout`",
    errno.EAGAIN: "another program holds it; stop that program first",
    errno.EBUSY: "another program holds it; stop that program first",
    errno.EISDIR: "this is a folder and not a serial port",
    errno.ENOTTY: "this is not a serial port",
}


@contextmanager
def serial_errors(port: str) -> Iterator[None]:
    """Raise pyserial's, the OS's and termios' errors as ours, each with the port's name and what to do."""
    try:
        yield
    except serial.SerialTimeoutException as exc:
        raise DeviceTimeout(f"{port}: the device does not take what is written to it") from exc
    except OSError as exc:  # SerialException is one too
        raise DeviceUnavailable(f"{port}: {_advice(exc.errno, exc)}") from exc
    except termios.error as exc:  # not an OSError
        raise DeviceUnavailable(f"{port}: {_advice(exc.args[0], exc)}") from exc


def _advice(number: object, exc: Exception) -> str:
    """One clause that says what happened. pyserial hides some numbers in its text, and gives none for an unplugged device."""
    if isinstance(number, int) and number in _ADVICE:
        return _ADVICE[number]
    if "Could not configure port" in str(exc):
        return _ADVICE[errno.ENOTTY]
    return "the device is gone, or does not answer as a serial port; check the cable"


class SerialLink:
    """One serial port (8N1), opened at the first use, held alone, and opened anew at the next use after a failure.

    `port` may be any name of it, best one that survives a replug: /dev/serial/by-id, by-path, or a udev rule's.
    A link belongs to one thread.

    Raises:
        ValueError: `baud` is none of `STANDARD_BAUDS`.
    """

    def __init__(self, port: str, *, baud: int, timeout_s: float) -> None:
        if baud not in STANDARD_BAUDS:
            raise ValueError(f"{baud} is no standard baud rate; choose one of {', '.join(map(str, STANDARD_BAUDS))}")
        self._port = port
        self._baud = baud
        self._timeout_s = timeout_s
        self._serial: serial.Serial | None = None

    @property
    def port(self) -> str:
        """The port's name as it was given."""
        return self._port

    @property
    def is_open(self) -> bool:
        """True from the first use until `close()` or a failure."""
        return self._serial is not None

    def open(self) -> None:
        """Open the port now. What arrived before is thrown away; a port that is open stays as it is.

        Raises:
            DeviceUnavailable
        """
        with self._working():
            self._opened()

    def read(self, max_bytes: int = 4096, *, timeout_s: float | None = None) -> bytes:
        """Wait until something arrives, and give all that is there, up to `max_bytes`. Empty: nothing came in time.

        Raises:
            DeviceUnavailable
        """
        with self._working():
            opened = self._opened()
            opened.timeout = self._timeout_s if timeout_s is None else timeout_s
            first = opened.read(1)
            if not first:
                return b""
            return bytes(first + opened.read(min(opened.in_waiting, max_bytes - 1)))

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            DeviceUnavailable, DeviceTimeout
        """
        with self._working():
            self._opened().write(data)

    def close(self) -> None:
        """Let the port go. Closing twice, or a port that is gone, is no error."""
        opened, self._serial = self._serial, None
        if opened is not None:
            with suppress(OSError, termios.error):
                opened.close()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Map errors, and close the port on each, so that the next use opens it anew."""
        try:
            with serial_errors(self._port):
                yield
        except (DeviceUnavailable, DeviceTimeout):
            self.close()
            raise

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            self._serial = serial.Serial(
                self._port,
                self._baud,
                timeout=self._timeout_s,
                write_timeout=self._timeout_s,
                exclusive=True,
            )
            _keep_line_up_on_close(self._serial.fileno())
        return self._serial


def _keep_line_up_on_close(fd: int) -> None:
    """Clear HUPCL: dropping DTR at each close would reset an Arduino, which then takes 2 s to speak again."""
    attributes = termios.tcgetattr(fd)
    attributes[_CONTROL_FLAGS] &= ~termios.HUPCL
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port of this machine. `port` is the name to configure, `device` the one the kernel gave it today."""

    port: str
    device: str
    description: str
    usb_id: str | None = None
    serial_number: str | None = None


def serial_ports() -> tuple[PortInfo, ...]:
    """The serial ports of this machine in the order of their names. Pseudo-terminals, so simulators too, are never among them."""
    found = []
    for port in sorted(list_ports.comports(), key=lambda port: str(port.device)):
        usb_id = None if port.vid is None or port.pid is None else f"{port.vid:04x}:{port.pid:04x}"
        # Chips without a serial number share one by-id name, and only the last plugged one gets it.
        folders = (_BY_ID, _BY_PATH) if port.serial_number else (_BY_PATH,)
        found.append(
            PortInfo(
                port=stable_name(port.device, folders=folders),
                device=port.device,
                description="" if port.description in (None, "n/a") else port.description,
                usb_id=usb_id,
                serial_number=port.serial_number,
            )
        )
    return tuple(port for port in found if not is_pseudo_terminal(port.device))


def stable_name(device: str, *, folders: Sequence[Path]) -> str:
    """The first link in `folders`, taken in order, that leads to `device`; else `device` itself."""
    target = Path(device).resolve()
    for folder in folders:
        for link in sorted(folder.glob("*")):
            if link.resolve() == target:
                return str(link)
    return device


def is_pseudo_terminal(port: str) -> bool:
    """True when `port` leads to a pseudo-terminal: no wire, so whatever speaks there is a simulator."""
    return _PSEUDO_TERMINALS in Path(port).resolve().parents
