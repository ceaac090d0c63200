"""A visitor's way in and out at the panel, by touch: what for, how many, who if they like, the steps in force; then a place or
a number. Every page is drawn from the go as it stands, so reloading and going back are harmless.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import cast

from flask import Blueprint, Flask, Response, abort, g, make_response, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import force_locale
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.screening import shown as notices
from kiosk.services.room_views import Done, RoomsView, Said, TicketRow, TicketState, Visitor
from kiosk.web import visitor_pages
from kiosk.web.access import public
from kiosk.web.context import rooms, the_door
from kiosk.web.here import is_here
from kiosk.web.panel import clock_shown, panel_shown
from kiosk.web.rating import add_rating
from kiosk.web.texts import LANGUAGES
from kiosk.web.visiting import Visiting, install, visiting
from kiosk.web.visitor_go import LASTS_S, Go, Goes, Step, tidy
from kiosk.web.visitor_tiles import Tile, Way, pages, tile, tiles
from sync.database import DatabaseError

visitors = Blueprint("visitors", __name__, url_prefix="/visitor")
add_rating(visitors)
_STATES_BEFORE_A_CALL = (TicketState.WAITING, TicketState.MISSED)


@visitors.record
def _keep_goes(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    with app.app_context():
        install(app, rooms(), the_door().clock, the_door().slips)


@visitors.post("/start")
@public
def start() -> AnyResponse:
    """Touch on the idle panel: somebody comes, leaves, or was called. Their go takes over the panel's language."""
    panel, what = the_door().station.panel.current(), request.form.get("what", "in")
    first = {"out": Step.LEAVE, "called": Step.NUMBERS}.get(what, Step.CHOOSE)
    go = _goes().begin(panel.language, first)
    session["visitor"] = go.id
    if panel.language != LANGUAGES[0]:
        the_door().station.set_language(LANGUAGES[0])
    if first is Step.CHOOSE:
        _goes().change(go.id, first, _skip_a_choice_of_one)
    if first is Step.NUMBERS:
        _goes().change(go.id, first, _skip_a_call_of_one)
    return _to_page()


def _skip_a_choice_of_one(go: Go) -> Go | None:
    offered = tiles(_view())
    if not offered:
        return None
    return replace(_chosen(go, offered[0]), trail=()) if len(offered) == 1 else go


def _skip_a_call_of_one(go: Go) -> Go:
    called = [row for room in _view().rooms for row in room.called]
    return replace(go, step=Step.NUMBER, ticket_id=called[0].ticket_id) if len(called) == 1 else go


def own(view: Callable[[Go], AnyResponse]) -> Callable[[], AnyResponse]:
    """For whose go it is, in their language; everybody else is led to the panel."""

    @wraps(view)
    def guarded() -> AnyResponse:
        go = _goes().find(session.get("visitor"))
        if go is None:
            return _away()
        g.go = go
        with force_locale(go.language):
            return view(go)

    guarded.access = "own"  # type: ignore[attr-defined]  # read back by the test of the access table
    return guarded


@visitors.get("")
@own
def page(go: Go) -> AnyResponse:
    """The step they are at."""
    door = the_door()
    drawn = visitor_pages.drawn(go, _view(), notices(door.visitor_steps()))
    slip = _visiting().slips.state(go.id)
    closes_after_s = drawn.closes_after_s
    if drawn.is_fixed:
        closes_after_s = max(1, closes_after_s - _goes().since_answer_s(go))
    framed = {"station": door.station, "go": go, "slip": slip, "other": LANGUAGES[1 - LANGUAGES.index(go.language)]}
    told = {"drawn": drawn, "closes_after_s": closes_after_s, "keeps_days": door.keeps_days, **framed, **drawn.values}
    panel = replace(door.station.panel.current(), language=go.language)
    page = render_template(drawn.template, **panel_shown(panel), **clock_shown(), **told)
    answer = make_response(page)
    answer.headers["Refresh"] = f"{LASTS_S}; url={url_for('panel.page')}"  # also where the page's script does not run
    return answer


def _step(change: Callable[[Go], Go | None]) -> AnyResponse:
    """Change the go from the step that the form was drawn for; then its page, or the panel once it is over."""
    if request.form.get("go") == g.go.id:
        _goes().change(g.go.id, request.form.get("step", ""), change)
    return _to_page()


@visitors.post("/choose")
@own
def choose(_: Go) -> AnyResponse:
    """A tile, another page of tiles, or the numbers that wait."""
    form = request.form

    def change(go: Go) -> Go:
        if "number" in form:
            return go.onward(Step.NUMBERS)
        if "page" in form:
            return replace(go, page=_whole(form["page"], 0, pages(len(tiles(_view()))) - 1) or 0)
        chosen = tile(_view(), form.get("tile", ""))
        return replace(go, problem="gone") if chosen is None else _chosen(go, chosen)

    return _step(change)


def _chosen(go: Go, chosen: Tile) -> Go:
    return replace(go.onward(Step.PEOPLE if chosen.way is Way.PLACE else Step.SERVICE), tile=chosen.key)


@visitors.post("/service")
@own
def service(_: Go) -> AnyResponse:
    """On from what a service says: to the counter all the same, or to handing in a file."""

    def change(go: Go) -> Go:
        chosen = tile(_view(), go.tile)
        if chosen is not None and chosen.way is Way.DROP_OFF:
            return go.onward(Step.NAME)
        return go.onward(Step.PEOPLE) if chosen is not None and chosen.leads_in else go

    return _step(change)


