"""Files that carry batches and answers by hand where no network does. Each proves itself; the order and the names prove nothing.

A file is one line of JSON, the head, and the bytes behind it, the body:

    *.batch    BatchHead,  and the body of the upload: the very request that was not made, with the headers that sign it
    *.answer   AnswerHead, and JSON of `wire.Answer`, signed by the server (`sync.protocol.seals`)
"""

from typing import TypeVar

import msgspec

FOLDER = "gapura-bundle"
MANIFEST = "manifest.json"
ANSWERS = "answers"
DOCUMENTS = "documents.json"
PHOTOS = "photos"


class BadBundle(Exception):
    """A file of a bundle is not one, or is damaged. The message says what is wrong with it."""


class BatchHead(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag="gapura-batch-1"):
    """Whose rows they are, the places of the first and the last in their epoch, and the headers of the request."""

    device_id: str
    epoch: str
    first: int
    last: int
    rows: int
    headers: dict[str, str]

    @property
    def target(self) -> str:
        """The path that the request is for."""
        return f"/v1/devices/{self.device_id}/batches"


class AnswerHead(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag="gapura-answer-1"):
    """Who is answered about which epoch, and the server's signature."""

    device_id: str
    epoch: str
    key_id: str
    signature: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished bundle holds: its files by name. Written last, so that an unfinished bundle has none."""

    device_id: str
    made_at: str
    rows: int
    files: list[str]


H = TypeVar("H", BatchHead, AnswerHead)


def packed(head: BatchHead | AnswerHead, body: bytes) -> bytes:
    """The file of this head and body."""
    return msgspec.json.encode(head) + b"\n" + body


def unpacked(content: bytes, kind: type[H]) -> tuple[H, bytes]:
    """Head and body of a file.

    Raises:
        BadBundle
    """
    line, newline, body = content.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise BadBundle("it is no file of a bundle, or is damaged") from exc
    if not newline:
        raise BadBundle("it is cut short")
    return head, body
