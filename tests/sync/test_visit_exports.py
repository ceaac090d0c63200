"""Files of visits: nobody is named unasked, nothing is a formula, dates are dates, and SLiMS gets its columns."""

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import pytest

from sync.visit_exports import SLIMS_COLUMNS, Form, RoomCodesClash, as_csv, as_slims, as_xlsx, room_codes
from tests.sync.visit_scenes import ZONE, entered, figures, left, morning, named

FORM, NAMED = Form(ZONE), Form(ZONE, names=True)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_csv_has_a_row_for_every_visit_and_no_names():
    """Each visit of a visitor stands there once, with what is known of its end; guesses have no length, odd times no day."""
    found = rows(as_csv(figures(*morning()), FORM))
    assert len(found) == 6
    first, swept, unsure = found[0], found[3], found[-1]
    assert (first["entered_at"], first["left_at"], first["minutes"]) == ("2020-06-10 08:05:00", "2020-06-10 09:05:00", "60.0")
    assert (swept["end_known_by"], swept["minutes"], swept["over_limit"]) == ("swept", "", "yes")
    assert (unsure["clock"], unsure["day"], unsure["entered_at"], unsure["left_at"]) == ("unsure", "", "", "")
    assert (found[2]["waited_minutes"], found[1]["people"], found[1]["priority"]) == ("30.0", "4", "yes")
    assert "name" not in first
    assert b"SUM" not in as_csv(figures(*morning()), FORM)


def test_who_it_was_stands_beside_each_visit():
    """Said at the entry or when a number was taken: name, purpose, institution and number are those of that visit."""
    found = [
        tuple(each[column] for column in ("number", "name", "purpose", "institution"))
        for each in rows(as_csv(figures(*morning()), NAMED))
    ]
    assert found[0] == ("", "'=SUM(A1)", "Membaca", "SMA 1")
    assert found[2] == ("A 001", "Dian", "", "SMP 2")
    assert {each for index, each in enumerate(found) if index not in (0, 2)} == {("", "", "", "")}


NAMES = ["=SUM(A1)", "+62", "-1", "@cmd", "\t=1", "\r=1", "Budi;=cmd|' /C calc'!A0", 'Budi; "=1"', "Ani\n+1", "a,-1", "a;\t@b"]


@pytest.mark.parametrize("parted_by", [",", ";", "\t"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("write", [as_csv, as_slims])
def test_no_cell_is_a_formula(name, write, parted_by):
    """Nothing that visitors typed is calculated, be cells parted by commas or, as in an Indonesian Excel, by semicolons."""
    body = write(figures(entered("v", "09:00"), named("09:00", visit_id="v", name=name)), NAMED).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(body, newline=""), delimiter=parted_by) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_our_own_numbers_stay_numbers():
    """A number of ours is no text that is kept from being a formula, not even below nought."""
    found = figures(entered("v", "09:00"))
    odd = replace(found, visits=(replace(found.visits[0], waited_s=-90.0),))
    assert rows(as_csv(odd, FORM))[0]["waited_minutes"] == "-1.5"


def test_slims_gets_one_row_a_person_in_its_own_columns():
    """No member id, an institution always, a short room code, a local time; only the first of a group is named."""
    group = entered("g", "10:00", 2, room_id="referensi"), named("10:00", visit_id="g", name="Ani")
    body = as_slims(figures(*morning(), *group), NAMED)
    assert body.decode("utf-8-sig").splitlines()[0] == ",".join(SLIMS_COLUMNS)
    found = rows(body)
    assert len(found) == 9 + 2
    assert tuple(found[0].values()) == ("", "'=SUM(A1)", "SMA 1", "baca", "2020-06-10 08:05:00")
    assert [tuple(each.values())[:4] for each in found if each["room_code"] == "refer"] == [
        ("", "Ani", "Umum", "refer"),
        ("", "Tamu", "Umum", "refer"),
    ]
    unnamed = rows(as_slims(figures(*morning()), Form(ZONE, institution="Perpustakaan", guest="Pengunjung")))
    assert {(each["member_name"], each["institution"]) for each in unnamed} == {("Pengunjung", "Perpustakaan")}


def test_room_codes_must_differ():
    """Two rooms with one code would be one room in SLiMS: that is said, with both their names."""
    assert room_codes(["baca", "anak-anak", "baca"]) == {"baca": "baca", "anak-anak": "anak-"}
    with pytest.raises(RoomCodesClash, match="'ruang-anak' and 'ruang-baca'"):
        as_slims(figures(entered("v", "09:00", room_id="ruang-baca"), entered("w", "09:00", room_id="ruang-anak")), FORM)


def sheet(book: zipfile.ZipFile, number: int) -> ET.Element:
    return ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))


def test_xlsx_is_a_workbook_with_real_dates():
    """Three sheets with frozen headings and widths; days and times are numbers in a date's format; no formula anywhere."""
    with zipfile.ZipFile(io.BytesIO(as_xlsx(figures(*morning()), NAMED))) as book:
        names = [each.get("name") for each in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
        shared = [each.findtext(f".//{MAIN}t") for each in ET.fromstring(book.read("xl/sharedStrings.xml"))]
        formats = {each.get("formatCode") for each in ET.fromstring(book.read("xl/styles.xml")).iter(f"{MAIN}numFmt")}
        sheets = [sheet(book, number) for number in (1, 2, 3)]
    assert names == ["days", "hours", "visits"]
    assert formats == {"yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.0"}
    assert "=SUM(A1)" in shared
    for each in sheets:
        assert each.find(f".//{MAIN}pane").get("state") == "frozen"
        assert each.findall(f".//{MAIN}col")
        assert not each.findall(f".//{MAIN}f")
    cells = {each.get("r"): each for each in sheets[2].iter(f"{MAIN}c")}
    assert (cells["A2"].get("t"), cells["A2"].findtext(f"{MAIN}v")) == (None, "43992")
    assert float(cells["B2"].findtext(f"{MAIN}v")) == pytest.approx(43992 + (8 * 60 + 5) / 1440)
    assert len(sheets[1].findall(f".//{MAIN}row")) == 25
    assert "D5" not in cells  # the visit that was swept out has no length


def test_every_visit_is_told_to_who_waits():
    """What a progress bar counts is the visits, in each of the forms."""
    ticks: list[int] = []
    found = figures(*morning())
    for write in (as_csv, as_slims, as_xlsx):
        write(found, FORM, lambda: ticks.append(1))
    assert len(ticks) == 3 * len(found.visits)


def test_a_move_is_no_second_check_in():
    """Who moved to another room stands in SLiMS once."""
    from tests.sync.visit_scenes import event

    moved = [
        left("v", "09:30"),
        event("visitor.moved", "09:30", visit_id="w", to_room="anak"),
        entered("w", "09:30", room_id="anak"),
    ]
    assert len(rows(as_slims(figures(entered("v", "09:00"), *moved), FORM))) == 1
