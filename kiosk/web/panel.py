"""The panel: what everybody at the door sees."""

import re
from collections.abc import Iterator
from io import BytesIO

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response as AnyResponse

from kiosk.services.views import PanelView
from kiosk.web.access import public
from kiosk.web.context import the_door
from kiosk.web.faces import double_words, face, sound_key, tap_words
from kiosk.web.here import own_token
from kiosk.web.streams import Fragment, Together
from kiosk.web.texts import LANGUAGES, is_day
from kiosk.web.visiting import offered, passed, slip_shown, streams

panel = Blueprint("panel", __name__)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@panel.get("/")
@public
def page() -> str:
    """The panel as it is at this moment; events keep it so."""
    view = the_door().station.panel.current()
    with force_locale(view.language):
        return render_template(
            "panel/page.html",
            station=the_door().station,
            other=_other(view.language),
            own_token=own_token(view.screen),
            offered=offered(),
            **panel_shown(view),
            **clock_shown(),
        )


@panel.get("/panel/events")
@public
def events() -> Response:
    """The panel's fragments, each time one of them changes."""
    door = the_door()
    return door.audience.answer(Together(door.station.panel, *streams()), _fragments, _beat)


@panel.get("/camera.jpg")
@public
def camera() -> Response:
    """The camera's newest frame; 204 while there is none. The page asks about eight times a second while it shows it."""
    frame = the_door().station.preview_jpeg()
    return Response(status=204) if frame is None else Response(frame[1], mimetype="image/jpeg")


@panel.get("/photos/<sha256>.jpg")
@public
def photo(sha256: str) -> Response:
    """A staff photo by its hash."""
    path = the_door().station.photo(sha256) if _SHA256.fullmatch(sha256) else None
    if path is None or not path.is_file():
        abort(404)
    response = send_file(BytesIO(path.read_bytes()), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@panel.post("/language")
@public
def language() -> AnyResponse:
    """Show the panel in another language until this person's go is over."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        abort(400)
    the_door().station.set_language(wanted)
    return redirect(url_for("panel.page"), 303)


def clock_shown() -> dict[str, object]:
    """What the clock fragment is drawn from."""
    door = the_door()
    now = door.now()
    return {"now": now, "daytime": is_day(now, door.station.time_zone)}


def panel_shown(view: PanelView) -> dict[str, object]:
    """What the panel's screen and its small signs are drawn from."""
    return {
        "view": view,
        "passed": passed(),
        "screen": view.screen,
        "health": view.health,
        "face": face(view),
        "sound_key": sound_key(view.screen),
        "tap_words": tap_words,
        "double_words": double_words,
    }


def _fragments(view: PanelView) -> Iterator[Fragment]:
    with force_locale(view.language):
        yield "screen", render_template("panel/screen.html", **panel_shown(view))
        yield "signs", render_template("panel/signs.html", **panel_shown(view))
        yield "clock", render_template("partials/clock.html", health=view.health, **clock_shown())
        yield "language", render_template("panel/language.html", other=_other(view.language))
        yield "own", render_template("panel/own.html", own_token=own_token(view.screen))
        if (guests := offered()) is not None:
            yield "guests", render_template("panel/visitor_offers.html", offered=guests)
            yield "called", render_template("panel/visitor_called.html", offered=guests)


def _beat() -> Iterator[Fragment]:
    view = the_door().station.panel.current()
    own_token(view.screen)  # it is still on the screen
    with force_locale(view.language):
        yield "clock", render_template("partials/clock.html", health=view.health, **clock_shown())
        if offered() is not None:  # what a pass led to is shown for its time only
            yield "screen", render_template("panel/screen.html", **panel_shown(view))
    if (slip := slip_shown()) is not None:
        with force_locale(slip.language):
            yield "slip", render_template("panel/visitor_slip.html", slip=slip.state, slip_kind=slip.kind)


def _other(language: str) -> str:
    return LANGUAGES[1 - LANGUAGES.index(language)]
