"""A camera as a scanner: frames from the capture loop go through the motion gate and the decoder; sightings come out."""

from collections.abc import Callable

from drivers.base import MonotonicNs, Sighting
from drivers.errors import BadFrame
from drivers.scanners.capture import CameraState, Captured, CaptureLoop
from drivers.scanners.frames import FrameSource
from drivers.scanners.motion import MotionGate
from drivers.scanners.presence import Presence
from drivers.scanners.vision import LiveDecoder


def no_badge(_text: str) -> bool:
    """Calls no text a badge: two codes in view are then always one too many."""
    return False


class CameraScanner:
    """Reads codes from a camera, and shows what it sees. It starts to capture when it is made.

    `timeout_s` is how long one `read` waits; a code is seen anew after `gone_after_ms` out of view; the camera is lost
    `stale_after_s` after its last new picture. `read` is for one thread; all else may be called from others.
    """

    kind = "camera"

    def __init__(
        self,
        source: FrameSource,
        *,
        now: MonotonicNs,
        is_badge: Callable[[str], bool] = no_badge,
        simulated: bool = False,
        timeout_s: float = 0.25,
        gone_after_ms: int = 1500,
        stale_after_s: float = 2.0,
    ) -> None:
        self._now = now
        self._simulated = simulated
        self._timeout_s = timeout_s
        self._decoder = LiveDecoder()
        self._gate = MotionGate()
        self._presence = Presence(is_badge, gone_after_ms=gone_after_ms)
        self._seq = 0
        self._loop = CaptureLoop(source, now=now, stale_after_s=stale_after_s)
        self._loop.start()

    @property
    def simulated(self) -> bool:
        """True when the pictures are drawn."""
        return self._simulated

    @property
    def state(self) -> CameraState:
        """What the camera is doing at this moment."""
        return self._loop.state

    def read(self) -> Sighting | None:
        """Wait for up to the timeout for something new. None when nothing came.

        Raises:
            DeviceUnavailable, DeviceTimeout, BadFrame: at each call while an outage lasts.
        """
        until_ns = self._now() + int(self._timeout_s * 1e9)
        while (left_ns := until_ns - self._now()) > 0:
            captured = self._loop.newer_than(self._seq, left_ns / 1e9)
            if captured is None:
                break
            self._seq = captured.seq
            sighting = self._look(captured)
            if sighting is not None:
                return sighting
        outage = self._loop.outage()
        if outage is not None:
            raise outage.error()
        return None

    def preview_jpeg(self) -> tuple[int, bytes] | None:
        """The newest frame as (sequence number, JPEG bytes), or None while there is none."""
        captured = self._loop.newest()
        return None if captured is None else (captured.seq, captured.frame.jpeg())

    def close(self) -> None:
        """Let the camera go. Closing twice is no error."""
        self._loop.close()

    def _look(self, captured: Captured) -> Sighting | None:
        at_ns = captured.at_ns
        try:
            if self._gate.is_open(captured.thumbnail, at_ns):
                return self._presence.update(self._decoder.look(captured.frame.gray()), at_ns)
            if self._gate.wants_a_glance(at_ns):
                return self._presence.update(self._decoder.glance(captured.frame.gray()), at_ns)
        except BadFrame:
            # Its thumbnail could be opened, the whole cannot: one bad frame is none, and the loop sees to many.
            return None
        self._presence.nothing_moved(at_ns)
        return None
