"""The camera as a scanner: from frames to sightings."""

import time

import numpy as np
import pytest

from drivers.base import PreviewSource, Scanner, Sighting
from drivers.errors import DeviceTimeout, DeviceUnavailable
from drivers.scanners.camera import PixelFrame
from drivers.scanners.camera_scanner import CameraScanner
from drivers.scanners.motion import MotionGate
from drivers.virtual.camera_faults import ScriptedSource, Stuck, Unplugged
from drivers.virtual.scene import make_badge_image
from tests.drivers.pictures import BADGE, badge_frames, hall_frames, on_white

S = 1_000_000_000
PAUSE = Stuck(0.01)


@pytest.fixture
def scan():
    """Builds a scanner over a script; closes it after."""
    made = []

    def build(script, **rest) -> CameraScanner:
        slowly = [act for frame in script for act in (frame, PAUSE)]
        source = ScriptedSource(slowly, **rest)
        scanner = CameraScanner(source, now=time.monotonic_ns, timeout_s=0.3, stale_after_s=1.0)
        made.append(scanner)
        return scanner

    yield build
    for scanner in made:
        scanner.close()


def test_a_badge_is_sighted_once_when_its_frame_came(scan):
    """A badge held up is one sighting, dated by the arrival of its frame; then the hall is quiet."""
    before_ns = time.monotonic_ns()
    scanner: Scanner = scan([*hall_frames(2), *badge_frames(BADGE, 6)])
    sighting = scanner.read()
    assert (sighting.text, sighting.hint) == (BADGE, None)
    assert before_ns < sighting.at_ns < time.monotonic_ns()
    assert scanner.read() is None


def test_an_empty_hall_is_no_error(scan):
    """Nothing to see gives None."""
    assert scan(hall_frames(10)).read() is None


def test_the_preview_is_the_cameras_own_picture(scan):
    """The newest frame goes out as it came in, with its number."""
    frames = hall_frames(3)
    scanner: PreviewSource = scan(frames)
    while scanner.preview_jpeg() is None or scanner.preview_jpeg()[0] < 3:
        scanner.read()
    assert scanner.preview_jpeg() == (3, frames[2].jpeg())


def test_an_unplugged_camera_raises_while_it_is_gone(scan):
    """Each read says so, and there is no preview."""
    scanner = scan([*hall_frames(1), Unplugged(failed_opens=10**6)])
    for _ in range(2):
        with pytest.raises(DeviceUnavailable):
            scanner.read()
    assert scanner.preview_jpeg() is None


def test_a_silent_camera_raises_a_timeout(scan):
    """No picture for the set time is the error for silence; a shorter pause is none."""
    scanner = scan(hall_frames(1), for_ever=Stuck(0.05))
    assert scanner.read() is None
    with pytest.raises(DeviceTimeout):
        list(iter(scanner.read, BADGE))


def test_a_badge_is_read_after_the_camera_comes_back(scan):
    """An outage ends with the next picture; the badge in it is read."""
    scanner = scan([*hall_frames(1), Unplugged(failed_opens=1), *badge_frames(BADGE, 8)])
    sighting = None
    while sighting is None:
        try:
            sighting = scanner.read()
        except DeviceUnavailable:
            continue
    assert isinstance(sighting, Sighting)
    assert sighting.text == BADGE


class Motionless(PixelFrame):
    """A frame in which the motion gate sees nothing move."""

    def thumbnail(self):
        return np.zeros((60, 80), np.uint8)


def test_a_badge_that_never_moves_is_found_and_kept():
    """Once a second a picture is read although nothing moves; the badge then stays one sighting between those readings."""
    badge, empty = on_white(make_badge_image(BADGE, module=4)), np.full((300, 300), 255, np.uint8)
    leapt_ns = 0

    def play():
        nonlocal leapt_ns
        for n in range(90):
            leapt_ns += S // 12  # with each picture, so that the gate's two and a half seconds are over soon on any machine
            yield from (Motionless((badge if n > 40 else empty) - np.uint8(n % 2)), PAUSE)

    scanner = CameraScanner(
        ScriptedSource(play()),
        now=lambda: time.monotonic_ns() + leapt_ns,
        timeout_s=0.2,
        gone_after_ms=2000,
        stale_after_s=60.0,
    )
    sightings = []
    while (scanner.preview_jpeg() or (0, b""))[0] < 90:
        sightings.append(scanner.read())
    scanner.close()
    assert [sighting.text for sighting in sightings if sighting] == [BADGE]


def thumbnails(frames):
    return [frame.thumbnail() for frame in frames]


def test_noise_does_not_open_the_gate():
    """A quiet hall closes the gate after its start, and sensor noise keeps it closed."""
    gate, noise = MotionGate(), thumbnails(hall_frames(12))
    states = [gate.is_open(noise[n % 12], n * S // 30) for n in range(300)]
    assert states.index(False) < 90
    assert not any(states[90:])


def test_movement_opens_the_gate_and_keeps_it_open_for_a_while():
    """A badge coming into view is scanned in its first frame, and for 2.5 s after the last movement."""
    gate, hall = MotionGate(), thumbnails(hall_frames(2))
    (badge,) = thumbnails(badge_frames(BADGE, 1))
    assert [gate.is_open(hall[n % 2], n * S // 10) for n in range(100)][-1] is False
    assert gate.is_open(badge, 10 * S)
    states = [gate.is_open(hall[0], 10 * S + n * S // 10) for n in range(1, 60)]
    assert 24 <= states.index(False) <= 30


def test_slow_movement_opens_the_gate():
    """What moves little from frame to frame moves enough over some."""
    gate = MotionGate()
    pictures = [np.full((60, 80), 100, np.uint8) for _ in range(200)]
    for n, picture in enumerate(pictures):
        picture[20:40, 20:40] = min(255, 100 + 2 * max(0, n - 120))
    states = [gate.is_open(picture, n * S // 30) for n, picture in enumerate(pictures)]
    assert states[110] is False
    assert True in states[120:135]


def test_a_closed_gate_lets_a_glance_through_each_second():
    """A badge that was in view before the camera is found without moving."""
    gate = MotionGate()
    assert sum(gate.wants_a_glance(n * S // 30) for n in range(300)) == 10
