"""The kiosk's web pages: the panel everybody sees, the guard's page, and what machines ask."""

from collections.abc import Callable

from flask import Blueprint, Flask, request, session
from flask_babel import Babel, get_locale

from kiosk.core.screening import Step
from kiosk.services.announcer import Announcer
from kiosk.services.duties import GuardDuties
from kiosk.services.lan import LanState
from kiosk.services.printing import Printing
from kiosk.services.room_views import Rooms
from kiosk.services.views import Station
from kiosk.web import access, context, security, texts
from kiosk.web.compiled import CompiledTemplates
from kiosk.web.corrections import corrections
from kiosk.web.decisions import decisions
from kiosk.web.desk import desk
from kiosk.web.desk_entry import desk_entry
from kiosk.web.desk_rounds import desk_rounds
from kiosk.web.display import display
from kiosk.web.evacuation import evacuation
from kiosk.web.guard import guard
from kiosk.web.lan import lan as lan_pages
from kiosk.web.log_book import log
from kiosk.web.machine import machine
from kiosk.web.neighbours import neighbours
from kiosk.web.panel import panel
from kiosk.web.paths import templates_folder
from kiosk.web.presence import presence
from kiosk.web.self_check import self_check
from kiosk.web.sessions import GuardSessions
from kiosk.web.sheet import sheet
from kiosk.web.shift import shift
from kiosk.web.streams import Audience
from kiosk.web.visit_statistics import visit_statistics
from kiosk.web.visitors import visitors
from sync.clock import Clock, SystemClock

_COMPILED = CompiledTemplates()

DUTY_PAGES: tuple[Blueprint, ...] = (presence, corrections, self_check, evacuation, shift, log, sheet, neighbours, decisions)
"""The pages of the guard's duties, each a blueprint of its own."""

ROOM_PAGES: tuple[Blueprint, ...] = (desk, desk_entry, desk_rounds, display, visitors, visit_statistics)
"""The pages of rooms and their queues, each a blueprint of its own; only where there are rooms."""


def create_app(
    station: Station,
    *,
    secret_key: bytes,
    stream_cap: int = 24,
    allowed_hosts: frozenset[str],
    testing: bool = False,
    clock: Clock | None = None,
    duties: GuardDuties | None = None,
    sessions: GuardSessions | None = None,
    lan: LanState | None = None,
    on_lan: bool = False,
    rooms: Rooms | None = None,
    announcer: Announcer | None = None,
    visitor_steps: Callable[[], tuple[Step, ...]] = tuple,
    slips: Printing | None = None,
    keeps_days: int = 35,
) -> Flask:
    """The pages of one station: for its own machine, or with `on_lan` what other machines may have of them, over TLS.

    `stream_cap` bounds the open event streams; the server needs that many threads and 16 more (see `serve`).
    `duties` are what signed-in people can do besides holds; None leaves their pages out.
    `sessions` are who is signed in, shared by both apps of a station; `lan` is how it stands on the network.
    `rooms` are the rooms that this door lets people into; None leaves their pages out.
    `announcer` is the voice of the displays; without one they are silent.
    `visitor_steps` gives the steps in force for visitors, in the order of the circular.
    `slips` prints what visitors take along; without it nothing is printed.
    `keeps_days` is how long the door keeps a visitor's name once the server has it.
    `allowed_hosts` are the host names (without ports) that browsers may use; any other Host is answered with 400.
    """
    clock = clock or SystemClock()
    cookie = "__Host-gapura" if on_lan else "gapura_kiosk"
    app = blank_app(__name__, secret_key=secret_key, cookie=cookie, allowed_hosts=allowed_hosts, testing=testing)
    app.config.update(SESSION_COOKIE_SECURE=on_lan, ON_LAN=on_lan)
    app.before_request(access.keep_to_the_screens)
    security.require_tokens(app)
    app.before_request(access.keep_to_ones_screen)
    security.tell_refusals(app, access.turn_away)
    Babel(app, locale_selector=_language, **_catalogs())
    texts.install_formats(app, station.time_zone)
    audience, sessions = Audience(stream_cap, station.stopping), sessions or GuardSessions(clock)
    shared = (station, audience, clock, sessions, duties, lan or LanState())
    door = context.Door(*shared, on_lan, rooms, announcer, visitor_steps, slips, keeps_days)
    with app.app_context():
        context.install(door)
    app.context_processor(lambda: {"page_language": str(get_locale())})
    for blueprint in (panel, guard, machine, lan_pages):
        app.register_blueprint(blueprint)
    for blueprint in (*(DUTY_PAGES if duties is not None else ()), *(ROOM_PAGES if rooms is not None else ())):
        app.register_blueprint(blueprint)
    app.context_processor(access.shown_duties)
    return app


def blank_app(name: str, *, secret_key: bytes, cookie: str, allowed_hosts: frozenset[str], testing: bool) -> Flask:
    """A hardened Flask app that finds our templates and static files, and has no pages yet."""
    folder = templates_folder()
    app = Flask(name, template_folder=folder, static_folder=folder / "static")
    app.config.update(SECRET_KEY=secret_key, TESTING=testing, SESSION_COOKIE_NAME=cookie)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.bytecode_cache = _COMPILED
    security.harden(app, allowed_hosts)
    security.show_problems(app)
    return app


def _catalogs() -> dict[str, str]:
    return {"default_locale": texts.LANGUAGES[0], "default_translation_directories": str(templates_folder() / "translations")}


def _language() -> str:
    """The pages of who is signed in remember a choice; the panel forces its own language on each fragment."""
    chosen = session.get("language")
    return chosen if chosen in texts.LANGUAGES and request.path.startswith(("/guard", "/desk")) else texts.LANGUAGES[0]
