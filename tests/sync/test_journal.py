"""The journal's contract: gap-free, chained, all or nothing, and any change to a row is found and named."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import database, journal
from sync.journal import Event
from sync.protocol.digest import GENESIS
from sync.protocol.events import Kind, Record
from tests.sync.making import hashes

ROWS = 6
COLUMNS = ("position", *Record.__struct_fields__)


def test_rows_are_numbered_without_gaps(station):
    """Every row follows the one before it, by number and by hash."""
    entries = station.taps(5)
    assert [(entry.position, entry.record.seq) for entry in entries] == [(n, n) for n in range(1, 6)]
    assert [entry.record.prev_hash for entry in entries] == [GENESIS, *(entry.record.hash for entry in entries[:-1])]
    assert [entry.record for entry in journal.read(station.db)] == [entry.record for entry in entries]


def test_a_rollback_leaves_no_gap(station, manual_clock):
    """What was appended in a transaction that failed was never there, and the next row takes its number."""
    station.taps(2)

    def fail_halfway():
        with database.transaction(station.db):
            station.journal.append(station.event(), manual_clock.now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert station.taps(1)[0].record.seq == 3
    assert journal.verify(station.db).ok


def test_nan_never_gets_in(station, manual_clock):
    """A payload that JSON cannot say is refused before anything is written."""
    with pytest.raises(ValueError, match="no place"), database.transaction(station.db):
        station.journal.append(Event(Kind.SCREENING_MEASURED, {"skin_temperature_c": float("nan")}), manual_clock.now())
    assert journal.last_position(station.db) == 0


def test_a_new_epoch_begins_a_new_chain(station):
    """Another epoch counts from 1 again, in the same gap-free file."""
    station.taps(3)
    station.new_epoch("cd" * 16)
    entry = station.taps(1)[0]
    assert (entry.position, entry.record.seq, entry.record.prev_hash) == (4, 1, GENESIS)
    found = journal.verify(station.db)
    assert (found.ok, found.rows, found.head) == (True, 4, entry.record.hash)


def test_reading_in_parts(station):
    """However it is paged, the journal gives each row once, in order."""
    station.taps(450)
    assert [entry.position for entry in journal.read(station.db)] == list(range(1, 451))
    assert [entry.position for entry in journal.read(station.db, after=10, limit=300)] == list(range(11, 311))
    assert list(journal.read(station.db, limit=0)) == []
    assert [entry.position for entry in journal.tail(station.db, 3)] == [448, 449, 450]


def test_erased_payloads_still_verify(station):
    """Payload and salt can be erased; the chain holds."""
    station.taps(3)
    station.change("UPDATE journal SET payload = NULL, salt = NULL WHERE seq = 2")
    assert journal.verify(station.db).ok
    assert [entry.payload is None for entry in journal.read(station.db)] == [False, True, False]


def test_an_empty_journal_is_in_order(station):
    """Nothing is wrong with nothing."""
    assert journal.verify(station.db) == journal.Verification(0, True, None, None, GENESIS)


VALUES = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=20), st.binary(max_size=20))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(1, ROWS), column=st.sampled_from(COLUMNS[1:]), value=VALUES)
def test_any_changed_field_is_found(station, row, column, value):
    """Whatever is written over whatever field, verify names that row."""
    if not hashes(station.db):
        station.taps(ROWS)
    before = station.db.execute(f"SELECT {column} FROM journal WHERE position = ?", (row,)).fetchone()[0]
    station.change(f"UPDATE OR IGNORE journal SET {column} = ? WHERE position = ?", value, row)
    after = station.db.execute(f"SELECT {column} FROM journal WHERE position = ?", (row,)).fetchone()[0]
    try:
        found = journal.verify(station.db)
        if (after, type(after)) == (before, type(before)):
            assert found.ok
        else:
            assert (found.ok, found.first_bad, found.first_bad_seq, found.rows) == (False, row, row, row - 1)
            assert found.reason
    finally:
        station.change(f"UPDATE journal SET {column} = ? WHERE position = ?", before, row)


@pytest.mark.parametrize("row", range(1, ROWS))
def test_a_missing_row_is_found(station, row):
    """A row taken out of the middle is missed at the row behind it."""
    station.taps(ROWS)
    station.change("DELETE FROM journal WHERE position = ?", row)
    found = journal.verify(station.db)
    assert (found.ok, found.first_bad, found.rows) == (False, row + 1, row - 1)


@pytest.mark.parametrize("row", range(2, ROWS))
def test_a_missing_row_is_found_when_the_others_close_up(station, row):
    """Renumbering the rows behind a gap does not hide it: their hashes hold their numbers."""
    station.taps(ROWS)
    station.change("DELETE FROM journal WHERE position = ?", row)
    for position in range(row + 1, ROWS + 1):
        station.change("UPDATE journal SET position = position - 1, seq = seq - 1 WHERE position = ?", position)
    found = journal.verify(station.db)
    assert (found.ok, found.first_bad) == (False, row)


def test_swapped_rows_are_found(station):
    """Two rows that changed places are found at the first of them."""
    station.taps(ROWS)
    for old, new in ((2, 99), (4, 2), (99, 4)):
        station.change("UPDATE journal SET position = ? WHERE position = ?", new, old)
    assert journal.verify(station.db).first_bad == 2


def test_bytes_that_are_no_text_are_found(station):
    """A text field with bytes that are not UTF-8 is a bad row, not the end of the program."""
    station.taps(ROWS)
    station.change("UPDATE journal SET place_id = CAST(x'ff41' AS TEXT) WHERE position = 3")
    station.db.text_factory = lambda raw: str(raw, "utf-8", "replace")
    assert journal.verify(station.db).first_bad == 3
