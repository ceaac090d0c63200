"""Erases payloads from a journal file so that no byte of them stays; headers and chain stay, and go on to verify.

Used on the running kiosk.db, in short transactions, and on backups.
"""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from kiosk.store import projections
from kiosk.store.arrivals import forget_health
from kiosk.store.backup import open_backup
from sync.backlog import Backlog, Segment
from sync.database import database_errors, open_reader
from sync.database import transaction as in_transaction
from sync.protocol.events import DataClass, data_class

_AT_ONCE = 200
"""So many rows are erased in one transaction: a tap never waits for more."""

Transaction = Callable[[], AbstractContextManager[sqlite3.Connection]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to which row of an epoch payloads go: of the class health, and of every class. `needed` are kinds that stay."""

    health: dict[str, int]
    all: dict[str, int]
    needed: frozenset[str] = frozenset()


def segments(path: Path) -> list[Segment]:
    """The epochs of the journal at `path`, and where in it they stand.

    Raises:
        DatabaseError
    """
    backlog = Backlog(path)
    try:
        return backlog.segments()
    finally:
        backlog.close()


def erase(path: Path, transaction: Transaction, limits: Limits, *, done: Limits, pause: Callable[[], None]) -> int:
    """Erase payload and salt of the rows behind `done` and up to `limits`, and what projections show of them; gives how many.

    They are gone from what SQLite reads when this returns. The bytes are gone once the log has been folded too.

    Raises:
        DatabaseError: rows erased so far stay erased.
    """
    count = 0
    for segment in segments(path):
        epoch = segment.epoch
        health = min(limits.health.get(epoch, 0), segment.size)
        if health > done.health.get(epoch, 0):
            count += _erase_rows(path, transaction, segment, done.health.get(epoch, 0), health, _is_health, pause)
            with transaction() as db:
                forget_health(db, epoch, health)
        everything = min(limits.all.get(epoch, 0), segment.size)
        if everything > done.all.get(epoch, 0):
            start = done.all.get(epoch, 0)
            count += _erase_rows(path, transaction, segment, start, everything, lambda kind: kind not in limits.needed, pause)
            with transaction() as db:
                projections.forget_rows(db, epoch, everything)
    return count


def erase_in_backup(
    path: Path, limits: Limits, *, done: Callable[[sqlite3.Connection], Limits], pause: Callable[[], None]
) -> int:
    """Erase the same in a backup; gives how many rows were changed. `done` finds out what was erased in it before.

    Raises:
        BackupFailed: the file cannot be read or written; it may still hold what was to be erased.
    """
    with open_backup(path) as db:
        return erase(path, lambda: in_transaction(db), limits, done=done(db), pause=pause)


def _is_health(kind: str) -> bool:
    return data_class(kind) is DataClass.HEALTH


def _erase_rows(
    path: Path,
    transaction: Transaction,
    segment: Segment,
    after: int,
    through: int,
    chosen: Callable[[str], bool],
    pause: Callable[[], None],
) -> int:
    position, last, count = segment.base + after, segment.base + through, 0
    while position < last:
        with closing(open_reader(path)) as reader, database_errors(path):
            rows = reader.execute(
                "SELECT position, kind FROM journal WHERE position > ? AND position <= ? AND payload IS NOT NULL"
                " ORDER BY position LIMIT ?",
                (position, last, _AT_ONCE),
            ).fetchall()
        wanted = [(row[0],) for row in rows if chosen(str(row[1]))]
        if wanted:
            with transaction() as db:
                db.executemany("UPDATE journal SET payload = NULL, salt = NULL WHERE position = ?", wanted)
        count += len(wanted)
        position = rows[-1][0] if len(rows) == _AT_ONCE else last
        pause()
    return count
