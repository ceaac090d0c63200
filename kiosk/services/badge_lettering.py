"""Words on a badge: fonts found on this machine, letters joined and ordered for print, lines fitted into a box.

The PDF library sets one letter after another. Arabic is therefore joined here, with Unicode's presentation forms, and lines are
put into visual order; scripts that need more than that are reported, not printed wrong.
"""

import functools
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.fonts import TTFFont

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
LEADING = 1.2
_MM_PER_PT = 25.4 / 72
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_CJK = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "HALFWIDTH"})
_SETTABLE = _CJK | {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "ARMENIAN", "GEORGIAN", "ETHIOPIC", "COMBINING", "MODIFIER"}


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines in visual order at the size, in points, at which they fit."""

    size_pt: float
    lines: tuple[str, ...]
    right_to_left: bool = False


@functools.cache
def _forms() -> dict[tuple[str, str], str]:
    """Presentation forms: (what is joined, "isolated" or "initial" or "medial" or "final") -> character."""
    forms: dict[tuple[str, str], str] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        kind, _, rest = unicodedata.decomposition(chr(code)).partition(" ")
        letters = "".join(chr(int(each, 16)) for each in rest.split())
        # Of the ligatures only lam-alef is one that every reader expects.
        if (
            kind.startswith("<")
            and letters
            and (len(letters) == 1 or (len(letters) == 2 and letters[0] == "ل" and letters[1] in "اأإآ"))
        ):
            forms.setdefault((letters, kind.strip("<>")), chr(code))
    return forms


def joined(text: str) -> str:
    """`text` with Arabic letters in the form that their neighbours ask for; everything else as it is, joiners left out."""
    units = _units(text)
    out = []
    for n, unit in enumerate(units):
        before = n > 0 and _joins(units[n - 1], "initial") and _joins(unit, "final")
        after = n + 1 < len(units) and _joins(unit, "initial") and _joins(units[n + 1], "final")
        out.append(_forms().get((unit, _form(before=before, after=after)), unit))
    return "".join(out).replace(_NON_JOINER, "").replace(_JOINER, "")


def _units(text: str) -> list[str]:
    """Characters, lam-alef taken together; vowel marks, which stand over joined letters, are left out as on every card."""
    plain = "".join(
        char for char in text if not (unicodedata.bidirectional(char) == "NSM" and "ARABIC" in unicodedata.name(char, ""))
    )
    units: list[str] = []
    for char in plain:
        if units and (units[-1] + char, "isolated") in _forms():
            units[-1] += char
        else:
            units.append(char)
    return units


def _joins(unit: str, form: str) -> bool:
    return unit in (_JOINER, "ـ") or (unit, form) in _forms()


def _form(*, before: bool, after: bool) -> str:
    if before:
        return "medial" if after else "final"
    return "initial" if after else "isolated"


def _visual(line: str) -> str:
    return line if line.isascii() else str(BidiParagraph(line).get_reordered_string())


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0]


class Lettering:
    """Fonts for one PDF, found in `folders`: Noto Sans, else DejaVu Sans, else the PDF's own Helvetica (Western letters)."""

    def __init__(self, pdf: FPDF, folders: Iterable[Path] = FONT_FOLDERS) -> None:
        self._pdf = pdf
        pdf.c_margin = 0
        self._files = {path.name: path for folder in folders for path in sorted(folder.rglob("*.tt[fc]"))}
        self._added: dict[str, frozenset[int]] = {}
        base = next((name for name in ("NotoSans", "DejaVuSans") if self._add(name)), None)
        self._family = base or "helvetica"
        self._reach = self._added[base] if base else frozenset(range(0x20, 0x7F)) | frozenset(range(0xA0, 0x100))

    def _add(self, name: str) -> bool:
        """Make a font usable in both weights; False if this machine does not have it."""
        if name in self._added:
            return True
        suffix = "ttc" if name.endswith("CJK") else "ttf"
        regular = self._files.get(f"{name}-Regular.{suffix}") or self._files.get(f"{name}.{suffix}")
        if regular is None:
            return False
        self._pdf.add_font(name, "", regular)
        self._pdf.add_font(name, "B", self._files.get(f"{name}-Bold.{suffix}", regular))
        font = self._pdf.fonts[name.lower()]
        self._added[name] = frozenset(font.cmap) if isinstance(font, TTFFont) else frozenset()
        return True

    def prepare(self, text: str) -> tuple[str, str]:
        """The text to fit and draw, with every letter that can be printed, and the letters that cannot."""
        able: list[str] = []
        unable: list[str] = []
        for char in joined(unicodedata.normalize("NFC", text)):
            (able if self._can_print(char) else unable).append(char)
        self._pdf.set_fallback_fonts([name for name in self._added if name != self._family], exact_match=False)
        return " ".join("".join(able).split()), "".join(dict.fromkeys(unable))

    def _can_print(self, char: str) -> bool:
        if ord(char) in self._reach:
            return True
        script = _script(char)
        if self._family == "helvetica" or (unicodedata.category(char)[0] in "LM" and script not in _SETTABLE):
            return False
        names = (
            ("NotoSansCJK",)
            if script in _CJK
            else (f"NotoSans{script.title()}", "NotoSansSymbols2", "NotoSansSymbols", "DejaVuSans")
        )
        return any(self._add(name) and ord(char) in self._added[name] for name in names)

    def advice(self, letters: str) -> str:
        """What to do about letters that `prepare` could not place."""
        if any(unicodedata.category(char)[0] == "L" and _script(char) not in _SETTABLE for char in letters):
            return "this program cannot set that script; write it in Latin letters"
        if any(_script(char) in _CJK for char in letters):
            return "install the package fonts-noto-cjk"
        if all(unicodedata.category(char)[0] in "SC" or 0xFE00 <= ord(char) <= 0xFE0F for char in letters):
            return "pictures cannot be printed as letters; leave them out of the list"
        return "install the package fonts-noto-core"

    def width_mm(self, line: str, style: str, size_pt: float) -> float:
        """How wide a line in visual order is."""
        self._pdf.set_font(self._family, style, size_pt)
        return self._pdf.get_string_width(line)

    def fit(self, text: str, width_mm: float, height_mm: float, *, style: str = "", max_pt: float, min_pt: float) -> Fitted:
        """Prepared text in the largest size at which it stays inside the box; cut with an ellipsis if none is small enough."""
        size = max_pt
        while True:
            room = int(height_mm / (size * _MM_PER_PT * LEADING))
            lines = self._wrapped(text, width_mm, style, size, split_words=size <= min_pt)
            fits = len(lines) <= room and all(self.width_mm(_visual(line), style, size) <= width_mm for line in lines)
            if fits or size <= min_pt:
                break
            size = max(min_pt, size - 0.5)
        right_to_left = any(unicodedata.bidirectional(char) in ("R", "AL") for char in text[:1])
        return Fitted(size, tuple(_visual(line) for line in self._cut(lines, room, width_mm, style, size)), right_to_left)

    def _wrapped(self, text: str, width_mm: float, style: str, size: float, *, split_words: bool) -> list[str]:
        lines = [""]
        for word in text.split():
            for part in self._parts(word, width_mm, style, size) if split_words else [word]:
                longer = f"{lines[-1]} {part}".strip()
                if not lines[-1] or self.width_mm(_visual(longer), style, size) <= width_mm:
                    lines[-1] = longer
                else:
                    lines.append(part)
        return lines

    def _parts(self, word: str, width_mm: float, style: str, size: float) -> list[str]:
        parts = [""]
        for char in word:
            if parts[-1] and self.width_mm(_visual(parts[-1] + char), style, size) > width_mm:
                parts.append(char)
            else:
                parts[-1] += char
        return parts

    def _cut(self, lines: list[str], room: int, width_mm: float, style: str, size: float) -> list[str]:
        if len(lines) <= room:
            return lines
        last = lines[room - 1]
        dots = "…" if ord("…") in self._reach else "..."
        while last and self.width_mm(_visual(last + dots), style, size) > width_mm:
            last = last[:-1]
        return [*lines[: room - 1], last.rstrip() + dots]

    def draw(self, fitted: Fitted, x_mm: float, y_mm: float, width_mm: float, *, style: str = "", centred: bool = False) -> float:
        """Set the lines from the top at `y_mm` in the current text colour; gives the bottom."""
        line_mm = fitted.size_pt * _MM_PER_PT * LEADING
        for n, line in enumerate(fitted.lines):
            spare = width_mm - self.width_mm(line, style, fitted.size_pt)
            indent = spare / 2 if centred else spare if fitted.right_to_left else 0.0
            self._pdf.set_xy(x_mm + indent, y_mm + n * line_mm)
            self._pdf.cell(width_mm, line_mm, line)
        return y_mm + len(fitted.lines) * line_mm
