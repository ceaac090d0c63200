"""The chain: how a record's payload and header are hashed. Defined here once; the test vectors pin it.

    canonical(value)  = JSON, UTF-8, keys sorted, no spaces, NaN and infinity refused
    payload_digest    = SHA-256(salt bytes + payload bytes), the payload being the exact bytes that are stored and sent
    hash              = SHA-256(canonical({every HASHED_FIELDS name: its value}))

The payload enters the chain only through its salted digest, so payload and salt can be erased and the chain still verifies.
"""

import hashlib
import math
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from sync.protocol.events import Record

GENESIS = "0" * 64
"""`prev_hash` of the first record of an epoch."""

HASHED_FIELDS = (
    "device_id",
    "epoch",
    "seq",
    "id",
    "kind",
    "claimed_at",
    "boot_id",
    "mono_ns",
    "clock_state",
    "place_id",
    "directory_version",
    "simulated",
    "payload_digest",
    "prev_hash",
)

_encoder = msgspec.json.Encoder(order="sorted")

# A struct whose fields stand in sorted order is written as the sorted mapping would be, several times faster.
_SORTED = tuple(sorted(HASHED_FIELDS))
_Header = msgspec.defstruct("_Header", _SORTED)
_of_mapping, _of_record = itemgetter(*_SORTED), attrgetter(*_SORTED)


def canonical(value: Any) -> bytes:
    """JSON bytes of `value`: UTF-8, sorted keys, no spaces.

    Raises:
        ValueError: the value holds NaN or an infinity, for which JSON has no word.
    """
    _refuse_non_finite(value)
    return _encoder.encode(value)


def _refuse_non_finite(value: Any) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} has no place in a record; leave the field out")
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            if not isinstance(item, str):
                _refuse_non_finite(item)


def payload_digest(salt: bytes, payload: bytes) -> str:
    """Hex SHA-256 over salt and payload."""
    return hashlib.sha256(salt + payload).hexdigest()


def chain_hash(fields: dict[str, Any]) -> str:
    """Hex SHA-256 over the canonical JSON of HASHED_FIELDS taken from `fields`."""
    return hashlib.sha256(_encoder.encode(_Header(*_of_mapping(fields)))).hexdigest()


def record_hash(record: Record) -> str:
    """The hash that `record` should carry."""
    return hashlib.sha256(_encoder.encode(_Header(*_of_record(record)))).hexdigest()


def payload_matches(record: Record) -> bool:
    """True if the payload is the one that was hashed, or was erased together with its salt."""
    if record.payload is None or record.salt is None:
        return record.payload is None and record.salt is None
    try:
        salt = bytes.fromhex(record.salt)
    except ValueError:
        return False
    return payload_digest(salt, bytes(record.payload)) == record.payload_digest
