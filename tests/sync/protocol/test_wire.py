"""The wire's values: their JSON is a contract between versions."""

import msgspec
import pytest

from sync.protocol import wire

ANSWER = {
    "accepted_through": 2,
    "results": [{"seq": 1, "outcome": "stored"}, {"seq": 2, "outcome": "unreadable"}],
    "missing": [{"first": 3, "last": 4}],
    "head": {"device_id": "d", "epoch": "e", "seq": 1, "hash": "h", "key_id": "k", "signature": "s"},
    "server_time": "2020-06-10T00:12:00.000000Z",
    "documents": 7,
}


def test_an_answer_is_read():
    """What the protocol names is all that an answer must have."""
    answer = msgspec.json.decode(msgspec.json.encode(ANSWER), type=wire.Answer)
    assert [result.outcome for result in answer.results] == [wire.Outcome.STORED, wire.Outcome.UNREADABLE]
    assert (answer.max_batch, answer.retry_after_s) == (wire.MAX_BATCH_RECORDS, None)


def test_later_versions_may_add():
    """Fields that this version does not know do no harm, in answers and in documents."""
    assert msgspec.convert(ANSWER | {"weather": "dry"}, wire.Answer).documents == 7
    assert msgspec.json.decode(b'{"version": 3, "circulars": []}', type=wire.Documents) == wire.Documents(version=3)


@pytest.mark.parametrize("name", ANSWER)
def test_an_answer_without_a_part_is_none(name):
    """An answer that lacks a part is not an answer."""
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert({key: value for key, value in ANSWER.items() if key != name}, wire.Answer)


def test_records_travel_untouched():
    """A batch gives back the very bytes of each record."""
    odd = [b'{"seq": 1,  "x": 1e2}', b"[1,2]", b'"text"', b"null"]
    packed = msgspec.json.encode(wire.Batch("e", [msgspec.Raw(raw) for raw in odd]))
    assert [bytes(raw) for raw in msgspec.json.decode(packed, type=wire.Batch).records] == odd
