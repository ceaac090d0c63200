"""A4 sheets of numbered visitors' cards: a number large enough to be called out, the room, the code, and to hand it in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk.services.badge_cards import BAND_MM, CARD_MM, GREY, NAVY, CardPen, Printed, card_pages
from kiosk.services.badge_lettering import FONT_FOLDERS

HAND_IN = ("Mohon serahkan saat keluar", "Please hand in when leaving")
"""On every card, for everybody: a card in a box has no language to choose."""

_MARGIN_MM = 3.0
_WIDTH = CARD_MM[0] - 2 * _MARGIN_MM
_NUMBER_MM, _ROOM_MM, _LINE_MM = 10.5, 6.2, 3.3


@dataclass(frozen=True, slots=True)
class PassFace:
    """What one card shows: "A 07", the room's name, and the text of its code."""

    number: str
    room: str
    code: str


def number_words(letter: str, number: int) -> str:
    """ "A 07": how a card's number is printed, said and shown. Without a letter it is the number alone."""
    return f"{letter} {number:02d}".strip()


def pass_sheets(faces: Iterable[PassFace], office: str, made_at: datetime, fonts: Sequence[Path] = FONT_FOLDERS) -> Printed:
    """A4 pages of cards with crop marks, to be printed at 100 %."""
    return _PassPen(card_pages(f"{office}: kartu pengunjung", made_at), office, fonts).sheets(faces)


class _PassPen(CardPen[PassFace]):
    def _face(self, face: PassFace, x: float, y: float) -> None:
        self._pdf.set_text_color(*NAVY)
        top = y + BAND_MM + 0.9
        self._line(face.number, x, top, _NUMBER_MM, style="B", max_pt=24)
        self._line(face.room, x, top + _NUMBER_MM, _ROOM_MM, style="B", max_pt=10)
        below = top + _NUMBER_MM + _ROOM_MM + 0.4
        self._line(HAND_IN[0], x, below, _LINE_MM, style="", max_pt=7.5)
        self._pdf.set_text_color(*GREY)
        self._line(HAND_IN[1], x, below + _LINE_MM - 0.3, _LINE_MM, style="", max_pt=6.5)
        self._code(face.code, x, y)

    def _line(self, text: str, x: float, y: float, height: float, *, style: str, max_pt: float) -> None:
        """Words in the middle of a box as wide as the card, as large as fits."""
        fitted = self._fit(text, _WIDTH, height, style=style, max_pt=max_pt, min_pt=5)
        above = max(0.0, (height - self._height(fitted)) / 2)
        self._letters.draw(fitted, x + _MARGIN_MM, y + above, _WIDTH, style=style, centred=True)
