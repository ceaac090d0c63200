"""Erases what visitors said of themselves once it is old enough. Headers, hashes and everything that is counted stay.

Age is by this server's clock from when a record came in: a door's clock may be off by years. A record that is sent again is known
by its hash, so nothing that was erased comes back; a copy of the database from before an erasure is erased in anew.
"""

import base64
import logging
import threading
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam, func, select, text, update

from sync.clock import Clock, utc_text
from sync.protocol.events import NAMING
from sync.server.database import Database
from sync.server.errors import StoreUnavailable
from sync.server.schema import NAMED, event_conflicts, events, unreadable

_log = logging.getLogger(__name__)

_EVERY_S = 24 * 3600.0
_AGAIN_S = 600.0
_AT_ONCE = 200
"""So many rows are erased in one transaction: an upload never waits for more."""

_MENTIONS = tuple(kind.encode() for kind in sorted(NAMING))
_ERASED: dict[str, Any] = {"payload": None, "salt": None}
_DUE = and_(text(NAMED), events.c.received_at < bindparam("before"))
_TURN = "retention"


def nameless(raw: bytes) -> bytes:
    """A record that was kept as it came, without what it may say of a visitor; itself where there is nothing of that in it.

    Its header stays where it can be read, so that the copy is still known by its hash. A row in an envelope, and what is no JSON,
    is taken for a visitor's if a visitor's kind stands in it.
    """
    fields = _fields(raw)
    if not any(kind in raw + _enveloped(fields) for kind in _MENTIONS):
        return raw
    if not fields:
        return b""
    return msgspec.json.encode({name: value for name, value in fields.items() if name != "unreadable"} | _ERASED)


def _fields(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}


def _enveloped(fields: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(fields.get("unreadable", b""))
    except (TypeError, ValueError):
        return b""


def count_named(database: Database, before: str) -> int:
    """How many events that came in before this time, a UTC text, may still say who a visitor is.

    Raises:
        StoreUnavailable
    """
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(events).where(_DUE), {"before": before}) or 0


def erase_names(database: Database, before: str) -> int:
    """Erase what visitors said of themselves in all that came in before this time, a UTC text; gives how many rows it was in.

    No byte of it is left in SQLite's files when this returns, unless somebody reads for long: then after the next time.

    Raises:
        StoreUnavailable: rows erased so far stay erased.
    """
    count = _erase_events(database, before)
    count += _erase_raw(database, event_conflicts, before) + _erase_raw(database, unreadable, before)
    if not database.fold_log():
        _log.warning("names of visitors were erased, and still stand in the log of the database while somebody reads it")
    return count


def _erase_events(database: Database, before: str) -> int:
    wanted = select(*events.primary_key.columns).where(_DUE).limit(_AT_ONCE)
    erase, count = update(events).where(_is_row(events)).values(_ERASED), 0
    while True:
        with database.writing(_TURN) as connection:
            keys = [_key(row) for row in connection.execute(wanted, {"before": before}).mappings()]
            if keys:
                connection.execute(erase, keys)
        count += len(keys)
        if len(keys) < _AT_ONCE:
            return count


def _erase_raw(database: Database, table: Table, before: str) -> int:
    key = tuple(table.primary_key.columns)
    old = select(*key, table.c.raw).where(table.c.received_at < before)
    with database.reading() as connection:
        rows = connection.execution_options(yield_per=_AT_ONCE).execute(old).mappings()
        changed = [_key(row) | {"shortened": short} for row in rows if (short := nameless(row["raw"])) != row["raw"]]
    shorten = update(table).where(_is_row(table)).values(raw=bindparam("shortened"))
    for first in range(0, len(changed), _AT_ONCE):
        with database.writing(_TURN) as connection:
            connection.execute(shorten, changed[first : first + _AT_ONCE])
    return len(changed)


def _is_row(table: Table) -> ColumnElement[bool]:
    return and_(*(column == bindparam(f"of_{column.name}") for column in table.primary_key.columns))


def _key(row: RowMapping) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in row.items() if name != "raw"}


class NamesDuty:
    """What each worker does once a day while it runs. Several over one database may all do it."""

    def __init__(self, database: Database, clock: Clock, visitor_days: int) -> None:
        self._database, self._clock, self._keep = database, clock, timedelta(days=visitor_days)

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set."""
        while not stop.wait(self.step()):
            pass

    def step(self) -> float:
        """Erase what is due; gives how many seconds to wait before the next."""
        try:
            count = erase_names(self._database, utc_text(self._clock.now().wall - self._keep))
        except StoreUnavailable as exc:
            _log.warning("names of visitors cannot be erased now: %s", exc)
            return _AGAIN_S
        if count:
            _log.info("retention: what visitors said of themselves was erased from %d rows", count)
        return _EVERY_S
