"""Staff look at their own days, on the panel at which they have just tapped; and ask for a correction there."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.values import Screen
from kiosk.services.corrections import What, Wish
from kiosk.services.presence import NOTE_AT_MOST
from kiosk.services.self_check import FORM_LASTS_S, OPEN_LASTS_S, SelfCheck, Visit
from kiosk.web.access import public
from kiosk.web.context import duties, the_door
from kiosk.web.here import is_here
from kiosk.web.panel import clock_shown

self_check = Blueprint("self_check", __name__, url_prefix="/me")
_STEPS = ("what", "date", "time", "note")


@self_check.post("/open")
@public
def enter() -> AnyResponse:
    """Spend the token of the button that was pressed."""
    visit = _checks().open(request.form.get("token", ""), _screen(), the_door().station.panel.current().language)
    if visit is None:
        return _away()
    session["me"] = visit.id
    return redirect(url_for("self_check.page"), 303)


def own(view: Callable[[Visit], AnyResponse]) -> Callable[[], AnyResponse]:
    """For who has just opened their own page here, in their language; everybody else is led to the panel."""

    @wraps(view)
    def guarded() -> AnyResponse:
        visit = _checks().visit(str(session.get("me", "")), _screen())
        if visit is None:
            return _away()
        g.visit = visit
        with force_locale(visit.language):
            return view(visit)

    guarded.access = "own"  # type: ignore[attr-defined]  # read back by the test of the access table
    return guarded


@self_check.get("")
@own
def page(visit: Visit) -> AnyResponse:
    """One's own days."""
    shown = _checks().page(visit.person_id)
    if shown is None:
        return _away()
    left_s = max(1, (visit.until_ns - the_door().clock.now().mono_ns) // 1_000_000_000)
    return _drawn("panel/self_check.html", min(left_s, OPEN_LASTS_S), page=shown, said=request.args.get("said", ""))


@self_check.post("/correction")
@own
def ask(visit: Visit) -> AnyResponse:
    """One question a page, until the wish is whole and is sent."""
    _checks().visit(visit.id, _screen(), stay_s=FORM_LASTS_S)
    form, corrections = request.form, duties().corrections
    wish = Wish(form.get("what", ""), form.get("date", ""), form.get("time", ""), form.get("note", ""))
    wrong = corrections.wrong(wish)
    step = "time" if wrong == "future" else wrong or "note"
    problem = wrong if form.get("step") == step else ""
    if not wrong and form.get("step") == "note":
        answered = corrections.ask(visit.person_id, wish)
        if answered.ok:
            return redirect(url_for("self_check.page", said="done"), 303)
        problem = answered.code
    return _drawn(
        "panel/self_check_ask.html",
        FORM_LASTS_S,
        wish=wish,
        step=step,
        number=_STEPS.index(step) + 1,
        steps=len(_STEPS),
        problem=problem,
        whats=tuple(What),
        days=corrections.days(),
        note_at_most=NOTE_AT_MOST,
    )


@self_check.post("/close")
@own
def close(visit: Visit) -> AnyResponse:
    """Leave."""
    _checks().close(visit.id)
    return _away()


def _drawn(template: str, closes_after_s: int, **shown: object) -> Response:
    visit: Visit = g.visit
    door = the_door()
    health = door.station.panel.current().health
    framed = {"station": door.station, "health": health, **clock_shown()}
    drawn = render_template(template, visit=visit, closes_after_s=closes_after_s, **framed, **shown)
    answer = make_response(drawn)
    answer.headers["Refresh"] = f"{closes_after_s}; url={url_for('panel.page')}"  # also where the page's script does not run
    return answer


def _away() -> AnyResponse:
    session.pop("me", None)
    return redirect(url_for("panel.page"), 303)


def _screen() -> Screen:
    return the_door().station.panel.current().screen


def _checks() -> SelfCheck:
    return duties().self_check


@self_check.before_request
def _only_here() -> None:
    if not is_here():
        abort(403)