@visitors.post("/people")
@own
def people(_: Go) -> AnyResponse:
    """How many come in together, and whether they are called first."""
    form = request.form

    def change(go: Go) -> Go:
        chosen = tile(_view(), go.tile)
        if chosen is None or chosen.room is None:
            return go.ended(Done(Said.NO_SUCH_ROOM))
        count = _whole(form.get("people", ""), 1, chosen.room.room.max_people)
        visitor = replace(go.visitor, people=count or go.visitor.people, priority="priority" in form)
        asked = replace(go, visitor=visitor)
        return replace(asked, problem="people") if count is None else asked.onward(Step.NAME)

    return _step(change)


@visitors.post("/name")
@own
def name(_: Go) -> AnyResponse:
    """Who they are, if they like. "Without a name" forgets what was typed."""
    form = request.form

    def typed(field: str) -> str:
        return "" if "skip" in form else tidy(form.get(field, ""))

    def change(go: Go) -> Go:
        who = replace(go.visitor, name=typed("name"), institution=typed("institution"), purpose=typed("purpose"))
        told = replace(go, visitor=who)
        return told.onward(Step.STEPS) if notices(the_door().visitor_steps()) else _arrive(told)

    return _step(change)


@visitors.post("/steps")
@own
def steps(_: Go) -> AnyResponse:
    """What the circular in force asks for is done."""
    return _step(_arrive)


def _arrive(go: Go) -> Go:
    chosen = tile(_view(), go.tile)
    if chosen is None:
        return go.ended(Done(Said.NO_SUCH_ROOM))
    if chosen.service is not None and chosen.way is Way.DROP_OFF:
        return _led_to(go, rooms().drop_off(chosen.service.service.id, go.visitor.name))
    if chosen.room is None or not chosen.leads_in:
        return go.ended(Done(_NOW_SHUT.get(chosen.way, Said.NO_SUCH_ROOM)))
    return _led_to(go, rooms().arrive(chosen.room.room.id, _with_purpose(go.visitor, chosen)))


def _led_to(go: Go, done: Done) -> Go:
    """It is done; what can be taken along is printed beside."""
    _visiting().slips.begin(go.id, done, _view(), the_door().now())
    return go.ended(done)


def _view() -> RoomsView:
    """Rooms as they are now; as they were seen last where nobody can look."""
    try:
        return rooms().view()
    except DatabaseError:
        return rooms().views.current()


_NOW_SHUT = {Way.CLOSED: Said.CLOSED, Way.ONLINE_ONLY: Said.ONLINE_ONLY, Way.QUOTA_REACHED: Said.QUOTA_REACHED}
"""A service can be shut while somebody is on the way to it."""


def _with_purpose(visitor: Visitor, chosen: Tile) -> Visitor:
    """Who chose a service has said what for."""
    return replace(visitor, purpose=visitor.purpose or chosen.name) if chosen.service else visitor


@visitors.post("/number")
@own
def number(_: Go) -> AnyResponse:
    """Somebody who has a number: which it is, come in, leave for a while, or back again."""
    form = request.form

    def change(go: Go) -> Go:
        if "page" in form:
            return replace(go, page=_whole(form["page"], 0, 10_000) or 0)
        if go.step is Step.NUMBERS:
            return replace(go.onward(Step.NUMBER), ticket_id=form.get("ticket", ""))
        if go.step is Step.DONE and (go.done is None or go.done.ticket_id is None):
            return go
        ticket_id = go.ticket_id if go.done is None else go.done.ticket_id or ""
        found = visitor_pages.ticket(_view(), ticket_id)
        return _led_to(go, _answer(form.get("do", ""), ticket_id, found[1] if found else None))

    return _step(change)


def _answer(wanted: str, ticket_id: str, row: TicketRow | None) -> Done:
    if row is None:
        return Done(Said.NO_SUCH_NUMBER)
    if wanted == "enter":
        done = rooms().enter_called(ticket_id)
    elif wanted == "back":
        done = rooms().come_back(ticket_id)
    elif row.state in _STATES_BEFORE_A_CALL:
        done = rooms().step_away(ticket_id)
    else:
        done = Done(Said.NO_SUCH_NUMBER)
    return replace(done, number=done.number or row.number, ticket_id=done.ticket_id or ticket_id)


@visitors.post("/back")
@own
def back(_: Go) -> AnyResponse:
    """One step back; from the first one to the panel."""
    return _step(Go.back)


@visitors.post("/language")
@own
def language(_: Go) -> AnyResponse:
    """Another language for this go."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        abort(400)
    return _step(lambda go: replace(go, language=wanted))


@visitors.post("/close")
@own
def close(go: Go) -> AnyResponse:
    """They are done, or have gone."""
    if request.form.get("go") == go.id:
        _goes().close(go.id)
    return _away()


def _whole(text: str, least: int, most: int) -> int | None:
    """A number from `least` to `most`, else None."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else -1
    return number if least <= number <= most else None


def _to_page() -> AnyResponse:
    return redirect(url_for("visitors.page"), 303)


def _away() -> AnyResponse:
    session.pop("visitor", None)
    return redirect(url_for("panel.page"), 303)


def _goes() -> Goes:
    return _visiting().goes


def _visiting() -> Visiting:
    found = visiting()
    if found is None:
        abort(403)
    return found


@visitors.before_request
def _only_here() -> Response | None:
    if not is_here():
        abort(403)
    return None
