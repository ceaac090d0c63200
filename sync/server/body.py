"""The body of an upload: its type and coding checked, its size bounded before and after it is unpacked."""

import zlib

import msgspec
from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from sync.protocol.wire import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Batch
from sync.server.ledger import MAX_SEQ

_GZIP = 16 + zlib.MAX_WBITS
MAX_EPOCH = 64
MAX_BOOT_ID = 64


def read_batch(request: Request) -> Batch:
    """The batch in the request.

    Raises:
        UnsupportedMediaType, RequestEntityTooLarge, BadRequest: with a sentence for people.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the batch as application/json.")
    try:
        batch = msgspec.json.decode(_plain(request), type=Batch)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise BadRequest(f"The body is not a batch: {exc}") from exc
    if len(batch.records) > MAX_BATCH_RECORDS:
        raise RequestEntityTooLarge(f"A batch has at most {MAX_BATCH_RECORDS} records.")
    check_epoch(batch.epoch)
    if not (len(batch.boot_id) <= MAX_BOOT_ID and batch.boot_id.isascii() and 0 <= batch.mono_ns <= MAX_SEQ):
        raise BadRequest("The time of sending is not one.")
    return batch


def read_sent(request: Request) -> bytes:
    """The body as it was sent, before it is unpacked. The first call reads it, the next ones give the same.

    Raises:
        RequestEntityTooLarge
    """
    request.max_content_length = MAX_BATCH_BYTES + 1  # a body without a length is cut there, not refused: one more byte shows it
    sent = request.get_data()
    if len(sent) > MAX_BATCH_BYTES:
        raise RequestEntityTooLarge(f"A body has at most {MAX_BATCH_BYTES} bytes.")
    return sent


def check_epoch(epoch: str) -> None:
    """Nothing, for an epoch that can be one.

    Raises:
        BadRequest
    """
    if not 1 <= len(epoch) <= MAX_EPOCH or not epoch.isascii() or not epoch.isprintable():
        raise BadRequest(f"An epoch has 1 to {MAX_EPOCH} printable ASCII characters.")


def _plain(request: Request) -> bytes:
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("gzip", "identity"):
        raise UnsupportedMediaType("Content-Encoding may be gzip or absent.")
    sent = read_sent(request)
    plain = sent if coding == "identity" else _unpack(sent)
    if len(plain) > MAX_BATCH_BYTES:
        raise RequestEntityTooLarge(f"A batch has at most {MAX_BATCH_BYTES} bytes of JSON.")
    return plain


def _unpack(sent: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(sent, MAX_BATCH_BYTES + 1)
    except zlib.error as exc:
        raise BadRequest("The body is not gzip.") from exc
    if len(plain) <= MAX_BATCH_BYTES and (not unpacker.eof or unpacker.unused_data):
        raise BadRequest("The gzip body is cut short or has something behind it.")
    return plain
