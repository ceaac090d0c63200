"""The guard's page: who came, who waits for a decision, and the decision."""

from collections.abc import Iterator

from flask import Blueprint, Response, abort, render_template, request, session
from flask_babel import force_locale
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty, Role, may
from kiosk.core.inputs import Decision
from kiosk.core.values import HoldEnd, LetInReason
from kiosk.services.views import Answered, Guard, GuardView
from kiosk.web.access import back, client_here, needs, public, signed_in
from kiosk.web.context import Door, the_door
from kiosk.web.desk_parts import RoomLine, room_lines
from kiosk.web.hold_groups import grouped, script
from kiosk.web.panel import clock_shown
from kiosk.web.streams import Fragment, Together
from kiosk.web.texts import LANGUAGES, clock_text
from kiosk.web.typed import parse_temperature
from sync.state import Problem

_HOLD_ENDS, _PROBLEMS, _LET_IN_REASONS = frozenset(HoldEnd), frozenset(Problem), frozenset(LetInReason)

guard = Blueprint("guard", __name__, url_prefix="/guard")


@guard.get("")
@public
def page() -> str:
    """The sign-in page, or for who is signed in the feed and the open holds."""
    door = the_door()
    session_id = _session_id()
    who = door.sessions.guard(session_id)
    if who is None:
        return render_template("guard/sign_in.html", station=door.station, guards=door.station.guards(), chosen=_chosen())
    view = door.station.guard.current()
    return render_template(
        "guard/page.html",
        station=door.station,
        guard=who,
        room_lines=room_lines(),
        **_shown(view, door.sessions.is_locked(session_id)),
        **clock_shown(),
    )


@guard.post("/sign-in")
@public
def sign_in() -> AnyResponse:
    """Check a PIN; the session that it opens is known to this process alone."""
    door = the_door()
    guard_id, pin = request.form.get("guard", ""), request.form.get("pin", "")
    if not guard_id:
        return _back("guard.choose")
    answer = door.station.sign_in(guard_id, pin)
    if answer.guard is None:
        session["chosen"] = guard_id[:64]
        return _back("guard.pin_wait", seconds=answer.wait_s) if answer.wait_s > 0 else _back("guard.pin_wrong")
    door.sessions.close(_session_id())
    for left in ("chosen", "csrf_token"):  # what was given to whoever stood here before
        session.pop(left, None)
    session["sid"] = door.sessions.open(answer.guard, client_here())
    return _home(answer.guard)


@guard.post("/sign-out")
@public
def sign_out() -> AnyResponse:
    """End the session here, not only in the browser."""
    door = the_door()
    left = door.sessions.close(session.pop("sid", None))
    if left is not None:
        door.station.sign_out(left)
    return _back()


@guard.post("/language")
@public
def language() -> AnyResponse:
    """Remember a language for this browser."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        abort(400)
    session["language"] = wanted
    return _back()


@guard.get("/events")
@needs(Duty.WATCH, page=False)
def events() -> Response:
    """The fragments of the guard's page. They keep coming while the actions are locked, and end with the session."""
    door, session_id = the_door(), _session_id()
    desk = _Desk(door, session_id, str(session.get("language", LANGUAGES[0])))
    news = door.station.guard if door.rooms is None else Together(door.station.guard, door.rooms.views)
    return door.audience.answer(news, desk.fragments, desk.beat)


@guard.post("/holds/<hold_id>/close")
@needs(Duty.DECIDE, acting=True)
def close_hold(hold_id: str) -> AnyResponse:
    """Let in, send to the clinic, or judge again by a temperature the guard measured."""
    try:
        decision = Decision(request.form.get("decision", ""))
    except ValueError:
        abort(400)
    celsius = None
    if decision is Decision.TYPED_TEMPERATURE:
        celsius = parse_temperature(request.form.get("temperature", ""))
        if celsius is None:
            return _back("answer.implausible_temperature")
    why, note = request.form.get("reason", ""), " ".join(request.form.get("note", "").split())[:500]
    if why and why not in _LET_IN_REASONS:
        abort(400)
    if why == LetInReason.OTHER and not note:
        return _back("answer.note_needed")
    reason = LetInReason(why) if why and decision is Decision.LET_IN else None
    return said_answer(
        the_door().station.decide(signed_in(), hold_id, decision, typed_temperature_c=celsius, note=note, reason=reason)
    )


def said_answer(answered: Answered) -> AnyResponse:
    """Back to the feed, with what became of what was asked; of somebody who was faster, who it was and when."""
    if answered.code == "already_closed" and answered.by:
        time = clock_text(answered.at, the_door().station.time_zone) if answered.at and answered.clock_trusted else "–"
        return _back("answer.already_by", name=answered.by, time=time)
    return _back(f"answer.{answered.code}" if not answered.ok else "answer.done", ok=answered.ok)


class _Desk:
    """One browser's view of the stream: what it may do depends on its session."""

    def __init__(self, door: Door, session_id: str, language: str) -> None:
        self._door, self._session_id, self._language = door, session_id, language
        self._was_locked = door.sessions.is_locked(session_id)
        self._drawn: GuardView | None = None
        self._lines: list[RoomLine] | None = None

    def fragments(self, view: GuardView) -> Iterator[Fragment]:
        if self._door.sessions.guard(self._session_id) is None:
            yield "reload", ""
            return
        shown = _shown(view, self._door.sessions.is_locked(self._session_id))
        with force_locale(self._language):
            if view is not self._drawn:
                self._drawn = view
                for name in ("holds", "feed", "signs"):
                    yield name, render_template(f"guard/{name}.html", **shown)
            lines = room_lines()
            if lines != self._lines:
                self._lines = lines
                yield "rooms", render_template("guard/rooms.html", room_lines=lines, locked=shown["locked"])

    def beat(self) -> Iterator[Fragment]:
        view = self._door.station.guard.current()
        with force_locale(self._language):
            yield "clock", render_template("partials/clock.html", health=view.health, **clock_shown())
        signed_out = self._door.sessions.guard(self._session_id) is None
        locked = self._door.sessions.is_locked(self._session_id)
        if signed_out or locked != self._was_locked:
            yield "reload", ""


def _shown(view: GuardView, locked: bool) -> dict[str, object]:
    words = {"decisions": Decision, "let_in_reasons": LetInReason, "hold_ends": _HOLD_ENDS, "problems": _PROBLEMS}
    acts = {"groups": grouped(view.holds), "script": script, "acts": the_door().duties is not None and not locked}
    return {"view": view, "health": view.health, "locked": locked, **words, **acts}


def _home(guard: Guard) -> AnyResponse:
    """Where somebody who has signed in goes on: to the rooms from there, and who sits at the desk of one in any case."""
    rooms, from_desk = the_door().rooms, request.form.get("to") == "desk" or guard.role == Role.DESK
    if not from_desk or rooms is None or not rooms.views.current().rooms or not may(guard.role, Duty.RUN_ROOM):
        return _back()
    return back("desk.page")


def _session_id() -> str:
    return str(session.get("sid", ""))


def _chosen() -> str:
    return str(session.get("chosen", ""))


def _back(words: str = "", *, ok: bool = False, **values: object) -> AnyResponse:
    return back("guard.page", words, ok=ok, **values)
