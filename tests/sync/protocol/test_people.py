"""Lists of people: what offices really send, and what each wrong row is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.people import MAX_ID, PersonRow, Refusal, SheetError, decode, parse

HEADER = "id,name,unit,post,photo\n"


def refusals(text: str) -> list[tuple[int, Refusal]]:
    return [(row.line, row.reason) for row in parse(text).refused]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter, ending):
    """Comma, semicolon and tab are told apart by the header, whatever ends the lines."""
    text = ending.join([delimiter.join(cells) for cells in (["id", "name", "unit"], ["7", "Siti", "Bagian Umum"])])
    assert parse(text).rows == (PersonRow(2, "7", "Siti", "Bagian Umum"),)


def test_indonesian_headers():
    """An export of the HR office is read as it is: NIP with spaces, its own column names, other columns ignored and named."""
    sheet = parse("No;NIP;Nama;Unit Kerja;Jabatan;Foto;Golongan\n1;19860926 201505 1 001;Budi;Setda;Pelaksana;budi.jpg;III/a\n")
    assert sheet.rows == (PersonRow(2, "198609262015051001", "Budi", "Setda", "Pelaksana", "budi.jpg"),)
    assert sheet.ignored == ("No", "Golongan")
    assert sheet.columns == {"id", "name", "unit", "post", "photo"}


def test_a_spreadsheets_separator_line():
    """The `sep=;` line that Excel writes is no header."""
    assert [row.line for row in parse("sep=;\nid;name\n1;Ani\n").rows] == [3]


@pytest.mark.parametrize(
    "name",
    ['Siti "Ti" Rahma', "H. Ma'ruf", "محمد بن عبد الله", "Ketut 🌺", "Ñusantara, S.H., M.H.", "ꦧꦸꦢꦶ", "می‌خواهم", "-"],
)
def test_names_are_kept(name):
    """A name is what the office says it is: quotes, Arabic, emoji, commas."""
    quoted = name.replace('"', '""')
    assert parse(f'{HEADER}1,"{quoted}",,,\n').rows[0].name == name


def test_unicode_is_composed():
    """A letter and its accent, typed apart, become one; so equal names are equal."""
    assert parse(HEADER + "1,Rene\u0301,,,").rows[0].name == "René"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Ani,,,", Refusal.ID_MISSING),
        ("1,   ,,,", Refusal.NAME_MISSING),
        ("1" * (MAX_ID + 1) + ",Ani,,,", Refusal.ID_TOO_LONG),
        ("1\u20282,Ani,,,", Refusal.ID_CHARACTERS),
        ("1\u200b2,Ani,,,", Refusal.ID_CHARACTERS),
        ('"1\n2",Ani,,,', Refusal.ID_CHARACTERS),
        ('"1,98609E+17",Ani,,,', Refusal.ID_ROUNDED),
        ("1,A\x00ni,,,", Refusal.TEXT_CHARACTERS),
        ("1,A\u202eni,,,", Refusal.TEXT_CHARACTERS),
        ('1,Ani,"Bagian\nUmum",,', Refusal.TEXT_CHARACTERS),
        ("1," + "A" * 201 + ",,,", Refusal.TEXT_TOO_LONG),
        ("1,Ani,Umum", Refusal.COLUMNS),
        ("1,Ani,Umum,Staf,,tambahan", Refusal.COLUMNS),
        ('1,"Ani"x,,,', Refusal.QUOTING),
    ],
)
def test_refused_rows(row, reason):
    """Each wrong row is named with its line and reason, and its neighbours are taken."""
    sheet = parse(f"{HEADER}0,Before,,,\n{row}\n9,After,,,\n")
    assert [(r.line, r.reason) for r in sheet.refused] == [(3, reason)]
    assert [person.id for person in sheet.rows] == ["0", "9"]


@pytest.mark.parametrize(
    ("nip", "taken"),
    [
        ("19860926 201505 1 001", "198609262015051001"),
        ("199205082023212001", "199205082023212001"),
        ("199205082023112001", "199205082023112001"),
        ("340012345", "340012345"),
        ("HONORER-12", "HONORER-12"),
        ("198602302015051001", None),
        ("198609262015053001", None),
        ("198609262015051000", None),
        ("19860926201505100", None),
    ],
)
def test_nip(nip, taken):
    """Numbers that a column calls NIP are checked for typing errors; PPPK numbers have no month and pass; old ones pass."""
    sheet = parse(f"nip,nama\n{nip},Ani\n")
    assert [row.id for row in sheet.rows] == ([taken] if taken else [])
    assert parse(f"id,nama\n{nip},Ani\n").rows[0].id == nip


def test_duplicate_ids_name_both_lines():
    """The second row of an id is refused, and the sentence says where the first is."""
    sheet = parse(HEADER + "1,Ani,,,\n2,Budi,,,\n1,Anita,,,\n")
    assert [row.name for row in sheet.rows] == ["Ani", "Budi"]
    (refused,) = sheet.refused
    assert (refused.line, refused.reason) == (4, Refusal.ID_DUPLICATE)
    assert "line 2" in refused.message


def test_an_unclosed_quote_swallows_no_other_row():
    """A quote that is never closed costs its own row only, however many rows follow."""
    sheet = parse(HEADER + '1,"Ani,,,\n' + "".join(f"{n},Orang {n},,,\n" for n in range(2, 300)) + '300,"Z",,,\n')
    assert [(row.line, row.reason) for row in sheet.refused] == [(2, Refusal.QUOTING)]
    assert len(sheet.rows) == 299


def test_blank_rows_are_no_rows():
    """Empty lines and rows of separators, which spreadsheets leave at the end, are passed over; line numbers stay true."""
    assert refusals(HEADER + "\n,,,,\n1,Ani,,,\n,,,,,,,\nx\n") == [(6, Refusal.COLUMNS)]


@pytest.mark.parametrize("text", ["", "\n", "1,Ani,Umum\n", "id;unit\n1;Umum\n", '"id,name\n', "nip,id,name\n1,2,Ani"])
def test_no_usable_header(text):
    """Without a header that gives id and name, once each, the file is refused as a whole."""
    with pytest.raises(SheetError):
        parse(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_so_themselves(encoding):
    """UTF-8 with and without a mark, and UTF-16 with one, need no option."""
    assert parse(decode("id;nama\n1;José\n".encode(encoding))).rows == (PersonRow(2, "1", "José"),)


def test_wrong_encoding_names_the_line_and_the_way_out():
    """Windows' old encoding is not guessed at: the sentence names the line and the option, and with the option it is read."""
    data = "id;nama\n1;Ani\n2;José\n".encode("cp1252")
    with pytest.raises(SheetError, match="--encoding cp1252") as caught:
        decode(data)
    assert caught.value.line == 3
    assert parse(decode(data, "cp1252")).rows[1].name == "José"
    assert parse(decode("id;nama\n2;José\n".encode(), "cp1252")).rows[0].name == "José"


@pytest.mark.parametrize("data", [b"", b" \r\n", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest", b"\xff\xfei", b"\x81\x8d"])
def test_bytes_that_are_no_list(data):
    """An empty file, a workbook and damaged bytes each end in one sentence, not in a traceback."""
    with pytest.raises(SheetError):
        decode(data, "cp1252")


@given(st.text())
def test_every_row_is_taken_or_refused_or_blank(text):
    """Whatever is written under the header, parsing ends, and every taken row has an id and a name free of control characters."""
    sheet = parse(HEADER + "0,Before,,,\n" + text + "\n")
    assert sheet.rows[0].id == "0"
    for row in sheet.rows:
        assert row.id
        assert row.name.strip()
        assert not any(ord(char) < 32 for char in row.id + row.name + row.unit + row.post + row.photo)


def test_fifty_thousand_rows():
    """A whole province is parsed with every row accounted for."""
    sheet = parse(HEADER + "".join(f'{n},"Nama {n}, S.E.",Unit {n % 40},Staf,\n' for n in range(50_000)))
    assert (len(sheet.rows), len(sheet.refused)) == (50_000, 0)
