"""Badges are read by the decoder the door uses: from the PNG, and from the printed sheet."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from fpdf import FPDF
from PIL import Image

from kiosk.core.badges import badge_code
from kiosk.services.badge_cards import CARD_MM, CODE_MM, PAGE_MM, Card, cover, encode, initials, places, png, sheets, svg
from kiosk.services.badge_lettering import FONT_FOLDERS, Lettering, joined

CODE = badge_code(bytes(range(16)))
MADE_AT = datetime(2020, 6, 10, tzinfo=UTC)
DPI = 150


@pytest.fixture
def letters() -> Iterator[Lettering]:
    pdf = FPDF()
    pdf.add_page()
    yield Lettering(pdf, FONT_FOLDERS)
    pdf.output()  # closes the font files


def read(picture: np.ndarray) -> list:
    return zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCodeModel2, try_rotate=False, try_invert=False)


def photo(size=(480, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG")
    return out.getvalue()


def pages(pdf: bytes, folder: Path) -> list[np.ndarray]:
    """The PDF as a printer would see it, one grey picture a page."""
    if shutil.which("pdftoppm") is None:
        pytest.fail("this test looks at printed pages; run: apt-get install poppler-utils")
    (folder / "sheet.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-gray", "-r", str(DPI), "sheet.pdf", "page"], cwd=folder, check=True, capture_output=True)
    rendered = []
    for path in sorted(folder.glob("page*.pgm")):
        with Image.open(path) as picture:
            rendered.append(np.asarray(picture))
    return rendered


@pytest.mark.parametrize(
    ("text", "version", "level"),
    [(CODE, 2, "Q"), ("A" * 20, 1, "M"), ("A" * 10, 1, "H"), ("A" * 47, 2, "L"), ("A" * 61, 3, "M")],
)
def test_smallest_version_then_strongest_correction(text, version, level):
    """The code never grows for the sake of correction, and takes all the correction that its size has room for."""
    assert (encode(text).version, encode(text).level) == (version, level)


def test_the_png_is_read():
    """The PNG gives the code back, black on white with the quiet zone around it."""
    with Image.open(io.BytesIO(png(CODE))) as picture:
        assert picture.size == (33 * 20, 33 * 20)
        pixels = np.asarray(picture.convert("L"))
    assert pixels[: 4 * 20].min() == 255
    assert [found.text for found in read(pixels)] == [CODE]


def test_the_svg_is_the_same_picture_and_nothing_else():
    """The SVG draws the same modules, and holds no script and no address but its own name space."""
    drawn = np.ones((33, 33), dtype=np.uint8) * 255
    text = svg(CODE)
    for run in text.split('<path d="M')[1].split('"')[0].split("M"):
        where, rest = run.split("h", 1)
        x, y = map(int, where.split(","))
        drawn[y, x : x + int(rest.split("v")[0])] = 0
    assert [found.text for found in read(np.kron(drawn, np.ones((8, 8), dtype=np.uint8)))] == [CODE]
    assert text.count("://") == text.count("http://www.w3.org/2000/svg") == 1
    assert "<script" not in text
    assert "href" not in text


def test_a_printed_sheet_is_read_back(tmp_path):
    """Every code on the paper is read, stands on its own card at 40 mm, and nothing is printed outside the page's margin."""
    names = ["Siti Rahmawati, S.E.", "محمد بن عبد الله", "Wolfeschlegelsteinhausenbergerdorff" * 3, "Dr. " * 30, "Đặng Ánh", ""]
    codes = [badge_code(bytes([n] * 16)) for n in range(11)]
    cards = [Card(names[n % 6], "Bagian " * n, code, photo() if n % 2 else None) for n, code in enumerate(codes)]
    printed = sheets(cards, "Pemerintah Kabupaten " * 3, MADE_AT)
    assert printed.lacking == ()
    drawn = pages(printed.pdf, tmp_path)
    assert [len(read(page)) for page in drawn] == [9, 2]
    px = DPI / 25.4
    for first, page in zip((0, 9), drawn, strict=True):
        assert page.shape == pytest.approx((PAGE_MM[1] * px, PAGE_MM[0] * px), abs=2)
        margin = int(8 * px)
        assert all(edge.min() == 255 for edge in (page[:margin], page[-margin:], page[:, :margin], page[:, -margin:]))
        for found in read(page):
            x, y = places()[codes.index(found.text) - first]
            at = found.position
            assert x * px < at.top_left.x < at.top_right.x < (x + CARD_MM[0]) * px
            assert y * px < at.top_left.y < at.bottom_left.y < (y + CARD_MM[1]) * px
            assert at.top_right.x - at.top_left.x == pytest.approx(CODE_MM * px, abs=3)


