"""The hands of whoever drives the simulated door: shows badges, stands before the sensor, breaks devices, cuts the network."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drivers.virtual import printer, thermometer
from drivers.virtual.camera_control import VirtualCameraProcess
from drivers.virtual.printer import VirtualPrinter
from drivers.virtual.thermometer import VirtualThermometer
from kiosk.simulation.relay import Relay

_SLIPS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class SlipSeen:
    """A slip that came out of the printer: what can be read on it, and the code that a camera reads from it, if there is one."""

    text: str
    code: str | None


@dataclass(frozen=True, slots=True)
class SimulatorState:
    """What is broken at the moment, and the last slips of the printer, newest first."""

    faults: dict[str, str]
    network_up: bool
    slips: tuple[SlipSeen, ...] = ()


class Simulator:
    """A virtual camera in its own process, a virtual thermometer on a pty, a virtual printer on a port, and the relay that
    the sync agent goes through.
    """

    def __init__(
        self, folder: Path, *, relay: Relay, people: list[tuple[str, str]], now: Callable[[], int], kind: str = "gy-mcu90614"
    ) -> None:
        self._relay, self._people = relay, people
        self._faults = {"camera": "none", "thermometer": "none", "printer": "none"}
        self.camera = VirtualCameraProcess(folder)
        self.thermometer = VirtualThermometer(folder, now=now, rng=random.Random(), kind=kind)  # noise, not secrets
        self.thermometer.start()
        self.printer = VirtualPrinter()

    def wait_ready(self) -> None:
        """Wait for the camera's first frames.

        Raises:
            DeviceUnavailable
        """
        self.camera.wait_ready()

    def present(self, code: str | None, skin_temperature_c: float | None, ambient_c: float, seconds: float) -> None:
        """Somebody comes: holds that code up for so long, and has that skin before the sensor."""
        self.thermometer.present(skin_temperature_c, ambient_c, seconds)
        if code is None:
            self.camera.control.clear()
        else:
            self.camera.control.present(code, seconds)

    def fault(self, device: str, fault: str) -> None:
        """Break the "camera", the "thermometer" or the "printer", or mend it with "none".

        Raises:
            ValueError: no such device or fault.
        """
        if device == "camera":
            self.camera.control.fault(fault)
        elif device == "thermometer":
            self.thermometer.set_fault(thermometer.Fault(fault))
        elif device == "printer":
            self.printer.set_fault(printer.Fault(fault))
        else:
            raise ValueError(f"there is no device {device!r}; there are camera, thermometer and printer")
        self._faults[device] = fault

    def network(self, up: bool) -> None:
        """Cut the sync agent's link, or mend it."""
        self._relay.set_up(up)

    def badges(self) -> list[tuple[str, str]]:
        """Name and code of every demonstration badge."""
        return self._people

    def state(self) -> SimulatorState:
        slips = reversed(self.printer.slips[-_SLIPS_SHOWN:])
        seen = tuple(SlipSeen(slip.text, next(iter(slip.qr), None)) for slip in slips)
        return SimulatorState(dict(self._faults), self._relay.is_up, seen)

    def close(self) -> None:
        """End the devices."""
        self.printer.close()
        self.thermometer.close()
        self.camera.close()
        self._relay.close()
