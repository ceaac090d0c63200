"""Where a batch goes. The upload handler knows only `EventSink`; the default writes the database in one transaction."""

import hashlib
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from sync.protocol.digest import GENESIS
from sync.protocol.events import Record
from sync.protocol.wire import Batch, Head, Outcome, Result
from sync.server import ledger
from sync.server.bulk import insert_events, known_hashes
from sync.server.database import Database
from sync.server.dates import note_datings
from sync.server.documents import DocumentStore
from sync.server.intake import Arrival, read_arrival
from sync.server.reported import is_report, note_reports
from sync.server.rooms import RoomStore, concerns_rooms
from sync.server.schema import devices, epochs, event_conflicts, events, unreadable

_log = logging.getLogger(__name__)

# Made once: to put a statement together takes SQLAlchemy longer than PostgreSQL needs to answer it.
_HELD = select(epochs.c.held).where(epochs.c.device_id == bindparam("device"), epochs.c.epoch == bindparam("in_epoch"))
_SET_HELD = (
    update(epochs)
    .where(epochs.c.device_id == bindparam("device"), epochs.c.epoch == bindparam("in_epoch"))
    .values(held=bindparam("now_held"))
)
_HASH_AT = select(events.c.hash).where(
    events.c.device_id == bindparam("device"), events.c.epoch == bindparam("in_epoch"), events.c.seq == bindparam("at")
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch, in the batch's order, and where the epoch stands after it. `rooms` is the version of what the door
    is told of rooms; 0 where the batch says nothing of them.
    """

    results: list[Result]
    held: ledger.Held
    head: Head
    rooms: int = 0


class EventSink(Protocol):
    """Keeps what doors report. When `take` has returned, the records are durable."""

    def take(self, device_id: str, batch: Batch, received_at: str) -> Receipt:
        """Keep every record of the batch, whatever is in it. Sending one again changes nothing.

        Raises:
            StoreUnavailable: nothing of the batch was kept.
        """

    def head(self, device_id: str, epoch: str, recorded_as: str = "") -> Head:
        """The end of the device's chain in `epoch`: seq 0 and GENESIS when nothing is held.

        Its hash is empty when the record there is unreadable and carries none: then there is nothing to compare.
        `recorded_as` is the name that the device had when it recorded the epoch, if that was another one: what it reported
        under that name is held too.
        """


@dataclass(slots=True)
class _Sorted:
    """A batch sorted into what is new, what is odd, and the word for each record."""

    results: list[Result]
    fresh: list[Record]
    conflicts: list[dict[str, Any]]
    unreadable: list[dict[str, Any]]


class DatabaseSink:
    """The sink that writes the tables: one transaction a batch, one batch of a device at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, device_id: str, batch: Batch, received_at: str) -> Receipt:
        arrivals = [read_arrival(bytes(raw), device_id=device_id, epoch=batch.epoch) for raw in batch.records]
        with self._database.writing(device_id) as connection:
            held = _held(connection, device_id, batch.epoch, received_at)
            is_new_epoch = not held
            seqs = ledger.positions([arrival.seq for arrival in arrivals], ledger.accepted_through(held))
            before = {seq - 1 for seq in seqs}
            known = known_hashes(connection, device_id, batch.epoch, ledger.within(held, before.union(seqs)))
            strays = _strays(connection, device_id, batch.epoch, before.difference(seqs))
            key = {"device_id": device_id, "epoch": batch.epoch, "received_at": received_at}
            found = _sort(arrivals, seqs, known, strays, key)
            insert_events(connection, found.fresh, received_at)
            note_reports(connection, device_id, found.fresh, received_at)
            note_datings(connection, device_id, batch, found.fresh, received_at)
            new_conflicts = _insert_unseen(connection, event_conflicts, "hash", found.conflicts)
            new_unreadable = _insert_unseen(connection, unreadable, "raw_sha256", found.unreadable)
            held = ledger.add(held, (result.seq for result in found.results if result.outcome is not Outcome.CONFLICT))
            _note_contact(connection, device_id, batch.epoch, held, arrivals, received_at)
            head = _head(connection, device_id, batch.epoch, ledger.accepted_through(held))
        if new_conflicts or new_unreadable:
            _log.warning("device %s: kept %d conflicting and %d unreadable records", device_id, new_conflicts, new_unreadable)
        # Also for records that were here before: a door sends them again when this did not come to its end.
        kinds = {arrival.record.kind for arrival in arrivals if arrival.record is not None}
        if any(map(is_report, kinds)):
            DocumentStore(self._database).apply_reports(now=received_at)
        has_room_news = is_new_epoch or any(map(concerns_rooms, kinds))
        rooms = RoomStore(self._database).settle(device_id, now=received_at) if has_room_news else 0
        return Receipt(found.results, held, head, rooms)

    def head(self, device_id: str, epoch: str, recorded_as: str = "") -> Head:
        with self._database.reading() as connection:
            owner, held = device_id, _held_now(connection, device_id, epoch)
            if recorded_as and not ledger.accepted_through(held):
                # All that it sent again under its new name counts alone: the other may be a copy of its card, gone its own way.
                own, held = held, ledger.union(held, _held_now(connection, recorded_as, epoch))
                owner = device_id if ledger.within(own, [ledger.accepted_through(held)]) else recorded_as
            return _head(connection, owner, epoch, ledger.accepted_through(held))


