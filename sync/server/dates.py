"""Keeps what ties doors' clocks to ours, and our estimates of when things happened, in the transaction of the batch."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select

from sync.clock import utc_datetime, utc_text
from sync.protocol.events import Record
from sync.protocol.wire import Batch
from sync.server.dating import Anchor, Stamp, by_anchor, date
from sync.server.schema import boots, datings, devices, events


def note_datings(connection: Connection, device_id: str, batch: Batch, fresh: Sequence[Record], received_at: str) -> None:
    """Remember the batch's anchor, and the estimate for each of its new records whose own time it denies, or cannot confirm.

    A record is dated once, when it is stored: sending it again changes nothing.
    """
    if not batch.boot_id:
        return
    anchors = _anchors(connection, device_id, batch, received_at)
    mine = anchors[batch.boot_id]
    if all(record.boot_id == batch.boot_id and mine.confirms(record.mono_ns, _claimed(record)) for record in fresh):
        return
    stamps = [Stamp(record.boot_id, record.mono_ns) for record in fresh]
    floor = _floor(connection, device_id, fresh[0], anchors) if fresh and stamps[0].boot_id not in anchors else _LONG_AGO
    found = zip(fresh, date(stamps, anchors, sender=batch.boot_id, floor=floor), strict=True)
    rows = [
        {
            "device_id": device_id,
            "epoch": record.epoch,
            "seq": record.seq,
            "dated_at": utc_text(dating.at),
            "dated_width_s": dating.width_s,
        }
        for record, dating in found
        if dating is not None and (record.boot_id not in anchors or dating.denies(_claimed(record)))
    ]
    if rows:
        connection.execute(insert(datings), rows)


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _claimed(record: Record) -> datetime:
    try:
        return utc_datetime(record.claimed_at)
    except (ValueError, OverflowError):
        return _LONG_AGO


def _anchors(connection: Connection, device_id: str, batch: Batch, received_at: str) -> dict[str, Anchor]:
    """Those of all boots of the door. This batch's is new when its boot has not sent anything before."""
    known = connection.execute(
        select(boots.c.boot_id, boots.c.mono_ns, boots.c.anchored_at).where(boots.c.device_id == device_id)
    )
    anchors = {boot_id: Anchor(mono_ns, utc_datetime(at)) for boot_id, mono_ns, at in known}
    if batch.boot_id not in anchors:
        row = {"device_id": device_id, "boot_id": batch.boot_id, "mono_ns": batch.mono_ns, "anchored_at": received_at}
        connection.execute(insert(boots).values(row))
    # The sending itself is nearer to what is sent than the first one of this boot.
    return anchors | {batch.boot_id: Anchor(batch.mono_ns, utc_datetime(received_at))}


def _floor(connection: Connection, device_id: str, first: Record, anchors: dict[str, Anchor]) -> datetime:
    """The moment before which `first` cannot have happened: that of the record before it, or of the door's enrolment."""
    created_at = connection.scalar(select(devices.c.created_at).where(devices.c.id == device_id))
    floor = utc_datetime(created_at) if created_at else _LONG_AGO
    here = (events.c.device_id == device_id, events.c.epoch == first.epoch, events.c.seq == first.seq - 1)
    before = connection.execute(select(events.c.boot_id, events.c.mono_ns).where(*here)).one_or_none()
    if before is None:
        return floor
    if before.boot_id in anchors:
        return max(floor, by_anchor(before.mono_ns, anchors[before.boot_id]).earliest)
    there = (datings.c.device_id == device_id, datings.c.epoch == first.epoch, datings.c.seq == first.seq - 1)
    dated = connection.execute(select(datings.c.dated_at, datings.c.dated_width_s).where(*there)).one_or_none()
    if dated is None:
        return floor
    earliest = utc_datetime(dated.dated_at) - timedelta(seconds=dated.dated_width_s)
    if before.boot_id == first.boot_id:
        earliest -= timedelta(microseconds=before.mono_ns / 1000)  # of its boot's beginning, from which `first` is counted too
    return max(floor, earliest)
