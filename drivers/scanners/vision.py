"""Grey pictures in, codes out. Everything is read by zxing-cpp; OpenCV only prepares the picture.

A picture that is not read at once is tried again in other lights and sizes, each of which reads codes the others miss:
stills go through all passes in turn, live pictures through one more pass a frame, so that a second holds them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

Gray = npt.NDArray[np.uint8]
"""A grey picture, one byte a pixel: `gray[row, column]`."""

MAX_EDGE = 1280
"""Longer pictures are shrunk to this long edge: reading takes longer beyond it and finds no more badges."""

MAX_TEXT = 512
"""Longer texts, in characters, belong to no badge."""

_SMALL_EDGE = 800
"""Up to this long edge a code may be too small for the picture, beyond it too large."""


class Trouble(StrEnum):
    """Why a code that was read is certainly none of ours."""

    BINARY = "binary"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Code:
    """One code that was read. `trouble` says why it is certainly no badge's; `text` is None for one that holds no text."""

    text: str | None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What one live picture gave. `located` says that a code is to be seen which could not be read, or is no badge's."""

    codes: tuple[Code, ...] = ()
    located: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The different texts in the picture that could be a badge's."""
        return texts_of(tuple(code for code in self.codes if code.trouble is None))


class NotAPicture(ValueError):
    """The bytes are no picture, or one too large to open. The message says which."""


def texts_of(codes: tuple[Code, ...]) -> tuple[str, ...]:
    """The different texts among codes, in their order."""
    return tuple(dict.fromkeys(code.text for code in codes if code.text is not None))


def fitted(gray: Gray, edge: int = MAX_EDGE) -> Gray:
    """The picture itself, or a copy shrunk to the long edge."""
    longest = max(gray.shape)
    if longest <= edge:
        return gray
    size = (max(1, gray.shape[1] * edge // longest), max(1, gray.shape[0] * edge // longest))
    return _gray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))


def gray_of(data: bytes) -> Gray:
    """A picture file's bytes as a grey picture.

    Raises:
        NotAPicture: no picture, or damaged.
    """
    try:
        # An empty buffer and a size over OpenCV's own limit raise; anything else that is no picture gives None.
        gray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as exc:
        raise NotAPicture("it holds no picture that can be opened") from exc
    if gray is None:
        raise NotAPicture("it holds no picture that can be opened")
    return _gray(gray)


class Decoder:
    """Reads QR codes (model 2) from grey pictures. No content makes it raise; one decoder serves one thread."""

    def __init__(self) -> None:
        clahe = cv2.createCLAHE(clipLimit=4.0, tileGridSize=(4, 4))
        lighter, darker = _curve(0.5), _curve(2.0)
        # Cheap ones that read much of what the plain pass misses come first.
        self.passes: tuple[Callable[[Gray], Gray], ...] = (
            lambda gray: _gray(clahe.apply(_halved(gray))),
            lambda gray: _gray(cv2.LUT(gray, darker)),
            lambda gray: _gray(clahe.apply(gray)),
            lambda gray: _gray(cv2.LUT(gray, lighter)),
            _rescaled,
            _sharpened,
        )

    def one_pass(self, gray: Gray) -> tuple[Code, ...]:
        """The codes that the picture gives as it is."""
        return tuple(_code(found) for found in _scan(fitted(gray)) if found.valid)

    def read_still(self, gray: Gray) -> tuple[Code, ...]:
        """The codes of the first pass that reads any: the plain one, then the picture in other lights and sizes."""
        gray = fitted(gray)
        tries = chain([gray], (prepare(gray) for prepare in self.passes))
        return next((codes for codes in map(self.one_pass, tries) if codes), ())


class LiveDecoder:
    """Reads a stream of pictures: the plain pass on each, one more pass in rotation, and all of them once a code is located."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._turn = 0

    def look(self, gray: Gray) -> Look:
        """What this picture gives. Empty pictures cost the plain pass and one more."""
        gray = fitted(gray)
        found = _scan(gray, return_errors=True)
        codes = tuple(_code(one) for one in found if one.valid)
        located = len(codes) < len(found)
        if not codes:
            codes = self._all_passes(gray) if located else self._next_pass(gray)
        unusable = any(code.trouble for code in codes)
        return Look(codes, located=unusable or (located and not codes))

    def glance(self, gray: Gray) -> Look:
        """As `look`, with the plain pass alone: for pictures in which nothing has moved."""
        codes = self._decoder.one_pass(gray)
        return Look(codes, located=any(code.trouble for code in codes))

    def _next_pass(self, gray: Gray) -> tuple[Code, ...]:
        prepare = self._decoder.passes[self._turn]
        self._turn = (self._turn + 1) % len(self._decoder.passes)
        return self._decoder.one_pass(prepare(gray))

    def _all_passes(self, gray: Gray) -> tuple[Code, ...]:
        tries = (self._decoder.one_pass(prepare(gray)) for prepare in self._decoder.passes)
        return next((codes for codes in tries if codes), ())


def _scan(gray: Gray, *, return_errors: bool = False) -> list[zxingcpp.Barcode]:
    # Micro QR read out of ordinary codes was the one source of false reads, so the format is named exactly; a QR code is
    # found at any angle without try_rotate; a badge held close is read through try_downscale.
    return zxingcpp.read_barcodes(
        gray,
        # Made anew each time: one kept for good makes the bindings complain at exit.
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2),
        try_rotate=False,
        try_downscale=True,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
        return_errors=return_errors,
    )


def _code(found: zxingcpp.Barcode) -> Code:
    text = found.text
    # Line ends and tabs are text, contact cards hold them; a blank code and other control characters are not.
    visible = "".join(text.split())
    if found.content_type == zxingcpp.ContentType.Binary or not visible or not visible.isprintable():
        return Code(None, Trouble.BINARY)
    return Code(text, Trouble.TOO_LONG if len(text) > MAX_TEXT else None)


def _gray(picture: npt.ArrayLike) -> Gray:
    return np.asarray(picture, dtype=np.uint8)


def _curve(power: float) -> Gray:
    levels = np.arange(256) / 255.0
    return (255 * levels**power).astype(np.uint8)


def _halved(gray: Gray) -> Gray:
    size = (max(1, gray.shape[1] // 2), max(1, gray.shape[0] // 2))
    return _gray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))


def _rescaled(gray: Gray) -> Gray:
    if max(gray.shape) > _SMALL_EDGE:
        return _halved(gray)
    size = (max(1, gray.shape[1] * 3 // 2), max(1, gray.shape[0] * 3 // 2))
    return _gray(cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC))


def _sharpened(gray: Gray) -> Gray:
    sigma = 1.5 if max(gray.shape) <= _SMALL_EDGE else 3.0
    return _gray(cv2.addWeighted(gray, 2.5, cv2.GaussianBlur(gray, (0, 0), sigma), -1.5, 0))
