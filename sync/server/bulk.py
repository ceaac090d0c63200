"""Many rows of `events` at once, in the caller's transaction: each engine by its quickest way in and out."""

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, insert, select

from sync.server.schema import events

_NAMES = tuple(column.name for column in events.columns)
_VALUES = itemgetter(*_NAMES)
_POSTGRESQL_TYPES = {"TEXT": "text", "BIGINT": "int8", "BOOLEAN": "bool"}
_TYPES = tuple(_POSTGRESQL_TYPES[str(column.type)] for column in events.columns)
_COPY = f"COPY events ({', '.join(_NAMES)}) FROM STDIN (FORMAT BINARY)"
_DENSE = 4
"""Numbers are looked up as one range while it holds at most so many times as many as are wanted."""


def known_hashes(connection: Connection, device_id: str, epoch: str, seqs: Collection[int]) -> dict[int, str]:
    """The hash of every event of these numbers that is held."""
    if not seqs:
        return {}
    wanted, low, high = set(seqs), min(seqs), max(seqs)
    dense = high - low < _DENSE * len(wanted)
    chosen = events.c.seq.between(low, high) if dense else events.c.seq.in_(wanted)
    query = select(events.c.seq, events.c.hash).where(events.c.device_id == device_id, events.c.epoch == epoch, chosen)
    return {seq: found for seq, found in connection.execute(query) if seq in wanted}


def insert_events(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add `rows`, none of which may be there: the caller has looked, and holds the device's turn (`Database.writing`).

    So PostgreSQL can COPY straight into the table. A staging table and ON CONFLICT between would only cost time.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(events), rows)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(_VALUES(row))