def test_cards_lie_inside_the_page_and_apart():
    """Nine cards to a page, none over the edge, none over another."""
    spots = places()
    assert len(spots) == 9
    for x, y in spots:
        assert 5 <= x <= PAGE_MM[0] - CARD_MM[0] - 5
        assert 5 <= y <= PAGE_MM[1] - CARD_MM[1] - 5
    assert all(abs(a[0] - b[0]) > CARD_MM[0] or abs(a[1] - b[1]) > CARD_MM[1] for a in spots for b in spots if a != b)


def test_words_never_touch_the_code(tmp_path):
    """However long name and unit are, the quiet zone around the code stays white."""
    (page,) = pages(sheets([Card("Kusumadiningrat " * 12, "Sekretariat " * 16, CODE)], "Kantor " * 28, MADE_AT).pdf, tmp_path)
    x, y = places()[0]
    px = DPI / 25.4
    above = page[int((y + 33.0) * px) : int((y + 39.0) * px), int(x * px) : int((x + CARD_MM[0]) * px)]
    right = page[int((y + 12.0) * px) : int((y + 33.0) * px), int((x + 50.8) * px) : int((x + CARD_MM[0]) * px)]
    assert above.min() == right.min() == 255


def test_letters_that_cannot_be_printed_are_named():
    """A script without a way to be printed is said, with what to do; the rest of the name is printed."""
    printed = sheets([Card("ꦧꦸꦢꦶ Santoso", "Ketut 🌺", CODE)], "Kantor", MADE_AT)
    assert "write it in Latin letters" in printed.lacking[0]
    assert "leave them out" in printed.lacking[1]


def test_without_any_font_western_names_are_printed(tmp_path):
    """A machine without fonts still prints Indonesian names, and says which package the others need."""
    printed = sheets([Card("Siti Rahmawati", "Bagian Umum", CODE), Card("محمد", "", CODE)], "Kantor", MADE_AT, [tmp_path])
    assert printed.lacking == ("'محمد' is printed without 'ﻣﺤﻤﺪ': install the package fonts-noto-core",)


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("محمد", "\ufee3\ufea4\ufee4\ufeaa"),
        ("سلام", "\ufeb3\ufefc\ufee1"),
        ("دار", "\ufea9\ufe8d\ufead"),
        ("Ani", "Ani"),
        ("بـ", "\ufe91ـ"),
    ],
)
def test_arabic_letters_join(word, forms):
    """Letters take the form their neighbours ask for; lam-alef is one; letters that do not join forward break the line."""
    assert joined(word) == forms


def test_right_to_left_words_are_put_in_visual_order(letters):
    """Arabic runs from the right, also inside a Latin name, whose brackets stay around it; such names are set to the right."""
    arabic = letters.fit(letters.prepare("محمد")[0], 27, 13, max_pt=11, min_pt=5)
    mixed = letters.fit(letters.prepare("Ahmad (أحمد) F.")[0], 60, 13, max_pt=11, min_pt=5)
    assert (arabic.lines, arabic.right_to_left) == ((joined("محمد")[::-1],), True)
    assert (mixed.lines, mixed.right_to_left) == ((f"Ahmad ({joined('أحمد')[::-1]}) F.",), False)


def test_lines_fit_their_box(letters):
    """A long text becomes smaller before it is wrapped tighter, and is cut with an ellipsis only when nothing else is left."""
    for text in ("Ani", "Muhammad Nur Rahmansyah " * 3, "x" * 300, "محمد " * 30):
        fitted = letters.fit(letters.prepare(text)[0], 27, 13, style="B", max_pt=11, min_pt=5)
        assert len(fitted.lines) * fitted.size_pt * 25.4 / 72 * 1.2 <= 13
        assert all(letters.width_mm(line, "B", fitted.size_pt) <= 27 for line in fitted.lines)
    assert letters.fit("Ani", 27, 13, max_pt=11, min_pt=5).size_pt == 11


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Dr. Siti Rahma Dewi, S.E.", "SD"),
        ("Budi", "B"),
        ("", ""),
        ("H. M.", ""),
        ("...", ""),
        ("Nur 'Aini", "NA"),
        (", S.E.", ""),
    ],
)
def test_initials(name, letters):
    """Where a photo is missing, first and last name stand for it, without titles; a name without letters gives none."""
    assert initials(name) == letters


@pytest.mark.parametrize("size", [(480, 600), (600, 400), (10, 600), (1, 1)])
def test_photos_of_any_shape_fill_their_frame(size):
    """A wide or tall photo is cut to the frame, never stretched."""
    with Image.open(io.BytesIO(cover(photo(size), 0.8))) as picture:
        assert picture.width <= size[0]
        assert picture.width / picture.height == pytest.approx(0.8, rel=0.3)
