"""What machines ask of a door: is it alive, is it ready, and its figures."""

from ipaddress import ip_address

from flask import Blueprint, Response, abort, request

from kiosk.web.access import public
from kiosk.web.context import the_door

machine = Blueprint("machine", __name__)


def _text(body: str, status: int = 200) -> Response:
    return Response(body, status, mimetype="text/plain")


@machine.get("/healthz")
@public
def healthz() -> Response:
    """Alive: the process answers."""
    return _text("ok\n")


@machine.get("/readyz")
@public
def readyz() -> Response:
    """Ready: taps are recorded. 503 while out of service or stopping."""
    station = the_door().station
    if station.stopping.is_set():
        return _text("stopping\n", 503)
    return _text("ready\n") if station.panel.current().health.in_service else _text("out of service\n", 503)


@machine.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus text, for this machine only."""
    if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:
        abort(404)
    return Response(the_door().station.metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")
