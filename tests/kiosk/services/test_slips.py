"""What visitors read on their slips, in the words of the catalogs, and that it fits narrow paper."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drivers.printers.base import Slip
from drivers.printers.escpos_printer import Paper, slip_bytes
from drivers.virtual.escpos_reader import Sheet, commands
from kiosk.core.passes import CodeKind, pass_code
from kiosk.services.slips import FileReceived, NumberGiven, PassGiven, drop_off_receipt, visit_pass, waiting_number
from kiosk.web.slip_words import CatalogWords, both_languages

NOW = datetime(2020, 6, 10, 0, 12, tzinfo=UTC)
ID, EN = both_languages("Asia/Jakarta")
CODE = pass_code(CodeKind.SINGLE, bytes(16))

NUMBER = NumberGiven("A 017", "Ruang Baca", ahead=4, taken_at=NOW, clock_trusted=True)
PASS = PassGiven(CODE, "A 017", "Ruang Baca", since=NOW, clock_trusted=True)
FILE = FileReceived("B-K7PX-0031", "Pengujian kendaraan", NOW, clock_trusted=True, unit="Dinas Perhubungan")


def on_paper(slip: Slip, paper: Paper) -> tuple[str, tuple[str, ...]]:
    """What a printer makes of it: the lines, and what its codes say."""
    sheet = Sheet()
    for command in commands(bytearray(slip_bytes(slip, paper))):
        sheet.carry_out(command)
    piece = sheet.torn_off()
    return piece.text, piece.qr


def test_a_waiting_number() -> None:
    """The number, the room, how many come before, when it was taken, and what to do."""
    assert waiting_number(NUMBER, [ID]) == Slip(
        "Nomor antrean Anda",
        "A 017",
        ("Ruang Baca", "Di depan Anda: 4 orang", "10 Juni 2020 07.12 WIB"),
        footer="Silakan tunggu. Nomor Anda dipanggil di layar dan dengan suara.",
    )


@pytest.mark.parametrize(
    ("ahead", "wait", "lines"),
    [
        (0, None, ("Anda giliran berikutnya",)),
        (2, (10, 25), ("Di depan Anda: 2 orang", "Perkiraan menunggu: 10–25 menit")),
        (2, (10, 10), ("Di depan Anda: 2 orang", "Perkiraan menunggu: 10 menit")),
    ],
)
def test_how_long_it_may_take(ahead: int, wait: tuple[int, int] | None, lines: tuple[str, ...]) -> None:
    """A guess is a range and is left out where there is none; who is next reads so."""
    slip = waiting_number(replace(NUMBER, ahead=ahead, wait_min=wait), [ID])
    assert slip.lines[1:-1] == lines


def test_a_visit_pass() -> None:
    """The code that ends the visit, and until when where a stay has a limit."""
    assert visit_pass(PASS, [ID]) == Slip(
        "Tanda kunjungan", "A 017", ("Ruang Baca", "Masuk: 10 Juni 2020 07.12 WIB"), CODE, "Tunjukkan kode ini saat keluar."
    )
    group = visit_pass(replace(PASS, people=3, max_minutes=60), [ID])
    assert group.lines[1:] == ("Rombongan: 3 orang", "Masuk: 10 Juni 2020 07.12 WIB", "Sampai pukul: 08.12 WIB")


def test_a_receipt_for_a_file() -> None:
    """The receipt number, the service, its unit and the time."""
    assert drop_off_receipt(FILE, [ID]) == Slip(
        "Tanda terima berkas",
        "B-K7PX-0031",
        ("Pengujian kendaraan", "Dinas Perhubungan", "10 Juni 2020 07.12 WIB"),
        footer="Simpan slip ini. Serahkan berkas bersama nomor ini kepada petugas.",
    )
    assert drop_off_receipt(replace(FILE, unit=""), [ID]).lines == ("Pengujian kendaraan", "10 Juni 2020 07.12 WIB")


def test_a_clock_that_was_never_set() -> None:
    """No slip shows a time that nobody believes; a stay's limit is then a length."""
    unsure = replace(PASS, clock_trusted=False, max_minutes=60)
    slips = [
        waiting_number(replace(NUMBER, clock_trusted=False), [ID]),
        visit_pass(unsure, [ID]),
        drop_off_receipt(replace(FILE, clock_trusted=False), [ID]),
    ]
    assert not any(re.search(r"\d\d\.\d\d", line) for slip in slips for line in slip.lines)
    assert all(any("waktu belum pasti" in line for line in slip.lines) for slip in slips)
    assert "Paling lama: 60 menit" in slips[1].lines


@pytest.mark.parametrize(
    "slip",
    [
        waiting_number(replace(NUMBER, wait_min=(10, 25)), (ID, EN)),
        visit_pass(replace(PASS, people=3, max_minutes=60), (ID, EN)),
        drop_off_receipt(FILE, (ID, EN)),
    ],
    ids=["number", "pass", "receipt"],
)
def test_both_languages_on_one_paper(slip: Slip) -> None:
    """Indonesian comes first; what is the same in both stands once; no word is missing from the catalogs; the number is whole."""
    both = " ".join((slip.title, *slip.lines, slip.footer))
    assert not re.search(r"slip\.[a-z]", both)
    assert len(set(slip.lines)) == len(slip.lines)
    assert slip.title.count("\n") == slip.footer.count("\n") == 1
    assert both.count("07.12 WIB") in (1, 2)
    for paper in (Paper(32), Paper(48, native_qr=False)):
        text, codes = on_paper(slip, paper)
        assert max(map(len, text.splitlines())) <= paper.columns
        assert slip.number in text.splitlines()
        assert codes == ((slip.qr,) if slip.qr else ())


def test_one_language_twice() -> None:
    """What two languages say alike is printed once."""
    assert visit_pass(PASS, (ID, ID)) == visit_pass(PASS, (ID,))


def test_a_room_with_a_long_name() -> None:
    """A long name is broken between words and read whole."""
    name = "Ruang Baca dan Layanan Referensi Deposit Lantai Tiga Sayap Timur"
    text, _ = on_paper(waiting_number(replace(NUMBER, room=name), [ID]), Paper(32))
    assert name in " ".join(text.split())


@pytest.mark.parametrize(
    ("zone", "clock"), [("Asia/Jakarta", "07.12 WIB"), ("Asia/Makassar", "08.12 WITA"), ("Asia/Jayapura", "09.12 WIT")]
)
def test_the_doors_own_time(zone: str, clock: str) -> None:
    """Times on paper are the door's, with the word of its zone."""
    assert CatalogWords("id", zone).moment(NOW, trusted=True) == f"10 Juni 2020 {clock}"
    assert CatalogWords("en", zone).moment(NOW, trusted=True) == f"10 June 2020 {clock}"
