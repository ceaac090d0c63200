"""`gapura kiosk`: the service at the door."""

import json
import logging
import signal
import threading
from types import FrameType

import click

from drivers.registry import UnknownKind
from kiosk import logs
from kiosk.cli.options import fail, station_options
from kiosk.services.changes import StationBusy, station_lock
from kiosk.services.lan import LanProblem, LanState, lan_state
from kiosk.services.program import Program
from kiosk.settings import Settings
from kiosk.web import create_app
from kiosk.web.serve import SPARE_THREADS, KioskServer, Tls
from kiosk.web.sessions import GuardSessions
from kiosk.wiring import Kiosk, build_kiosk
from sync.database import DatabaseError

_log = logging.getLogger(__name__)


@click.command("kiosk")
@station_options
@click.option("--json", "as_json", is_flag=True, help="When ready, print one line with the addresses on standard output.")
@click.option("--verbose", is_flag=True, help="Say more in the log.")
def kiosk(settings: Settings, as_json: bool, verbose: bool) -> None:
    """Run the kiosk: devices, journal and screens, until SIGTERM or SIGINT."""
    logs.set_up(verbose)
    try:
        with station_lock(settings.data_dir):
            _run(settings, as_json)
    except UnknownKind as exc:
        raise click.UsageError(f"thermometer.kind: {exc}") from exc
    except (StationBusy, DatabaseError) as exc:
        raise fail(str(exc)) from exc
    except OSError as exc:
        raise fail(f"{settings.data_dir}: {exc.strerror or exc}; the kiosk must be able to write its data folder") from exc


def _run(settings: Settings, as_json: bool) -> None:
    built = build_kiosk(settings)
    _stop_on_signals(built.stopping)
    program = Program(
        data=settings.data_dir,
        clock=built.clock,
        database=built.database,
        lane=built.lane,
        station=built.station,
        health=built.health,
        scanner=built.scanner,
        thermometer=built.thermometer,
        housekeeping=built.housekeeping,
        stopping=built.stopping,
        neighbours=built.duties.neighbours,
        rooms=built.rooms,
        announcer=built.announcer,
        printing=built.printing,
    )
    state, sessions = lan_state(settings), GuardSessions(built.clock)
    server = build_server(built, sessions, state)
    others: KioskServer | None = None
    try:
        _listen(server, settings)
        others = open_lan(built, sessions, state)
        program.start()
        _say_ready(server, settings, as_json)
        program.wait()
    finally:
        built.stopping.set()
        server.stop()
        if others is not None:
            others.stop()
        program.stop()
    if isinstance(program.failure, DatabaseError):
        raise program.failure
    if program.failure is not None:
        raise fail(f"the kiosk ended by a fault of its own ({type(program.failure).__name__}); the log above says where")


def build_server(built: Kiosk, sessions: GuardSessions | None = None, lan: LanState | None = None) -> KioskServer:
    """The web server with this kiosk's screens."""
    web = built.settings.web
    hosts = frozenset({"localhost", "127.0.0.1", "::1", web.host})
    app = create_app(
        built.station,
        secret_key=built.secret_key,
        stream_cap=web.stream_cap,
        allowed_hosts=hosts,
        clock=built.clock,
        duties=built.duties,
        sessions=sessions,
        lan=lan,
        rooms=built.rooms,
        visitor_steps=lambda: built.policy.steps,
        announcer=built.announcer,
        slips=built.printing,
        keeps_days=built.settings.retention.ordinary_days,
    )
    return KioskServer(app, web.host, web.port, web.stream_cap + SPARE_THREADS)


def open_lan(built: Kiosk, sessions: GuardSessions, state: LanState) -> KioskServer | None:
    """Serve the guards' pages to other machines, where the settings ask for it. Without it the door opens all the same: None."""
    settings = built.settings
    lan, cap = settings.lan, settings.web.stream_cap
    if not lan.enabled:
        return None
    app = create_app(
        built.station,
        secret_key=built.secret_key,
        stream_cap=cap,
        allowed_hosts=frozenset(lan.names),
        clock=built.clock,
        duties=built.duties,
        sessions=sessions,
        lan=state,
        on_lan=True,
        rooms=built.rooms,
        announcer=built.announcer,
        slips=built.printing,
    )
    try:
        tls = Tls(settings.lan_certificate, settings.lan_key)
    except OSError as exc:
        state.problem = LanProblem.CERTIFICATE
        _log.error("no screens on the network: lan.certificate or lan.key cannot be used (%s); see gapura lan show", exc)
        return None
    server = KioskServer(app, lan.host, lan.port, cap + SPARE_THREADS, tls)
    try:
        server.start()
    except OSError as exc:
        state.problem = LanProblem.LISTEN
        _log.error("no screens on the network: %s:%s cannot be used (%s)", lan.host, lan.port, exc.strerror or exc)
        return None
    return server


def _listen(server: KioskServer, settings: Settings) -> None:
    web = settings.web
    try:
        server.start()
    except OSError as exc:
        raise fail(
            f"{web.host}:{web.port} cannot be used ({exc.strerror or exc}); stop what listens there or set web.port"
        ) from exc


def _say_ready(server: KioskServer, settings: Settings, as_json: bool) -> None:
    host = f"[{settings.web.host}]" if ":" in settings.web.host else settings.web.host
    base = f"http://{host}:{server.port}"
    pages = {"panel": "/", "guard": "/guard", "desk": "/desk", "display": "/display"}
    addresses = {**{name: f"{base}{path}" for name, path in pages.items()}, "data": settings.data}
    click.echo(json.dumps(addresses) if as_json else f"The door is open: {addresses['panel']}  guard: {addresses['guard']}")


def _stop_on_signals(stopping: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
