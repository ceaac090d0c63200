"""What every answer of a door's web pages carries, and what every request must bring."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import Forbidden, HTTPException, SecurityError

from kiosk.services.refusals import Refusal

CONTENT_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; frame-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()",
    # Not "no-referrer": with it browsers send "Origin: null" on our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 16 * 1024
_KEY = "gapura-refusals"


class Refused(Forbidden):
    """403 with a sentence of its own: the msgid `words`."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


def tell_refusals(app: Flask, tell: Callable[[Refusal], None]) -> None:
    """Have `tell` called for each request that is turned away before any page is asked."""
    app.extensions[_KEY] = tell


def _told(reason: Refusal) -> None:
    tell = current_app.extensions.get(_KEY)
    if tell is not None:
        tell(reason)


def harden(app: Flask, allowed_hosts: Iterable[str]) -> None:
    """Host allow-list (400), Origin check (403), body limit (413), strict cookies, and `HEADERS` on every answer."""
    hosts = sorted(allowed_hosts)
    if not hosts:
        raise ValueError("allowed_hosts is empty: name at least the host people type")
    app.config.update(
        TRUSTED_HOSTS=hosts,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
    )
    app.before_request(refuse_foreign_origin)
    app.after_request(add_headers)


def require_tokens(app: Flask) -> None:
    """A CSRF token on every POST. It lives as long as the page's session: a panel stays open for weeks."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    CSRFProtect(app)


def refuse_foreign_origin() -> None:
    """403 for a POST that another site's page made."""
    origin = request.headers.get("Origin")
    if request.method in _SAFE_METHODS or origin is None:
        return
    if _origin(origin) != (request.scheme, request.host):
        _told(Refusal.FOREIGN_ORIGIN)
        raise Refused("err.foreign")


def _origin(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text)
    except ValueError:  # "http://[" and the like
        return "", ""
    return parts.scheme, parts.netloc


def add_headers(response: Response) -> Response:
    """Put `HEADERS` on; what has not said otherwise is not kept by browsers."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def show_problems(app: Flask) -> None:
    """Every HTTP error is one sentence on a page of ours."""

    def problem(error: HTTPException) -> tuple[str, int] | Response | HTTPException:
        if isinstance(error, SecurityError):
            _told(Refusal.FOREIGN_HOST)
            # An address that is not ours: nothing can be linked from it.
            return Response("this host is not served here\n", 400, mimetype="text/plain")
        if isinstance(error, CSRFError):
            _told(Refusal.STALE_FORM)
        code = 403 if isinstance(error, CSRFError) else error.code or 500
        if code < 400:
            return error
        sentence = str(gettext(error.words)) if isinstance(error, Refused) else problem_sentence(code)
        return render_template("partials/problem.html", code=code, sentence=sentence), code

    app.register_error_handler(HTTPException, problem)


def problem_sentence(code: int) -> str:
    """What to do next, in the language of the page."""
    if code == 403:
        return str(gettext("err.stale"))
    return str(gettext("err.nopage") if code in (404, 405) else gettext("err.try"))
