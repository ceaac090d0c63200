"""What goes over the wire, both ways: batches up, answers and documents down. All of it JSON; addresses under /v1.

POST /v1/enrolments                                Enrolment -> Enrolled, or 403 "code_refused", or 429
POST /v1/devices/{device_id}/batches               Batch     -> Answer
GET  /v1/devices/{device_id}/cursor?epoch=E&recorded_as=D    -> Cursor
GET  /v1/devices/{device_id}/documents?after=N               -> Documents, or 304
GET  /v1/devices/{device_id}/rooms?after=N                   -> Documents, or 304
GET  /v1/devices/{device_id}/photos/{sha256}                 -> the photo's bytes

Every request is signed as `sync.protocol.signing` says, by the key `{device_id}:{fingerprint}` that was enrolled; an enrolment
by the very key that it brings, under the name `enrol:{fingerprint}`. 401 "unauthorized": the signature is missing or wrong, or
the device is not known. 403 "revoked": the device is known and may not report any more; it keeps what it has.
`recorded_as` is the name under which the device recorded that epoch, if it was enrolled under another one since: what either
name reported counts then. A server that does not know the word answers for the present name alone, and is sent everything.
Heads and documents come signed by the server (`sync.protocol.seals`), with the key that a station pinned when it was enrolled.
"""

from enum import StrEnum

import msgspec

MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 1024 * 1024
"""Of the JSON before compression."""


class Outcome(StrEnum):
    """What became of one record. Everything but a missing word means that the server has it."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    UNREADABLE = "unreadable"


class Batch(msgspec.Struct, frozen=True):
    """Records of one epoch, oldest first. Each is raw, and parsed alone, so that one odd record cannot spoil the batch.

    `boot_id` and `mono_ns` are the sender's when it sends: they tie its monotonic clock to the server's time, whatever its wall
    clock says. Without them (an empty `boot_id`) the server estimates no times.
    """

    epoch: str
    records: list[msgspec.Raw]
    boot_id: str = ""
    mono_ns: int = 0


def batch_bytes(epoch: str, records: list[bytes], boot_id: str, mono_ns: int) -> bytes:
    """The JSON of a `Batch` of records that are encoded already."""
    ends = msgspec.json.encode(epoch), b",".join(records), msgspec.json.encode(boot_id), mono_ns
    return b'{"epoch":%b,"records":[%b],"boot_id":%b,"mono_ns":%d}' % ends


class Result(msgspec.Struct, frozen=True):
    """What became of the record at `seq`."""

    seq: int
    outcome: Outcome


class Head(msgspec.Struct, frozen=True):
    """The end of a chain: the highest seq without a gap before it (0 for none), and that record's hash."""

    epoch: str
    seq: int
    hash: str


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """A device's `Head`, countersigned by the server's key `key_id`: see `sync.protocol.seals`."""

    device_id: str
    epoch: str
    seq: int
    hash: str
    key_id: str
    signature: str


class SeqRange(msgspec.Struct, frozen=True):
    """Sequence numbers from `first` to `last`, both included."""

    first: int
    last: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Sent after commit. The agent marks exactly what `results` names and judges nothing by HTTP status.

    `accepted_through` is the contiguous watermark of the batch's epoch; `missing` are gaps above it, below the highest stored.
    `documents` is the version of the newest documents for this device, `rooms` that of what it is told of rooms (0: nothing to
    say); `retry_after_s` asks for a pause. `batch_sha256` (hex) is
    of the request's body as it was sent, so that an older answer is not taken for this one's; a server of before leaves it out.
    """

    accepted_through: int
    results: list[Result]
    missing: list[SeqRange]
    head: SignedHead
    server_time: str
    documents: int
    rooms: int = 0
    max_batch: int = MAX_BATCH_RECORDS
    retry_after_s: float | None = None
    batch_sha256: str = ""


class Cursor(msgspec.Struct, frozen=True):
    """Where the server stands in one epoch of a device."""

    head: SignedHead
    documents: int


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A member of staff as a door needs to know them. `photo` is the SHA-256 of the picture, or None."""

    id: str
    name: str
    unit: str = ""
    post: str = ""
    photo: str | None = None


class BadgeState(StrEnum):
    """What a badge is good for."""

    ACTIVE = "active"
    REVOKED = "revoked"


class BadgeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A badge by its token's hash (hex SHA-256); the token itself is never stored. `valid_until` is a local date, inclusive."""

    token_sha256: str
    person_id: str
    state: BadgeState = BadgeState.ACTIVE
    valid_until: str | None = None


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody a door should know, whole: what is not in it is no longer known. `version` counts up by one a change."""

    version: int
    people: list[Person] = []
    badges: list[BadgeEntry] = []


class DocumentKind(StrEnum):
    """What a document is. A station ignores kinds that it does not know."""

    DIRECTORY = "directory"
    ROOMS = "rooms"


class SignedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as the server signed it: `text` is its exact JSON, which is what is stored and passed on, so that fields
    unknown here survive. The signature covers kind, version and text: see `sync.protocol.seals`.
    """

    kind: str
    version: int
    text: str
    key_id: str
    signature: str


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """What the server hands down: `version` to ask after next time. An absent document has not changed."""

    version: int
    documents: list[SignedDocument] = []


class Enrolment(msgspec.Struct, frozen=True):
    """A station that wants to join: the one-time code it was given, and the public key it has made (`signing.public_text`)."""

    code: str
    public_key: str


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What the station is from now on, and the server's public key, which it pins. The same request again is answered alike."""

    device_id: str
    name: str
    place_id: str
    site: str
    time_zone: str
    server_key: str


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not done (any 4xx or 5xx of ours): a code that programs read and a sentence for people."""

    code: str
    message: str
