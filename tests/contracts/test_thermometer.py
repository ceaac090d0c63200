"""What every serial thermometer promises, whichever bytes it speaks: real pyserial on a pseudo-terminal."""

import math
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.base import Channel, Thermometer
from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.registry import THERMOMETERS, build_thermometer
from drivers.serial_link import SerialLink
from drivers.virtual.pty_port import PtyPort
from drivers.virtual.thermometer import Fault, VirtualThermometer, gy_mcu90614_bytes, mlx90614_text_bytes

pytestmark = pytest.mark.pty

ENCODE = {"gy-mcu90614": gy_mcu90614_bytes, "mlx90614-text": mlx90614_text_bytes}
TIMEOUT_S = 0.4


@pytest.fixture(params=list(THERMOMETERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def thermometer(kind: str, tmp_path: Path) -> Iterator[Thermometer]:
    """Reads what `port` or `device` says."""
    thermometer = build_thermometer(kind, str(tmp_path / "thermometer"), timeout_s=TIMEOUT_S, now=time.monotonic_ns)
    yield thermometer
    thermometer.close()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    """A port with nobody at its far end but the test."""
    port = PtyPort(tmp_path / "thermometer")
    port.plug()
    yield port
    port.unplug()


@pytest.fixture
def device(kind: str, tmp_path: Path) -> Iterator[VirtualThermometer]:
    """The shipped simulator of that kind, speaking fast."""
    device = VirtualThermometer(tmp_path, kind=kind, now=time.monotonic_ns, rng=random.Random(1), rate_hz=50)
    device.start()
    yield device
    device.close()


@contextmanager
def saying(port: PtyPort, data: bytes) -> Iterator[None]:
    """Meanwhile the far end says `data` again and again: what is sent before a port is opened would be lost."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.02):
            port.write(data)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_it_says_what_it_is(kind: str, thermometer: Thermometer, device: VirtualThermometer) -> None:
    """A thermometer tells its protocol, and that its number is an object's temperature and never a body's."""
    sample = thermometer.read()
    assert (thermometer.kind, device.kind, thermometer.simulated) == (kind, kind, False)
    assert (sample.channel, sample.body_c) == (Channel.OBJECT, None)


def test_a_frame_becomes_a_sample(kind: str, thermometer: Thermometer, port: PtyPort) -> None:
    """A sample holds the frame's numbers unaltered, and the moment they arrived."""
    before_ns = time.monotonic_ns()
    with saying(port, ENCODE[kind](36.52, 25.37)):
        sample = thermometer.read()
    assert (sample.object_c, sample.ambient_c) == (36.52, 25.37)
    assert before_ns < sample.at_ns <= time.monotonic_ns()


def test_of_several_frames_the_newest_counts(kind: str, thermometer: Thermometer, port: PtyPort) -> None:
    """When several frames arrived at once the last of them is the sample."""
    with saying(port, ENCODE[kind](33.0, 25.0) + ENCODE[kind](36.52, 25.37)):
        assert thermometer.read().object_c == 36.52


def test_a_pause_in_reading_gives_no_old_sample(kind: str, thermometer: Thermometer, port: PtyPort) -> None:
    """What arrived while nobody was reading is not handed on as if it were new."""
    with saying(port, ENCODE[kind](36.52, 25.37)):
        thermometer.read()
        threading.Event().wait(0.3)
    with saying(port, ENCODE[kind](33.0, 25.0)):
        assert thermometer.read().object_c == 33.0


def test_silence_is_a_timeout(thermometer: Thermometer, port: PtyPort) -> None:
    """A device that says nothing raises DeviceTimeout in its time, not earlier and not much later."""
    begin_s = time.monotonic()
    with pytest.raises(DeviceTimeout, match=r"no reading within 0\.4 s"):
        thermometer.read()
    assert TIMEOUT_S * 0.9 < time.monotonic() - begin_s < TIMEOUT_S * 8
    assert port.plugged


def test_after_trouble_the_port_is_let_go(thermometer: Thermometer, port: PtyPort) -> None:
    """A port in trouble is opened anew by the next read, so meanwhile a person may look at it with another program."""
    with pytest.raises(DeviceTimeout):
        thermometer.read()
    other = SerialLink(str(port.name), baud=9600, timeout_s=0.1)
    other.open()
    other.close()


def test_after_silence_it_is_read_again(thermometer: Thermometer, device: VirtualThermometer) -> None:
    """A device that speaks again is read again, without anybody's help."""
    device.set_fault(Fault.SILENT)
    with pytest.raises(DeviceTimeout):
        thermometer.read()
    device.set_fault(Fault.NONE)
    assert thermometer.read().object_c is not None


def test_unplugged_is_unavailable_and_replugged_is_back(thermometer: Thermometer, device: VirtualThermometer) -> None:
    """An unplugged device raises DeviceUnavailable, as often as it is asked; under the same name it comes back."""
    thermometer.read()
    device.set_fault(Fault.UNPLUG)
    for _ in range(3):
        with pytest.raises(DeviceUnavailable):
            thermometer.read()
    device.set_fault(Fault.NONE)
    assert thermometer.read().object_c is not None


def test_unplugged_while_somebody_waits(thermometer: Thermometer, device: VirtualThermometer) -> None:
    """Pulling the cable ends a waiting read at once, as DeviceUnavailable."""
    device.set_fault(Fault.SILENT)
    cutter = threading.Timer(0.1, device.set_fault, [Fault.UNPLUG])
    cutter.start()
    with pytest.raises(DeviceUnavailable):
        thermometer.read()
    cutter.join()


def test_absent_at_start_is_unavailable(kind: str, thermometer: Thermometer, tmp_path: Path) -> None:
    """A device may be absent when the kiosk starts, and appear later."""
    with pytest.raises(DeviceUnavailable, match="there is no such port; check the cable"):
        thermometer.read()
    device = VirtualThermometer(tmp_path, kind=kind, now=time.monotonic_ns, rng=random.Random(1), rate_hz=50)
    device.start()
    try:
        assert thermometer.read().object_c is not None
    finally:
        device.close()


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.PARTIAL])
def test_only_damage_is_a_bad_frame(thermometer: Thermometer, device: VirtualThermometer, fault: Fault) -> None:
    """A device that says only noise or pieces raises BadFrame, never a number; mended it is read again."""
    device.set_fault(fault)
    with pytest.raises(BadFrame, match="damaged"):
        thermometer.read()
    device.set_fault(Fault.NONE)
    assert thermometer.read().object_c is not None


