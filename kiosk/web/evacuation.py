"""The evacuation list: who is believed inside, the roll-call by several screens at once, and the list on paper."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, session
from flask_babel import force_locale, get_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.core.presence_rule import How, Present, Remark
from kiosk.services.evacuation import Evacuation, Roll, RollCall, State
from kiosk.services.paper import Column, Listing
from kiosk.store.duty_log import Mark
from kiosk.web.access import back, needs, signed_in
from kiosk.web.context import duties, the_door
from kiosk.web.lists import age_words, footer, stamp, taken_away, when_words
from kiosk.web.panel import clock_shown
from kiosk.web.presence import framed
from kiosk.web.streams import Fragment

evacuation = Blueprint("evacuation", __name__, url_prefix="/guard/evacuation")


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody on the list, in words."""

    person_id: str
    name: str
    photo: str | None
    known_by: str
    state: str


@dataclass(frozen=True, slots=True)
class Unit:
    """The people of one unit; `fragment` names its place on the page."""

    fragment: str
    name: str
    lines: tuple[Line, ...]


@evacuation.get("")
@needs(Duty.EVACUATE)
def page() -> str:
    """The roll-call under way, or else who is believed inside now."""
    service = _service()
    call = None if request.args.get("view") == "now" else service.current()
    roll = service.now() if call is None else call.roll
    running = call or service.current()
    return render_template(
        "guard/evacuation.html",
        roll=roll,
        call=call,
        running=running,
        units=units(roll, {} if call is None else call.marks),
        counts=None if call is None else call.counts(),
        doors=_doors(),
        made=stamp(roll.made_at, trusted=roll.clock_trusted),
        locked=the_door().sessions.is_locked(_session_id()),
        only_open=request.args.get("show") == "open",
        **framed(),
    )


@evacuation.post("/start")
@needs(Duty.EVACUATE, acting=True)
def start() -> AnyResponse:
    """Freeze the list of now, and begin the roll-call on every screen."""
    _service().start(signed_in())
    return back("evacuation.page", "evac.started", ok=True)


@evacuation.post("/mark")
@needs(Duty.EVACUATE, acting=True)
def mark() -> AnyResponse:
    """Tick one person. A press again on the same tick takes it back."""
    state, _, person_id = request.form.get("mark", "").partition(" ")
    if state not in set(State):
        abort(400)
    done = _service().mark(signed_in(), request.form.get("evacuation", ""), person_id, State(state))
    if request.headers.get("X-Quiet") and done:
        return Response(status=204)
    return back("evacuation.page") if done else back("evacuation.page", "evac.not_on_list")


@evacuation.post("/export")
@needs(Duty.EVACUATE)
def export() -> AnyResponse:
    """The list as PDF or CSV: with the ticks while a roll-call is under way. A locked screen may still print it."""
    service, form = _service(), request.form.get("form", "")
    call = service.current() if request.form.get("view") != "now" else None
    roll = service.now() if call is None else call.roll
    return taken_away(_listing(roll, call, grouped=form == "pdf"), "evacuation", form, len(roll.people))


@evacuation.get("/events")
@needs(Duty.EVACUATE, page=False)
def events() -> Response:
    """The ticks of every screen, as they are made."""
    door, service = the_door(), _service()
    watcher = _Watcher(service, _session_id(), request.args.get("id", ""), _number(request.args.get("since", "")))
    return door.audience.answer(service.changes, watcher.fragments, watcher.beat)


def units(roll: Roll, marks: dict[str, Mark], *, newer_than: int = -1) -> list[Unit]:
    """The list by unit, each line in words; only the units with a tick behind the position `newer_than`, if given."""
    how = {each: str(gettext(f"how.{each}")) for each in How}
    remarks = {each: str(gettext(f"remark.{each}")) for each in Remark}
    found = []
    for n, (name, people) in enumerate(groupby(roll.people, key=lambda each: each.unit)):
        everybody = list(people)
        newest = max((marks[each.person_id].position for each in everybody if each.person_id in marks), default=0)
        if newest > newer_than:
            found.append(Unit(f"u{n}", name, tuple(_line(each, roll, marks, how, remarks) for each in everybody)))
    return found


def _line(each: Present, roll: Roll, marks: dict[str, Mark], how: dict[How, str], remarks: dict[Remark, str]) -> Line:
    when = when_words(each.age_s, roll.made_at, trusted=roll.clock_trusted)
    said = [f"{how[each.how]} {when}"]
    if each.by:
        said.append(str(gettext("how.by", name=each.by)))
    if each.remark is not None:
        said.append(remarks[each.remark])
    if each.door:
        said.append(each.door)
    ticked = marks.get(each.person_id)
    return Line(each.person_id, each.name, each.photo, " · ".join(said), State.UNKNOWN if ticked is None else ticked.state)


