"""Finding out what speaks on a port, by listening alone."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import DeviceUnavailable
from drivers.probe import BAUDS, Finding, probe
from drivers.registry import THERMOMETERS
from drivers.virtual.pty_port import PtyPort
from drivers.virtual.thermometer import Fault, VirtualThermometer

pytestmark = pytest.mark.pty


@pytest.fixture(params=list(THERMOMETERS))
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VirtualThermometer]:
    device = VirtualThermometer(tmp_path, kind=request.param, now=time.monotonic_ns, rng=random.Random(1), rate_hz=20)
    device.start()
    yield device
    device.close()


def test_each_kind_is_recognised(device: VirtualThermometer) -> None:
    """Three sound readings of one kind name it, at the rate at which they were heard."""
    finding = probe(device.port, now=time.monotonic_ns)
    assert finding.good_frames >= 3
    assert finding == Finding(device.port, device.kind, BAUDS[0], finding.good_frames)


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.GARBAGE, Fault.PARTIAL])
def test_nothing_is_guessed(device: VirtualThermometer, fault: Fault) -> None:
    """Silence, noise and pieces name no kind."""
    device.set_fault(fault)
    assert probe(device.port, now=time.monotonic_ns, listen_s=(0.2,)) == Finding(device.port, None, BAUDS[0], 0)


def test_two_sound_frames_are_not_enough(tmp_path: Path) -> None:
    """A kind is named after three sound readings and not before; the port is never written to."""
    port = PtyPort(tmp_path / "port")
    port.plug()
    frames = bytes.fromhex("5A5A45040C780D19A7" * 2)
    speaker = threading.Timer(0.1, port.write, [frames])
    speaker.start()
    finding = probe(str(port.name), now=time.monotonic_ns, listen_s=(0.3,))
    speaker.join()
    assert (finding.kind, finding.good_frames) == (None, 2)
    assert port.read() == b""
    port.unplug()


def test_a_slow_speaker_is_given_time(tmp_path: Path) -> None:
    """A device that has begun to speak is heard out, although three readings take longer than one listening."""
    device = VirtualThermometer(tmp_path, kind="mlx90614-text", now=time.monotonic_ns, rng=random.Random(1), rate_hz=3)
    device.start()
    assert probe(device.port, now=time.monotonic_ns, listen_s=(0.6,)).kind == "mlx90614-text"
    device.close()


def test_an_absent_port_is_unavailable(tmp_path: Path) -> None:
    """A port that is not there is an error, not a port on which nothing speaks."""
    with pytest.raises(DeviceUnavailable):
        probe(str(tmp_path / "absent"), now=time.monotonic_ns)
