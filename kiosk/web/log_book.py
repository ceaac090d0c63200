"""The duty log: writing a line, following one up, looking for words."""

from datetime import date
from itertools import groupby

from flask import Blueprint, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.core.room_codes import OverrideReason
from kiosk.services.log_book import LONGEST, PAGE_ROWS, LetIn, Line
from kiosk.web.access import back, needs, signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.desk_parts import name_of
from kiosk.web.presence import framed

log = Blueprint("log", __name__, url_prefix="/guard/log")

PROBLEMS = {"empty": "log.empty", "too_long": "log.too_long", "unknown_line": "log.unknown_line"}


@log.get("")
@needs(Duty.KEEP_LOG)
def page() -> str:
    """The newest lines by day; those with some words in them; and the line that is followed up above the form."""
    words, before = request.args.get("q", "")[:100], request.args.get("before", "")
    lines = duties().log_book.lines(words=words, before=int(before) if before.isdecimal() and len(before) < 18 else None)
    followed = request.args.get("follows", "")
    return render_template(
        "guard/log.html",
        days=[(day, list(of_day)) for day, of_day in groupby(lines, key=_day)],
        words=words,
        older=lines[-1].row.position if len(lines) == PAGE_ROWS else None,
        followed=next((line for line in lines if line.row.note_id == followed), None),
        longest=LONGEST,
        let_in_words=let_in_words,
        **framed(),
    )


@log.post("")
@needs(Duty.KEEP_LOG, acting=True)
def write() -> AnyResponse:
    """Write a line. Nothing here changes one that is written."""
    problem = duties().log_book.note(signed_in(), request.form.get("text", ""), request.form.get("follows") or None)
    return back("log.page", PROBLEMS[problem], longest=LONGEST) if problem else back("log.page", "log.written", ok=True)


def let_in_words(let_in: LetIn | None) -> str:
    """`Diizinkan masuk ke ruangan penuh: Ruang Baca, 2 orang, Pendamping`, as far as it is still known."""
    words = str(gettext("desk.log"))
    if let_in is None:
        return words
    rooms = the_door().rooms
    room = None if rooms is None else rooms.views.current().room(let_in.room_id)
    people = gettext("desk.people_count", count=let_in.people)
    reason = gettext(f"desk.let_in.{let_in.reason}") if let_in.reason in set(OverrideReason) else let_in.reason
    return f"{words}: {let_in.room_id if room is None else name_of(room.room)}, {people}, {reason}"


def _day(line: Line) -> date:
    return line.row.at.astimezone(duties().tools.zone).date()
