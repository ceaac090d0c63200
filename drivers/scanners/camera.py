"""Cameras through OpenCV: a V4L2 device, or a video file in place of one."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrame, DeviceTimeout, DeviceUnavailable
from drivers.scanners.frames import Frame
from drivers.scanners.vision import Gray

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_PREVIEW_QUALITY = 80


class JpegFrame:
    """A frame that came as JPEG."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def thumbnail(self) -> Gray:
        return self._decoded(cv2.IMREAD_REDUCED_GRAYSCALE_8)

    def gray(self) -> Gray:
        return self._decoded(cv2.IMREAD_GRAYSCALE)

    def jpeg(self) -> bytes:
        return self._data

    def raw(self) -> bytes:
        return self._data

    def _decoded(self, how: int) -> Gray:
        # A frame cut short on the bus has no end mark; the decoder would fill it up with grey and say so on stderr each time.
        # Some cameras pad the end with zeros.
        if not (self._data.startswith(_JPEG_START) and self._data.rstrip(b"\0").endswith(_JPEG_END)):
            raise BadFrame(f"{len(self._data)} bytes that are no whole JPEG picture")
        try:
            gray = cv2.imdecode(np.frombuffer(self._data, np.uint8), how)
        except cv2.error as exc:
            raise BadFrame("a JPEG picture of an impossible size") from exc
        if gray is None:
            raise BadFrame(f"{len(self._data)} bytes that are no JPEG picture")
        return np.asarray(gray, dtype=np.uint8)


class PixelFrame:
    """A frame that came as pixels: grey, or blue, green and red."""

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        self._pixels = pixels

    def thumbnail(self) -> Gray:
        gray = self.gray()
        size = (max(1, gray.shape[1] // 8), max(1, gray.shape[0] // 8))
        return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def gray(self) -> Gray:
        if self._pixels.ndim == 2:
            return self._pixels
        return np.asarray(cv2.cvtColor(self._pixels, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    def jpeg(self) -> bytes:
        _, data = cv2.imencode(".jpg", self._pixels, [cv2.IMWRITE_JPEG_QUALITY, _PREVIEW_QUALITY])
        return data.tobytes()

    def raw(self) -> bytes:
        return self._pixels.tobytes()


def frame_of(picture: npt.NDArray[np.uint8]) -> Frame:
    """What `VideoCapture.read` gave, as a frame: one row or column of bytes is the camera's own JPEG, all else are pixels."""
    if picture.ndim == 1 or (picture.ndim == 2 and 1 in picture.shape):
        return JpegFrame(picture.tobytes())
    return PixelFrame(picture)


class _Capture:
    """An OpenCV capture and its errors; each kind of source opens it in its own way."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._capture: cv2.VideoCapture | None = None

    @property
    def name(self) -> str:
        return self._name

    def _keep(self, capture: cv2.VideoCapture) -> None:
        if not capture.isOpened():
            capture.release()
            raise DeviceUnavailable(f"{self._name}: cannot be opened as a camera")
        self._capture = capture

    def _read(self) -> npt.NDArray[np.uint8] | None:
        if self._capture is None:
            raise DeviceUnavailable(f"{self._name}: the camera is not open")
        try:
            given, picture = self._capture.read()
        except cv2.error as exc:
            raise BadFrame(f"{self._name}: a frame that cannot be opened") from exc
        return np.asarray(picture, dtype=np.uint8) if given and picture is not None else None

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._capture = None


class V4L2Source(_Capture):
    """A USB camera. `path` is best a name that stays the same when it is plugged in again, as under /dev/v4l/by-id.

    Motion JPEG is asked for and handed on as it comes; a camera without it gives pixels. A read that gets no frame blocks
    for ten seconds inside OpenCV, so whoever waits must not wait for `grab` (`capture.CaptureLoop` does not).
    """

    def __init__(self, path: str, *, width: int = 640, height: int = 480, fps: int = 30) -> None:
        super().__init__(path)
        self._wish = {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height, cv2.CAP_PROP_FPS: fps}

    def open(self) -> None:
        if self._capture is not None:
            return
        if not Path(self._name).exists():
            raise DeviceUnavailable(f"{self._name}: no such camera; is it plugged in?")
        capture = cv2.VideoCapture(self._name, cv2.CAP_V4L2)
        self._keep(capture)
        motion_jpeg = cv2.VideoWriter.fourcc(*"MJPG")
        capture.set(cv2.CAP_PROP_FOURCC, motion_jpeg)
        for wish, value in self._wish.items():
            capture.set(wish, value)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        as_it_comes = int(capture.get(cv2.CAP_PROP_FOURCC)) == motion_jpeg
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0 if as_it_comes else 1)

    def grab(self) -> Frame:
        picture = self._read()
        if picture is None:
            if not Path(self._name).exists():
                raise DeviceUnavailable(f"{self._name}: the camera was unplugged")
            raise DeviceTimeout(f"{self._name}: the camera gave no frame")
        return frame_of(picture)


class FileSource(_Capture):
    """A video file in place of a camera, as fast as it is asked; its end is an unplugged camera, and opening starts it again."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(str(path))

    def open(self) -> None:
        if self._capture is None:
            if not Path(self._name).is_file():
                raise DeviceUnavailable(f"{self._name}: no such file")
            self._keep(cv2.VideoCapture(self._name, cv2.CAP_FFMPEG))

    def grab(self) -> Frame:
        picture = self._read()
        if picture is None:
            raise DeviceUnavailable(f"{self._name}: the film is over")
        return frame_of(picture)
