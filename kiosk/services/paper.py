"""Lists on paper and in spreadsheets: one table with a title, as an A4 PDF with numbered pages, or as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF

from kiosk.services.badge_lettering import FONT_FOLDERS, Fitted, Lettering
from sync.cells import guarded

_PAGE_MM = (210.0, 297.0)
_MARGIN_MM = 12.0
_ROW_MM, _PADDING_MM = 6.4, 1.2
_BODY_PT, _SMALLEST_PT = 9.0, 6.0


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and its share of the width."""

    words: str
    share: float


@dataclass(frozen=True, slots=True)
class Listing:
    """What is printed. `lines` stand under the title; a row of one cell is a heading across the table; `notes` stand below it.

    `page_words` is "Halaman {page} dari {pages}", in the language of the reader.
    """

    title: str
    lines: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    footer: str
    page_words: str
    notes: tuple[str, ...] = ()


def as_pdf(listing: Listing, made_at: datetime, fonts: Sequence[Path] = FONT_FOLDERS) -> bytes:
    """The listing on A4 pages, each with the headings, the door and its number."""
    pdf = FPDF(format="A4", unit="mm")
    pdf.set_auto_page_break(False)
    pdf.set_title(listing.title)
    pdf.set_creation_date(made_at)
    pen = _Pen(pdf, Lettering(pdf, fonts), listing)
    pen.write()
    return bytes(pdf.output())


def as_csv(listing: Listing) -> bytes:
    """The rows as CSV in UTF-8, with the headings; nothing in it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.words for column in listing.columns])
    for row in listing.rows:
        writer.writerow(map(guarded, row))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


class _Pen:
    def __init__(self, pdf: FPDF, letters: Lettering, listing: Listing) -> None:
        self._pdf, self._letters, self._listing = pdf, letters, listing
        self._width = _PAGE_MM[0] - 2 * _MARGIN_MM
        shares = sum(column.share for column in listing.columns) or 1.0
        self._widths = [self._width * column.share / shares for column in listing.columns]
        self._fits: dict[tuple[str, float, str], Fitted] = {}
        self._y = 0.0

    def write(self) -> None:
        self._open_page()
        self._heading()
        self._headings()
        for row in self._listing.rows:
            self._row(row)
        for note in self._listing.notes:
            self._paragraph(note)
        self._number()

    def _heading(self) -> None:
        self._text(self._listing.title, self._width, 9.0, style="B", max_pt=16)
        for line in self._listing.lines:
            self._text(line, self._width, 9.0, max_pt=10)
        self._y += 2

    def _headings(self) -> None:
        if any(column.words for column in self._listing.columns):
            self._cells(tuple(column.words for column in self._listing.columns), style="B")

    def _row(self, row: tuple[str, ...]) -> None:
        if self._y + (2 if len(row) == 1 else 1) * _ROW_MM > _PAGE_MM[1] - _MARGIN_MM - 8:
            self._open_page()
            self._headings()
        if len(row) == 1:
            self._y += 1.5
            self._text(row[0], self._width, _ROW_MM, style="B", max_pt=10)
        else:
            self._cells(row)

    def _cells(self, cells: tuple[str, ...], style: str = "") -> None:
        x = _MARGIN_MM
        for words, width in zip(cells, self._widths, strict=True):
            self._cell(words, x, width - _PADDING_MM, style)
            x += width
        self._y += _ROW_MM
        self._pdf.set_draw_color(190, 190, 190)
        self._pdf.line(_MARGIN_MM, self._y, _PAGE_MM[0] - _MARGIN_MM, self._y)

    def _cell(self, words: str, x: float, width: float, style: str) -> None:
        words = " ".join(words.split())
        # Most of a list is short and Western: set at once it takes a tenth of the time that fitting takes.
        if words.isascii() and self._letters.width_mm(words, style, _BODY_PT) <= width:
            self._pdf.current_font_is_set_on_page = False
            self._pdf.text(x, self._y + _ROW_MM * 0.68, words)
            return
        fitted = self._fitted(words, width, style)
        height = len(fitted.lines) * fitted.size_pt * 25.4 / 72 * 1.2
        self._draw(fitted, x, self._y + max(0.0, (_ROW_MM - height) / 2), width, style)

    def _draw(self, fitted: Fitted, x: float, y: float, width: float, style: str = "") -> float:
        # What was set before between pages or in another script may not hold any more, whatever the library remembers.
        self._letters.width_mm("", style, fitted.size_pt)
        self._pdf.current_font_is_set_on_page = False
        return self._letters.draw(fitted, x, y, width, style=style)

    def _fitted(self, words: str, width: float, style: str) -> Fitted:
        """What repeats on many rows is fitted once."""
        key = (words, width, style)
        if key not in self._fits:
            able, _ = self._letters.prepare(words)
            self._fits[key] = self._letters.fit(able, width, _ROW_MM, style=style, max_pt=_BODY_PT, min_pt=_SMALLEST_PT)
        return self._fits[key]

    def _paragraph(self, words: str) -> None:
        for line in words.splitlines() or [""]:
            able, _ = self._letters.prepare(line)
            fitted = self._letters.fit(able, self._width, 60.0, max_pt=10, min_pt=10)
            if self._y + len(fitted.lines) * 4.5 > _PAGE_MM[1] - _MARGIN_MM - 8:
                self._open_page()
            self._y = self._draw(fitted, _MARGIN_MM, self._y + 1, self._width) + 1

    def _text(self, words: str, width: float, height: float, *, max_pt: float, style: str = "") -> None:
        able, _ = self._letters.prepare(words)
        fitted = self._letters.fit(able, width, height, style=style, max_pt=max_pt, min_pt=_SMALLEST_PT)
        self._y = self._draw(fitted, _MARGIN_MM, self._y, width, style) + 0.8

    def _open_page(self) -> None:
        self._pdf.add_page()
        self._pdf.set_text_color(0, 0, 0)
        self._y = _MARGIN_MM

    def _number(self) -> None:
        """Footers come last, when it is known how many pages there are."""
        pages = self._pdf.pages_count
        for page in range(1, pages + 1):
            self._pdf.page = page
            self._y = _PAGE_MM[1] - _MARGIN_MM
            numbered = self._listing.page_words.format(page=page, pages=pages)
            self._text(f"{self._listing.footer}  ·  {numbered}", self._width, 5.0, max_pt=8)
        self._pdf.page = pages
