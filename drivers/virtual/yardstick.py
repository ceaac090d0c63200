"""What the decoder is measured against: plain zxing-cpp, and the six passes that a study of photographs found worth having.

Written apart from `scanners.vision`, so that a change there cannot move the yardstick with it.
"""

from collections.abc import Callable

import cv2
import numpy as np
import zxingcpp

from drivers.scanners.vision import Gray

_LEVELS = np.arange(256) / 255


class Yardstick:
    """Reads grey pictures in the two ways of the study."""

    def __init__(self) -> None:
        clahe = cv2.createCLAHE(4.0, (4, 4))
        self._passes: tuple[Callable[[Gray], cv2.typing.MatLike], ...] = (
            lambda gray: gray,
            lambda gray: cv2.LUT(gray, (255 * _LEVELS**0.5).astype(np.uint8)),
            lambda gray: cv2.LUT(gray, (255 * _LEVELS**2).astype(np.uint8)),
            _other_size,
            _sharper,
            clahe.apply,
        )

    def one_pass(self, gray: Gray) -> tuple[str, ...]:
        """The texts that the picture gives as it is."""
        return _texts(gray)

    def six_passes(self, gray: Gray) -> tuple[str, ...]:
        """The texts of the first of the six passes that gives any."""
        for prepare in self._passes:
            texts = _texts(prepare(gray))
            if texts:
                return texts
        return ()


def _texts(gray: cv2.typing.MatLike) -> tuple[str, ...]:
    qr = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
    found = zxingcpp.read_barcodes(gray, formats=qr, try_rotate=False, try_invert=False, text_mode=zxingcpp.TextMode.Plain)
    return tuple(code.text for code in found)


def _other_size(gray: Gray) -> cv2.typing.MatLike:
    height, width = gray.shape
    if max(height, width) <= 800:
        return cv2.resize(gray, (width * 3 // 2, height * 3 // 2), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(gray, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


def _sharper(gray: Gray) -> cv2.typing.MatLike:
    soft = cv2.GaussianBlur(gray, (0, 0), 1.5 if max(gray.shape) <= 800 else 3.0)
    return cv2.addWeighted(gray, 2.5, soft, -1.5, 0)
