"""Visit statistics at the desk: figures, plots and files of this door's visits."""

from datetime import date, datetime, time

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.visit_statistics import Report, Taken, VisitStatistics
from kiosk.web.access import back, needs, signed_in
from kiosk.web.context import duties, rooms, the_door
from kiosk.web.desk_parts import name_of, one_line
from kiosk.web.presence import framed
from kiosk.web.texts import date_text
from sync.visit_exports import FILES, File, Form, RoomCodesClash, nothing
from sync.visit_iplm import NoPopulation, population_of
from sync.visit_page import Asked, Reader, asked_of, visit_page

LONGEST_INSTITUTION = 80

visit_statistics = Blueprint("visit_statistics", __name__, url_prefix="/desk/statistics")


@visit_statistics.get("")
@needs(Duty.RUN_ROOM)
def page() -> str:
    """The figures of the days asked for, else of this week."""
    asked = _asked(request.args.to_dict())
    report = _statistics().of(asked.first, asked.last, asked.room or None)
    return render_template(
        "desk/statistics.html",
        stats=visit_page(report.found, asked, _reader(asked), tuple(_notes(report, asked))),
        page_url=_page_url,
        export_url=url_for("visit_statistics.export"),
        rooms=[(each.room.id, name_of(each.room)) for each in rooms().view().rooms],
        institution=the_door().station.name,
        is_recorded=True,
        days=_days_words(asked),
        **framed(),
    )


@visit_statistics.post("/export")
@needs(Duty.RUN_ROOM, acting=True)
def export() -> AnyResponse:
    """The visits of the days asked for as a file, once it is journaled who took it."""
    asked, form = _asked(request.form.to_dict()), request.form.get("form", "")
    if form not in FILES:
        abort(400)
    file = FILES[form]
    names = file.may_name and request.form.get("names") == "yes"
    found = _statistics().of(asked.first, asked.last, asked.room or None).found
    try:
        body = file.write(found, _form(file, names=names), nothing)
    except RoomCodesClash:
        return back("visit_statistics.page", "visits.clash")
    except NoPopulation:
        return back("visit_statistics.page", "visits.population.wrong")
    taken = Taken(form, asked.first, asked.last, asked.room, len(found.visits), names)
    _statistics().exported(signed_in(), taken)
    name = f"visits-{asked.first}-{asked.last}{file.ending}"
    return Response(body, content_type=file.content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _statistics() -> VisitStatistics:
    return VisitStatistics(duties().tools)


def _asked(query: dict[str, str]) -> Asked:
    """What is asked for; a room that is not at this door is all of them."""
    known = {each.room.id for each in rooms().view().rooms}
    if query.get("room") not in known:
        query.pop("room", None)
    return asked_of(query, duties().tools.today())


def _reader(asked: Asked) -> Reader:
    tools, shown = duties().tools, rooms().view().rooms
    chosen = [each.room for each in shown if asked.room in ("", each.room.id)]
    now = tools.now().wall.astimezone(tools.zone)
    return Reader(
        say=_say,
        day=_day_words,
        room=_room_name,
        limit=chosen[0].max_people if len(chosen) == 1 else None,
        today=now.date(),
        asks=lambda room_id: any(each.room.asks_satisfaction for each in shown if each.room.id == room_id),
        until_min=now.hour * 60.0 + now.minute,
    )


def _notes(report: Report, asked: Asked) -> list[str]:
    notes = []
    if report.complete_from is not None and report.complete_from > asked.last:
        notes.append(str(gettext("visits.complete_none")))
    elif report.complete_from is not None:
        notes.append(str(gettext("visits.complete_from", day=_day_words(report.complete_from))))
    if report.recorded_from is not None:
        notes.append(str(gettext("visits.recorded_from", day=_day_words(report.recorded_from))))
    if any(not each.is_lone for each in rooms().view().rooms if asked.room in ("", each.room.id)):
        notes.append(str(gettext("visits.here_only")))
    return notes


def _form(file: File, *, names: bool) -> Form:
    institution = one_line(request.form.get("institution", ""), LONGEST_INSTITUTION) or the_door().station.name
    place = duties().tools.place
    return Form(
        zone=duties().tools.zone,
        words=_say,
        rooms=_room_name,
        doors=lambda _: place,
        names=names,
        institution=institution,
        guest=_say("guest"),
        population=population_of(request.form.get("population", "")) if file.divides_by_population else None,
    )


def _room_name(room_id: str) -> str:
    found = rooms().view().room(room_id)
    return room_id if found is None else name_of(found.room)


def _say(key: str, /, **values: object) -> str:
    return str(gettext(f"visits.{key}", **values))


def _page_url(**query: str) -> str:
    return url_for("visit_statistics.page", **query)  # type: ignore[arg-type]  # flask takes any value for a query


def _day_words(day: date) -> str:
    zone = duties().tools.zone
    return date_text(datetime.combine(day, time(12), zone), zone.key, str(get_locale() or "id"))


def _days_words(asked: Asked) -> str:
    first, last = _day_words(asked.first), _day_words(asked.last)
    return first if asked.first == asked.last else str(gettext("visits.range", first=first, last=last))