def _held_now(connection: Connection, device_id: str, epoch: str) -> ledger.Held:
    return ledger.from_text(connection.scalar(_HELD, {"device": device_id, "in_epoch": epoch}) or "")


def _held(connection: Connection, device_id: str, epoch: str, now: str) -> ledger.Held:
    text = connection.scalar(_HELD, {"device": device_id, "in_epoch": epoch})
    if text is None:
        connection.execute(insert(epochs).values(device_id=device_id, epoch=epoch, held="", first_seen_at=now))
    return ledger.from_text(text or "")


def _strays(connection: Connection, device_id: str, epoch: str, seqs: Collection[int]) -> set[tuple[int, str]]:
    """Conflicting copies at these numbers, by number and hash."""
    if not seqs:
        return set()
    query = select(event_conflicts.c.seq, event_conflicts.c.hash).where(
        event_conflicts.c.device_id == device_id, event_conflicts.c.epoch == epoch, event_conflicts.c.seq.in_(seqs)
    )
    return {(row.seq, row.hash) for row in connection.execute(query)}


def _sort(
    arrivals: Sequence[Arrival],
    seqs: Sequence[int],
    known: dict[int, str],
    strays: set[tuple[int, str]],
    key: dict[str, str],
) -> _Sorted:
    found = _Sorted([], [], [], [])
    for arrival, seq in zip(arrivals, seqs, strict=True):
        outcome = _outcome(arrival, seq, known, strays)
        if arrival.record is None:
            digest = hashlib.sha256(arrival.raw).hexdigest()
            found.unreadable.append({**key, "seq": seq, "raw_sha256": digest, "raw": arrival.raw, "reason": arrival.reason})
        elif outcome is Outcome.STORED:
            known[seq] = arrival.record.hash
            found.fresh.append(arrival.record)
        elif outcome is Outcome.CONFLICT:
            strays.add((seq, arrival.record.hash))
            found.conflicts.append({**key, "seq": seq, "hash": arrival.record.hash, "raw": arrival.raw})
        found.results.append(Result(seq, outcome))
    return found


def _outcome(arrival: Arrival, seq: int, known: dict[int, str], strays: set[tuple[int, str]]) -> Outcome:
    """A record conflicts if another is in its place, or if it follows another than the one before it: `events` holds one history
    of an epoch, and the other machine's is kept beside it, whole.
    """
    record = arrival.record
    if record is None:
        return Outcome.UNREADABLE
    if seq in known:
        return Outcome.DUPLICATE if known[seq] == record.hash else Outcome.CONFLICT
    parted = known.get(seq - 1, record.prev_hash) != record.prev_hash or (seq - 1, record.prev_hash) in strays
    return Outcome.CONFLICT if parted else Outcome.STORED


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _insert_unseen(connection: Connection, table: Table, digest: str, rows: Iterable[dict[str, Any]]) -> int:
    """Keep each copy once, however often it is sent; gives how many were new."""
    unseen = {(row["seq"], row[digest]): row for row in rows}
    if not unseen:
        return 0
    any_row = next(iter(unseen.values()))
    query = select(table.c.seq, table.c[digest]).where(
        table.c.device_id == any_row["device_id"], table.c.epoch == any_row["epoch"], table.c.seq.in_({seq for seq, _ in unseen})
    )
    for seq, seen in connection.execute(query).all():
        unseen.pop((seq, seen), None)
    _insert(connection, table, list(unseen.values()))
    return len(unseen)


def _note_contact(
    connection: Connection, device_id: str, epoch: str, held: ledger.Held, arrivals: Sequence[Arrival], now: str
) -> None:
    connection.execute(_SET_HELD, {"device": device_id, "in_epoch": epoch, "now_held": ledger.as_text(held)})
    contact = {"last_contact_at": now}
    newest = next((arrival.record for arrival in reversed(arrivals) if arrival.record), None)
    if newest is not None:
        contact["last_clock_state"] = newest.clock_state
    connection.execute(update(devices).where(devices.c.id == device_id).values(contact))


def _head(connection: Connection, device_id: str, epoch: str, through: int) -> Head:
    if through == 0:
        return Head(epoch, 0, GENESIS)
    found = connection.scalar(_HASH_AT, {"device": device_id, "in_epoch": epoch, "at": through})
    if found is None:
        here = {"device_id": device_id, "epoch": epoch, "seq": through}
        found = _hash_inside(connection.scalar(select(unreadable.c.raw).filter_by(**here).limit(1)) or b"")
    return Head(epoch, through, found)


class _Hashed(msgspec.Struct, frozen=True):
    hash: str


def _hash_inside(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Hashed).hash
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""
