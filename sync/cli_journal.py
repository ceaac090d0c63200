"""`gapura journal`: the door's journal read, exported and verified. Read-only; the kiosk may be running."""

import csv
import io
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import msgspec

from sync import settings
from sync.database import DatabaseError, open_reader
from sync.files import whole_file
from sync.identity import IdentityError, read_identity
from sync.journal import Entry, last_position, read, tail, verify
from sync.names_option import NAMES, names_option
from sync.protocol import seals, signing
from sync.protocol.events import NAMING, DataClass, data_class
from sync.protocol.signing import SignatureRefused
from sync.protocol.wire import SignedHead

_FOLLOW_S = 0.5
_EXPORTED = ("device_id", "epoch", "seq", "id", "kind", "claimed_at", "payload", "hash")
_LEFT_OUT = "left_out"
_SECRET = frozenset({"token", "pin", "key"})
_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def journal() -> None:
    """The door's journal: read, export, verify."""


def _station(command: _F) -> _F:
    command = click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The station's folder.")(command)
    return click.option("--config", type=click.Path(path_type=Path), help="A settings file that names the station's folder.")(
        command
    )


@journal.command("tail")
@_station
@click.option("-n", "count", type=click.IntRange(min=0), default=10, show_default=True, help="How many rows.")
@click.option("--follow", is_flag=True, help="Go on with new rows until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--health", is_flag=True, help="With --json: show health payloads too.")
@names_option
def tail_command(
    config: Path | None, data: Path | None, count: int, *, follow: bool, as_json: bool, health: bool, names: bool
) -> None:
    """The last rows, oldest first."""
    shown = _Shown(health, names)
    with _journal_of(config, data) as db:
        entries, position = tail(db, count), last_position(db)
        while True:
            for entry in entries:
                click.echo(_line(entry, shown) if as_json else _words(entry))
                position = entry.position
            if not follow:
                return
            sys.stdout.flush()
            threading.Event().wait(_FOLLOW_S)
            entries = list(read(db, after=position))


@journal.command("export")
@_station
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, instead of CSV.")
@click.option("--health", is_flag=True, help="Health payloads too (temperatures, holds); without it they are left out.")
@names_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of standard output.")
def export_command(config: Path | None, data: Path | None, *, as_json: bool, health: bool, names: bool, out: Path | None) -> None:
    """Every row, oldest first, as CSV or JSON lines. `left_out` says why a payload that is there was left out."""
    shown = _Shown(health, names)
    with (
        _journal_of(config, data) as db,
        _output(out) as file,
        click.progressbar(read(db), length=last_position(db), label="journal", file=sys.stderr) as bar,
    ):
        table = csv.writer(file, lineterminator="\n")
        if not as_json:
            table.writerow((*_EXPORTED, _LEFT_OUT))
        for entry in bar:
            if as_json:
                file.write(_line(entry, shown) + "\n")
            else:
                table.writerow(_cells(entry, shown))