def _doors() -> list[dict[str, Any]]:
    """The other doors in words: "Pintu Timur: 14 orang, per 14.02 WIB (8 menit lalu)"."""
    tools, found = duties().tools, []
    for door in _service().doors():
        known = door.answer is not None
        found.append(
            {
                "name": door.name,
                "count": len(door.answer.people) if door.answer is not None else None,
                "visitors": door.answer.visitors if door.answer is not None else 0,
                "as_of": when_words(door.age_s, tools.now().wall, trusted=tools.clock_is_trusted()) if known else "",
                "age": age_words(door.age_s) if known else "",
                "is_answering": door.is_answering,
            }
        )
    return found


def _listing(roll: Roll, call: RollCall | None, *, grouped: bool) -> Listing:
    words = {state: str(gettext(f"evac.{state}")) for state in (State.SAFE, State.MISSING)} | {State.UNKNOWN: "☐"}
    rows: list[tuple[str, ...]] = []
    for unit in units(roll, {} if call is None else call.marks):
        if grouped:
            rows.append((f"{unit.name or gettext('evac.no_unit')} · {len(unit.lines)}",))
        rows += [_cells(line, unit, words, grouped=grouped) for line in unit.lines]
    columns = [Column(str(gettext(f"list.{name}")), share) for name, share in (("name", 5), ("number", 3), ("known_by", 5))]
    columns += [] if grouped else [Column(str(gettext("list.unit")), 3)]
    columns.append(Column(str(gettext("list.state")), 2))
    station = the_door().station
    lines = [f"{station.name} · {station.place}", stamp(roll.made_at, trusted=roll.clock_trusted), *_totals(roll, call)]
    return Listing(
        str(gettext("evac.title")), tuple(lines), tuple(columns), tuple(rows), footer(), str(gettext("list.page")), _signature()
    )


def _cells(line: Line, unit: Unit, words: dict[State, str], *, grouped: bool) -> tuple[str, ...]:
    said = words[State(line.state)] if line.state in set(State) else words[State.UNKNOWN]
    return (line.name, line.person_id, line.known_by, *(() if grouped else (unit.name,)), said)


def _totals(roll: Roll, call: RollCall | None) -> Iterable[str]:
    yield str(gettext("evac.inside", count=len(roll.people)))
    if call is not None:
        yield str(gettext("evac.counts", **call.counts()))
    if roll.unknown_badges:
        yield str(gettext("evac.unknown_badges", count=roll.unknown_badges))
    for room in roll.rooms:
        yield str(gettext("evac.room", room=room.room, count=room.count))
    for door in _doors():
        if door["count"] is None:
            yield str(gettext("evac.door_silent", door=door["name"]))
        else:
            yield str(gettext("evac.door", door=door["name"], count=door["count"], time=door["as_of"], age=door["age"]))


def _signature() -> tuple[str, ...]:
    return ("", str(gettext("list.signature", name=signed_in().name)))


class _Watcher:
    """One browser's view of the ticks. It is sent the units in which something changed, not the whole list."""

    def __init__(self, service: Evacuation, session_id: str, evacuation_id: str, since: int) -> None:
        self._service, self._session_id, self._id, self._since = service, session_id, evacuation_id, since
        self._language, self._door = str(get_locale() or "id"), the_door()

    def fragments(self, _version: int) -> Iterator[Fragment]:
        call = self._service.current()
        if (call.evacuation_id if call is not None else "") != self._id:
            yield "reload", ""
            return
        if call is None:
            return
        locked = self._door.sessions.is_locked(self._session_id)
        with force_locale(self._language):
            yield "counts", render_template("guard/evacuation_counts.html", counts=call.counts())
            for unit in units(call.roll, call.marks, newer_than=self._since):
                yield unit.fragment, render_template("guard/evacuation_unit.html", unit=unit, call=call, locked=locked)
        self._since = max(self._since, call.version)

    def beat(self) -> Iterator[Fragment]:
        if self._door.sessions.guard(self._session_id) is None:
            yield "reload", ""
            return
        with force_locale(self._language):
            health = self._door.station.guard.current().health
            yield "clock", render_template("partials/clock.html", health=health, **clock_shown())
            yield "doors", render_template("guard/evacuation_doors.html", doors=_doors())


def _service() -> Evacuation:
    return duties().evacuation


def _session_id() -> str:
    return str(session.get("sid", ""))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0
