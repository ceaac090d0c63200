"""The page from which a person plays the world around a simulated door: who comes, how warm, and what breaks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Protocol, TypeVar

import msgspec
from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from flask_babel import Babel, get_locale
from werkzeug.exceptions import HTTPException

from kiosk.simulation.simulator import SimulatorState
from kiosk.web import blank_app
from kiosk.web.paths import templates_folder
from kiosk.web.texts import LANGUAGES

_OF_A_SENSOR = ("none", "unplug", "silent", "garbage", "stuck")
FAULTS = {"camera": _OF_A_SENSOR, "thermometer": _OF_A_SENSOR, "printer": ("none", "paper_out", "cover_open", "unplug")}
"""What can be wrong with each device."""
_KEY = "gapura-simulator"


class Simulator(Protocol):
    """What the page can do to the simulated devices. Every call returns at once."""

    def present(self, code: str | None, skin_temperature_c: float | None, ambient_c: float, seconds: float) -> None:
        """Hold `code` to the camera and a forehead to the sensor for that long; None holds none."""

    def fault(self, device: str, fault: str) -> None:
        """Break or mend a device; the names are those of `FAULTS`."""

    def network(self, up: bool) -> None:
        """Cut or restore the sync agent's link."""

    def badges(self) -> Sequence[tuple[str, str]]:
        """The demonstration badges as (name, code)."""

    def state(self) -> SimulatorState:
        """How things stand."""


class Present(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of POST /present. Temperatures are what the simulated sensor can give, seconds at most ten minutes."""

    code: Annotated[str, msgspec.Meta(max_length=4000)] | None
    skin_temperature_c: Annotated[float, msgspec.Meta(ge=-20, le=100)] | None
    ambient_c: Annotated[float, msgspec.Meta(ge=-40, le=85)]
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)]


class Fault(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of POST /fault."""

    device: str
    fault: str

    def __post_init__(self) -> None:
        if self.device not in FAULTS:
            raise ValueError(f"`device` must be one of {', '.join(FAULTS)}")
        if self.fault not in FAULTS[self.device]:
            raise ValueError(f"`fault` must be one of {', '.join(FAULTS[self.device])}")


class Network(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The body of POST /network."""

    up: bool


S = TypeVar("S", Present, Fault, Network)
simulation = Blueprint("simulation", __name__)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the page works on, and the other pages it leads to: "panel", "guard", "central" -> address."""

    simulator: Simulator
    links: Mapping[str, str]


def create_simulator_app(
    simulator: Simulator, *, secret_key: bytes, allowed_hosts: frozenset[str], links: Mapping[str, str], testing: bool = False
) -> Flask:
    """The simulator's page and its three calls. They take JSON only, which no other site's page can send unasked."""
    app = blank_app(__name__, secret_key=secret_key, cookie="gapura_simulator", allowed_hosts=allowed_hosts, testing=testing)
    catalogs = templates_folder() / "translations"
    Babel(app, locale_selector=_language, default_locale="id", default_translation_directories=str(catalogs))
    app.context_processor(lambda: {"page_language": str(get_locale())})
    app.extensions[_KEY] = Bench(simulator, links)
    app.register_error_handler(HTTPException, _sentence)
    app.register_blueprint(simulation)
    return app


@simulation.get("/")
def page() -> str:
    """The page."""
    bench = _bench()
    shown = {"badges": bench.simulator.badges(), "state": bench.simulator.state(), "links": bench.links}
    return render_template("simulator/page.html", faults=FAULTS, **shown)


@simulation.get("/state")
def state() -> Response:
    """How things stand, as JSON."""
    return jsonify(asdict(_bench().simulator.state()))


@simulation.post("/present")
def present() -> Response:
    """Show a code to the camera and a forehead to the sensor."""
    asked = _body(Present)
    _bench().simulator.present(asked.code, asked.skin_temperature_c, asked.ambient_c, asked.seconds)
    return jsonify(ok=True)


@simulation.post("/fault")
def fault() -> Response:
    """Break or mend a device."""
    asked = _body(Fault)
    try:
        _bench().simulator.fault(asked.device, asked.fault)
    except ValueError as error:
        raise BadRequest(422, f"{error}.") from error
    return jsonify(ok=True)


@simulation.post("/network")
def network() -> Response:
    """Cut or restore the network."""
    _bench().simulator.network(_body(Network).up)
    return jsonify(ok=True)


class BadRequest(HTTPException):
    """A body that is refused, with a sentence that says why."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def _body(kind: type[S]) -> S:
    if request.mimetype != "application/json":
        raise BadRequest(415, "Send JSON: the content type must be application/json.")
    try:
        return msgspec.json.decode(request.get_data(), type=kind)
    except msgspec.ValidationError as error:
        raise BadRequest(422, f"{error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(400, f"The body is not valid JSON: {error}.") from error


def _sentence(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.description), error.code or 500


def _language() -> str:
    wanted = request.args.get("language", "")
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def _bench() -> Bench:
    bench: Bench = current_app.extensions[_KEY]
    return bench
