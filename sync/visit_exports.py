"""Visits as files for spreadsheets, library systems and reports: CSV, XLSX, SLiMS's visitor counter, and figures for IPLM.

No file names anybody unless it is asked for, and nothing in one is taken for a formula.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sync.cells import guarded
from sync.protocol.satisfaction import Level
from sync.visit_figures import Figures, Statistics, rated_rooms
from sync.visit_iplm import IplmRow, checked_population, iplm_rows
from sync.visits import Visit

ROOM_CODE_LENGTH = 5
SLIMS_COLUMNS = ("member_id", "member_name", "institution", "room_code", "checkin_date")
IPLM_COLUMNS = ("month", "room", "opening_days", "person_visits", "per_opening_day", "population", "percent_of_population")
_COLUMNS = (
    "day",
    "entered_at",
    "left_at",
    "minutes",
    "end_known_by",
    "people",
    "room",
    "door",
    "waited_minutes",
    "priority",
    "over_limit",
    "clock",
)
_NAMED_COLUMNS = ("number", "name", "purpose", "institution")
_DAY_COLUMNS = ("visits", "entered", "groups", "priority", "overrides", "turned_to_wait", "guessed", "without_end", "most_inside")

_SPREAD_COLUMNS = ("stays", "stay_mean", "stay_median", "waits", "wait_median", "wait_longest")
_WIDTHS = {"entered_at": 20, "left_at": 20, "name": 28, "purpose": 28, "institution": 28}

Words = Callable[[str], str]
"""The reader's word for a code, such as "column.people", "how.scanned" or "sheet.days"."""
Tick = Callable[[], object]
"""Called once for every visit that was written."""


class RoomCodesClash(Exception):
    """Two rooms have the same code in SLiMS: their ids begin with the same five characters. The message names both."""


