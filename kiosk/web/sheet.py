"""The attendance sheet of today, or of one of the last days: on the screen, on paper, as a file."""

from datetime import date, datetime, time
from itertools import groupby

from flask import Blueprint, render_template, request
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.paper import Column, Listing
from kiosk.services.sheet import DaySheet, Entry, SheetRow
from kiosk.web.access import needs, signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.lists import footer, moment_words, stamp, taken_away
from kiosk.web.presence import framed
from kiosk.web.texts import date_text

sheet = Blueprint("sheet", __name__, url_prefix="/guard/sheet")


@sheet.get("")
@needs(Duty.PRINT_SHEET)
def page() -> str:
    """The sheet of the day asked for, else of today."""
    found = duties().sheets.of(_asked(request.args.get("day", "")))
    return render_template(
        "guard/sheet.html",
        sheet=found,
        days=[(day, _day_words(day)) for day in duties().sheets.days()],
        units=[(unit, [(row, cells(row)) for row in rows]) for unit, rows in groupby(found.rows, key=lambda row: row.unit)],
        made=stamp(found.made_at, trusted=found.clock_trusted),
        day_words=_day_words(found.day),
        **framed(),
    )


@sheet.post("/export")
@needs(Duty.PRINT_SHEET, acting=True)
def export() -> AnyResponse:
    """The sheet as PDF or CSV."""
    found, form = duties().sheets.of(_asked(request.form.get("day", ""))), request.form.get("form", "")
    return taken_away(_listing(found, grouped=form == "pdf"), f"attendance-{found.day}", form, len(found.rows))


def cells(row: SheetRow) -> tuple[str, str, str]:
    """First in, last out, and how that is known, in words."""
    how = str(gettext("how.typed", name=", ".join(row.typed_by))) if row.typed_by else str(gettext("how.tap"))
    return _time(row.came), _time(row.went), how


def _listing(found: DaySheet, *, grouped: bool) -> Listing:
    rows: list[tuple[str, ...]] = []
    for unit, of_unit in groupby(found.rows, key=lambda row: row.unit):
        people = list(of_unit)
        if grouped:
            rows.append((f"{unit or gettext('evac.no_unit')} · {len(people)}",))
        rows += [(*(() if grouped else (unit,)), row.name, row.person_id, *cells(row)) for row in people]
    names = (("name", 5), ("number", 3), ("came", 2), ("went", 2), ("known_by", 4))
    columns = [Column(str(gettext(f"list.{name}")), share) for name, share in names]
    if not grouped:
        columns.insert(0, Column(str(gettext("list.unit")), 3))
    station = the_door().station
    lines = (
        f"{station.name} · {station.place}",
        _day_words(found.day),
        str(gettext("sheet.made", time=stamp(found.made_at, trusted=found.clock_trusted))),
        str(gettext("sheet.count", count=len(found.rows))),
    )
    signature = ("", str(gettext("list.signature", name=signed_in().name)))
    return Listing(
        str(gettext("sheet.title")), lines, tuple(columns), tuple(rows), footer(), str(gettext("list.page")), signature
    )


def _time(entry: Entry | None) -> str:
    return "–" if entry is None else moment_words(entry.at, trusted=entry.trusted)


def _asked(text: str) -> date:
    """The day asked for; today for anything that is none of the days there are."""
    days = {day.isoformat(): day for day in duties().sheets.days()}
    return days.get(text, duties().tools.today())


def _day_words(day: date) -> str:
    tools = duties().tools
    return date_text(datetime.combine(day, time(12), tools.zone), tools.zone.key, str(get_locale() or "id"))