def test_one_frame_cut_short_is_a_bad_frame(kind: str, thermometer: Thermometer, port: PtyPort) -> None:
    """A frame that begins and never ends is damage, not silence."""
    starter = threading.Timer(0.08, port.write, [ENCODE[kind](36.52, 25.37)[:7]])
    starter.start()
    with pytest.raises(BadFrame):
        thermometer.read()
    starter.join()
    with saying(port, ENCODE[kind](36.52, 25.37)[7:30]), pytest.raises(DeviceError):
        thermometer.read()  # a rest that comes later completes nothing


def test_noise_between_frames_is_skipped(kind: str, thermometer: Thermometer, port: PtyPort) -> None:
    """Noise costs no reading while sound frames come too."""
    with saying(port, b"\x00\xffnoise\r\n" + ENCODE[kind](36.52, 25.37)):
        assert thermometer.read().object_c == 36.52


def test_a_second_reader_is_refused(kind: str, thermometer: Thermometer, device: VirtualThermometer) -> None:
    """A port is held alone: a second reader is told so in one sentence, and the first is not disturbed."""
    thermometer.read()
    second = build_thermometer(kind, device.port, timeout_s=TIMEOUT_S, now=time.monotonic_ns)
    with pytest.raises(DeviceUnavailable, match="another program holds it"):
        second.read()
    assert thermometer.read().object_c is not None


def test_closed_twice_and_read_again(thermometer: Thermometer, device: VirtualThermometer) -> None:
    """Closing twice is no error, nor is closing a port that is gone; a closed thermometer opens again when it is read."""
    thermometer.read()
    thermometer.close()
    thermometer.close()
    thermometer.read()
    device.set_fault(Fault.UNPLUG)
    thermometer.close()


def test_sentinels_pass_raw(kind: str, thermometer: Thermometer, device: VirtualThermometer) -> None:
    """What a broken sensor says is handed on as it is: judging it is the core's."""
    device.set_fault(Fault.SENTINEL)
    assert thermometer.read().object_c == {"gy-mcu90614": -273.15, "mlx90614-text": 1037.55}[kind]


def test_a_frozen_value_passes_raw(thermometer: Thermometer, device: VirtualThermometer) -> None:
    """A value that has frozen arrives unchanged again and again, so that it can be noticed."""
    thermometer.read()
    device.set_fault(Fault.STUCK)
    thermometer.read()  # may still be from before
    samples = [thermometer.read() for _ in range(4)]
    assert len({(sample.object_c, sample.ambient_c) for sample in samples}) == 1
    assert len({sample.at_ns for sample in samples}) == 4


def test_nan_passes_raw(tmp_path: Path, port: PtyPort) -> None:
    """A text device's `nan` is a sample that is no number."""
    thermometer = build_thermometer("mlx90614-text", str(tmp_path / "thermometer"), timeout_s=TIMEOUT_S, now=time.monotonic_ns)
    with saying(port, b"Ambient = nan*C\tObject = nan*C\r\n"):
        sample = thermometer.read()
    thermometer.close()
    assert sample.object_c is not None
    assert math.isnan(sample.object_c)


def test_a_board_without_its_sensor_says_so(tmp_path: Path, port: PtyPort) -> None:
    """The sketch's own error is DeviceUnavailable, in words that say what to do."""
    thermometer = build_thermometer("mlx90614-text", str(tmp_path / "thermometer"), timeout_s=TIMEOUT_S, now=time.monotonic_ns)
    with saying(port, b"Error connecting to MLX sensor. Check wiring.\r\n"), pytest.raises(DeviceUnavailable, match="wiring"):
        thermometer.read()


def test_a_board_that_waits_for_queries_is_asked_to_speak(tmp_path: Path, port: PtyPort) -> None:
    """Opening a GY-MCU90614 asks it to speak by itself; a text sketch is never written to."""
    for kind, greeting in (("mlx90614-text", b""), ("gy-mcu90614", b"\xa5\x45\xea")):
        thermometer = build_thermometer(kind, str(tmp_path / "thermometer"), timeout_s=0.05, now=time.monotonic_ns)
        with pytest.raises(DeviceError):
            thermometer.read()
        assert port.read() == greeting
