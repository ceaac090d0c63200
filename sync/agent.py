"""The sync agent: an uploader and an inbox, each in a thread, over one sync.db; one agent a station."""

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.backlog import Backlog
from sync.client import BearerKey, ServerClient, Timeouts, read_key
from sync.clock import Clock
from sync.database import DatabaseCorrupt, DatabaseError, open_reader, quick_check
from sync.inbox import Inbox
from sync.settings import Server, Settings
from sync.state import Channel, Problem, SyncState
from sync.uploader import Uploader

_log = logging.getLogger(__name__)

_WAIT_FOR_JOURNAL_S = 1.0
_AFTER_FAULT_S = 5.0
_JOIN_S = 10.0


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
        key = _key(settings.server)
        state = open_state(data / "sync.db", tools.clock)
        if settings.server is None or key is None:
            state.report(Channel.UPLOAD, Problem.NO_SERVER, "set [server] in sync.toml")
            tools.stop.wait()
            state.close()
            return
        device_id = settings.server.device_id or _device_id(data, tools.stop)
        if device_id is None or _run_both(settings, settings.server, key, device_id, state, tools):
            state.close()


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


def _key(server: Server | None) -> BearerKey | None:
    if server is None:
        return None
    if server.ca_file is not None and not Path(server.ca_file).is_file():
        raise StartRefused(f"{server.ca_file}: no such file; server.ca_file in sync.toml must name the server's authority")
    try:
        return read_key(Path(server.key_file))
    except ValueError as exc:
        raise StartRefused(str(exc)) from exc


def _device_id(data: Path, stop: threading.Event) -> str | None:
    """The device that the station's journal is of; waits for its first row. None when stopped before."""
    backlog, waiting = Backlog(data / "kiosk.db"), False
    try:
        while not stop.is_set():
            found = _newest_device(backlog)
            if found is not None:
                return found
            if not waiting:
                _log.info("%s: no journal yet; waiting for the kiosk to start", data)
            waiting = True
            stop.wait(_WAIT_FOR_JOURNAL_S)
        return None
    finally:
        backlog.close()


def _newest_device(backlog: Backlog) -> str | None:
    try:
        segments = backlog.segments()
    except DatabaseError:
        return None
    return segments[-1].device_id if segments else None


def _run_both(settings: Settings, server: Server, key: BearerKey, device_id: str, state: SyncState, tools: Tools) -> bool:
    """Run uploader and inbox until stopped; True if both came to an end in time."""
    data, intervals = settings.data_dir, settings.intervals
    timeouts = Timeouts(intervals.connect_timeout_s, intervals.read_timeout_s)
    _log.info("device %s: sending to %s", device_id, server.url)

    def client() -> ServerClient:
        return ServerClient(server.url, device_id, key, tools.clock, ca_file=server.ca_file, timeouts=timeouts)

    up, down = client(), client()
    backlogs = Backlog(data / "kiosk.db"), Backlog(data / "kiosk.db")
    cap_s = intervals.retry_cap_s
    uploader = Uploader(backlogs[0], state, up, chance=tools.chance, retry_cap_s=cap_s)
    inbox = Inbox(data, backlogs[1], state, down, chance=tools.chance, poll_s=intervals.documents_s, retry_cap_s=cap_s)
    threads = [
        threading.Thread(target=_loop, args=(name, step, tools.stop), name=name, daemon=True)
        for name, step in (("uploader", uploader.step), ("inbox", inbox.step))
    ]
    for thread in threads:
        thread.start()
    tools.stop.wait()
    for thread in threads:
        thread.join(_JOIN_S)
    if any(thread.is_alive() for thread in threads):
        return False
    for part in (up, down, *backlogs):
        part.close()
    return True


def _loop(name: str, step: Callable[[], float], stop: threading.Event) -> None:
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
            stop.wait(wait_s)
