"""Taking batches: the promises of `EventSink`, over every database."""

import msgspec
import pytest
from sqlalchemy import func, select

from sync.protocol.digest import GENESIS
from sync.protocol.wire import Batch, Outcome
from sync.server import ledger
from sync.server.errors import StoreUnavailable
from sync.server.schema import event_conflicts, events, unreadable
from tests.sync.server.making import EPOCH, batch, chained, raw, record

AT = "2020-06-10T00:12:01.000000Z"


@pytest.fixture
def take(store, door):
    return lambda sent: store.sink.take(door.id, sent, AT)


@pytest.fixture
def rows(database):
    def count(table):
        with database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    return count


def outcomes(receipt):
    return [(result.seq, str(result.outcome)) for result in receipt.results]


def test_a_batch_is_stored_whole(take, rows, door):
    """Every record is stored and named, and the head is the last one's hash."""
    receipt = take(batch(door.id, [1, 2, 3]))
    assert outcomes(receipt) == [(1, "stored"), (2, "stored"), (3, "stored")]
    assert (receipt.head.seq, receipt.head.hash) == (3, record(door.id, 3).hash)
    assert rows(events) == 3


def test_every_field_is_kept(take, database, door):
    """What was sent is what is in the table, the payload to the byte."""
    sent = record(door.id, 1, payload={"b": 1, "a": "é"}, simulated=True)
    take(Batch(EPOCH, [raw(sent)]))
    with database.reading() as connection:
        row = connection.execute(select(events)).one()._mapping
    assert {**row, "payload": row["payload"].encode()} == {
        **{name: getattr(sent, name) for name in sent.__struct_fields__},
        "payload": bytes(sent.payload),
        "received_at": AT,
    }


def test_a_replay_is_duplicates_and_changes_nothing(take, rows, door):
    """Sending a batch again stores nothing and says so."""
    take(batch(door.id, [1, 2]))
    assert outcomes(take(batch(door.id, [1, 2, 3]))) == [(1, "duplicate"), (2, "duplicate"), (3, "stored")]
    assert rows(events) == 3


def test_twice_in_one_batch_is_stored_once(take, rows, door):
    """A record that stands twice in a batch is one record."""
    assert outcomes(take(batch(door.id, [1, 1]))) == [(1, "stored"), (1, "duplicate")]
    assert rows(events) == 1


def test_gaps_hold_the_watermark_until_they_close(take, door):
    """Out of order and with holes, the watermark stands before the first hole and jumps when it is filled."""
    receipt = take(batch(door.id, [5, 2, 1]))
    assert (ledger.accepted_through(receipt.held), [(gap.first, gap.last) for gap in ledger.missing(receipt.held)]) == (
        2,
        [(3, 4)],
    )
    receipt = take(batch(door.id, [4, 3]))
    assert (receipt.head.seq, ledger.missing(receipt.held)) == (5, [])


def test_an_erased_payload_is_no_conflict(take, rows, door):
    """A record whose payload was erased at the door is still the same record."""
    take(batch(door.id, [1]))
    erased = msgspec.structs.replace(record(door.id, 1), payload=None, salt=None)
    assert outcomes(take(Batch(EPOCH, [raw(erased)]))) == [(1, "duplicate")]
    assert outcomes(take(Batch(EPOCH, [raw(msgspec.structs.replace(record(door.id, 2), payload=None, salt=None))]))) == [
        (2, "stored")
    ]


def test_a_conflict_keeps_both(take, rows, store, door):
    """Another record under a known number is kept beside the first, once, and is a trouble to look at."""
    take(batch(door.id, [1]))
    other = Batch(EPOCH, [raw(record(door.id, 1, place_id="elsewhere"))])
    assert outcomes(take(other)) == outcomes(take(other)) == [(1, "conflict")]
    assert (rows(events), rows(event_conflicts)) == (1, 1)
    assert store.reports.trouble_counts() == (1, 0)


def test_epochs_are_counted_apart(take, rows, door):
    """The same number in another epoch is another record."""
    take(batch(door.id, [1]))
    assert outcomes(take(batch(door.id, [1], epoch="f" * 32))) == [(1, "stored")]
    assert rows(events) == 2


