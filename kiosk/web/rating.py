"""One tap on the panel by whoever has just left: how it was. Nobody is named, and nothing is kept of who tapped."""

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, session, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response as AnyResponse

from kiosk.services.room_views import Said
from kiosk.web.access import public
from kiosk.web.context import rooms, the_door
from kiosk.web.panel import clock_shown
from kiosk.web.passed import SHOWN_S, pass_face
from kiosk.web.visiting import visiting
from kiosk.web.visitor_go import Step
from sync.protocol.satisfaction import Level

_LEVELS = {str(level): level for level in Level}


def add_rating(routes: Blueprint) -> None:
    """Put the one route among those of the panel."""
    routes.add_url_rule("/rate", "rate", rate, methods=["POST"])


@public
def rate() -> AnyResponse:
    """The thanks are on the panel by then; what comes too late, or twice, is told so, and the panel is there again by itself."""
    level = _LEVELS.get(request.form.get("level", ""))
    if level is None:
        abort(400)
    done = rooms().rate(request.form.get("showing", ""), level)
    if done.said is Said.RATED:
        return redirect(_onward(), 303)
    return _told(done.said)


def _told(said: Said) -> Response:
    station = the_door().station
    panel = station.panel.current()
    with force_locale(panel.language):
        told = {"said": said, "face": pass_face(said), "language": panel.language, "health": panel.health}
        page = render_template("panel/visitor_rated.html", station=station, **told, **clock_shown())
    answer = make_response(page, 409)
    answer.headers["Refresh"] = f"{SHOWN_S}; url={_onward()}"
    return answer


def _onward() -> str:
    """The panel; for somebody else's go that this was shown over, the page they were at."""
    found = visiting()
    go = None if found is None else found.goes.find(session.get("visitor"))
    if found is None or go is None or go.step is Step.LEAVE:
        if found is not None and go is not None:
            found.goes.close(go.id)
        return url_for("panel.page")
    return url_for("visitors.page")
