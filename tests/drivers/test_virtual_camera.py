"""The virtual camera: a process of its own that stands where a USB camera stands."""

import socket
import struct
import threading
import time
from itertools import pairwise

import msgspec
import pytest

from drivers.base import Scanner
from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.scanners.camera_scanner import CameraScanner
from drivers.virtual.camera_control import CommandRefused, VirtualCameraControl, VirtualCameraProcess
from drivers.virtual.camera_source import SocketSource
from drivers.virtual.scene import Scene
from tests.drivers.pictures import BADGE

WITHIN_S = 10.0


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A running virtual camera."""
    process = VirtualCameraProcess(tmp_path_factory.mktemp("camera"))
    process.wait_ready()
    yield process
    process.close()


@pytest.fixture
def scanner(camera):
    """A scanner that watches it; whatever a test broke is mended after."""
    source = SocketSource(camera.socket_path, timeout_s=0.2)
    scanner = CameraScanner(source, now=time.monotonic_ns, simulated=True, gone_after_ms=300, stale_after_s=0.6)
    yield scanner
    scanner.close()
    camera.control.fault("none")
    camera.control.clear()


def first(scanner: Scanner):
    """The first sighting or error within the time."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        try:
            sighting = scanner.read()
        except DeviceError as exc:
            return exc
        if sighting:
            return sighting
    return None


def test_a_badge_shown_is_a_badge_read(camera, scanner):
    """What is held up goes through real JPEG and the real decoder; the answer says when it was first to be seen."""
    began_ns = time.monotonic_ns()
    shown_at_ns = camera.control.present(BADGE, seconds=0.5)
    sighting = first(scanner)
    assert sighting.text == BADGE
    assert began_ns < shown_at_ns <= time.monotonic_ns()
    assert sighting.at_ns > began_ns
    assert scanner.simulated


def test_a_badge_goes_away_after_its_time(camera, scanner):
    """Shown for a short while and shown again later, it is two sightings."""
    for _ in range(2):
        camera.control.present(BADGE, seconds=0.1)
        assert first(scanner).text == BADGE
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            assert scanner.read() is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [("unplug", DeviceUnavailable), ("silent", DeviceTimeout), ("stuck", DeviceTimeout), ("garbage", BadFrame)],
)
def test_every_fault_is_noticed_and_overcome(camera, scanner, fault, error):
    """Each fault is its own error within three seconds, and a badge is read within three seconds after its end."""
    while scanner.preview_jpeg() is None:
        scanner.read()
    began = time.monotonic()
    camera.control.fault(fault)
    assert isinstance(first(scanner), error)
    assert time.monotonic() - began < 3.0
    camera.control.fault("none")
    began = time.monotonic()
    while scanner.preview_jpeg() is None:
        assert time.monotonic() - began < 3.0
    camera.control.present(BADGE, seconds=1.0)
    sighting = first(scanner)
    while isinstance(sighting, DeviceError):
        sighting = first(scanner)
    assert sighting.text == BADGE


def test_a_badge_that_a_fault_hides_was_never_shown(camera, scanner):
    """The answer says that nobody could see it, and it does not turn up when the fault is over."""
    camera.control.fault("silent")
    assert camera.control.present("SEEN BY NOBODY", seconds=5.0) is None
    camera.control.fault("none")
    camera.control.present(BADGE, seconds=0.5)
    sighting = first(scanner)
    while isinstance(sighting, DeviceError):
        sighting = first(scanner)
    assert sighting.text == BADGE


def test_two_readers_see_the_same_camera(camera):
    """A second reader, such as a preview, takes nothing from the first."""
    ends = [SocketSource(camera.socket_path) for _ in range(2)]
    for end in ends:
        end.open()
    assert [len(end.grab().gray()) for end in ends] == [480, 480]
    for end in ends:
        end.close()


def test_what_the_camera_cannot_do_is_refused_with_a_reason(camera):
    """A text that fits in no code, and a fault that does not exist."""
    with pytest.raises(CommandRefused, match="fit in no QR code"):
        camera.control.present("x" * 4000, seconds=1.0)
    with pytest.raises(CommandRefused, match="unplug"):
        camera.control.fault("fire")


@pytest.mark.parametrize("line", [b"\n", b"not json\n", b'{"do":"dance"}\n', b'{"do":"show","code":5}\n', b"\xff\xfe\n"])
def test_nonsense_on_the_control_socket_is_answered(camera, line):
    """A wrong command gets an answer that says so, and the next one is served."""
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(5.0)
        end.connect(str(camera.control_path))
        with end.makefile("rwb") as lines:
            lines.write(line)
            lines.flush()
            assert msgspec.json.decode(lines.readline())["ok"] is False
            lines.write(b'{"do":"clear"}\n')
            lines.flush()
            assert msgspec.json.decode(lines.readline()) == {"ok": True}


def test_no_camera_there_is_unavailable(tmp_path):
    """Neither frames nor commands without a process behind them."""
    with pytest.raises(DeviceUnavailable):
        SocketSource(tmp_path / "none").open()
    with pytest.raises(DeviceUnavailable):
        VirtualCameraControl(tmp_path / "none").clear()


def test_the_process_ends_when_asked(tmp_path):
    """Closed, it takes its sockets with it; closing again is no error."""
    process = VirtualCameraProcess(tmp_path)
    process.wait_ready()
    process.close()
    process.close()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def far_end(tmp_path):
    """A socket that a test speaks itself, with a source connected to it."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "camera"))
        listening.listen()
        source = SocketSource(tmp_path / "camera", timeout_s=0.05)
        source.open()
        end, _ = listening.accept()
        with end:
            yield source, end
        source.close()


def test_a_frame_in_pieces_is_put_together(far_end):
    """What came before a timeout is not lost."""
    source, end = far_end
    frame = Scene().empty_jpeg(0.0)
    message = struct.pack(">I", len(frame)) + frame
    for part in (message[:3], message[3:5000]):
        end.sendall(part)
        with pytest.raises(DeviceTimeout):
            source.grab()
    threading.Thread(target=end.sendall, args=(message[5000:],)).start()
    assert source.grab().jpeg() == frame


def test_a_length_out_of_all_reason_is_a_bad_frame(far_end):
    """A stream that is out of step is not followed."""
    source, end = far_end
    end.sendall(b"\xff\xff\xff\xff")
    with pytest.raises(BadFrame):
        source.grab()


def test_frames_of_an_empty_hall_always_differ():
    """As with a real sensor, no two frames are alike, so a frozen picture can be told."""
    scene = Scene()
    frames = [scene.empty_jpeg(n / 30) for n in range(60)]
    assert all(one != after for one, after in pairwise(frames))
