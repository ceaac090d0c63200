"""The sync agent: an uploader and two inboxes, each in a thread, over one sync.db; one agent a station."""

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.backlog import Backlog
from sync.client import RequestSigner, ServerClient, ServerLink, Timeouts
from sync.clock import Clock
from sync.database import DatabaseCorrupt, open_reader, quick_check
from sync.handover import NewEpoch, ask_for_epoch
from sync.identity import KEY_NAME, DeviceKey, Identity, IdentityError, read_identity
from sync.inbox import Inbox
from sync.rooms_inbox import RoomsInbox
from sync.settings import Settings
from sync.state import Channel, Problem, SyncState
from sync.uploader import Uploader

_log = logging.getLogger(__name__)

_WAIT_FOR_IDENTITY_S = 1.0
_AFTER_FAULT_S = 5.0
_JOIN_S = 10.0
_WAKE_EVERY_S = 0.5


class AgentBusy(Exception):
    """Another agent keeps this station's sync.db."""


class StartRefused(Exception):
    """The agent cannot start as it is set up; the message says what to do."""


@contextmanager
def agent_lock(data: Path) -> Iterator[None]:
    """Be the one agent of this station.

    Raises:
        AgentBusy: another one runs.
        StartRefused: the folder cannot be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "sync.lock").open("a", encoding="ascii")
    except OSError as exc:
        raise StartRefused(f"{data}: cannot be written ({exc.strerror}); check the folder's owner") from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise AgentBusy(f"{data}: a sync agent is already running on this data folder") from exc
        yield


@dataclass(frozen=True, slots=True)
class Tools:
    """What the agent takes from outside: the time, chance (even over [0, 1)), and the event that stops it."""

    clock: Clock
    chance: Callable[[], float]
    stop: threading.Event


def run(settings: Settings, tools: Tools) -> None:
    """Be the station's sync agent until `tools.stop` is set.

    Raises:
        AgentBusy, StartRefused, DatabaseError
    """
    data = settings.data_dir
    with agent_lock(data):
        state = open_state(data / "sync.db", tools.clock)
        try:
            station = _enrolled(settings, state, tools.stop)
        except StartRefused:
            state.close()
            raise
        if station is None or _run_all(settings, station, state, tools):
            state.close()


@dataclass(frozen=True, slots=True)
class _Station:
    """Who this is, how it proves it, and where its server is now."""

    identity: Identity
    key: DeviceKey
    url: str
    ca_file: str | None


def _enrolled(settings: Settings, state: SyncState, stop: threading.Event) -> _Station | None:
    """The station, once it is enrolled; None when stopped before."""
    waiting = False
    while not stop.is_set():
        found = _station(settings)
        if found is not None:
            return found
        if not waiting:
            state.report(Channel.UPLOAD, Problem.NO_SERVER, "enrol this station: gapura enrol URL CODE")
        waiting = True
        stop.wait(_WAIT_FOR_IDENTITY_S)
    return None


def _station(settings: Settings) -> _Station | None:
    data, server = settings.data_dir, settings.server
    try:
        identity = read_identity(data)
        if identity is None:
            return None
        ca_file = server.ca_file or identity.ca_file
        if ca_file is not None and not Path(ca_file).is_file():
            raise StartRefused(f"{ca_file}: no such file; server.ca_file in sync.toml must name the server's authority")
        return _Station(identity, DeviceKey.load(data / KEY_NAME), server.url or identity.server_url, ca_file)
    except IdentityError as exc:
        raise StartRefused(str(exc)) from exc


def open_state(path: Path, clock: Clock) -> SyncState:
    """sync.db at `path`. A damaged one is set aside whole: what the server has confirmed is learnt again by sending it again.

    Raises:
        DatabaseUnavailable
    """
    try:
        return _checked_state(path, clock)
    except DatabaseCorrupt as exc:
        stamp = clock.now().wall.strftime("%Y%m%dT%H%M%S")
        _log.error("%s; it is kept as %s.damaged-%s", exc, path.name, stamp)
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(path.with_name(f"{path.name}.damaged-{stamp}{suffix}"))
        return _checked_state(path, clock)


def _checked_state(path: Path, clock: Clock) -> SyncState:
    if path.exists():
        reader = open_reader(path)
        try:
            quick_check(reader, path)
        finally:
            reader.close()
    return SyncState(path, clock)


def _run_all(settings: Settings, station: _Station, state: SyncState, tools: Tools) -> bool:
    """Run uploader and inboxes until stopped; True if all came to an end in time."""
    data, intervals, identity = settings.data_dir, settings.intervals, station.identity
    timeouts = Timeouts(intervals.connect_timeout_s, intervals.read_timeout_s)
    _log.info("device %s: sending to %s", identity.device_id, station.url)

    def client() -> ServerClient:
        auth = RequestSigner(station.key, identity.device_id)
        link = ServerLink(station.url, auth, tools.clock, ca_file=station.ca_file, timeouts=timeouts)
        return ServerClient(link, identity.device_id, identity.server_key)

    def new_epoch(after: str, reason: str) -> None:
        ask_for_epoch(data, NewEpoch(after=after, device_id=identity.device_id, place_id=identity.place_id, reason=reason))

    clients, cap_s = [client() for _ in range(3)], intervals.retry_cap_s
    backlogs = [Backlog(data / "kiosk.db") for _ in clients]
    inbox = Inbox(data, backlogs[0], state, clients[0], chance=tools.chance, poll_s=intervals.documents_s, retry_cap_s=cap_s)
    rooms = RoomsInbox(data, backlogs[1], state, clients[1], clock=tools.clock, chance=tools.chance, retry_cap_s=cap_s)
    uploader = Uploader(
        backlogs[2],
        state,
        clients[2],
        new_epoch=new_epoch,
        chance=tools.chance,
        clock=tools.clock,
        retry_cap_s=cap_s,
        on_rooms=rooms.newer,
    )
    loops = (
        ("uploader", uploader.step, tools.stop.wait),
        ("inbox", inbox.step, tools.stop.wait),
        ("rooms", rooms.step, rooms.wait),
    )
    threads = [
        threading.Thread(target=_loop, args=(name, step, wait, tools.stop), name=name, daemon=True) for name, step, wait in loops
    ]
    for thread in threads:
        thread.start()
    while not tools.stop.wait(_WAKE_EVERY_S):  # in turns, so that a signal is handled whenever it comes
        pass
    rooms.wake()
    for thread in threads:
        thread.join(_JOIN_S)
    if any(thread.is_alive() for thread in threads):
        return False
    for link, backlog in zip(clients, backlogs, strict=True):
        link.close()
        backlog.close()
    return True


def _loop(name: str, step: Callable[[], float], wait: Callable[[float], object], stop: threading.Event) -> None:
    """Step and wait, until stopped. Whatever goes wrong in a step, the next one comes."""
    failing = False
    while not stop.is_set():
        try:
            wait_s = step()
            if failing:
                _log.info("%s: works again", name)
            failing = False
        except Exception:  # noqa: BLE001 - the thread's one barrier: a fault in a step may not end the loop
            if not failing:
                _log.exception("%s: a step failed; it is tried again every %g s", name, _AFTER_FAULT_S)
            failing, wait_s = True, _AFTER_FAULT_S
        if wait_s > 0:
            wait(wait_s)
