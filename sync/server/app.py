"""The server as one Flask application, built from its parts. The only module that knows them all."""

import logging
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask, Response, make_response, render_template, request
from flask_babel import Babel, get_locale
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from sync.clock import Clock
from sync.server.admin import Admin, clock_words, day_words, door_words
from sync.server.api import Api, problem
from sync.server.database import Database
from sync.server.documents import DocumentStore
from sync.server.enrolments import EnrolmentStore
from sync.server.errors import StoreUnavailable
from sync.server.keys import KeyStore
from sync.server.limits import RateLimit
from sync.server.metrics import CountingSink, Metrics, count_requests
from sync.server.reports import Reports
from sync.server.rooms import RoomStore
from sync.server.settings import Settings
from sync.server.sink import DatabaseSink
from sync.server.store import DeviceStore
from sync.server.texts import COOKIE, LANGUAGES, PoDomain, select_language
from sync.server.today import moment
from sync.server.users import UserStore
from sync.server.visit_pages import VisitPages
from sync.server.visits import VisitReports
from sync.server.web import guard

_log = logging.getLogger(__name__)
_RETRY_S = 10
_YEAR_S = 365 * 24 * 3600
_MAX_FORM_BYTES = 64 * 1024
_TITLED = (400, 403, 404, 405, 500, 503)


@dataclass(frozen=True)
class Store:
    """Everything that is kept, each part by what it is for."""

    database: Database
    devices: DeviceStore
    enrolments: EnrolmentStore
    keys: KeyStore
    documents: DocumentStore
    reports: Reports
    rooms: RoomStore
    sink: DatabaseSink
    users: UserStore


def open_store(database: Database, hasher: PasswordHasher | None = None) -> Store:
    """The parts over `database`, whose tables must be there (`database.migrate()`)."""
    return Store(
        database,
        DeviceStore(database),
        EnrolmentStore(database),
        KeyStore(database),
        DocumentStore(database),
        Reports(database),
        RoomStore(database),
        DatabaseSink(database),
        UserStore(database, hasher),
    )


def create_app(store: Store, clock: Clock, settings: Settings, metrics: Metrics | None = None) -> Flask:
    """The server's WSGI application. `metrics` is where this worker counts; by default it counts for itself.

    Raises:
        StoreUnavailable: the database cannot be read now.
    """
    folder = templates_folder()
    app = Flask(__name__, template_folder=str(folder), static_folder=str(folder / "static"), static_url_path="/static")
    app.config.update(
        SECRET_KEY=store.users.session_key(),
        SESSION_COOKIE_NAME="gapura_central",
        SESSION_COOKIE_SECURE=settings.cookies_are_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=_MAX_FORM_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=300,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # needs a Referer, which our own Referrer-Policy withholds; SameSite=Strict stands in
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    admin = Admin(
        users=store.users,
        devices=store.devices,
        reports=store.reports,
        rooms=store.rooms,
        settings=settings,
        clock=clock,
    )
    _add_words(app, admin, folder / "translations")
    metrics = metrics or Metrics()
    count_requests(app, metrics, clock)
    guard(app, settings)
    api = Api(
        devices=store.devices,
        enrolments=store.enrolments,
        sink=CountingSink(store.sink, metrics),
        documents=store.documents,
        rooms=store.rooms,
        keys=store.keys,
        limit=RateLimit(settings.requests_per_s, settings.requests_at_once),
        clock=clock,
    ).blueprint()
    csrf = CSRFProtect(app)
    csrf.exempt(api)
    app.register_blueprint(api)
    app.register_blueprint(admin.blueprint())
    app.register_blueprint(VisitPages(VisitReports(store.database), settings, clock).blueprint(admin))
    _add_health(app, store)
    _add_errors(app)
    return app


def templates_folder() -> Path:
    """Where templates lie: beside the packages in a checkout, inside `kiosk` in a wheel."""
    root = Path(__file__).parents[2]
    return next((path for path in (root / "templates", root / "kiosk" / "templates") if path.is_dir()), root / "templates")


def _add_words(app: Flask, admin: Admin, texts_dir: Path) -> None:
    domain = PoDomain(texts_dir)
    Babel(app, locale_selector=select_language, default_locale=LANGUAGES[0])
    app.jinja_env.filters.update(day=day_words, clock=clock_words, heard=door_words, moment=moment)

    @app.before_request
    def choose_words() -> None:
        domain.as_default()

    @app.after_request
    def remember_language(answer: Response) -> Response:
        if request.args.get("lang") in LANGUAGES:
            answer.set_cookie(
                COOKIE,
                request.args["lang"],
                max_age=_YEAR_S,
                httponly=True,
                samesite="Strict",
                secure=bool(app.config["SESSION_COOKIE_SECURE"]),
            )
        return answer

    @app.context_processor
    def page_values() -> dict[str, object]:
        return {"language": str(get_locale()), "languages": LANGUAGES, "current_user": admin.user}


def _add_health(app: Flask, store: Store) -> None:
    @app.get("/healthz")
    def alive() -> Response:
        return Response("alive\n", content_type="text/plain")

    @app.get("/readyz")
    def ready() -> Response:
        if not store.database.is_current():
            return problem(503, "The tables are of another version; run `gapura central migrate`.")
        store.documents.version()
        return Response("ready\n", content_type="text/plain")


def _add_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def not_done(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400 and error.response is not None:
            return make_response(error.get_response())
        answer = _say(status, str(error.description))
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(StoreUnavailable)
    def store_is_away(error: StoreUnavailable) -> Response:
        _log.error("%s", error)
        answer = _say(503, "The database cannot be used now. Try again in a while.")
        answer.headers["Retry-After"] = str(_RETRY_S)
        return answer


def _say(status: int, message: str) -> Response:
    machine = request.path.startswith("/v1/") or request.path in ("/v1", "/readyz", "/healthz")
    if machine:
        return problem(status, message)
    title = f"server.error.{status if status in _TITLED else 'other'}"
    return make_response(render_template("server/message.html", title=title, message=message), status)
