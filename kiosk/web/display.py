"""The public display: places left, numbers called, and their voice. For everybody in the hall: it reads, and knows no names."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import force_locale, gettext
from markupsafe import Markup

from kiosk.services.announcer import Announcement
from kiosk.services.room_views import RoomsView, WaitRange
from kiosk.web.access import public
from kiosk.web.context import rooms, the_door
from kiosk.web.display_faces import Board, board, chosen, on_page, pages
from kiosk.web.panel import clock_shown
from kiosk.web.paths import templates_folder
from kiosk.web.streams import Fragment
from kiosk.web.texts import LANGUAGES

display = Blueprint("display", __name__, url_prefix="/display")
_KEY = "gapura-display"
_STATIC = ("tokens.css", "display.css", "display.js")
_RETRY_S = 5
_LONG_NAME = 28
_LONG_WAIT_MIN = 120
_ELSEWHERE = 4
_PAIR = Markup('<span class="say-id">{}</span> <span class="say-en" lang="en">{}</span>')
Value = str | int | Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Hall:
    """What the displays of one app share. `build` is of their files; `seats` are the streams they may open at once."""

    build: str
    seats: threading.BoundedSemaphore


@display.record
def _prepare(state: BlueprintSetupState) -> None:
    """Displays take half of the streams at most: anybody on the network may open one, and the guards' screens come first."""
    app = cast(Flask, state.app)
    with app.app_context():
        most = max(1, the_door().audience.cap // 2)
    app.extensions[_KEY] = _Hall(build_of(templates_folder()), threading.BoundedSemaphore(most))


def _hall() -> _Hall:
    return cast(_Hall, current_app.extensions[_KEY])


def build_of(folder: Path) -> str:
    """A name for the display's files in the folder of templates: where it changes, a page that is open has to be loaded anew."""
    files = [*sorted((folder / "display").glob("*.html")), *(folder / "static" / name for name in _STATIC)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


@display.get("")
@display.get("/<room_id>")
@public
def page(room_id: str | None = None) -> str:
    """One room, those named by `?room=`, or all. A room that is not there yet appears when it is."""
    wanted = _wanted() | ({room_id} if room_id else frozenset())
    view = rooms().views.current()
    return render_template(
        "display/page.html",
        build=_hall().build,
        events=url_for("display.events", room=sorted(wanted)),
        is_silent=the_door().announcer is None or request.args.get("sound") == "off",
        heard=json.dumps([each.id for each in _to_speak(wanted)]),
        **_shown(view, wanted),
    )


@display.get("/events")
@public
def events() -> Response:
    """The display's fragments each time one changes, and every second which announcements are to be spoken."""
    hall, wanted = _hall(), _wanted()
    if not hall.seats.acquire(blocking=False):
        return Response("too many displays are open\n", 503, {"Retry-After": str(_RETRY_S)}, mimetype="text/plain")
    answer = the_door().audience.answer(
        rooms().views, lambda view: iter([_board(view, wanted)]), lambda: _beat(wanted, hall.build)
    )
    answer.call_on_close(hall.seats.release)
    return answer


@display.get("/speech/<int:announcement_id>.wav")
@public
def speech(announcement_id: int) -> Response:
    """One announcement as sound, with ranges: some browsers play nothing without. 404 where there is nothing to hear."""
    announcer = the_door().announcer
    wav = announcer.wav(announcement_id) if announcer is not None else None
    if wav is None:
        abort(404)
    return send_file(BytesIO(wav), mimetype="audio/wav")


def both(key: str, **values: Value) -> Markup:
    """A sentence in Indonesian and English, each in an element of its own. Values that are called are made in each language."""
    said = []
    for language in LANGUAGES:
        with force_locale(language):
            made = {name: value() if callable(value) else value for name, value in values.items()}
            said.append(gettext(key, **made))
    return _PAIR.format(*said)


def room_name(room: Board, tag: str, style: str) -> Markup:
    """A room's names as a heading; without an English one the Indonesian stands for both."""
    long = f" {style}--long turns" if max(len(room.name), len(room.name_en)) > _LONG_NAME else ""
    pair = _PAIR.format(room.name, room.name_en) if room.name_en else Markup("<span>{}</span>").format(room.name)
    return Markup('<{tag} class="{style}">{pair}</{tag}>').format(tag=tag, style=style + long, pair=pair)


def wait(guess: WaitRange) -> Markup:
    """An honest guess in words: from ... to, and no figures where it is long."""
    if guess.from_min >= _LONG_WAIT_MIN:
        return both("display.wait_long", hours=guess.from_min // 60)
    if guess.to_min > guess.from_min:
        return both("display.wait_range", least=guess.from_min, most=guess.to_min)
    return both("display.wait_about", minutes=guess.to_min)


def stays(room: Board) -> Markup:
    """ "Kartu 7, A 012, +2: ...": whose time is up, by what they carry."""

    def who() -> str:
        named = [gettext("display.card", number=each.card) if each.card else str(each.number) for each in room.over]
        return ", ".join([*named, f"+{room.over_more}"] if room.over_more else named)

    return both("display.stay_over", who=who)


def _wanted() -> frozenset[str]:
    return frozenset(request.args.getlist("room"))


def _to_speak(wanted: frozenset[str]) -> list[Announcement]:
    """What a display of these rooms still has to speak; all rooms' reminders, which do not say where."""
    announcer = the_door().announcer
    if announcer is None:
        return []
    names = {each.room.name for each in chosen(rooms().views.current(), wanted)}
    return [each for each in announcer.pending(0) if each.aloud and (each.where is None or each.where in names)]


def _shown(view: RoomsView, wanted: frozenset[str]) -> dict[str, object]:
    door, some = the_door(), chosen(view, wanted)
    page, here = on_page(some, int(door.now().timestamp()))
    hidden = [each for each in some if each not in here]
    health = door.station.panel.current().health
    local = door.now().astimezone(ZoneInfo(door.station.time_zone)).time() if health.clock_trusted else None
    return {
        "station": door.station,
        "health": health,
        "boards": [board(each, local) for each in here],
        "elsewhere": [(call.number, each.room.name) for each in hidden for call in each.called][:_ELSEWHERE],
        "page_number": page + 1,
        "page_count": pages(len(some)),
        "both": both,
        "name": room_name,
        "stays": stays,
        "wait": wait,
        **clock_shown(),
    }


def _board(view: RoomsView, wanted: frozenset[str]) -> Fragment:
    return "board", render_template("display/board.html", **_shown(view, wanted))


def _beat(wanted: frozenset[str], build: str) -> Iterator[Fragment]:
    view, health = rooms().views.current(), the_door().station.panel.current().health
    yield "build", build
    yield "clock", render_template("partials/clock.html", health=health, **clock_shown())
    yield "signs", render_template("display/signs.html", health=health, both=both)
    if pages(len(chosen(view, wanted))) > 1:
        yield _board(view, wanted)
    yield "speech", json.dumps([[each.id, each.volume_percent] for each in _to_speak(wanted)])
