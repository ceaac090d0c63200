"""Badges to look at and to print: the QR code as PNG and SVG, and A4 sheets of cards to cut out.

A card is CR80 upright, 54 x 85.6 mm, its code 40 mm wide with the quiet zone that readers need. A badge shows photo, name, unit
and office, and never the person's number.
"""

import functools
import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import qrcode
from fpdf import FPDF
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q

from kiosk.services.badge_lettering import FONT_FOLDERS, Fitted, Lettering

QUIET_MODULES = 4
CARD_MM = (54.0, 85.6)
CODE_MM = 40.0
PAGE_MM = (210.0, 297.0)
COLUMNS, ROWS, GAP_MM = 3, 3, 6.0

BAND_MM = 9.0
NAVY, GREY = (18, 53, 91), (90, 98, 110)

_BLEED_MM = 1.0
_GOLD, _PALE = (201, 162, 39), (226, 231, 238)
_PHOTO = (5.0, 11.2, 16.8, 21.0)
_WORDS = (23.6, 26.9)
"""Photo: x, y, width, height on the card. Words: x and width. Millimetres."""

_LEVELS = (("H", ERROR_CORRECT_H), ("Q", ERROR_CORRECT_Q), ("M", ERROR_CORRECT_M), ("L", ERROR_CORRECT_L))


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: its version, its level of error correction (L, M, Q, H), and its modules row by row, True for dark."""

    version: int
    level: str
    modules: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What one badge shows. `photo` is a JPEG or None."""

    name: str
    unit: str
    code: str
    photo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF, and a sentence for every text on it that lacks letters."""

    pdf: bytes
    lacking: tuple[str, ...]


Face = TypeVar("Face")


@functools.lru_cache(maxsize=16)
def encode(text: str) -> Code:
    """The smallest QR version for `text`, then the strongest correction that still fits it."""
    smallest = _version(text, ERROR_CORRECT_L)
    level, correction = next((level, each) for level, each in _LEVELS if _version(text, each) == smallest)
    made = qrcode.QRCode(version=smallest, error_correction=correction, border=0)
    made.add_data(text)
    made.make(fit=False)
    return Code(smallest, level, tuple(tuple(bool(cell) for cell in row) for row in made.modules))


def _version(text: str, correction: int) -> int:
    made = qrcode.QRCode(version=None, error_correction=correction)
    made.add_data(text)
    return int(made.best_fit())


def png(text: str, module_px: int = 20) -> bytes:
    """The code with its quiet zone as a black and white PNG."""
    modules = encode(text).modules
    side = len(modules) + 2 * QUIET_MODULES
    picture = Image.new("1", (side, side), 1)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0)
    out = io.BytesIO()
    picture.resize((side * module_px, side * module_px), Image.Resampling.NEAREST).save(out, "PNG", optimize=True)
    return out.getvalue()


def svg(text: str) -> str:
    """The code with its quiet zone as an SVG of two shapes: no script, no font, nothing from elsewhere."""
    modules = encode(text).modules
    side = len(modules) + 2 * QUIET_MODULES
    runs = "".join(f"M{x + QUIET_MODULES},{y + QUIET_MODULES}h{n}v1h-{n}z" for x, y, n in _runs(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0,0h{side}v{side}h-{side}z"/><path d="{runs}"/></svg>\n'
    )


def _runs(modules: Sequence[Sequence[bool]]) -> Iterable[tuple[int, int, int]]:
    """Dark stretches: column, row, length."""
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            n = 0
            while x + n < len(row) and row[x + n]:
                n += 1
            if n:
                yield x, y, n
            x += n or 1


def places() -> list[tuple[float, float]]:
    """The upper left corners of a page's cards, in millimetres."""
    left = (PAGE_MM[0] - COLUMNS * CARD_MM[0] - (COLUMNS - 1) * GAP_MM) / 2
    top = (PAGE_MM[1] - ROWS * CARD_MM[1] - (ROWS - 1) * GAP_MM) / 2
    return [(left + c * (CARD_MM[0] + GAP_MM), top + r * (CARD_MM[1] + GAP_MM)) for r in range(ROWS) for c in range(COLUMNS)]


def sheets(cards: Iterable[Card], office: str, made_at: datetime, fonts: Sequence[Path] = FONT_FOLDERS) -> Printed:
    """A4 pages of badges with crop marks, to be printed at 100 %."""
    return _BadgePen(card_pages(f"{office}: kartu pegawai", made_at), office, fonts).sheets(cards)


def card_pages(title: str, made_at: datetime) -> FPDF:
    """An empty PDF for `CardPen`."""
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_auto_page_break(False)
    pdf.set_title(title)
    pdf.set_creation_date(made_at)
    return pdf


