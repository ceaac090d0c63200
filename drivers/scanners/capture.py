"""The capture loop: keeps a camera's newest frame, notices when there is none worth having, and opens the camera anew.

Cameras fail in ways of their own: a pulled plug may end the reads, block them for ten seconds, or repeat the last picture
for ever. So a camera is judged by one thing only: when it last gave a whole picture unlike the one before. The reader judges
too, since the loop's own thread may be stuck in a read.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from threading import Condition, Event, Thread

from drivers.base import MonotonicNs
from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.scanners.frames import Frame, FrameSource
from drivers.scanners.vision import Gray

_log = logging.getLogger(__name__)

_REOPEN_WAITS_S = (0.0, 0.25, 0.5, 1.0, 1.5)
"""Before each attempt to open again; the last one for ever after. Short: a camera that is back must serve within 3 s."""


class CameraState(StrEnum):
    """What the camera is doing. All but STARTING and LIVE are outages, and end with the next new picture."""

    STARTING = "starting"
    LIVE = "live"
    UNAVAILABLE = "unavailable"
    SILENT = "silent"
    FROZEN = "frozen"
    DAMAGED = "damaged"


_ERRORS: dict[CameraState, type[DeviceError]] = {
    CameraState.UNAVAILABLE: DeviceUnavailable,
    CameraState.SILENT: DeviceTimeout,
    CameraState.FROZEN: DeviceTimeout,
    CameraState.DAMAGED: BadFrame,
}


@dataclass(frozen=True, slots=True)
class Outage:
    """Why there are no new pictures."""

    state: CameraState
    message: str

    def error(self) -> DeviceError:
        """The outage as the error that a scanner raises."""
        return _ERRORS[self.state](self.message)


@dataclass(frozen=True, slots=True)
class Captured:
    """A frame with its number, from 1 upward, when it arrived, and its thumbnail."""

    seq: int
    at_ns: int
    frame: Frame
    thumbnail: Gray


class CaptureLoop:
    """Reads a camera in a thread of its own and keeps the newest frame only.

    An outage is noticed `stale_after_s` after the last new picture, or at once where the camera says so; `outage()` tells, and
    it is logged once at each end for debugging only: whoever runs the loop tells people.
    """

    def __init__(self, source: FrameSource, *, now: MonotonicNs, stale_after_s: float = 2.0) -> None:
        self._source = source
        self._now = now
        self._stale_after_ns = int(stale_after_s * 1e9)
        self._silence = Outage(CameraState.SILENT, f"{source.name}: no new picture for {stale_after_s:g} s")
        self._stop = Event()
        self._changed = Condition()
        self._thread: Thread | None = None
        # Used by the capturing thread only.
        self._opened_at_ns: int | None = None
        self._attempts = 0
        self._last_raw = b""
        # Guarded by _changed.
        self._seq = 0
        self._newest: Captured | None = None
        self._fresh_at_ns = now()
        self._suspicion = self._silence
        self._outage: Outage | None = None

    @property
    def name(self) -> str:
        """The camera's name, as in messages."""
        return self._source.name

    @property
    def state(self) -> CameraState:
        """What the camera is doing at this moment."""
        outage = self.outage()
        if outage is not None:
            return outage.state
        return CameraState.LIVE if self._seq else CameraState.STARTING

    def start(self) -> None:
        """Begin to capture. Starting twice is no error."""
        if self._thread is None:
            self._fresh_at_ns = self._now()
            self._thread = Thread(target=self._run, name=f"camera {self.name}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop capturing and let the camera go. A read that is stuck inside the camera is left behind, never waited for."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is None:
            self._let_go()
        else:
            self._thread.join(timeout=1.0)

    def newer_than(self, seq: int, timeout_s: float) -> Captured | None:
        """The newest frame if its number is above `seq`, waiting for it for up to the timeout. None when none came."""
        with self._changed:
            self._changed.wait_for(lambda: self._stop.is_set() or self._has_newer(seq), timeout_s)
            return self._newest if self._has_newer(seq) else None

    def newest(self) -> Captured | None:
        """The newest frame, or None before the first one and during an outage."""
        with self._changed:
            return self._newest

    def outage(self) -> Outage | None:
        """The outage that is under way, judged at this moment, or None."""
        with self._changed:
            if self._outage is None and self._now() - self._fresh_at_ns > self._stale_after_ns:
                self._begin_outage()
            return self._outage

    def step(self) -> float:
        """Take one frame, or one step towards having one again. Gives the seconds to wait before the next step."""
        try:
            frame = self._grab()
        except DeviceTimeout:
            self._suspect(self._silence)
        except DeviceUnavailable as exc:
            self._suspect(Outage(CameraState.UNAVAILABLE, str(exc)), at_once=True)
            return self._reopen_later()
        except BadFrame as exc:
            self._suspect(Outage(CameraState.DAMAGED, str(exc)))
            return self._reopen_later()
        else:
            self._take(frame)
        return self._reopen_later() if self._is_hopeless() else 0.0

    def _run(self) -> None:
        while not self._stop.is_set():
            wait_s = self.step()
            if wait_s:
                self._stop.wait(wait_s)
        self._let_go()

    def _grab(self) -> Frame:
        if self._opened_at_ns is None:
            self._source.open()
            self._opened_at_ns = self._now()
        return self._source.grab()

    def _take(self, frame: Frame) -> None:
        at_ns = self._now()
        raw = frame.raw()
        if raw == self._last_raw:
            self._suspect(Outage(CameraState.FROZEN, f"{self.name}: the same picture again and again"))
            return
        try:
            thumbnail = frame.thumbnail()
        except BadFrame as exc:
            self._suspect(Outage(CameraState.DAMAGED, f"{self.name}: damaged pictures: {exc}"))
            return
        self._last_raw = raw
        self._attempts = 0
        self._publish(at_ns, frame, thumbnail)

    def _publish(self, at_ns: int, frame: Frame, thumbnail: Gray) -> None:
        with self._changed:
            if self._outage is not None:
                _log.debug("camera is back: %s", self.name)
            self._seq += 1
            self._newest = Captured(self._seq, at_ns, frame, thumbnail)
            self._fresh_at_ns, self._suspicion, self._outage = at_ns, self._silence, None
            self._changed.notify_all()

    def _has_newer(self, seq: int) -> bool:
        return self._newest is not None and self._newest.seq > seq

    def _suspect(self, why: Outage, *, at_once: bool = False) -> None:
        with self._changed:
            self._suspicion = why
            if at_once and self._outage is None:
                self._begin_outage()

    def _begin_outage(self) -> None:
        self._outage, self._newest = self._suspicion, None
        _log.debug("camera lost: %s", self._outage.message)
        self._changed.notify_all()

    def _is_hopeless(self) -> bool:
        """True once an opened camera has had its time to give a new picture. Cameras may begin with a few damaged ones."""
        if self.outage() is None or self._opened_at_ns is None:
            return False
        return self._now() - self._opened_at_ns > self._stale_after_ns

    def _reopen_later(self) -> float:
        self._let_go()
        wait_s = _REOPEN_WAITS_S[min(self._attempts, len(_REOPEN_WAITS_S) - 1)]
        self._attempts += 1
        return wait_s

    def _let_go(self) -> None:
        self._source.close()
        self._opened_at_ns = None
