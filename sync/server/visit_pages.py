"""The page of visit statistics for administrators, over all doors, and the files that are made of it."""

from collections.abc import Callable
from datetime import date, datetime, time
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from sync.clock import Clock
from sync.protocol.rooms import Room
from sync.server.admin import Admin, day_words
from sync.server.settings import Settings
from sync.server.visits import Report, VisitReports
from sync.visit_exports import FILES, Form, RoomCodesClash, nothing
from sync.visit_figures import Span
from sync.visit_iplm import NoPopulation, population_of
from sync.visit_page import Asked, Reader, asked_of, visit_page

LONGEST_INSTITUTION = 80
_INSTITUTION = "Umum"


class VisitPages:
    """The pages, over the parts they need."""

    def __init__(self, visits: VisitReports, settings: Settings, clock: Clock) -> None:
        self._visits, self._clock = visits, clock
        self._zone = ZoneInfo(settings.time_zone)

    def blueprint(self, admin: Admin) -> Blueprint:
        """The routes of the pages, for whoever `admin` lets in."""
        routes = Blueprint("visits", __name__)
        routes.add_url_rule("/visits", "page", admin.signed_in(self.page))
        routes.add_url_rule("/visits/export", "export", admin.signed_in(self.export), methods=["POST"])
        return routes

    def page(self) -> ResponseReturnValue:
        """The figures of the days asked for, else of this week."""
        return self._page()

    def export(self) -> ResponseReturnValue:
        """The visits of the days asked for as a file."""
        file = FILES.get(request.form.get("form", ""))
        if file is None:
            abort(HTTPStatus.BAD_REQUEST)
        known, doors = self._visits.rooms(), self._visits.doors()
        asked = self._asked(request.form.to_dict(), known)
        try:
            population = population_of(request.form.get("population", "")) if file.divides_by_population else None
        except NoPopulation:
            return self._page(asked, _say("population.wrong")), HTTPStatus.BAD_REQUEST
        form = Form(
            zone=self._zone,
            words=_say,
            rooms=_namer(known),
            doors=lambda device_id: doors.get(device_id, device_id),
            names=request.form.get("names") == "yes",
            institution=" ".join(request.form.get("institution", "")[:LONGEST_INSTITUTION].split()) or _INSTITUTION,
            guest=_say("guest"),
            population=population,
        )
        try:
            body = file.write(self._report(asked).found, form, nothing)
        except RoomCodesClash:
            return self._page(asked, _say("clash")), HTTPStatus.CONFLICT
        name = f"visits-{asked.first}-{asked.last}{file.ending}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, content_type=file.content_type, headers=headers)

    def _page(self, asked: Asked | None = None, problem: str = "") -> str:
        known = self._visits.rooms()
        asked = asked or self._asked(request.args.to_dict(), known)
        report = self._report(asked)
        name = _namer(known)
        return render_template(
            "server/visits.html",
            stats=visit_page(report.found, asked, self._reader(asked, known, name), _notes(report, asked)),
            problem=problem,
            page_url=_page_url,
            export_url=url_for("visits.export"),
            rooms=[(room_id, name(room_id)) for room_id in known],
            institution=_INSTITUTION,
            first=_day_words(asked.first),
            last=_day_words(asked.last),
        )

    def _asked(self, query: dict[str, str], known: dict[str, Room]) -> Asked:
        """What is asked for; a room that is not set up is all of them."""
        if query.get("room") not in known:
            query.pop("room", None)
        return asked_of(query, self._now().date())

    def _report(self, asked: Asked) -> Report:
        return self._visits.of(Span(asked.first, asked.last, self._zone, self._now()), asked.room or None)

    def _reader(self, asked: Asked, known: dict[str, Room], name: Callable[[str], str]) -> Reader:
        chosen = [room for room_id, room in known.items() if asked.room in ("", room_id)]
        now = self._now()
        return Reader(
            say=_say,
            day=_day_words,
            room=name,
            limit=chosen[0].max_people if len(chosen) == 1 else None,
            today=now.date(),
            asks=lambda room_id: room_id in known and known[room_id].asks_satisfaction,
            until_min=now.hour * 60.0 + now.minute,
        )

    def _now(self) -> datetime:
        return self._clock.now().wall.astimezone(self._zone)


def _notes(report: Report, asked: Asked) -> tuple[str, ...]:
    if report.complete_from is None:
        return ()
    if report.complete_from > asked.last:
        return (_say("complete_none"),)
    return (_say("complete_from", day=_day_words(report.complete_from)),)


def _namer(known: dict[str, Room]) -> Callable[[str], str]:
    english = str(get_locale()) == "en"

    def name(room_id: str) -> str:
        room = known.get(room_id)
        return room_id if room is None else (english and room.name_en) or room.name

    return name


def _say(key: str, /, **values: object) -> str:
    return str(gettext(f"visits.{key}", **values))


def _page_url(**query: str) -> str:
    return url_for("visits.page", **query)  # type: ignore[arg-type]  # flask takes any value for a query


def _day_words(day: date) -> str:
    return day_words(datetime.combine(day, time()))