class CardPen(ABC, Generic[Face]):
    """Draws cards onto a PDF of `card_pages`: what all cards of an office have in common. A kind of card adds its `_face`."""

    def __init__(self, pdf: FPDF, office: str, fonts: Sequence[Path]) -> None:
        self._pdf, self._letters = pdf, Lettering(pdf, fonts)
        self._lacking: list[str] = []
        self._office = self._fit(office, CARD_MM[0] - 6, BAND_MM - 2, style="B", max_pt=10, min_pt=5.5)

    def sheets(self, faces: Iterable[Face]) -> Printed:
        """Every card on its place, nine to a page."""
        spots = places()
        for n, face in enumerate(faces):
            if n % len(spots) == 0:
                self._pdf.add_page()
            x, y = spots[n % len(spots)]
            self._crop_marks(x, y)
            self._band(x, y)
            self._face(face, x, y)
        return Printed(bytes(self._pdf.output()), tuple(dict.fromkeys(self._lacking)))

    @abstractmethod
    def _face(self, face: Face, x: float, y: float) -> None:
        """What is on this kind of card under the band, from its upper left corner on."""

    def _fit(self, text: str, width: float, height: float, *, style: str, max_pt: float, min_pt: float) -> Fitted:
        able, unable = self._letters.prepare(text)
        if unable:
            self._lacking.append(f"{text!r} is printed without {unable!r}: {self._letters.advice(unable)}")
        return self._letters.fit(able, width, height, style=style, max_pt=max_pt, min_pt=min_pt)

    def _band(self, x: float, y: float) -> None:
        width = CARD_MM[0] + 2 * _BLEED_MM
        self._pdf.set_fill_color(*NAVY)
        self._pdf.rect(x - _BLEED_MM, y - _BLEED_MM, width, BAND_MM + _BLEED_MM, style="F")
        self._pdf.set_fill_color(*_GOLD)
        self._pdf.rect(x - _BLEED_MM, y + BAND_MM, width, 0.5, style="F")
        self._pdf.set_text_color(255, 255, 255)
        height = self._height(self._office)
        self._letters.draw(self._office, x + 3, y + (BAND_MM - height) / 2, CARD_MM[0] - 6, style="B", centred=True)

    @staticmethod
    def _height(fitted: Fitted) -> float:
        return len(fitted.lines) * fitted.size_pt * 25.4 / 72 * 1.2

    def _code(self, text: str, x: float, y: float) -> None:
        """The QR code in the lower half of the card at `x`, `y`."""
        modules = encode(text).modules
        x += (CARD_MM[0] - CODE_MM) / 2
        size = CODE_MM / len(modules)
        top = y + CARD_MM[1] - CODE_MM - QUIET_MODULES * size
        self._pdf.set_fill_color(0, 0, 0)
        for column, row, n in _runs(modules):
            # A hair of overlap: screens and some printers leave white seams between shapes that only touch.
            self._pdf.rect(x + column * size, top + row * size, n * size, size + 0.02, style="F")

    def _crop_marks(self, x: float, y: float) -> None:
        self._pdf.set_draw_color(120, 120, 120)
        self._pdf.set_line_width(0.1)
        start, end = _BLEED_MM + 0.2, GAP_MM / 2 - 0.2
        for corner_x, away_x in ((x, -1), (x + CARD_MM[0], 1)):
            for corner_y, away_y in ((y, -1), (y + CARD_MM[1], 1)):
                self._pdf.line(corner_x + away_x * start, corner_y, corner_x + away_x * end, corner_y)
                self._pdf.line(corner_x, corner_y + away_y * start, corner_x, corner_y + away_y * end)


class _BadgePen(CardPen[Card]):
    def _face(self, face: Card, x: float, y: float) -> None:
        self._photo(face, x, y)
        self._words(face, x, y)
        self._code(face.code, x, y)

    def _photo(self, card: Card, x: float, y: float) -> None:
        left, top, width, height = _PHOTO
        if card.photo is not None:
            self._pdf.image(io.BytesIO(cover(card.photo, width / height)), x + left, y + top, width, height)
        else:
            self._pdf.set_fill_color(*_PALE)
            self._pdf.rect(x + left, y + top, width, height, style="F")
            self._pdf.set_text_color(*NAVY)
            able, _ = self._letters.prepare(initials(card.name))
            fitted = self._letters.fit(able, width - 2, 10, style="B", max_pt=20, min_pt=8)
            middle = y + top + (height - self._height(fitted)) / 2
            self._letters.draw(fitted, x + left + 1, middle, width - 2, style="B", centred=True)

    def _words(self, card: Card, x: float, y: float) -> None:
        left, width = _WORDS
        name = self._fit(card.name, width, 13.0, style="B", max_pt=11, min_pt=5)
        room = _PHOTO[3] - self._height(name)
        unit = self._fit(card.unit, width, room, style="", max_pt=8, min_pt=4.5)
        self._pdf.set_text_color(*NAVY)
        below = self._letters.draw(name, x + left, y + _PHOTO[1] - 0.6, width, style="B")
        self._pdf.set_text_color(*GREY)
        self._letters.draw(unit, x + left, below + 0.6, width)


def cover(photo: bytes, ratio: float) -> bytes:
    """The JPEG cut to width/height `ratio`: the sides evenly, above and below rather below, where the face is not."""
    with Image.open(io.BytesIO(photo), formats=("JPEG",)) as picture:
        width, height = min(picture.width, round(picture.height * ratio)), min(picture.height, round(picture.width / ratio))
        left, top = (picture.width - width) // 2, (picture.height - height) // 4
        out = io.BytesIO()
        picture.crop((left, top, left + width, top + height)).save(out, "JPEG", quality=90)
        return out.getvalue()


def initials(name: str) -> str:
    """Two letters to stand where a photo is missing, without titles: "Dr. Siti Rahma, S.E." gives "SR"."""
    words = [word for word in name.split(",")[0].split() if not word.endswith(".")]
    letters = ["".join(filter(str.isalpha, word))[:1] for word in words]
    found = [letter for letter in letters if letter]
    return "".join([*found[:1], *found[1:][-1:]]).upper()
