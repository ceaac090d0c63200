"""What a camera gives, whatever it is: one frame after the other. Real sources are in `camera`, others in `drivers.virtual`."""

from typing import Protocol

from drivers.scanners.vision import Gray


class Frame(Protocol):
    """One picture, decoded no further than it is asked for."""

    def thumbnail(self) -> Gray:
        """The picture at an eighth of its size, each pixel the mean of 64: enough to see that something moves.

        Raises:
            BadFrame: the camera's bytes are no picture.
        """

    def gray(self) -> Gray:
        """The whole picture in grey.

        Raises:
            BadFrame: the camera's bytes are no picture.
        """

    def jpeg(self) -> bytes:
        """The picture as JPEG: the camera's own bytes where it gives them."""

    def raw(self) -> bytes:
        """The bytes as they came. Two frames of a live camera are never alike, for no two have the same noise."""


class FrameSource(Protocol):
    """A camera, or what stands for one. The same thread opens, grabs and closes."""

    @property
    def name(self) -> str:
        """What messages call it: its path."""

    def open(self) -> None:
        """Open the camera. Opening an open one is no error.

        Raises:
            DeviceUnavailable: it is not there, or another program holds it.
        """

    def grab(self) -> Frame:
        """The next frame. Blocks for up to the source's timeout.

        Raises:
            DeviceUnavailable: not open, or gone.
            DeviceTimeout: no frame in time.
            BadFrame: bytes that cannot be followed; the source must be opened anew.
        """

    def close(self) -> None:
        """Let the camera go. Closing twice is no error."""