def codes(key: str) -> str:
    """Words for machines and for the command line: the last part of the code itself."""
    return key.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written: the zone of its times, the reader's words, names for ids of rooms and doors.

    `names`: also who it was, for the guest book; somebody has decided that. In SLiMS `institution` stands where a visitor named
    none, which it does not allow, and `guest` where there is no name. `population`: of the place, for IPLM; None if nobody said.

    Raises:
        NoPopulation: `population` is below 1, or more than live anywhere.
    """

    zone: tzinfo
    words: Words = codes
    rooms: Words = str
    doors: Words = str
    names: bool = False
    institution: str = "Umum"
    guest: str = "Tamu"
    population: int | None = None

    def __post_init__(self) -> None:
        if self.population is not None:
            checked_population(self.population)

    @property
    def columns(self) -> tuple[str, ...]:
        """Of a list of visits."""
        return _COLUMNS + (_NAMED_COLUMNS if self.names else ())


def nothing() -> None:
    """No progress is told."""


def as_csv(found: Statistics, form: Form, tick: Tick = nothing) -> bytes:
    """One row a visit, in UTF-8 with a mark that spreadsheets know it by."""
    heads = [form.words(f"column.{name}") for name in form.columns]
    return _csv([heads, *_ticked(found.visits, form, tick)])


def as_slims(found: Statistics, form: Form, tick: Tick = nothing) -> bytes:
    """One row for every person who entered, in the columns of SLiMS's table `visitor_count`; guests have no member id.

    Visits whose time is not certain are left out: there is no day to put them on.

    Raises:
        RoomCodesClash
    """
    code_of = room_codes(room for room, _ in found.rooms)
    rows: list[Sequence[str]] = [SLIMS_COLUMNS]
    for visit in found.visits:
        if visit.trusted and not visit.moved_in:
            name, where_from = (visit.name, visit.institution) if form.names else ("", "")
            at = f"{visit.entered.astimezone(form.zone):%Y-%m-%d %H:%M:%S}"
            rest = (where_from or form.institution, code_of[visit.room_id], at)
            rows += [("", (name if person == 0 else "") or form.guest, *rest) for person in range(visit.people)]
        tick()
    return _csv(rows)


def as_iplm(found: Statistics, form: Form, tick: Tick = nothing) -> bytes:
    """One row a month and room, and totals, for the element of IPLM that is visits a day divided by the population.

    See `visit_iplm` for what is a visit and what is not known of the official form. Nobody is ever named in it. Without a
    population the two columns that need it are empty.
    """
    heads = [form.words(f"column.{name}") for name in IPLM_COLUMNS]
    rows = [_iplm_cells(row, form) for row in iplm_rows(found.visits, form.zone)]
    for _ in found.visits:
        tick()
    return _csv([heads, *rows])


def _iplm_cells(row: IplmRow, form: Form) -> list[str]:
    of_all = ["", ""] if form.population is None else [str(form.population), f"{row.percent_of(form.population):.4f}"]
    month, room = row.month or form.words("all_months"), form.rooms(row.room) if row.room else form.words("all_rooms")
    return [month, room, str(row.opening_days), str(row.visits), f"{row.per_day:.2f}", *of_all]


def room_codes(rooms: Iterable[str]) -> dict[str, str]:
    """Each room's code of at most five characters.

    Raises:
        RoomCodesClash
    """
    found: dict[str, str] = {}
    for room in sorted(set(rooms)):
        code = room[:ROOM_CODE_LENGTH]
        other = next((each for each, its in found.items() if its == code), None)
        if other is not None:
            raise RoomCodesClash(f"{other!r} and {room!r} both become {code!r}; export one room at a time")
        found[room] = code
    return found


def as_xlsx(found: Statistics, form: Form, tick: Tick = nothing) -> bytes:
    """A workbook: figures by day, people by hour, what those who left said of it, and the visits, with real dates."""
    from xlsxwriter import Workbook  # a kiosk that exports nothing need not carry it

    target = io.BytesIO()
    with Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheets = _Sheets(book, form.words)
        sheets.fill("days", ("day", *_DAY_COLUMNS, *_SPREAD_COLUMNS), ((day, *day_cells(each)) for day, each in found.days))
        by_hour = (
            (f"{hour:02d}.00", count, max(found.profile[hour * 4 : hour * 4 + 4])) for hour, count in enumerate(found.hours)
        )
        sheets.fill("hours", ("hour", "entered", "most_inside"), by_hour)
        if rated := rated_rooms(found):
            rows = ((form.rooms(room), *each.levels, each.answered, each.left) for room, each in rated)
            sheets.fill("satisfaction", ("room", *Level, "answered", "left"), rows)
        sheets.fill("visits", form.columns, _ticked(found.visits, form, tick))
    return target.getvalue()


@dataclass(frozen=True, slots=True)
class File:
    """A form of file: its content type, the ending of its name, what writes it, and what it can be given besides the visits."""

    content_type: str
    ending: str
    write: Callable[[Statistics, Form, Tick], bytes]
    may_name: bool = True
    divides_by_population: bool = False


FILES = {
    "csv": File("text/csv; charset=utf-8", ".csv", as_csv),
    "xlsx": File("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", as_xlsx),
    "slims": File("text/csv; charset=utf-8", "-slims.csv", as_slims),
    "iplm": File("text/csv; charset=utf-8", "-iplm.csv", as_iplm, may_name=False, divides_by_population=True),
}


class _Sheets:
    """The sheets of one workbook, each a table under a frozen heading."""

    def __init__(self, book: Any, words: Words) -> None:
        self._book, self._words = book, words
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._date = book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._minutes = book.add_format({"num_format": "0.0"})

    def fill(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        sheet = self._book.add_worksheet(self._words(f"sheet.{name}")[:31])
        for index, column in enumerate(columns):
            sheet.write_string(0, index, self._words(f"column.{column}"), self._head)
            sheet.set_column(index, index, _WIDTHS.get(column, 13))
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, 1):
            for index, cell in enumerate(row):
                self._write(sheet, number, index, cell)

    def _write(self, sheet: Any, row: int, column: int, cell: object) -> None:
        match cell:
            case None:
                return
            case datetime():
                sheet.write_datetime(row, column, cell.replace(tzinfo=None), self._time)
            case date():
                sheet.write_datetime(row, column, cell, self._date)
            case float():
                sheet.write_number(row, column, cell, self._minutes)
            case int():
                sheet.write_number(row, column, cell)
            case _:
                sheet.write_string(row, column, str(cell))


def day_cells(figures: Figures) -> tuple[object, ...]:
    """The figures of a day as numbers: counts, then stays and waits in minutes; None for what nobody measured."""
    stay, wait = figures.stay, figures.wait
    return (
        *(getattr(figures, name) for name in _DAY_COLUMNS),
        stay.count if stay else 0,
        stay.mean_s / 60 if stay else None,
        stay.median_s / 60 if stay else None,
        wait.count if wait else 0,
        wait.median_s / 60 if wait else None,
        wait.longest_s / 60 if wait else None,
    )


def _cells(visit: Visit, form: Form) -> tuple[object, ...]:
    """A visit as values. A time that is not certain is left out: it would be taken for one."""
    entered, left = visit.entered.astimezone(form.zone), visit.left.astimezone(form.zone) if visit.left else None
    values = (
        entered.date() if visit.trusted else None,
        entered if visit.trusted else None,
        left if visit.trusted and visit.left_trusted else None,
        None if visit.stay_s is None else visit.stay_s / 60,
        form.words(f"how.{visit.how or 'unknown'}"),
        visit.people,
        form.rooms(visit.room_id),
        form.doors(visit.door),
        None if visit.waited_s is None else visit.waited_s / 60,
        form.words("answer.yes") if visit.priority else "",
        form.words("answer.yes") if visit.overridden else "",
        form.words("clock.sure" if visit.trusted else "clock.unsure"),
    )
    return (*values, visit.number, visit.name, visit.purpose, visit.institution) if form.names else values


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case float():
            return f"{cell:.1f}"
        case str():
            return guarded(cell)
        case _:
            return str(cell)


def _ticked(visits: Iterable[Visit], form: Form, tick: Tick) -> Iterator[tuple[object, ...]]:
    for visit in visits:
        yield _cells(visit, form)
        tick()


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(map(_text, row) for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
