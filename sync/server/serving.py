"""Runs the application: granian's workers over one address, until a signal says stop."""

import ctypes
import http.client
import logging
import os
import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from sync.clock import SystemClock
from sync.server.app import create_app, open_store
from sync.server.database import Database
from sync.server.errors import BadSettings, ServerError
from sync.server.metrics import Metrics
from sync.server.retention import NamesDuty
from sync.server.settings import Settings, as_address

_log = logging.getLogger(__name__)
_STOP_S = 5
_PR_SET_PDEATHSIG = 1
_READY_EVERY_S = 0.05
_LOGGING = {
    "handlers": {
        "console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
        "access": {"formatter": "access", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
    }
}


class CannotListen(ServerError):
    """The address is in use, or is not one of this machine's."""


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is handed the address once requests are answered.

    Raises:
        CannotListen, BadSettings, StoreUnavailable: before anything is served.
    """
    _prepare(settings)
    settings = msgspec.structs.replace(settings, bind=f"{_bracketed(settings.host)}:{free_port(settings.host, settings.port)}")
    stopping = threading.Event()
    server = Server(
        "gapura-central",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        workers_kill_timeout=_STOP_S,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
    )
    announce = threading.Thread(target=_announce, args=(settings, ready, stopping), daemon=True, name="announce")
    server.on_startup(announce.start)
    try:
        with tempfile.TemporaryFile() as counters:
            # A file without a name leaves nothing behind when this process is killed; workers find it through this one.
            found = Path(f"/proc/{os.getpid()}/fd/{counters.fileno()}")
            server.serve(target_loader=partial(_load, settings, os.getpid(), found), wrap_loader=False)
    except SystemExit:
        # A signal to the whole group also ends the workers, which granian takes for a crash.
        if not server.interrupt_signal:
            raise
    finally:
        stopping.set()


def _prepare(settings: Settings) -> None:
    """Find out before serving what would only fail in a worker."""
    database = Database(settings.database)
    with closing(database):
        if settings.workers > 1 and database.single_process:
            raise BadSettings("--workers above 1 needs a database server; an SQLite file has one writer")
        for name in (settings.tls_certificate, settings.tls_key):
            if name is not None and not Path(name).is_file():
                raise BadSettings(f"{name}: there is no such file")
        database.migrate()
        store = open_store(database)
        store.users.session_key()
        _log.info("the key of this server is %s", store.keys.id)
        if not settings.loopback_only and not store.users.exist():
            raise BadSettings(
                f"--bind {settings.bind} would be seen by others while nobody can sign in; "
                "first run `gapura central user add NAME`, or bind to 127.0.0.1"
            )


def _load(settings: Settings, parent: int, counters: Path) -> Any:
    """The application, made in the worker that runs it: connections do not survive a fork."""
    _end_with(parent)
    store, clock = open_store(Database(settings.database, connections=settings.threads + 2)), SystemClock()
    # In the worker, not in the parent: a process that is forked while a thread of it uses SQLite hangs in the child. The event is
    # never set: the thread ends with the process, and what it was at is rolled back.
    duty = NamesDuty(store.database, clock, settings.retention.visitor_days)
    threading.Thread(target=duty.run, args=(threading.Event(),), daemon=True, name="retention").start()
    return create_app(store, clock, settings, Metrics(counters))


def _end_with(parent: int) -> None:
    """Make this worker end when and only when its parent says so, or is gone.

    Without the first line a Ctrl-C reaches it beside the parent's own signal, and granian then waits until the worker is killed;
    without the second it outlives a killed parent, and keeps the port from the next server.
    """
    os.setpgrp()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        raise SystemExit(1)


def free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0, after making sure that nobody listens there: granian itself would share the port silently.

    Raises:
        CannotListen
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as exc:
        raise CannotListen(f"cannot listen on {host}:{port}: {exc.strerror}; choose another address with --bind") from exc


def _announce(settings: Settings, ready: Callable[[str], None], stopping: threading.Event) -> None:
    while not stopping.is_set():
        if _answers(settings):
            ready(address_of(settings))
            return
        stopping.wait(_READY_EVERY_S)


def address_of(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{_bracketed(_reachable(settings.host))}:{settings.port}"


def _reachable(host: str) -> str:
    address = as_address(host)
    if address is None or not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _answers(settings: Settings) -> bool:
    host = _reachable(settings.host)
    if settings.tls_certificate:
        # Only asks whether the server is up; it is this very machine, and the name in the certificate is another.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, settings.port, timeout=2, context=context)
    else:
        connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    with closing(connection):
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
