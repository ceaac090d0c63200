"""What holds for every answer: which names the server goes by, and the headers that keep browsers careful."""

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest

from sync.server.settings import Settings, as_address

CONTENT_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; img-src 'self' data:"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_YEAR_S = 365 * 24 * 3600


def guard(app: Flask, settings: Settings) -> None:
    """Put the allow-list of hosts before every request of `app`, and the headers on every answer."""

    @app.before_request
    def check_host() -> None:
        if not host_is_ours(request.host, settings.hosts):
            raise BadRequest("This server does not go by that name; add it to `hosts` in its settings.")

    @app.after_request
    def add_headers(answer: Response) -> Response:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            answer.headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
        return answer


def host_is_ours(host: str, names: list[str]) -> bool:
    """True for IP addresses, localhost and `names`: a page elsewhere can only turn a name of its own towards this server."""
    name = host.rsplit("]", 1)[0] + "]" if host.startswith("[") else host.partition(":")[0]
    name = name.lower().rstrip(".")
    return name == "localhost" or as_address(name) is not None or name in {known.lower() for known in names}