@journal.command("verify")
@_station
@click.option(
    "--head", type=click.Path(path_type=Path, dir_okay=False), help="A head from `gapura sync head`; it must be in the chain."
)
@click.option("--server-key", help="The server's public key, where this folder is not the enrolled station's own.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify_command(config: Path | None, data: Path | None, head: Path | None, server_key: str | None, *, as_json: bool) -> None:
    """Check every row; name the first bad one and say why. Exit status 1 when there is one."""
    expected = None if head is None else _read_head(head, server_key, config, data)
    with _journal_of(config, data) as db:
        found = verify(db)
        lacking = expected is not None and found.ok and not _has(db, expected)
    ok, first_bad, reason = found.ok, found.first_bad_seq, found.reason
    if expected is not None and lacking:
        ok, first_bad, reason = (
            False,
            expected.seq,
            f"the row that the head names (epoch {expected.epoch}) is not in this journal",
        )
    if as_json:
        click.echo(msgspec.json.encode({"rows": found.rows, "ok": ok, "first_bad": first_bad, "head": found.head}).decode())
    elif ok:
        click.echo(f"{found.rows} rows, all in order; head {found.head}")
    if not ok:
        place = f" (row {found.first_bad} of the file)" if found.first_bad is not None else ""
        click.echo(f"Error: number {first_bad}{place}: {reason}; {found.rows} rows are in order", err=True)
        sys.exit(1)


def _has(db: sqlite3.Connection, head: SignedHead) -> bool:
    row = (head.epoch, head.seq, head.hash)
    return db.execute("SELECT 1 FROM journal WHERE epoch = ? AND seq = ? AND hash = ? LIMIT 1", row).fetchone() is not None


def _read_head(path: Path, server_key: str | None, config: Path | None, data: Path | None) -> SignedHead:
    """The head in `path`, if the server has signed it; ends the program with a sentence if not."""
    try:
        head = msgspec.json.decode(path.read_bytes(), type=SignedHead)
    except OSError as exc:
        raise click.BadParameter(f"{path}: cannot be read ({exc.strerror})", param_hint="--head") from exc
    except (msgspec.DecodeError, ValueError) as exc:
        raise click.BadParameter(f"{path}: not a head that `gapura sync head` wrote: {exc}", param_hint="--head") from exc
    try:
        identity = None if server_key is not None else read_identity(_folder(config, data))
        if server_key is None and identity is None:
            raise click.UsageError("whose signature? this station is not enrolled; name the server's key with --server-key")
        seals.check_head(signing.public_key(server_key or (identity.server_key if identity else "")), head)
    except (IdentityError, SignatureRefused) as exc:
        click.echo(f"Error: {path}: the server has not signed this head: {exc}", err=True)
        sys.exit(1)
    return head


def _folder(config: Path | None, data: Path | None) -> Path:
    """The station's folder; wrong settings end the program with a sentence."""
    try:
        folder = data if data is not None else None if config is None else settings.data_dir(config)
    except settings.SettingsError as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(2)
    if folder is None:
        raise click.UsageError("say which station: --data DIR or --config FILE")
    return folder


@contextmanager
def _journal_of(config: Path | None, data: Path | None) -> Iterator[sqlite3.Connection]:
    """A reader of the station's journal; what is wrong with it ends the program with a sentence."""
    folder = _folder(config, data)
    try:
        with closing(_reader(folder / "kiosk.db")) as db:
            yield db
    except (DatabaseError, sqlite3.Error) as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(0)


def _reader(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise DatabaseError(f"{path}: no journal there; name the folder of a station that has been started")
    db = open_reader(path)
    # A damaged row must be shown, so text that is not UTF-8 is no reason to stop.
    db.text_factory = lambda raw: str(raw, "utf-8", "replace")
    return db


@contextmanager
def _output(out: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that is there whole or not at all and that nobody else can read: payloads name people."""
    if out is None:
        yield sys.stdout
        return
    try:
        with whole_file(out, mode=0o600) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
            yield text
            text.detach()  # closed, it would close the file before that is durable
    except OSError as exc:
        raise click.ClickException(f"{out}: cannot be written ({exc.strerror})") from exc


@dataclass(frozen=True, slots=True)
class _Shown:
    """Which payloads were asked for beside the ordinary ones."""

    health: bool
    names: bool

    def leaves_out(self, kind: str) -> str:
        """Why a payload of this kind is left out; empty if it is shown."""
        if kind in NAMING:
            return "" if self.names else NAMES
        return "health" if data_class(kind) is DataClass.HEALTH and not self.health else ""


def _values(entry: Entry, shown: _Shown) -> dict[str, Any]:
    """The row's fields; `left_out` among them only where a payload that is there is not shown."""
    values = {name: getattr(entry.record, name) for name in _EXPORTED}
    left_out = shown.leaves_out(entry.record.kind)
    if not left_out:
        return values | {"payload": _payload(entry)}
    said = {} if entry.record.payload is None else {_LEFT_OUT: left_out}
    return values | {"payload": None} | said


def _line(entry: Entry, shown: _Shown) -> str:
    return msgspec.json.encode(_values(entry, shown)).decode()


def _cells(entry: Entry, shown: _Shown) -> list[Any]:
    values = {_LEFT_OUT: ""} | _values(entry, shown)
    if values["payload"] is not None:
        # In JSON a ";" only stands inside strings. An Indonesian Excel would begin a cell behind it, and perhaps a formula.
        values["payload"] = msgspec.json.encode(values["payload"]).decode().replace(";", "\\u003b")
    return [values[name] for name in (*_EXPORTED, _LEFT_OUT)]


def _payload(entry: Entry) -> object:
    """The payload without secrets; damaged JSON as text, so that an export goes to its end."""
    try:
        payload = entry.payload
    except (msgspec.DecodeError, ValueError, RecursionError):
        return bytes(entry.record.payload or b"").decode(errors="replace")
    return {name: value for name, value in payload.items() if name not in _SECRET} if isinstance(payload, dict) else payload


def _words(entry: Entry) -> str:
    record = entry.record
    mark = "  SIMULATED" if record.simulated else ""
    return f"{record.seq:>8}  {record.claimed_at}  {record.kind}  {record.clock_state}{mark}"
