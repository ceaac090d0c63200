"""Picture files in, texts out: the decoder on stills."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from drivers.base import MonotonicNs
from drivers.scanners.vision import MAX_TEXT, Decoder, Gray, NotAPicture, Trouble, gray_of, texts_of

_MAX_BYTES = 64 * 1024 * 1024
_MAX_PIXELS = 60_000_000


@dataclass(frozen=True, slots=True)
class Still:
    """What a picture file gave: its texts, the milliseconds that reading took once it was open, and what is odd about it."""

    texts: tuple[str, ...]
    ms: float
    remark: str | None


def read_file(decoder: Decoder, path: Path, *, now: MonotonicNs) -> Still:
    """Read the codes on a picture file.

    Raises:
        NotAPicture: it cannot be opened as a picture of a sensible size. The message is the rest of a sentence about it.
    """
    gray = _opened(path)
    began_ns = now()
    codes = decoder.read_still(gray)
    spent_ms = (now() - began_ns) / 1e6
    texts = texts_of(codes)
    if not codes:
        return Still((), spent_ms, "no QR code was found on it")
    if not texts:
        return Still((), spent_ms, "its QR code holds binary data, which no badge does")
    too_long = any(code.trouble is Trouble.TOO_LONG for code in codes)
    return Still(texts, spent_ms, f"its text is longer than {MAX_TEXT} characters, as no badge's is" if too_long else None)


def _opened(path: Path) -> Gray:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise NotAPicture(f"it is larger than {_MAX_BYTES // 1024**2} MB; give a smaller picture")
        data = path.read_bytes()
    except OSError as exc:
        raise NotAPicture(f"it cannot be opened: {exc.strerror or exc}") from exc
    if _pixels(data) > _MAX_PIXELS:
        raise NotAPicture(f"it has more than {_MAX_PIXELS // 1_000_000} million pixels; give a smaller picture")
    return gray_of(data)


def _pixels(data: bytes) -> int:
    """How many pixels the picture says it has, read from its head alone: a small file can open into gigabytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(data)) as picture:
                return picture.width * picture.height
        except Image.DecompressionBombError:
            return _MAX_PIXELS + 1
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as exc:
            raise NotAPicture("it is no picture that can be opened; give a PNG or JPEG file") from exc
