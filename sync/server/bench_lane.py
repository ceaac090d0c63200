"""One lane of the benchmark, in a process of its own: makes what doors would send, and then only sends it.

A lane's batches are made and signed beforehand, so that a turn measures the server. It can also put the very same records into a
database with nothing between, by the way that is usually named as the quickest safe one; that is the yardstick.
"""

import gzip
import hashlib
import http.client
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.clock import Moment, SystemClock
from sync.protocol import signing
from sync.protocol.digest import GENESIS, chain_hash, payload_digest
from sync.protocol.wire import Answer, batch_bytes
from sync.server.schema import events

_NAMES = tuple(column.name for column in events.columns)
_SENT_AFTER_NS = 60 * 1_000_000_000
"""Batches are signed beforehand, and say that they are sent a minute after: then their times agree while the benchmark runs."""

_STAGING = "CREATE TEMPORARY TABLE staging (LIKE events) ON COMMIT DELETE ROWS"
_COPY = f"COPY staging ({', '.join(_NAMES)}) FROM STDIN (FORMAT BINARY)"
_INSERT = "INSERT INTO events SELECT * FROM staging ON CONFLICT DO NOTHING"
_TYPES = {"TEXT": "text", "BIGINT": "int8", "BOOLEAN": "bool"}
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A simulated door: its id and its private key."""

    device_id: str
    key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Sendable:
    """A batch that is ready: the request, and the same records as rows of the table."""

    path: str
    headers: dict[str, str]
    body: bytes
    rows: list[tuple[Any, ...]] = field(repr=False)


def kiosk(number: int) -> Kiosk:
    """The simulated door of that number: always the same."""
    seed = hashlib.sha256(f"a benchmark's door {number}".encode()).digest()
    return Kiosk(f"bench-{number}", Ed25519PrivateKey.from_private_bytes(seed))


def batches(door: Kiosk, count: int, size: int) -> Iterator[Sendable]:
    """So many batches of `size` records each, one chain."""
    epoch, previous, seq = hashlib.sha256(door.device_id.encode()).hexdigest()[:32], GENESIS, 0
    moment = SystemClock().now()
    for _ in range(count):
        records = []
        for _ in range(size):
            seq += 1
            records.append(_record(door.device_id, epoch, seq, previous, moment))
            previous = records[-1]["hash"]
        yield _sendable(door, epoch, records, moment)


def _record(device_id: str, epoch: str, seq: int, previous: str, moment: Moment) -> dict[str, Any]:
    payload = msgspec.json.encode({"direction": "in", "person_id": f"P{seq % 90}", "tap_id": f"{device_id}-{seq}"})
    salt = hashlib.sha256(f"{device_id}{seq}".encode()).digest()[:16]
    fields: dict[str, Any] = {
        "device_id": device_id,
        "epoch": epoch,
        "seq": seq,
        "id": f"01729bd5-8a00-7000-8000-{seq:012d}",
        "kind": "attendance.tapped",
        "claimed_at": moment.claimed_at,
        "boot_id": moment.boot_id,
        "mono_ns": moment.mono_ns,
        "clock_state": "synced",
        "place_id": "lobby",
        "directory_version": 1,
        "simulated": True,
        "payload_digest": payload_digest(salt, payload),
        "prev_hash": previous,
    }
    return fields | {"hash": chain_hash(fields), "salt": salt.hex(), "payload": msgspec.Raw(payload)}


def _sendable(door: Kiosk, epoch: str, records: Sequence[dict[str, Any]], moment: Moment) -> Sendable:
    raws = [msgspec.json.encode(record) for record in records]
    body = gzip.compress(batch_bytes(epoch, raws, moment.boot_id, moment.mono_ns + _SENT_AFTER_NS), 6)
    path = f"/v1/devices/{door.device_id}/batches"
    name = signing.key_id(door.device_id, signing.public_text(door.key.public_key()))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    headers |= signing.request_headers("POST", path, body, door.key, name)
    rows = [
        tuple((record | {"payload": bytes(record["payload"]).decode(), "received_at": moment.claimed_at})[n] for n in _NAMES)
        for record in records
    ]
    return Sendable(path, headers, body, rows)


class Refused(Exception):
    """The server did not take a batch; the message has its answer."""


class Lane:
    """What one process sends, in `threads` threads, turn by turn. Doors follow one another, so that none is too quick."""

    def __init__(self, numbers: Sequence[int], *, turns: int, batches_a_turn: int, size: int, threads: int) -> None:
        doors = [batches(kiosk(number), -(-turns * batches_a_turn // len(numbers)), size) for number in numbers]
        made = [sendable for row in zip(*doors, strict=True) for sendable in row]
        self._turns = [made[start : start + batches_a_turn] for start in range(0, turns * batches_a_turn, batches_a_turn)]
        self._threads = threads

    def send(self, url: str, turn: int) -> list[float]:
        """Send a turn's batches; gives the milliseconds that each answer took.

        Raises:
            Refused
        """
        parts = [self._turns[turn][first :: self._threads] for first in range(self._threads)]
        with ThreadPoolExecutor(self._threads) as pool:
            return [took for part in pool.map(lambda part: _send_all(url, part), parts) for took in part]

    def copy(self, url: str, turn: int) -> None:
        """Put a turn's records into the database, a transaction a batch."""
        with psycopg.connect(url) as connection:
            connection.execute(_STAGING)
            connection.commit()
            for sendable in self._turns[turn]:
                with connection.cursor() as cursor:
                    with cursor.copy(_COPY) as copy:
                        copy.set_types([_TYPES[str(column.type)] for column in events.columns])
                        for row in sendable.rows:
                            copy.write_row(row)
                    cursor.execute(_INSERT)
                connection.commit()


def _send_all(url: str, sendables: Sequence[Sendable]) -> list[float]:
    where, took = urlsplit(url), []
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=_TIMEOUT_S)
    try:
        for sendable in sendables:
            start = time.perf_counter()
            connection.request("POST", sendable.path, sendable.body, sendable.headers)
            response = connection.getresponse()
            text = response.read()
            took.append(1000 * (time.perf_counter() - start))
            if response.status != 200:
                raise Refused(f"{response.status} {text[:200]!r}")
            if len(msgspec.json.decode(text, type=Answer).results) != len(sendable.rows):
                raise Refused("not every record was named")
    finally:
        connection.close()
    return took


_lane: list[Lane] = []


def prepare(numbers: Sequence[int], **options: int) -> None:
    """Make this process's lane."""
    _lane[:] = [Lane(numbers, **options)]


def send(url: str, turn: int) -> list[float]:
    """`Lane.send` of this process's lane."""
    return _lane[0].send(url, turn)


def copy(url: str, turn: int) -> None:
    """`Lane.copy` of this process's lane."""
    _lane[0].copy(url, turn)
