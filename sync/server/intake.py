"""What arrived, taken apart: one record at a time, so that an odd one is kept as it came and spoils nothing else. Pure."""

from collections.abc import Callable, Sequence
from operator import attrgetter

import msgspec

from sync.protocol.digest import payload_matches, record_hash
from sync.protocol.events import Record
from sync.server.ledger import MAX_SEQ

MAX_TEXT = 200
"""Characters in a header field. The longest that a door writes has 46."""


class _Sent(Record, frozen=True, kw_only=True):
    """A record as msgspec can read it: it takes `Raw | None` for None alone, so null arrives as the text `null`."""

    payload: msgspec.Raw  # type: ignore[assignment, unused-ignore]


_decoder = msgspec.json.Decoder(_Sent)
_TEXTS = ("id", "kind", "claimed_at", "boot_id", "clock_state", "place_id", "payload_digest", "prev_hash", "hash")
_texts: Callable[[Record], tuple[str, ...]] = attrgetter(*_TEXTS)


class _Numbered(msgspec.Struct, frozen=True):
    seq: int


_numbered = msgspec.json.Decoder(_Numbered)


class Arrival(msgspec.Struct, frozen=True):
    """One record as it came. `record` is None when it is unreadable, for `reason`; `seq` is what it names itself, if it does."""

    raw: bytes
    seq: int | None
    record: Record | None = None
    reason: str = ""


def read_arrival(raw: bytes, *, device_id: str, epoch: str) -> Arrival:
    """Take one record of a batch of `epoch` from `device_id` apart. Never raises for what is in it."""
    try:
        record = _record(_decoder.decode(raw))
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        return Arrival(raw, _seq_of(raw), None, f"not a record: {exc}"[:MAX_TEXT])
    reason = _objection(record, device_id, epoch)
    seq = record.seq if 1 <= record.seq <= MAX_SEQ else None
    return Arrival(raw, seq, None, reason) if reason else Arrival(raw, seq, record)


def _record(sent: _Sent) -> Record:
    return msgspec.structs.replace(sent, payload=None) if bytes(sent.payload) == b"null" else sent


def payload_text(record: Record) -> str | None:
    """The payload as it was hashed, or None once erased. Only for a record that was found readable."""
    return None if record.payload is None else bytes(record.payload).decode()


def _seq_of(raw: bytes) -> int | None:
    try:
        seq = _numbered.decode(raw).seq
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return seq if 1 <= seq <= MAX_SEQ else None


def _objection(record: Record, device_id: str, epoch: str) -> str:
    if record.device_id != device_id:
        return "of another device"
    if record.epoch != epoch:
        return "of another epoch than its batch"
    if not 1 <= record.seq <= MAX_SEQ:
        return "seq is out of range"
    if not (0 <= record.mono_ns <= MAX_SEQ and 0 <= record.directory_version <= MAX_SEQ):
        return "a number is out of range"
    if not _storable(_texts(record)):
        return "a header field is too long or holds characters that cannot be kept"
    return _broken_seal(record)


def _broken_seal(record: Record) -> str:
    try:
        payload_text(record)
        sealed, matches = record_hash(record), payload_matches(record)
    except (UnicodeError, ValueError):
        return "the payload is not UTF-8"
    if sealed != record.hash:
        return "the hash is not that of the header"
    return "" if matches else "the payload is not the one that was hashed"


def _storable(texts: Sequence[str]) -> bool:
    # PostgreSQL keeps no NUL in text, and nothing keeps half of a surrogate pair.
    joined = "".join(texts)
    plain = joined.isascii() or not any("\ud800" <= char <= "\udfff" for char in joined)
    return max(map(len, texts)) <= MAX_TEXT and "\x00" not in joined and plain
