"""The journal as the uploader sees it."""

import base64

import msgspec
import pytest

from sync.backlog import Backlog, quoted
from sync.database import DatabaseUnavailable


@pytest.fixture
def backlog(station):
    found = Backlog(station.path)
    yield found
    found.close()


@pytest.mark.parametrize("sizes", [[1], [3], [1, 1, 1], [5, 1, 7], [40, 3], [1, 64]])
def test_epochs_are_found(station, backlog, sizes):
    """Every epoch is found with its rows, whatever the sizes."""
    for number, size in enumerate(sizes):
        station.new_epoch(f"{number:032x}")
        station.taps(size)
    segments = backlog.segments()
    assert [(segment.epoch, segment.size) for segment in segments] == [(f"{n:032x}", size) for n, size in enumerate(sizes)]
    for segment in segments:
        assert [row.place for row in backlog.rows(segment, 1, segment.size, limit=999)] == list(range(1, segment.size + 1))


def test_rows_travel_as_they_were_sealed(station, backlog):
    """A row's bytes are its record's JSON, the payload untouched."""
    entry = station.taps(1, note="Nyoman É")[0]
    row = backlog.rows(backlog.segments()[0], 1, 1, limit=1)[0]
    assert row.encoded == msgspec.json.encode(entry.record)
    assert bytes(entry.record.payload) in row.encoded


def test_what_fits_and_one_at_least(station, backlog):
    """Rows are taken while there is room; a row larger than the room is taken alone."""
    station.taps(9, note="x" * 1000)
    segment = backlog.segments()[0]
    assert len(backlog.rows(segment, 1, 9, limit=9, room=6000)) == 3
    assert [row.place for row in backlog.rows(segment, 4, 9, limit=9, room=10)] == [4]
    assert [row.place for row in backlog.rows(segment, 4, 6, limit=9)] == [4, 5, 6]


def test_the_stamp_changes_with_the_journal(station, backlog):
    """The stamp stands still while nothing happens, and moves with every commit."""
    station.taps(1)
    first = backlog.stamp()
    assert backlog.stamp() == first
    station.taps(1)
    assert backlog.stamp() != first


def test_a_file_set_aside_is_noticed(station, backlog, make_station, tmp_path):
    """When a fresh journal stands in the old one's place, the fresh one is read."""
    station.taps(3)
    first = backlog.stamp()
    station.close()
    for part in station.data.iterdir():
        part.rename(part.with_name(f"old-{part.name}"))
    make_station(epoch="cd" * 16).taps(1)
    assert backlog.stamp() != first
    assert [segment.epoch for segment in backlog.segments()] == ["cd" * 16]


def test_no_file_is_our_error(tmp_path):
    """A journal that is not there is said in a sentence."""
    with pytest.raises(DatabaseUnavailable, match=r"kiosk\.db"):
        Backlog(tmp_path / "kiosk.db").segments()


@pytest.mark.parametrize("seq", [99, -1, "x"])
def test_a_row_under_a_wrong_number_goes_under_its_place(station, backlog, seq):
    """A row that names another number than its place is quoted under its place."""
    station.taps(3)
    station.change("UPDATE journal SET seq = ? WHERE position = 2", seq)
    row = backlog.rows(backlog.segments()[0], 1, 3, limit=3)[1]
    envelope = msgspec.json.decode(row.encoded)
    assert envelope["seq"] == 2
    assert msgspec.json.decode(base64.b64decode(envelope["unreadable"]))["seq"] == seq


def test_a_huge_row_is_quoted_in_part(station, backlog):
    """A row too large to travel is named with its size and hash, and the envelope is small enough."""
    station.taps(1, note="x" * 3_000_000)
    row = backlog.rows(backlog.segments()[0], 1, 1, limit=1)[0]
    envelope = msgspec.json.decode(row.encoded)
    assert (envelope["seq"], envelope["bytes"] > 3_000_000, len(envelope["sha256"])) == (1, True, 64)
    assert len(row.encoded) < 400_000


def test_an_envelope_gives_the_bytes_back(station, backlog):
    """What stands in the envelope is the row, byte for byte."""
    station.taps(1)
    row = backlog.rows(backlog.segments()[0], 1, 1, limit=1)[0]
    envelope = msgspec.json.decode(quoted(row))
    assert (envelope["seq"], base64.b64decode(envelope["unreadable"])) == (1, row.encoded)
