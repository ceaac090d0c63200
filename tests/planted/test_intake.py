"""What was hashed is what is kept."""

from contextlib import closing
from pathlib import Path

import msgspec

from sync.clock import ManualClock
from sync.server.intake import read_arrival
from tests.sync.making import Station


def test_a_changed_payload_is_no_record(tmp_path: Path) -> None:
    """A record whose payload is not the one that was hashed is kept as unreadable, never among the events."""
    with closing(Station(tmp_path, ManualClock())) as station:
        record = station.taps(1)[0].record
    changed = msgspec.structs.replace(record, payload=msgspec.Raw(b'{"person_id":"somebody else"}'))
    for sent, readable in ((record, True), (changed, False)):
        arrival = read_arrival(msgspec.json.encode(sent), device_id=record.device_id, epoch=record.epoch)
        assert (arrival.record is not None) is readable
