"""The chain's test vectors: literal, so that no change of a library or of a line can alter what old journals mean."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.digest import GENESIS, HASHED_FIELDS, canonical, chain_hash, payload_digest, payload_matches, record_hash
from sync.protocol.events import Record

PAYLOAD = b'{"direction":"in","name":"Nyoman \xc3\x89","tap_id":"t-1","temperature_c":36.5}'
SALT = bytes(range(16))
FIELDS = {
    "device_id": "door-1",
    "epoch": "ab" * 16,
    "seq": 1,
    "id": "01729bd5-8a00-7000-8000-000000000001",
    "kind": "attendance.tapped",
    "claimed_at": "2020-06-10T00:12:00.000000Z",
    "boot_id": "00000000-0000-4000-8000-000000000001",
    "mono_ns": 1_000_000_000_000,
    "clock_state": "synced",
    "place_id": "lobby",
    "directory_version": 3,
    "simulated": False,
    "payload_digest": "8424c56176ae9b2966cb72b6822127c1a502ef31df85983e04706b7d10c23dfd",
    "prev_hash": GENESIS,
}
HASH = "b186edf9af913119fcb6c12111d9fb14f71c6aa3388af1acfc95ccb7832bca41"


def made(**changed):
    return Record(**(FIELDS | {"payload": msgspec.Raw(PAYLOAD), "salt": SALT.hex(), "hash": HASH} | changed))


def test_canonical_vector():
    """Keys are sorted, nothing is spaced out, and text stays UTF-8."""
    value = {"temperature_c": 36.5, "tap_id": "t-1", "name": "Nyoman É", "direction": "in"}
    assert canonical(value) == PAYLOAD


def test_payload_vector():
    """The payload's digest is over salt and payload."""
    assert payload_digest(SALT, PAYLOAD) == FIELDS["payload_digest"]


def test_chain_vector():
    """The record's hash is over the named fields, and not over payload and salt."""
    assert chain_hash(FIELDS) == HASH
    assert record_hash(made()) == HASH
    assert record_hash(made(payload=None, salt=None)) == HASH


@pytest.mark.parametrize("name", HASHED_FIELDS)
def test_every_named_field_counts(name):
    """A record with any hashed field changed has another hash."""
    value = FIELDS[name]
    other = (not value) if isinstance(value, bool) else value + 1 if isinstance(value, int) else value + "x"
    assert record_hash(made(**{name: other})) != HASH


def test_erased_together_still_matches():
    """A payload erased with its salt verifies; one of them alone, or another payload, does not."""
    assert payload_matches(made())
    assert payload_matches(made(payload=None, salt=None))
    assert not payload_matches(made(payload=None))
    assert not payload_matches(made(salt=None))
    assert not payload_matches(made(salt="zz"))
    assert not payload_matches(made(payload=msgspec.Raw(PAYLOAD + b" ")))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [1.0, {"a": math.nan}], (math.inf,)])
def test_what_json_cannot_say_is_refused(value):
    """NaN and infinities never get into a record."""
    with pytest.raises(ValueError, match="no place in a record"):
        canonical({"value": value})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_canonical_is_stable(value):
    """Reading canonical JSON and writing it again gives the same bytes."""
    assert canonical(msgspec.json.decode(canonical(value))) == canonical(value)