def test_a_batch_of_another_epoch_than_its_records(take, rows, door):
    """Records of another epoch than their batch says are kept as unreadable, none is lost."""
    sent = Batch("f" * 32, batch(door.id, [1, 2]).records)
    assert outcomes(take(sent)) == [(1, "unreadable"), (2, "unreadable")]
    assert (rows(events), rows(unreadable)) == (0, 2)


POISON = {
    "no record": b'{"what": 1}',
    "a number": b"7",
    "wrong type": b'{"seq": "three"}',
    "huge number": b'{"seq": 99999999999999999999999999}',
    "negative": b'{"seq": -1}',
    "half a surrogate": b'{"seq": 3, "id": "\\ud800"}',
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize("position", range(3))
def test_poison_at_every_position_stops_nobody(take, rows, door, poison, position):
    """A record that is none is kept as it came, under its neighbours' number, and the others are stored."""
    sent = batch(door.id, [1, 2, 3])
    sent.records[position] = msgspec.Raw(poison)
    receipt = take(sent)
    assert [result.outcome for result in receipt.results].count(Outcome.UNREADABLE) == 1
    assert (rows(events), rows(unreadable)) == (2, 1)
    if b"3" not in poison:
        assert [result.seq for result in receipt.results] == [1, 2, 3]
        assert receipt.head.seq == 3


ODD = {
    "another device": lambda good: msgspec.structs.replace(good, device_id="stranger"),
    "hash of another header": lambda good: msgspec.structs.replace(good, kind="attendance.manual"),
    "payload exchanged": lambda good: msgspec.structs.replace(good, payload=msgspec.Raw(b'{"person_id":"P2"}')),
    "salt lost": lambda good: msgspec.structs.replace(good, salt=None),
    "salt that is no hex": lambda good: msgspec.structs.replace(good, salt="zz"),
    "NUL": lambda good: record(good.device_id, 1, place_id="a\x00b"),
    "endless text": lambda good: record(good.device_id, 1, clock_state="x" * 10_000),
    "monotonic overflow": lambda good: record(good.device_id, 1, mono_ns=2**63),
}


@pytest.mark.parametrize("spoil", ODD.values(), ids=ODD.keys())
def test_a_record_that_is_not_what_it_says_is_set_aside(take, rows, door, spoil):
    """A broken seal or a value that cannot be kept makes a record unreadable, under the number it names."""
    assert outcomes(take(Batch(EPOCH, [raw(spoil(record(door.id, 1)))]))) == [(1, "unreadable")]
    assert (rows(events), rows(unreadable)) == (0, 1)


def test_payload_bytes_that_are_not_utf8(take, rows, door):
    """Bytes that are no text at all are kept as they came."""
    spoilt = bytes(raw(record(door.id, 1))).replace(b'"P1"', b'"\xff1"')
    assert outcomes(take(Batch(EPOCH, [msgspec.Raw(spoilt)]))) == [(1, "unreadable")]


def test_poison_sent_again_is_kept_once(take, rows, door):
    """A door that re-sends an unreadable record does not fill the disk with it."""
    for _ in range(3):
        take(Batch(EPOCH, [msgspec.Raw(b'{"seq": 1}')]))
    assert rows(unreadable) == 1


def test_the_right_record_may_come_after_poison(take, rows, door):
    """A number that was unreadable is still free for its record."""
    take(Batch(EPOCH, [msgspec.Raw(b'{"seq": 1}')]))
    assert outcomes(take(batch(door.id, [1]))) == [(1, "stored")]


def test_the_head_over_an_unreadable_record(take, door):
    """The hash an unreadable record claims is the head's; with none, the head has an empty one."""
    claimed = take(Batch(EPOCH, [msgspec.Raw(b'{"seq": 1, "hash": "abc"}')])).head
    nothing = take(Batch(EPOCH, [msgspec.Raw(b'{"seq": 2}')])).head
    assert [(claimed.seq, claimed.hash), (nothing.seq, nothing.hash)] == [(1, "abc"), (2, "")]


def test_a_name_of_before_counts_where_it_is_said(store, door, clock):
    """What a device reported under the name it had before is held, together with what it has sent under its new one."""
    now = clock.now().claimed_at
    anew = store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key="")
    store.sink.take(door.id, batch(door.id, [1, 2, 3]), AT)
    assert store.sink.head(anew.id, EPOCH).seq == store.sink.head(anew.id, EPOCH, "nobody").seq == 0
    assert store.sink.head(anew.id, EPOCH, door.id) == store.sink.head(door.id, EPOCH)
    store.sink.take(anew.id, batch(door.id, [4, 5]), AT)
    head = store.sink.head(anew.id, EPOCH, door.id)
    assert (head.seq, head.hash) == (5, record(door.id, 5).hash)
    assert (store.sink.head(door.id, EPOCH).seq, store.sink.head(anew.id, EPOCH).seq) == (3, 0)


