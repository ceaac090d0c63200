"""The handover of a shift: two PINs, and the session is the next guard's."""

from flask import Blueprint, render_template, request, session
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty, may
from kiosk.services.log_book import LONGEST, Line
from kiosk.services.paper import Column, Listing
from kiosk.services.shift import ShiftSheet
from kiosk.services.views import Guard
from kiosk.web.access import back, client_here, needs, signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.lists import footer, moment_words, stamp, taken_away
from kiosk.web.log_book import let_in_words
from kiosk.web.presence import framed
from sync.protocol.events import Kind

shift = Blueprint("shift", __name__, url_prefix="/guard/shift")


@shift.get("")
@needs(Duty.HAND_OVER)
def page() -> str:
    """What would be handed over now."""
    sheet = duties().shift.sheet()
    return render_template(
        "guard/shift.html",
        sheet=sheet,
        since=_since(sheet),
        made=stamp(sheet.made_at, trusted=sheet.clock_trusted),
        takers=_takers(),
        chosen=session.get("taker", ""),
        longest=LONGEST,
        let_in_words=let_in_words,
        **framed(),
    )


@shift.post("")
@needs(Duty.HAND_OVER, acting=True)
def hand_over() -> AnyResponse:
    """Both sign with their PIN; each try is journaled before it is looked at. Then the session is the next guard's."""
    door, giver = the_door(), signed_in()
    taker_id = request.form.get("taker", "")
    session["taker"] = taker_id
    if taker_id not in {each.id for each in _takers()}:
        return back("shift.page", "guard.choose")
    signed: list[Guard] = []
    for guard_id, field in ((giver.id, "pin_from"), (taker_id, "pin_to")):
        answer = door.station.sign_in(guard_id, request.form.get(field, ""))
        if answer.guard is None:
            words = "shift.pin_wait" if answer.wait_s > 0 else "shift.pin_wrong"
            return back("shift.page", words, name=_name(guard_id), seconds=answer.wait_s)
        signed.append(answer.guard)
    taker = signed[-1]
    duties().shift.hand_over(giver, taker, request.form.get("note", ""))
    door.sessions.close(str(session.get("sid", "")))
    session.pop("taker", None)
    session["sid"] = door.sessions.open(taker, client_here())
    return back("guard.page", "shift.done", ok=True, name=taker.name)


@shift.post("/print")
@needs(Duty.HAND_OVER, acting=True)
def export() -> AnyResponse:
    """The sheet as a PDF, with lines for two signatures."""
    sheet = duties().shift.sheet()
    return taken_away(_listing(sheet), "handover", "pdf", len(sheet.lines))


def _takers() -> list[Guard]:
    """Who may take over: everybody else with that duty."""
    return [each for each in the_door().station.guards() if may(each.role, Duty.HAND_OVER) and each.id != signed_in().id]


def _name(guard_id: str) -> str:
    return next((each.name for each in the_door().station.guards() if each.id == guard_id), "")


def _since(sheet: ShiftSheet) -> str:
    return str(gettext("shift.last_day")) if sheet.since is None else stamp(sheet.since, trusted=True)


def _listing(sheet: ShiftSheet) -> Listing:
    rows: list[tuple[str, ...]] = [
        (str(gettext("shift.head")), f"{sheet.head_shown or '–'}  (#{sheet.seq})"),
        (str(gettext("shift.since")), _since(sheet)),
        *((str(gettext(f"count.{name}")), str(count)) for name, count in sheet.counts.items()),
        (str(gettext("shift.open_holds", count=len(sheet.open_holds))),),
    ]
    trusted = sheet.clock_trusted
    rows += [(moment_words(hold.opened_at, trusted=trusted), hold.name or _nobody()) for hold in sheet.open_holds]
    log = (f"{moment_words(line.row.at, trusted=line.row.trusted)} · {line.by}: {_text(line)}" for line in sheet.lines)
    station = the_door().station
    notes = ("", str(gettext("log.title")), *log, "", "", str(gettext("shift.signatures", name=signed_in().name)))
    return Listing(
        str(gettext("shift.title")),
        (f"{station.name} · {station.place}", stamp(sheet.made_at, trusted=trusted)),
        (Column("", 2), Column("", 5)),
        tuple(rows),
        footer(),
        str(gettext("list.page")),
        notes,
    )


def _text(line: Line) -> str:
    if line.row.kind != Kind.ROOM_OVERRIDDEN:
        return line.row.text
    return f"{let_in_words(line.let_in)}{': ' if line.row.text else ''}{line.row.text}"


def _nobody() -> str:
    return str(gettext("person.unknown"))
