"""Many rows of `events` at once, in the caller's transaction: each engine by its quickest way in and out."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, insert, select

from sync.protocol.events import Record
from sync.server.intake import payload_text
from sync.server.schema import events

_NAMES = tuple(column.name for column in events.columns)
_AS_SENT = tuple(name for name in _NAMES if name not in ("payload", "received_at"))
_ORDER = (*_AS_SENT, "payload", "received_at")
_as_sent = attrgetter(*_AS_SENT)
_POSTGRESQL_TYPES = {"TEXT": "text", "BIGINT": "int8", "BOOLEAN": "bool"}
_TYPES = tuple(_POSTGRESQL_TYPES[str(events.c[name].type)] for name in _ORDER)
_COPY = f"COPY events ({', '.join(_ORDER)}) FROM STDIN (FORMAT BINARY)"
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


def insert_events(connection: Connection, records: Sequence[Record], received_at: str) -> None:
    """Add `records`, none of which may be there: the caller has looked, and holds the device's turn (`Database.writing`).

    So PostgreSQL can COPY straight into the table. A staging table and ON CONFLICT between would only cost time.
    """
    if not records:
        return
    rows = ((*_as_sent(record), payload_text(record), received_at) for record in records)
    if connection.dialect.name != "postgresql":
        connection.execute(insert(events), [dict(zip(_ORDER, row, strict=True)) for row in rows])
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)
