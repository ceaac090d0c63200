import logging
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.base import Sample
from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.registry import build_thermometer
from drivers.virtual.thermometer import Fault, VirtualThermometer
from kiosk.services.devices import DeviceLoop
from kiosk.services.views import DeviceState
from sync.clock import SystemClock

GONE, SILENT, DAMAGED = DeviceUnavailable("gone"), DeviceTimeout("silent"), BadFrame("noise")


def loop_over(script: list[int | DeviceError | None]) -> tuple[DeviceLoop[int], list[int], list[DeviceState]]:
    """A loop whose device does what the script says, one entry a step."""
    steps: Iterator[int | DeviceError | None] = iter(script)

    def read() -> int | None:
        step = next(steps)
        if isinstance(step, DeviceError):
            raise step
        return step

    values: list[int] = []
    states: list[DeviceState] = []
    return DeviceLoop("thermometer", read=read, deliver=values.append, changed=states.append), values, states


def test_an_outage_is_said_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    """Twelve failures of any kind in a row and two good readings: two lines."""
    script = [1, GONE, GONE, SILENT, *[GONE] * 9, 2, 3]
    loop, values, states = loop_over(script)
    with caplog.at_level(logging.INFO):
        pauses = [loop.step() for _ in script]
    assert caplog.messages == ["thermometer lost: gone", "thermometer is back"]
    assert values == [1, 2, 3]
    assert states == [DeviceState.LOST, DeviceState.SILENT, DeviceState.LOST, DeviceState.OK]
    assert pauses[1] > 0


@pytest.mark.parametrize(("damaged", "outages"), [(1, 0), (4, 0), (5, 1)])
def test_noise_is_no_outage(damaged: int, outages: int) -> None:
    """A damaged frame now and then is noise; five in a row are an outage."""
    script = [*[DAMAGED] * damaged, 1, *[DAMAGED] * 4]
    loop, _, states = loop_over(script)
    for _ in script:
        loop.step()
    assert states.count(DeviceState.DAMAGED) == outages


def test_nothing_to_say_is_no_outage() -> None:
    """A quiet hall is health."""
    loop, values, states = loop_over([None, None, 7])
    for _ in range(3):
        loop.step()
    assert (values, states) == ([7], [])


@pytest.mark.pty
def test_a_real_port_goes_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Over a pseudo-terminal with the device's own bytes: samples, an unplugged cable, samples again."""
    now = SystemClock().now
    device = VirtualThermometer(tmp_path, now=lambda: now().mono_ns, rng=random.Random(1), rate_hz=50)
    device.start()
    sensor = build_thermometer("gy-mcu90614", device.port, timeout_s=0.5, now=lambda: now().mono_ns)
    samples: list[Sample] = []
    turns = {state: threading.Event() for state in DeviceState}
    loop = DeviceLoop("thermometer", read=sensor.read, deliver=samples.append, changed=lambda s: turns[s].set(), retry_s=0.05)
    stop = threading.Event()
    thread = threading.Thread(target=loop.run, args=(stop,))
    with caplog.at_level(logging.INFO, "kiosk.services.devices"):
        thread.start()
        try:
            wait_for(lambda: bool(samples))
            device.set_fault(Fault.UNPLUG)
            assert turns[DeviceState.LOST].wait(5)
            device.set_fault(Fault.NONE)
            assert turns[DeviceState.OK].wait(5)
        finally:
            stop.set()
            thread.join(5)
            sensor.close()
            device.close()
    assert [message.partition(":")[0] for message in caplog.messages] == ["thermometer lost", "thermometer is back"]


def wait_for(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(200):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen within 4 s")
