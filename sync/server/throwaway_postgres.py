"""A PostgreSQL of one's own for tests and benchmarks: made in a temporary folder, started, stopped and gone.

It listens on a Unix socket alone, in a folder that only its owner can enter. PostgreSQL refuses to run as root: then the server,
and nothing else, runs as the system's user `postgres`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sync.server.errors import ServerError

_BINARIES = Path("/usr/lib/postgresql")
_HINT = "install PostgreSQL's server: apt-get install postgresql"
_USER = "postgres"
_LONGEST_FOLDER = 60  # a socket's whole path has at most 107 bytes
_START_TRIES, _TRY_EVERY_S, _STOP_S = 600, 0.05, 20
_CAREFREE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoPostgres(ServerError):
    """PostgreSQL's server is not installed here, or does not start; the message says what to do."""


@contextmanager
def throwaway_postgres(*, durable: bool) -> Iterator[str]:
    """The address of an empty database on a server of its own, which is gone afterwards, whatever happens.

    `durable` leaves the server's own settings as they are; without it nothing waits for the disk, which is for tests alone.

    Raises:
        NoPostgres
    """
    binaries = newest_binaries()
    folder = Path(tempfile.mkdtemp(prefix="gapura-pg-", dir=_parent()))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        data = folder / "data"
        _run([binaries / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"], folder)
        options = ("listen_addresses=", f"unix_socket_directories={folder}", *(() if durable else _CAREFREE))
        command = [binaries / "postgres", "-D", data, *(word for option in options for word in ("-c", option))]
        with _started(command, folder):
            yield f"postgresql+psycopg://{_USER}@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def another_database(url: str, name: str, template: str = "template1") -> Iterator[str]:
    """The address of a database of that name on the server of `url`, copied from `template`, and dropped afterwards."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield url.replace("/postgres?", f"/{name}?")
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def newest_binaries(under: Path = _BINARIES) -> Path:
    """Where Debian keeps the newest server's programs.

    Raises:
        NoPostgres
    """
    found = [path.parent for path in under.glob("*/bin/initdb") if path.parent.parent.name.isdigit()]
    if not found:
        raise NoPostgres(f"no PostgreSQL server under {under}; {_HINT}")
    return max(found, key=lambda folder: int(folder.parent.name))


def _parent() -> str:
    # The server's user must be able to get there, and a socket's path is short.
    usual = Path(tempfile.gettempdir()).resolve()
    reachable = all(folder.stat().st_mode & 0o001 for folder in (usual, *usual.parents))
    return str(usual) if reachable and len(str(usual)) <= _LONGEST_FOLDER else "/tmp"


def _as_server(*more: str) -> list[str]:
    # setpriv rather than runuser: it becomes the program, so signals reach it, and can end it with a killed parent.
    user = [f"--reuid={_USER}", f"--regid={_USER}", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, *more, "--"]


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run([*_as_server(), *command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPostgres(f"PostgreSQL's {Path(command[0]).name} failed: {done.stderr.strip()}; {_HINT}")


@contextmanager
def _started(command: list[str | Path], folder: Path) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*_as_server("--pdeathsig=QUIT"), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            _wait(server, folder, log)
            yield
        finally:
            server.send_signal(signal.SIGINT)  # "fast": open sessions are ended
            try:
                server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    pause = threading.Event()
    for _ in range(_START_TRIES):
        try:
            psycopg.connect(host=str(folder), user=_USER, dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            pause.wait(_TRY_EVERY_S)
        else:
            return
    raise NoPostgres(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