def test_all_of_it_under_the_new_name_counts_alone(store, door, clock):
    """Where a device has sent an epoch again from its beginning, the name of before has no say: it may be another card's now."""
    now = clock.now().claimed_at
    anew = store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key="")
    store.sink.take(door.id, batch(door.id, [1, 2, 3, 4]), AT)
    store.sink.take(anew.id, batch(door.id, [1, 2]), AT)
    assert (store.sink.head(anew.id, EPOCH, door.id).seq, store.sink.head(anew.id, EPOCH).seq) == (2, 2)


def test_nothing_held_is_genesis(cursor_of):
    """An epoch nobody has heard of stands at 0."""
    assert cursor_of("new") == (0, GENESIS)


def test_an_empty_batch_is_a_sign_of_life(take, store, door):
    """No records, no results, and the door was heard."""
    assert take(Batch(EPOCH, [])).results == []
    assert store.devices.all()[0].last_contact_at == AT


def test_contact_and_clock_state_are_remembered(take, store, door):
    """The newest record says how the door's clock stands."""
    take(Batch(EPOCH, [raw(record(door.id, 1)), raw(record(door.id, 2, clock_state="never"))]))
    heard = store.devices.all()[0]
    assert (heard.last_contact_at, heard.last_clock_state) == (AT, "never")


def test_a_failure_keeps_nothing_of_the_batch(store, database, door, rows):
    """A batch is one transaction: when its end fails, its beginning is not there either."""
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE unreadable")
    sent = batch(door.id, [1, 2])
    sent.records.append(msgspec.Raw(b"7"))
    with pytest.raises(StoreUnavailable):
        store.sink.take(door.id, sent, AT)
    assert rows(events) == 0


def test_a_missing_table_is_said_as_ours(store, database, door):
    """The driver's own errors do not get out."""
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE events")
    with pytest.raises(StoreUnavailable):
        store.sink.take(door.id, batch(door.id, [1]), AT)


def test_another_history_is_kept_beside_the_first(take, door, database):
    """Rows that follow another row than the one that is held are conflicts to the last, in one batch or in several; the first
    history goes on in its place, and the watermark is its own.
    """

    def send(*records):
        receipt = take(Batch(EPOCH, [raw(each) for each in records]))
        return [str(result.outcome) for result in receipt.results], receipt.head.seq

    first = [record(door.id, seq) for seq in range(1, 7)]
    other = chained(*first[:2], *(record(door.id, seq, payload={"other": seq}) for seq in range(3, 9)))
    assert send(*first[:3]) == (["stored"] * 3, 3)
    assert send(*other[1:5]) == (["duplicate"] + ["conflict"] * 3, 3)
    assert send(*other[5:]) == (["conflict"] * 3, 3)
    assert send(*first[3:]) == (["stored"] * 3, 6)
    assert send(*other[2:]) == (["conflict"] * 6, 6)
    assert [row[0] for row in kept(database, "SELECT hash FROM events ORDER BY seq")] == [each.hash for each in first]
    assert [row[0] for row in kept(database, "SELECT hash FROM event_conflicts ORDER BY seq")] == [e.hash for e in other[2:]]


def kept(database, sql):
    with database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]
