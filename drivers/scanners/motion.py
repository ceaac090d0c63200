"""The motion gate: decides which pictures are worth the whole decoder. Pure but for the arithmetic on pixels."""

import numpy as np

from drivers.scanners.vision import Gray

_S = 1_000_000_000
_KEEP_SCANNING_NS = 5 * _S // 2
_GLANCE_EVERY_NS = _S
_REFERENCE_NS = _S // 4
_CHANGED_BY = 10
"""Grey levels by which a thumbnail's pixel must change; as the mean of 64 pixels it is nearly free of noise."""
_CHANGED_PIXELS = 5


class MotionGate:
    """Compares thumbnails. Open while something moves and 2.5 s after; once a second it lets a glance through regardless."""

    def __init__(self) -> None:
        self._reference: Gray | None = None
        self._reference_at_ns = 0
        self._moved_at_ns: int | None = None
        self._scanned_at_ns: int | None = None

    def is_open(self, thumbnail: Gray, at_ns: int) -> bool:
        """True when this picture should be read with all means: something moves, or moved a short while ago."""
        if self._has_changed(thumbnail):
            self._moved_at_ns = at_ns
        # A picture some frames back, not the last one: slow movement adds up to something.
        if self._reference is None or at_ns - self._reference_at_ns >= _REFERENCE_NS:
            self._reference, self._reference_at_ns = thumbnail, at_ns
        is_open = self._moved_at_ns is not None and at_ns - self._moved_at_ns <= _KEEP_SCANNING_NS
        if is_open:
            self._scanned_at_ns = at_ns
        return is_open

    def wants_a_glance(self, at_ns: int) -> bool:
        """True once a second while the gate is closed: a badge already in view when the camera starts never moves."""
        if self._scanned_at_ns is not None and at_ns - self._scanned_at_ns < _GLANCE_EVERY_NS:
            return False
        self._scanned_at_ns = at_ns
        return True

    def _has_changed(self, thumbnail: Gray) -> bool:
        if self._reference is None or self._reference.shape != thumbnail.shape:
            return True
        difference = np.abs(thumbnail.astype(np.int16) - self._reference)
        return int(np.count_nonzero(difference > _CHANGED_BY)) >= _CHANGED_PIXELS
