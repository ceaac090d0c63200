"""Makes what a door would send: sealed records, batches of them, and directories."""

import base64
import gzip
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.identity import DeviceKey
from sync.protocol.digest import GENESIS, payload_digest, record_hash
from sync.protocol.events import Record
from sync.protocol.wire import Batch

EPOCH = "e" * 32
KEY = DeviceKey(Ed25519PrivateKey.from_private_bytes(b"a door's key".ljust(32)))
TOKEN = hashlib.sha256(b"a badge").hexdigest()


def signed(device_id: str, method: str, target: str, body: bytes = b"", key: DeviceKey = KEY) -> dict[str, str]:
    """The headers of a request as the door signs it."""
    return key.request_headers(device_id, method, target, body)


@cache
def _plain_hash(device_id: str, epoch: str, seq: int) -> str:
    if seq < 1 or seq > 10_000:
        return GENESIS
    for before in range(1, seq):
        _plain_hash(device_id, epoch, before)  # from the bottom up, so that nothing recurses deep
    return record(device_id, seq, epoch=epoch).hash


def chained(*records: Record) -> list[Record]:
    """The records, each made to follow the one before it."""
    found: list[Record] = []
    for each in records:
        unsealed = msgspec.structs.replace(each, prev_hash=found[-1].hash if found else each.prev_hash)
        found.append(msgspec.structs.replace(unsealed, hash=record_hash(unsealed)))
    return found


def record(device_id: str, seq: int = 1, **changed: Any) -> Record:
    """A record whose seals are right for what is in it, and which follows the plain one before it."""
    payload = changed.pop("payload", {"tap_id": f"id-{seq}", "person_id": "P1", "direction": "in"})
    raw = msgspec.json.encode(payload)
    salt = b"\x01" * 16
    fields: dict[str, Any] = {
        "device_id": device_id,
        "epoch": EPOCH,
        "seq": seq,
        "id": f"id-{seq}",
        "kind": "attendance.tapped",
        "claimed_at": "2020-06-10T00:12:00.000000Z",
        "boot_id": "boot",
        "mono_ns": seq * 1000,
        "clock_state": "synced",
        "place_id": "lobby",
        "directory_version": 1,
        "simulated": False,
        "payload": msgspec.Raw(raw),
        "salt": salt.hex(),
        "payload_digest": payload_digest(salt, raw),
        "prev_hash": _plain_hash(device_id, changed.get("epoch", EPOCH), seq - 1),
        "hash": "",
    }
    unsealed = Record(**(fields | changed))
    return msgspec.structs.replace(unsealed, hash=record_hash(unsealed))


def raw(value: Record) -> msgspec.Raw:
    """The record as it travels."""
    return msgspec.Raw(msgspec.json.encode(value))


def batch(device_id: str, seqs: Sequence[int], epoch: str = EPOCH) -> Batch:
    """A batch of plain records with these numbers."""
    return Batch(epoch, [raw(record(device_id, seq, epoch=epoch)) for seq in seqs])


def packed(value: Batch) -> bytes:
    """The batch as gzip JSON."""
    return gzip.compress(msgspec.json.encode(value))


def directory(*names: str, photo: bytes | None = None) -> bytes:
    """A directory file: P1, P2, ... with these names; the first has the badge TOKEN and the photo."""
    sha256 = hashlib.sha256(photo).hexdigest() if photo is not None else None
    people = [
        {"id": f"P{n}", "name": name, "unit": "Umum", "photo": sha256 if n == 1 else None} for n, name in enumerate(names, 1)
    ]
    content: dict[str, Any] = {"people": people, "badges": [{"token_sha256": TOKEN, "person_id": "P1"}]}
    if photo is not None:
        content["photos"] = {sha256: base64.b64encode(photo).decode()}
    return msgspec.json.encode(content)
