"""Frames and the cameras that OpenCV opens."""

import cv2
import numpy as np
import pytest

from drivers.errors import BadFrame, DeviceUnavailable
from drivers.scanners.camera import FileSource, JpegFrame, PixelFrame, V4L2Source, frame_of
from drivers.scanners.capture import CameraState, CaptureLoop
from drivers.scanners.vision import Decoder, texts_of
from tests.drivers.pictures import BADGE, Ticks, badge_frames, hall_frames


@pytest.fixture
def film(tmp_path):
    """A motion JPEG film of a badge held up, ten frames long."""
    path = tmp_path / "badge.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (640, 480))
    for frame in badge_frames(BADGE, 10):
        writer.write(cv2.imdecode(np.frombuffer(frame.jpeg(), np.uint8), cv2.IMREAD_COLOR))
    writer.release()
    return path


def test_a_jpeg_frame_keeps_the_cameras_bytes():
    """The preview needs no encoding; grey and thumbnail are opened from the same bytes."""
    (frame,) = hall_frames(1)
    assert frame.jpeg() is frame.raw()
    assert (frame.gray().shape, frame.thumbnail().shape) == ((480, 640), (60, 80))


@pytest.mark.parametrize("cut", [0, 1, 100, 20_000])
def test_a_frame_cut_short_is_a_bad_frame(cut):
    """A picture without its end is damaged, not grey where bytes are missing."""
    (frame,) = hall_frames(1)
    with pytest.raises(BadFrame):
        JpegFrame(frame.jpeg()[:cut]).thumbnail()


def test_noise_between_jpeg_marks_is_a_bad_frame():
    """Bytes that only look like JPEG are damaged."""
    with pytest.raises(BadFrame):
        JpegFrame(b"\xff\xd8" + np.random.default_rng(1).bytes(3000) + b"\xff\xd9").gray()


def test_zeros_after_the_end_are_harmless():
    """Cameras that pad their frames are understood."""
    (frame,) = hall_frames(1)
    assert JpegFrame(frame.jpeg() + bytes(64)).thumbnail().shape == (60, 80)


@pytest.mark.parametrize("shape", [(480, 640), (480, 640, 3)])
def test_pixels_are_a_frame_too(shape):
    """A camera without motion JPEG gives the same views."""
    frame = PixelFrame(np.full(shape, 90, np.uint8))
    assert (frame.gray().shape, frame.thumbnail().shape) == ((480, 640), (60, 80))
    assert JpegFrame(frame.jpeg()).gray().shape == (480, 640)


@pytest.mark.parametrize("shape", [(-1,), (1, -1), (-1, 1)])
def test_raw_bytes_from_the_driver_are_jpeg(shape):
    """OpenCV hands the camera's own JPEG over as one row, one column or a plain list of bytes."""
    (frame,) = hall_frames(1)
    assert frame_of(np.frombuffer(frame.jpeg(), np.uint8).reshape(shape)).jpeg() == frame.jpeg()


def test_a_missing_camera_is_unavailable():
    """No node, no camera; the message names it."""
    camera = V4L2Source("/dev/v4l/by-id/none-of-these")
    with pytest.raises(DeviceUnavailable, match="none-of-these"):
        camera.open()
    with pytest.raises(DeviceUnavailable):
        camera.grab()
    camera.close()


def test_what_is_no_camera_is_unavailable(tmp_path):
    """A path that exists and is no camera is an outage, not a crash."""
    (tmp_path / "video0").write_text("no camera")
    camera = V4L2Source(str(tmp_path / "video0"))
    with pytest.raises(DeviceUnavailable):
        camera.open()
    camera.close()


def test_a_film_stands_for_a_camera(film):
    """The capture loop runs over a film through OpenCV; its end is an unplugged camera, and opening starts it again."""
    loop = CaptureLoop(FileSource(film), now=Ticks())
    waits = [loop.step() for _ in range(11)]
    assert loop.state is CameraState.UNAVAILABLE
    loop.step()
    assert (waits, loop.state, loop.newest().seq) == ([0.0] * 11, CameraState.LIVE, 11)
    assert texts_of(Decoder().read_still(loop.newest().frame.gray())) == (BADGE,)
    loop.close()


def test_a_missing_film_is_unavailable(tmp_path):
    """A film that is not there is said to be missing."""
    with pytest.raises(DeviceUnavailable):
        FileSource(tmp_path / "none.avi").open()


def test_a_file_that_is_no_film_is_unavailable(tmp_path):
    """A file that OpenCV cannot play is an outage."""
    (tmp_path / "none.avi").write_bytes(b"no film")
    with pytest.raises(DeviceUnavailable):
        FileSource(tmp_path / "none.avi").open()
