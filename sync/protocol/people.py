"""Lists of people as offices keep them: CSV text in, people and refused rows out. Pure; the door and the server read them alike.

A file has a header row naming at least an id and a name; unit, post and photo may be there; other columns are ignored and named.
Comma, semicolon or tab; UTF-8 with or without a mark, UTF-16 with one. A row that cannot be taken is refused with its line and
a reason, and the others go on.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MAX_ID = 64
MAX_TEXT = 200
"""Characters in an id, and in each of name, unit, post and photo."""

_MAX_LINES_A_ROW = 50
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DELIMITERS = ",;\t"
_NIP_HEADERS = frozenset({"nip", "nomor induk pegawai"})
_HEADERS = {
    "id": _NIP_HEADERS | {"id", "id pegawai", "nip id pegawai", "nomor pegawai"},
    "name": {"name", "nama", "nama lengkap", "nama pegawai"},
    "unit": {"unit", "unit kerja", "opd"},
    "post": {"post", "jabatan"},
    "photo": {"photo", "foto", "photo file", "file foto", "berkas foto"},
}


class SheetError(ValueError):
    """The file as a whole is no list of people; the sentence says what to do. `line` is where, if one line shows it."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class Refusal(StrEnum):
    """Why a row was refused."""

    COLUMNS = "columns"
    QUOTING = "quoting"
    ID_MISSING = "id_missing"
    ID_TOO_LONG = "id_too_long"
    ID_CHARACTERS = "id_characters"
    ID_ROUNDED = "id_rounded"
    ID_NOT_A_NIP = "id_not_a_nip"
    ID_DUPLICATE = "id_duplicate"
    NAME_MISSING = "name_missing"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_CHARACTERS = "text_characters"
    PHOTO_MISSING = "photo_missing"
    PHOTO_OUTSIDE = "photo_outside"
    PHOTO_TOO_BIG = "photo_too_big"
    PHOTO_UNREADABLE = "photo_unreadable"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: the line it starts on (the header is line 1), the reason, and a sentence."""

    line: int
    reason: Refusal
    message: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row that was taken, in Unicode NFC without spaces around. `photo` is the file's name as written, or empty."""

    line: int
    id: str
    name: str
    unit: str = ""
    post: str = ""
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file. `columns` are the fields that it gives, `ignored` the headers that mean nothing here."""

    rows: tuple[PersonRow, ...]
    refused: tuple[RefusedRow, ...]
    columns: frozenset[str]
    ignored: tuple[str, ...] = ()


class _Refused(Exception):
    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def decode(data: bytes, fallback: str | None = None) -> str:
    """The text of a CSV file. `fallback` (say "cp1252") is used only where the bytes are no UTF-8 and carry no mark.

    Raises:
        SheetError: empty, a spreadsheet's own format, or of another encoding.
    """
    if not data.strip():
        raise SheetError("the file is empty")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise SheetError("this is a spreadsheet's own file; save it as 'CSV UTF-8' and import that")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode(data, "utf-16", "it begins as UTF-16 but is cut or damaged; save it again as 'CSV UTF-8'")
    advice = "save it as 'CSV UTF-8'" + ("" if fallback else ", or name its encoding with --encoding cp1252")
    try:
        return _decode(data, "utf-8-sig", advice)
    except SheetError:
        if fallback is None:
            raise
        return _decode(data, fallback, advice)


def _decode(data: bytes, encoding: str, advice: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise SheetError(f"byte 0x{data[exc.start]:02X} is not {encoding.removesuffix('-sig').upper()}; {advice}", line) from exc


def parse(text: str) -> Sheet:
    """People and refused rows of a CSV text.

    Raises:
        SheetError: no header row that names an id and a name.
    """
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    first = 1 if lines and re.fullmatch(r"sep=.\s*", lines[0]) else 0
    delimiter, header_lines, header = _header(lines, first)
    places, is_nip = _places(header, first + 1)
    taken: dict[str, int] = {}
    rows: list[PersonRow] = []
    refused: list[RefusedRow] = []
    for line, cells in _records(lines, first + header_lines, delimiter):
        try:
            row = _row(line, cells, places, len(header), is_nip=is_nip)
            _check_new(row.id, taken)
        except _Refused as exc:
            refused.append(RefusedRow(line, exc.reason, str(exc)))
        else:
            taken[row.id] = line
            rows.append(row)
    ignored = tuple(cell.strip() for n, cell in enumerate(header) if n not in places.values() and cell.strip())
    return Sheet(tuple(rows), tuple(refused), frozenset(places), ignored)


def _check_new(person_id: str, taken: dict[str, int]) -> None:
    if person_id in taken:
        raise _Refused(Refusal.ID_DUPLICATE, f"id {person_id!r} is already on line {taken[person_id]}; only that row was taken")


def _header(lines: list[str], first: int) -> tuple[str, int, list[str]]:
    """The delimiter under which the header row knows most columns, the lines that the row takes, and its cells."""
    best: tuple[int, str, int, list[str]] = (-1, ",", 1, [])
    for delimiter in _DELIMITERS:
        used, cells = _record(lines, first, delimiter)
        if isinstance(cells, list):
            known = sum(_field(cell) is not None for cell in cells)
            best = max(best, (known, delimiter, used, cells), key=lambda found: found[0])
    return best[1:]


def _field(header: str) -> str | None:
    words = " ".join(re.split(r"[\W_]+", header.casefold())).strip()
    return next((field for field, names in _HEADERS.items() if words in names), None)


def _places(header: list[str], line: int) -> tuple[dict[str, int], bool]:
    """Which column gives which field, and whether the ids are declared to be NIPs."""
    places: dict[str, int] = {}
    for n, cell in enumerate(header):
        field = _field(cell)
        if field in places:
            raise SheetError(f"columns {header[places[field]]!r} and {cell!r} both give the {field}; leave one out", line)
        if field:
            places[field] = n
    absent = [field for field in ("id", "name") if field not in places]
    if absent:
        raise SheetError(
            f"the first row must name the columns, as in 'id,name,unit,post,photo' or 'nip,nama,unit kerja,jabatan,foto'; "
            f"no column gives the {' or the '.join(absent)}",
            line,
        )
    return places, " ".join(re.split(r"[\W_]+", header[places["id"]].casefold())).strip() in _NIP_HEADERS


def _records(lines: list[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | _Refused]]:
    """Every row that is not blank, with the line it starts on."""
    while start < len(lines):
        used, cells = _record(lines, start, delimiter)
        if isinstance(cells, _Refused) or any(cell.strip() for cell in cells):
            yield start + 1, cells
        start += used


def _record(lines: list[str], start: int, delimiter: str) -> tuple[int, list[str] | _Refused]:
    """The row at `start` and how many lines it takes. A row with broken quotes takes one, so that it swallows no other row."""
    reader = csv.reader(lines[start : start + _MAX_LINES_A_ROW], delimiter=delimiter, strict=True)
    try:
        cells = next(reader, [])
    except csv.Error:
        return 1, _Refused(
            Refusal.QUOTING, 'a quotation mark is not closed; inside quotes it is written twice, as in "Budi ""B"" S."'
        )
    return max(1, reader.line_num), cells


def _row(line: int, cells: list[str] | _Refused, places: dict[str, int], width: int, *, is_nip: bool) -> PersonRow:
    if isinstance(cells, _Refused):
        raise cells
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        raise _Refused(Refusal.COLUMNS, f"{len(cells)} columns where the header has {width}; put text with separators in quotes")
    values = {field: unicodedata.normalize("NFC", cells[n]).strip() for field, n in places.items()}
    values["id"] = _checked_id(values["id"], is_nip=is_nip)
    if not values["name"]:
        raise _Refused(Refusal.NAME_MISSING, "the name is missing")
    for field, value in values.items():
        _check_text(field, value)
    return PersonRow(line, **values)


def _check_text(field: str, value: str) -> None:
    if len(value) > MAX_TEXT:
        raise _Refused(Refusal.TEXT_TOO_LONG, f"the {field} has {len(value)} characters; at most {MAX_TEXT} are kept")
    bad = next((char for char in value if _is_control(char)), None)
    if bad is not None:
        what = "a line break" if bad in "\r\n" else f"the control character U+{ord(bad):04X}"
        raise _Refused(Refusal.TEXT_CHARACTERS, f"the {field} holds {what}; take it out")


def _is_control(char: str) -> bool:
    """Control characters, halves of pairs, line separators, and the marks that turn the writing direction of what follows."""
    if char.isprintable():
        return False
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _TURNS


def _checked_id(value: str, *, is_nip: bool) -> str:
    if not value:
        raise _Refused(Refusal.ID_MISSING, "the id is missing")
    if len(value) > MAX_ID:
        raise _Refused(Refusal.ID_TOO_LONG, f"the id has {len(value)} characters; at most {MAX_ID} are allowed")
    if any(not char.isprintable() for char in value):
        raise _Refused(Refusal.ID_CHARACTERS, "the id holds a control or invisible character; type it again")
    if re.fullmatch(r"\d([.,]\d+)?E\+\d+", value, re.IGNORECASE):
        raise _Refused(
            Refusal.ID_ROUNDED, f"the spreadsheet has rounded the id to {value}; format that column as text and enter it again"
        )
    return _checked_nip(value) if is_nip else value


def _checked_nip(value: str) -> str:
    """A NIP without the dots and spaces people write into it. What is not all digits is some other number and kept as it is."""
    digits = re.sub(r"[\s.']", "", value)
    if not re.fullmatch(r"[0-9]+", digits):
        return value
    if len(digits) in {17, 18, 19} and not _is_nip(digits):
        raise _Refused(Refusal.ID_NOT_A_NIP, f"{value} is no NIP: 18 digits that begin with a date of birth; check the typing")
    return digits


def _is_nip(digits: str) -> bool:
    """Birth date, then month or year of appointment (PPPK: number of agreements, so no month is asked of it), sex, serial."""
    if len(digits) != 18:
        return False
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return digits[:2] in {"19", "20"} and digits[12:14] != "00" and digits[14] in "12" and digits[15:] != "000"
