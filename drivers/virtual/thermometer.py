"""A simulated thermometer at the far end of a pseudo-terminal. It speaks a real device's bytes; only the warmth is made up."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from drivers.base import MonotonicNs
from drivers.virtual.pty_port import PtyPort
from drivers.virtual.warmth import Warmth

_NS = 1_000_000_000
_ADAFRUIT_BANNER = b"Adafruit MLX90614 test\r\nEmissivity = 0.98\r\n================================================\r\n"


class Fault(StrEnum):
    """What can be wrong with it. `NONE` mends everything, an unplugged port too."""

    NONE = "none"
    UNPLUG = "unplug"
    SILENT = "silent"
    GARBAGE = "garbage"
    STUCK = "stuck"
    SENTINEL = "sentinel"
    PARTIAL = "partial"


def gy_mcu90614_bytes(object_c: float, ambient_c: float) -> bytes:
    """One GY-MCU90614 frame. Beyond ±327.67 °C the numbers wrap round, as in the device's 16 bits."""
    hundredths = b"".join((round(value_c * 100) & 0xFFFF).to_bytes(2, "big") for value_c in (object_c, ambient_c))
    frame = b"\x5a\x5a\x45\x04" + hundredths
    return frame + bytes([sum(frame) & 0xFF])


def mlx90614_text_bytes(object_c: float, ambient_c: float) -> bytes:
    """What Adafruit's sketch prints for one reading: a line in Celsius, one in Fahrenheit, an empty one."""
    celsius = f"Ambient = {ambient_c:.2f}*C\tObject = {object_c:.2f}*C\r\n"
    fahrenheit = f"Ambient = {ambient_c * 1.8 + 32:.2f}*F\tObject = {object_c * 1.8 + 32:.2f}*F\r\n"
    return (celsius + fahrenheit + "\r\n").encode("ascii")


@dataclass(frozen=True, slots=True)
class _Speech:
    encode: Callable[[float, float], bytes]
    rate_hz: float
    sentinel_c: float
    banner: bytes = b""


_SPEECHES = MappingProxyType(
    {
        # 1037.55, the chip's error word, does not fit this device's 16 bits; its other sentinel does.
        "gy-mcu90614": _Speech(gy_mcu90614_bytes, rate_hz=14, sentinel_c=-273.15),
        "mlx90614-text": _Speech(mlx90614_text_bytes, rate_hz=2, sentinel_c=1037.55, banner=_ADAFRUIT_BANNER),
    }
)
KINDS = tuple(_SPEECHES)
"""The kinds that can be simulated."""


class VirtualThermometer:
    """A thermometer of `kind`, plugged in as `folder`/thermometer from the start.

    `present()` and `set_fault()` may come from any thread. Drive it by `step()`, or let `start()` do so in a thread until
    `close()`. `rate_hz` is for those who cannot wait.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: MonotonicNs,
        rng: random.Random,
        kind: str = "gy-mcu90614",
        rate_hz: float | None = None,
    ) -> None:
        self._kind = kind
        self._speech = _SPEECHES[kind]
        self._period_ns = round(_NS / (rate_hz or self._speech.rate_hz))
        self._now = now
        self._rng = rng
        self._warmth = Warmth(rng=rng)
        self._port = PtyPort(folder / "thermometer")
        self._fault = Fault.NONE
        self._stuck_at: bytes | None = None
        self._due_ns = now()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._plug()

    @property
    def kind(self) -> str:
        """The protocol it speaks."""
        return self._kind

    @property
    def port(self) -> str:
        """The port's stable name, the same after each unplugging."""
        return str(self._port.name)

    def present(self, skin_temperature_c: float | None, ambient_c: float, seconds: float) -> None:
        """Somebody with that skin stands there from now on for so long; None lets them go."""
        with self._lock:
            self._warmth.present(skin_temperature_c, ambient_c, seconds, self._now())

    def set_fault(self, fault: Fault) -> None:
        """Break it in one way, or mend it with `Fault.NONE`. Takes hold before the call returns."""
        with self._lock:
            self._fault = fault
            self._stuck_at = None
            if fault is Fault.UNPLUG:
                self._port.unplug()
            elif not self._port.plugged:
                self._plug()

    def step(self) -> float:
        """Say what is due; give the seconds until something is due again."""
        with self._lock:
            now_ns = self._now()
            if now_ns >= self._due_ns:
                self._port.read()  # what is sent to it has no effect: it always speaks by itself
                self._port.write(self._utterance(now_ns))
                self._due_ns += self._period_ns
                if self._due_ns <= now_ns:  # after a pause a device does not catch up
                    self._due_ns = now_ns + self._period_ns
            return (self._due_ns - now_ns) / _NS

    def run(self, stop: threading.Event) -> None:
        """Speak until `stop` is set."""
        while not stop.is_set():
            stop.wait(self.step())

    def start(self) -> None:
        """Speak in a thread of its own until `close()`."""
        self._thread = threading.Thread(target=self.run, args=(self._stop,), name="virtual thermometer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and take the port away. Closing twice is no error."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            self._port.unplug()

    def _plug(self) -> None:
        self._port.plug()
        self._port.write(self._speech.banner)

    def _utterance(self, now_ns: int) -> bytes:
        said = self._speech.encode(*self._warmth.at(now_ns))
        match self._fault:
            case Fault.SILENT:
                return b""
            case Fault.GARBAGE:
                return self._rng.randbytes(len(said))
            case Fault.STUCK:
                self._stuck_at = self._stuck_at or said
                return self._stuck_at
            case Fault.SENTINEL:
                return self._speech.encode(self._speech.sentinel_c, self._speech.sentinel_c)
            case Fault.PARTIAL:
                return said[: len(said) // 3]
            case _:
                return said
