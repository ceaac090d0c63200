import csv
import io
import re
import zlib
from datetime import UTC, datetime

import pytest

from kiosk.services.paper import Column, Listing, as_csv, as_pdf

MADE = datetime(2020, 6, 10, tzinfo=UTC)


def listing(*rows: tuple[str, ...], notes: tuple[str, ...] = ()) -> Listing:
    columns = (Column("Nama", 3), Column("Masuk", 1))
    return Listing("Daftar", ("Pintu",), columns, rows, "Pintu Utama", "Halaman {page} dari {pages}", notes)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_pages():
    """A list goes on over as many pages as it needs, and an empty one is one page."""
    assert pages(as_pdf(listing(), MADE)) == 1
    assert pages(as_pdf(listing(*[(f"Orang {n}", "07.12 WIB") for n in range(100)]), MADE)) == 3


@pytest.mark.parametrize("words", ["محمد عبد الرحمن", "🦊 Ayu", "dua\nbaris", "x" * 500, "Raden Ajeng " * 20, ""])
def test_any_words_can_be_printed(words: str):
    """Arabic, pictures, line breaks, endless words and nothing at all make a page."""
    assert as_pdf(listing((words, "07.12 WIB"), (words,), notes=(words,)), MADE).startswith(b"%PDF-")


def test_long_notes_take_another_page():
    """Notes below a table do not run out of the paper."""
    assert pages(as_pdf(listing(("a", "b"), notes=("catatan " * 400,) * 4), MADE)) > 1


def test_every_page_is_set_in_a_font():
    """Each page chooses its own font before its first letter: without that a reader shows other letters."""
    pdf = as_pdf(listing(*[(("Orang", "محمد")[n % 2], "07.12 WIB ☐") for n in range(100)]), MADE)
    streams = [zlib.decompress(each) for each in re.findall(rb"stream\r?\n(x\x9c.*?)\r?\nendstream", pdf, re.DOTALL)]
    drawn = [each for each in streams if b" Td" in each]
    assert len(drawn) == 3
    assert all(each.index(b" Tf") < each.index(b"Tj") for each in drawn)


def test_csv_reads_back():
    """A spreadsheet gets the headings and the rows as they are, but no formula."""
    text = as_csv(listing(('Siti "Ayu", S.Sos.', "07.12 WIB"), ("=1+1", "@x"), ("Budi;=1", "\t=1"))).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["Nama", "Masuk"],
        ['Siti "Ayu", S.Sos.', "07.12 WIB"],
        ["'=1+1", "'@x"],
        ["Budi;'=1", "\t'=1"],
    ]
