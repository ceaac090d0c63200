"""The simulated thermometer: warmth as a sensor feels it, bytes as the device sends them, and every way to break it."""

import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.serial_link import SerialLink
from drivers.thermometers.gy_mcu90614 import GyMcu90614Decoder
from drivers.virtual.thermometer import KINDS, Fault, VirtualThermometer
from drivers.virtual.warmth import ROOM_C, Warmth

S = 1_000_000_000


class Now:
    """Monotonic nanoseconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.ns = 5 * S

    def __call__(self) -> int:
        return self.ns


@given(skin_c=st.floats(30, 43), ambient_c=st.floats(16, 40), seed=st.integers(0, 999))
def test_warmth_rises_stays_and_falls(skin_c: float, ambient_c: float, seed: int) -> None:
    """While somebody is there the object nears their skin's temperature in half a second; before and after it is the room's."""
    warmth = Warmth(rng=random.Random(seed))
    assert warmth.at(0)[0] == pytest.approx(ROOM_C, abs=0.3)
    warmth.present(skin_c, ambient_c, 3.0, 10 * S)
    assert warmth.at(10 * S)[0] == pytest.approx(ambient_c, abs=0.3)
    steady = [warmth.at(11 * S + n * S // 14) for n in range(8)]
    assert all(object_c == pytest.approx(skin_c, abs=0.3) for object_c, _ in steady)
    assert all(felt_c == pytest.approx(ambient_c, abs=0.15) for _, felt_c in steady)
    assert len(set(steady)) == len(steady)
    assert warmth.at(13 * S)[0] == pytest.approx(ambient_c, abs=0.3)


def test_warmth_of_nobody() -> None:
    """Showing nobody ends a presence at once."""
    warmth = Warmth(rng=random.Random(1))
    warmth.present(36.5, 27, 10, 0)
    warmth.present(None, 26, 10, S)
    assert warmth.at(2 * S)[0] == pytest.approx(26, abs=0.3)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture(params=KINDS)
def device(request: pytest.FixtureRequest, tmp_path: Path, now: Now) -> Iterator[VirtualThermometer]:
    device = VirtualThermometer(tmp_path, kind=request.param, now=now, rng=random.Random(1))
    yield device
    device.close()


@pytest.fixture
def link(device: VirtualThermometer) -> Iterator[SerialLink]:
    link = SerialLink(device.port, baud=9600, timeout_s=0.1)
    link.open()
    yield link
    link.close()


@pytest.mark.pty
def test_it_speaks_as_often_as_the_device(device: VirtualThermometer, link: SerialLink, now: Now) -> None:
    """A step says one thing when it is due, nothing before, and tells how long to wait; after a pause nothing is caught up."""
    period_s = {"gy-mcu90614": 1 / 14, "mlx90614-text": 1 / 2}[device.kind]
    assert device.step() == pytest.approx(period_s)
    said = link.read()
    assert said
    assert device.step() == pytest.approx(period_s)
    assert link.read(timeout_s=0) == b""
    now.ns += 60 * S
    assert device.step() == pytest.approx(period_s)
    assert 0 < len(link.read()) < 1.5 * len(said)


@pytest.mark.pty
@pytest.mark.parametrize("device", ["gy-mcu90614"], indirect=True)
def test_somebody_presented_is_measured(device: VirtualThermometer, link: SerialLink, now: Now) -> None:
    """A skin temperature that is presented comes out of the port in the device's own bytes."""
    device.present(38.4, 26.0, 5)
    now.ns += S
    device.step()
    (reading,) = GyMcu90614Decoder().feed(link.read()).readings
    assert reading.object_c == pytest.approx(38.4, abs=0.2)
    assert reading.ambient_c == pytest.approx(26.0, abs=0.1)


@pytest.mark.pty
@pytest.mark.parametrize("device", ["mlx90614-text"], indirect=True)
def test_the_sketch_is_imitated_to_the_letter(device: VirtualThermometer, link: SerialLink) -> None:
    """The text device says Celsius, Fahrenheit and an empty line, with a tab between and CRLF behind."""
    device.step()
    n = rb"-?\d+\.\d\d"
    form = rb"Ambient = %b\*C\tObject = %b\*C\r\nAmbient = %b\*F\tObject = %b\*F\r\n\r\n" % (n, n, n, n)
    assert re.fullmatch(form, link.read())


@pytest.mark.pty
def test_what_is_written_to_it_is_taken(device: VirtualThermometer, link: SerialLink, now: Now) -> None:
    """Commands never pile up until the one who writes is stuck."""
    for _ in range(20):
        link.write(b"\xa5\x45\xea" * 500)
        now.ns += S
        device.step()


@pytest.mark.pty
def test_each_fault_is_mended_under_the_same_name(device: VirtualThermometer, now: Now) -> None:
    """From every fault, and from one to another, it comes back whole under its stable name."""
    name = Path(device.port)
    for fault in Fault:
        device.set_fault(fault)
        assert name.exists() is (fault is not Fault.UNPLUG)
        now.ns += S
        device.step()
        device.set_fault(Fault.NONE)
        assert name.is_symlink()


@pytest.mark.pty
def test_the_same_seed_says_the_same(tmp_path: Path) -> None:
    """Chance comes from the given source alone, so a run can be repeated byte for byte."""
    said = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        now = Now()
        device = VirtualThermometer(folder, now=now, rng=random.Random(7))
        link = SerialLink(device.port, baud=9600, timeout_s=0.1)
        link.open()
        for fault in (Fault.NONE, Fault.GARBAGE, Fault.NONE):
            device.set_fault(fault)
            device.step()
            now.ns += S
        said.append(link.read())
        link.close()
        device.close()
    assert said[0] == said[1]


@pytest.mark.pty
def test_its_thread_ends(tmp_path: Path, now: Now) -> None:
    """Closing ends the thread and takes the name away, once or twice; many presents from other threads disturb nothing."""
    device = VirtualThermometer(tmp_path, now=now, rng=random.Random(1))
    device.start()
    for _ in range(20):
        device.present(36.5, 27, 1)
        device.set_fault(Fault.UNPLUG)
        device.set_fault(Fault.NONE)
    device.close()
    device.close()
    assert list(tmp_path.iterdir()) == []
    assert "virtual thermometer" not in {thread.name for thread in threading.enumerate()}
