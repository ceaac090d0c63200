"""The capture loop keeps the newest frame and notices every way in which a camera fails."""

import logging
import threading

import pytest

from drivers.errors import BadFrame, DeviceTimeout, DeviceUnavailable
from drivers.scanners.camera import JpegFrame
from drivers.scanners.capture import CameraState, CaptureLoop
from drivers.virtual.camera_faults import ScriptedSource, Stuck, Unplugged
from tests.drivers.pictures import Ticks, hall_frames

SILENCE = DeviceTimeout("no frame")
GARBAGE = JpegFrame(b"\xff\xd8 this is no picture \xff\xd9")


def loop_over(script, ticks=None, **rest):
    source = ScriptedSource(script, **rest)
    return CaptureLoop(source, now=ticks or Ticks()), source


def run(loop, ticks, seconds, fps=10):
    """Step as the loop's thread would, letting the time pass that steps and waits take."""
    left = seconds
    while left > 0:
        passed = max(loop.step(), 1 / fps)
        ticks.advance(passed)
        left -= passed


def test_only_the_newest_frame_is_kept():
    """Whoever comes late gets the last picture, with its number and its time, and none twice."""
    ticks, frames = Ticks(), hall_frames(3)
    loop, _ = loop_over(frames, ticks)
    for _ in frames:
        loop.step()
        ticks.advance(0.1)
    newest = loop.newer_than(0, 0.0)
    assert (newest.seq, newest.frame, newest.at_ns) == (3, frames[2], ticks.ns - 100_000_000)
    assert loop.newer_than(3, 0.0) is None
    assert loop.state is CameraState.LIVE
    loop.close()


@pytest.mark.parametrize(
    ("for_ever", "state", "error"),
    [
        (SILENCE, CameraState.SILENT, DeviceTimeout),
        (hall_frames(1)[0], CameraState.FROZEN, DeviceTimeout),
        (GARBAGE, CameraState.DAMAGED, BadFrame),
        (BadFrame("out of step"), CameraState.DAMAGED, BadFrame),
        (Unplugged(failed_opens=10**6), CameraState.UNAVAILABLE, DeviceUnavailable),
    ],
)
def test_every_outage_is_noticed_within_three_seconds_and_logged_once(caplog, for_ever, state, error):
    """Silent, frozen, damaged and unplugged cameras are each told apart, and said once however long it lasts."""
    caplog.set_level(logging.DEBUG)
    ticks = Ticks()
    loop, _ = loop_over(hall_frames(3), ticks, for_ever=for_ever)
    run(loop, ticks, 3.0)
    assert loop.state is state
    assert isinstance(loop.outage().error(), error)
    assert loop.newest() is None
    run(loop, ticks, 60.0)
    assert [record.message for record in caplog.records] == [f"camera lost: {loop.outage().message}"]
    loop.close()


def test_an_unplugged_camera_is_noticed_at_once_and_serves_again(caplog):
    """The plug pulled and put back: lost at once, opened with growing waits, back with the first picture."""
    caplog.set_level(logging.DEBUG)
    ticks, frames = Ticks(), hall_frames(4)
    loop, source = loop_over([*frames[:2], Unplugged(failed_opens=3), *frames[2:]], ticks)
    waits = [loop.step() for _ in range(7)]
    assert waits == [0.0, 0.0, 0.0, 0.25, 0.5, 1.0, 0.0]
    assert loop.state is CameraState.LIVE
    assert source.opened == 2
    assert [record.message for record in caplog.records] == [
        "camera lost: scripted camera: unplugged",
        "camera is back: scripted camera",
    ]
    loop.close()


def test_each_outage_begins_with_a_quick_attempt():
    """The second time the plug is pulled, the waits are short again."""
    frames = hall_frames(2)
    loop, _ = loop_over([frames[0], Unplugged(failed_opens=2), frames[1], Unplugged(failed_opens=2)])
    waits = [loop.step() for _ in range(8)]
    assert waits == [0.0, 0.0, 0.25, 0.5, 0.0, 0.0, 0.25, 0.5]
    loop.close()


def test_waits_between_attempts_do_not_grow_for_ever():
    """A camera plugged in after a night is served within two seconds."""
    loop, _ = loop_over([], for_ever=Unplugged(failed_opens=10**6))
    assert max(loop.step() for _ in range(50)) == 1.5
    loop.close()


def test_a_camera_that_hangs_is_opened_anew():
    """A frozen camera is closed and opened again, but is given its time after each opening."""
    ticks = Ticks()
    loop, source = loop_over([], ticks, for_ever=hall_frames(1)[0])
    run(loop, ticks, 20.0)
    assert 4 <= source.opened <= 10
    loop.close()


def test_a_few_damaged_frames_are_no_outage():
    """USB cameras begin with, and now and then give, a damaged picture."""
    ticks, frames = Ticks(), hall_frames(2)
    loop, source = loop_over([GARBAGE, GARBAGE, frames[0], GARBAGE, frames[1]], ticks)
    run(loop, ticks, 0.5)
    assert (loop.state, source.opened, loop.newest().seq) == (CameraState.LIVE, 1, 2)
    loop.close()


def test_a_frozen_camera_that_moves_again_is_back(caplog):
    """The end of an outage is a picture unlike the frozen one."""
    caplog.set_level(logging.DEBUG)
    ticks, frames = Ticks(), hall_frames(2)
    loop, _ = loop_over([frames[0]] * 40 + [frames[1]], ticks)
    run(loop, ticks, 3.0)
    assert loop.state is CameraState.FROZEN
    while loop.outage():
        run(loop, ticks, 0.1)
    assert loop.state is CameraState.LIVE
    assert len(caplog.records) == 2
    loop.close()


def test_a_read_that_never_comes_back_is_noticed_and_left_behind(caplog):
    """The capturing thread stuck inside the camera hides no outage and holds up no shutdown."""
    caplog.set_level(logging.DEBUG)
    ticks = Ticks()
    loop, source = loop_over([*hall_frames(1), Stuck()], ticks)
    loop.start()
    assert loop.newer_than(0, 5.0) is not None
    ticks.advance(2.1)
    assert loop.state is CameraState.SILENT
    assert len(caplog.records) == 1
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "camera scripted camera"] == [True]
    closing = threading.Thread(target=loop.close)
    closing.start()
    closing.join(3.0)
    assert not closing.is_alive()
    source.release()


def test_the_thread_serves_and_ends():
    """Started, the loop delivers to a waiting reader; closed, it lets the camera go."""
    loop, source = loop_over(hall_frames(1), for_ever=Stuck(0.01))
    loop.start()
    loop.start()
    assert loop.newer_than(0, 5.0).seq == 1
    loop.close()
    loop.close()
    assert source.closed == source.opened == 1


def test_before_the_first_picture_the_camera_is_starting():
    """A camera that was just made is neither live nor lost."""
    loop, _ = loop_over([])
    assert (loop.state, loop.outage()) == (CameraState.STARTING, None)
    loop.close()
