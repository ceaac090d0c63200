"""Draws what a camera in an entrance hall sees: the empty hall, and badges held up to it by people who do not hold still."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sin

import cv2
import numpy as np
import numpy.typing as npt
import qrcode

from drivers.scanners.vision import gray_of

Pixels = npt.NDArray[np.uint8]
"""A picture: rows, columns, and for colour blue, green and red."""

WIDTH, HEIGHT = 640, 480

_MODULE = 12
"""Pixels of one module of a drawn code: enough for any distance at which the camera can read it."""
_CARD_MM = (54.0, 85.6)
_CODE_MM = 40.0
_NOISES = 12
_SHEET_MARGIN = 48
_JPEG_QUALITY = 85


class TooLongForACode(ValueError):
    """The text does not fit in any QR code."""


def make_badge_image(text: str | bytes, *, module: int = 8, border: int = 4) -> Pixels:
    """A QR code of the text (or bytes) alone, flat, sharp and grey, with its quiet zone.

    Raises:
        TooLongForACode
    """
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=border)
    code.add_data(text, optimize=0 if isinstance(text, bytes) else 20)
    try:
        code.make(fit=True)
    # The library finds no version that is large enough in one of two ways.
    except (ValueError, qrcode.exceptions.DataOverflowError) as exc:
        raise TooLongForACode(f"{len(text)} characters fit in no QR code") from exc
    light = 255 * (1 - np.array(code.get_matrix(), dtype=np.uint8))
    return np.kron(light, np.ones((module, module), dtype=np.uint8))


def draw_card(text: str | bytes) -> Pixels:
    """A staff card (CR80, upright): the code in its lower part, above it a stripe of colour, a photo's place, a name's lines."""
    code = make_badge_image(text, module=_MODULE, border=2)
    scale = code.shape[0] / _CODE_MM
    width, height = (round(side * scale) for side in _CARD_MM)
    card = np.full((height, width, 3), (238, 242, 244), dtype=np.uint8)
    card[: height // 9] = (120, 84, 30)
    _box(card, (0.36, 0.14, 0.64, 0.37), (168, 176, 190))
    _box(card, (0.2, 0.40, 0.8, 0.42), (90, 90, 90))
    _box(card, (0.3, 0.44, 0.7, 0.455), (150, 150, 150))
    left, top = (width - code.shape[1]) // 2, height - code.shape[0] - (width - code.shape[1]) // 2
    card[top : top + code.shape[0], left : left + code.shape[1]] = code[:, :, None]
    return card


def draw_hall() -> Pixels:
    """The empty hall: a wall, a floor, a door and a notice board, a little out of focus, as a camera set for badges sees them."""
    rows = np.linspace(150, 110, HEIGHT)[:, None] + np.linspace(-12, 14, WIDTH)[None, :]
    lit = np.repeat(rows[:, :, None], 3, axis=2) * (0.93, 1.0, 1.02)
    lit[HEIGHT * 3 // 4 :] *= 0.78
    hall = lit.clip(0, 255).astype(np.uint8)
    _box(hall, (0.08, 0.18, 0.30, 0.86), (104, 96, 86))
    _box(hall, (0.11, 0.22, 0.27, 0.60), (176, 172, 160))
    _box(hall, (0.66, 0.15, 0.92, 0.42), (92, 120, 134))
    _box(hall, (0.69, 0.19, 0.78, 0.38), (188, 192, 194))
    _box(hall, (0.81, 0.19, 0.89, 0.30), (170, 180, 200))
    return _pixels(cv2.GaussianBlur(hall, (0, 0), 3.0))


@dataclass(frozen=True, slots=True)
class Pose:
    """How a card is held: where its middle is and how high it is (in heights of the frame), and its turns in radians."""

    x: float
    y: float
    height: float
    yaw: float
    pitch: float
    roll: float
    blur: float
    light: float


class Presentation:
    """One person's way of holding one badge: drawn by lot, then drifting with time."""

    def __init__(self, text: str | bytes, rng: np.random.Generator) -> None:
        self._card = draw_card(text)
        self._height = rng.uniform(0.50, 0.82)
        self._turn = rng.uniform((-0.40, -0.32, -0.26), (0.40, 0.32, 0.26))
        self._middle = rng.uniform((-0.16, -0.04), (0.16, 0.04))
        self._phase = rng.uniform(0, 2 * pi, 4)
        self._blur = rng.uniform(0.4, 1.9)
        self._light = rng.uniform(0.6, 1.1)

    def pose(self, seconds: float) -> Pose:
        """How the card is held so many seconds after it came into view."""
        one, two, three, four = (
            sin(2 * pi * rate * seconds + phase) for rate, phase in zip((0.7, 0.9, 0.5, 1.3), self._phase, strict=True)
        )
        yaw, pitch, roll = self._turn
        return Pose(
            x=self._middle[0] + 0.02 * one,
            y=self._middle[1] + 0.02 * two,
            height=self._height + 0.03 * three,
            yaw=yaw + 0.06 * two,
            pitch=pitch + 0.05 * four,
            roll=roll + 0.04 * one,
            blur=max(0.3, self._blur + 0.3 * four),
            light=self._light + 0.05 * three,
        )

    def draw_on(self, picture: Pixels, seconds: float) -> None:
        """Draw the card into the picture as it is held at that moment."""
        pose = self.pose(seconds)
        corners = _corners(pose, self._card.shape[1] / self._card.shape[0])
        left, top = (int(side) for side in np.floor(corners.min(axis=0)).clip(0))
        right, bottom = (int(side) for side in np.ceil(corners.max(axis=0)).clip(0, (WIDTH, HEIGHT)))
        if right - left < 2 or bottom - top < 2:
            return
        card = _near_its_size(self._card, pose)
        height, width = card.shape[:2]
        flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
        turn = cv2.getPerspectiveTransform(flat, (corners - (left, top)).astype(np.float32))
        size = (right - left, bottom - top)
        card = _pixels(cv2.warpPerspective(card, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        mask = cv2.fillConvexPoly(np.zeros(size[::-1], np.uint8), np.round(corners - (left, top)).astype(np.int32), 255)
        patch = picture[top:bottom, left:right]
        lit = cv2.convertScaleAbs(cv2.GaussianBlur(card, (0, 0), pose.blur), alpha=pose.light)
        cv2.copyTo(lit, mask, patch)


class Scene:
    """The hall with or without badges, as JPEG frames with noise. Empty frames are drawn once and then repeated in turn.

    Every frame differs from the one before, as a real camera's do.
    """

    def __init__(self, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._hall = draw_hall()
        # One sheet of noise, of which each frame gets another cut.
        sheet = self._rng.normal(0, 3.5, (HEIGHT + _SHEET_MARGIN, WIDTH + _SHEET_MARGIN, 3)).round().astype(np.int16)
        cuts = self._rng.permutation(_SHEET_MARGIN)[: 2 * _NOISES].reshape(_NOISES, 2)
        self._noises = [sheet[top : top + HEIGHT, left : left + WIDTH] for top, left in cuts]
        self._empty: dict[tuple[int, int], bytes] = {}
        self._count = 0

    def presentation(self, text: str | bytes) -> Presentation:
        """Somebody with a badge.

        Raises:
            TooLongForACode
        """
        return Presentation(text, self._rng)

    def empty_jpeg(self, seconds: float) -> bytes:
        """The empty hall in the light of that moment."""
        self._count += 1
        key = (_daylight(seconds), self._count % _NOISES)
        if key not in self._empty:
            self._empty[key] = self._encoded(self._hall, *key)
        return self._empty[key]

    def badge_jpeg(self, presentation: Presentation, shown_for_s: float, seconds: float) -> bytes:
        """The hall with a badge that came into view so many seconds ago."""
        self._count += 1
        picture = self._hall.copy()
        presentation.draw_on(picture, shown_for_s)
        return self._encoded(picture, _daylight(seconds), self._count % _NOISES)

    def _encoded(self, picture: Pixels, daylight: int, noise: int) -> bytes:
        noisy = cv2.add(picture, self._noises[noise], dtype=cv2.CV_8U)
        lit = cv2.convertScaleAbs(noisy, beta=daylight)
        _, data = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return data.tobytes()


def still_frames(texts: list[str], seed: int) -> Iterator[tuple[str, Pixels]]:
    """Each text with a grey frame in which its badge is held up: the frames of the benchmark without photographs."""
    scene = Scene(seed)
    for text in texts:
        jpeg = scene.badge_jpeg(scene.presentation(text), 0.0, 0.0)
        yield text, gray_of(jpeg)


def _daylight(seconds: float) -> int:
    """The light's slow change, in grey levels: clouds pass in about two minutes."""
    return round(6 * sin(2 * pi * seconds / 120))


def _corners(pose: Pose, aspect: float) -> npt.NDArray[np.float64]:
    """Where the card's corners are in the frame, in pixels: turned in space, then seen through a lens."""
    half_height, half_width = pose.height / 2, pose.height * aspect / 2
    flat = np.array(
        [(-half_width, -half_height), (half_width, -half_height), (half_width, half_height), (-half_width, half_height)]
    )
    roll = np.array([(cos(pose.roll), -sin(pose.roll)), (sin(pose.roll), cos(pose.roll))])
    x, y = roll @ flat.T
    depth = 2.0 + x * sin(pose.yaw) + y * sin(pose.pitch)
    across = 2.0 * x * cos(pose.yaw) / depth + pose.x
    down = 2.0 * y * cos(pose.pitch) / depth + pose.y
    return np.column_stack((across * HEIGHT + WIDTH / 2, down * HEIGHT + HEIGHT / 2))


def _near_its_size(card: Pixels, pose: Pose) -> Pixels:
    """The card near its size in the frame: warping a much larger one would skip pixels and give edges no lens gives."""
    height, width = card.shape[:2]
    factor = min(1.0, 1.5 * pose.height * HEIGHT / height)
    return _pixels(cv2.resize(card, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA))


def _box(picture: Pixels, part: tuple[float, float, float, float], colour: tuple[int, int, int]) -> None:
    height, width = picture.shape[:2]
    left, top, right, bottom = part
    picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = colour


def _pixels(picture: npt.ArrayLike) -> Pixels:
    return np.asarray(picture, dtype=np.uint8)
