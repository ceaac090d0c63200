"""A station's end of the stick: its waiting rows out as signed batches, the server's answers and documents in."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sync import progress
from sync.backlog import Backlog, Segment, Waiting
from sync.backoff import Course
from sync.client import MAX_PHOTO_BYTES, LinkError, Refused
from sync.clock import Clock
from sync.files import write_whole
from sync.identity import DeviceKey, Identity
from sync.inbox import Inbox
from sync.protocol import bundle, seals, signing, wire
from sync.protocol.bundle import AnswerHead, BadBundle, BatchHead, Manifest
from sync.protocol.signing import SignatureRefused
from sync.state import Problem, SyncState, read_link

_HEADROOM_BYTES = 1024
_MAX_ANSWER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Exported:
    """What is in the bundle now, and how many of its files were there before."""

    folder: Path
    rows: int
    files: int
    kept: int


def waiting_rows(data: Path, backlog: Backlog) -> int:
    """How many rows the server has not confirmed."""
    return sum(segment.size - _acked(data, segment) for segment in backlog.segments())


def export(data: Path, stick: Path, identity: Identity, key: DeviceKey, clock: Clock, done: Callable[[int], object]) -> Exported:
    """Write every row that the server has not confirmed to a folder on `stick`. Nothing is marked: only an answer does that.

    Run again after it was interrupted, it goes on where it was. `done` is told the rows of each file.

    Raises:
        DatabaseError, OSError: each file is there whole or not at all.
    """
    folder = stick / bundle.FOLDER / identity.device_id
    folder.mkdir(parents=True, exist_ok=True)
    backlog = Backlog(data / "kiosk.db")
    names, rows, kept = [], 0, 0
    try:
        for segment, found in _batches(data, backlog, identity.device_id):
            path = folder / f"{segment.base + found[0].place:012}.batch"
            if _holds(path, segment, found):
                kept += 1
            else:
                write_whole(path, _file(segment, found, key))
            names.append(path.name)
            rows += len(found)
            done(len(found))
    finally:
        backlog.close()
    manifest = Manifest(device_id=identity.device_id, made_at=clock.now().claimed_at, rows=rows, files=names)
    write_whole(folder / bundle.MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return Exported(folder, rows, len(names), kept)


def _acked(data: Path, segment: Segment) -> int:
    link = read_link(data / "sync.db")
    return min(link.acked.get(segment.epoch, 0), segment.size) if link else 0


def _batches(data: Path, backlog: Backlog, device_id: str) -> Iterator[tuple[Segment, list[Waiting]]]:
    """Batches as they would be uploaded. Rows of before the enrolment are of another device, and stay."""
    for segment in backlog.segments():
        after = _acked(data, segment) if segment.device_id == device_id else segment.size
        while after < segment.size:
            room = wire.MAX_BATCH_BYTES - _HEADROOM_BYTES
            found = backlog.rows(segment, after + 1, segment.size, limit=wire.MAX_BATCH_RECORDS, room=room)
            if not found:
                break
            yield segment, found
            after = found[-1].place


def _file(segment: Segment, rows: list[Waiting], key: DeviceKey) -> bytes:
    # Without a time of sending: when the stick arrives says nothing about when it was written.
    batch = wire.batch_bytes(segment.epoch, [row.encoded for row in rows], "", 0)
    body = gzip.compress(batch, mtime=0)
    head = _head(segment, rows, {})
    signed = key.request_headers(segment.device_id, "POST", head.target, body)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"} | signed
    return bundle.packed(_head(segment, rows, headers), body)


def _head(segment: Segment, rows: list[Waiting], headers: dict[str, str]) -> BatchHead:
    return BatchHead(
        device_id=segment.device_id,
        epoch=segment.epoch,
        first=rows[0].place,
        last=rows[-1].place,
        rows=len(rows),
        headers=headers,
    )


def _holds(path: Path, segment: Segment, rows: list[Waiting]) -> bool:
    """True when the file is there, of just these rows, by this key; the server checks the rest."""
    try:
        head, _ = bundle.unpacked(path.read_bytes(), BatchHead)
    except (OSError, BadBundle):
        return False
    return _head(segment, rows, head.headers) == head


class AnswerRefused(Exception):
    """An answer on the stick is not believed. The message names the file and says why."""


def answers_in(stick: Path, device_id: str) -> Path:
    """The folder of this device's answers, given it or one above it.

    Raises:
        AnswerRefused: there is none.
    """
    below = (Path(), Path(bundle.ANSWERS), Path(device_id, bundle.ANSWERS), Path(bundle.FOLDER, device_id, bundle.ANSWERS))
    for folder in (stick / way for way in below):
        if (folder / bundle.DOCUMENTS).is_file() or next(folder.glob("*.answer"), None):
            return folder
    raise AnswerRefused(f"{stick}: there are no answers for this station; at the server run `gapura central import-bundle`")


def take_answer(path: Path, identity: Identity, backlog: Backlog, state: SyncState) -> int:
    """Mark what the answer in `path` names, exactly as if it had come over the network; gives how many rows it names.

    Raises:
        AnswerRefused: not of our server, not for us, or not of our chain. Nothing is marked.
        DatabaseError
    """
    try:
        head, answer = _believed(path, identity)
    except (BadBundle, SignatureRefused, msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise AnswerRefused(f"{path}: {exc}; nothing of it was taken") from exc
    segment = next((each for each in backlog.segments() if each.epoch == head.epoch), None)
    mine = segment and answer.head.seq and backlog.hash_at(segment, answer.head.seq)
    if segment is None or (answer.head.seq and answer.head.hash and mine != answer.head.hash):
        raise AnswerRefused(f"{path}: the server's chain is not this journal's; nothing of it was taken")
    outcomes = {result.seq for result in answer.results}
    acked = state.acked(segment.epoch)
    for row in backlog.rows(segment, min(outcomes, default=1), max(outcomes, default=0), limit=wire.MAX_BATCH_RECORDS):
        if row.place in outcomes:
            acked = progress.add(acked, row.after + 1, row.place)
    state.set_acked(segment.epoch, acked, answer.head)
    return len(outcomes)


def _believed(path: Path, identity: Identity) -> tuple[AnswerHead, wire.Answer]:
    with path.open("rb") as file:
        head, body = bundle.unpacked(file.read(_MAX_ANSWER_BYTES), AnswerHead)
    key = signing.public_key(identity.server_key)
    seals.check_answer(key, head, body)
    if head.device_id != identity.device_id:
        raise BadBundle("it is for another station")
    answer = msgspec.json.decode(body, type=wire.Answer)
    seals.check_head(key, answer.head)
    if (answer.head.device_id, answer.head.epoch) != (head.device_id, head.epoch):
        raise BadBundle("its head is of another chain")
    return head, answer


class _Stick:
    """The documents on a stick, as an inbox asks for them."""

    def __init__(self, folder: Path, server_key: str) -> None:
        self._folder, self._server_key = folder, signing.public_key(server_key)

    def documents(self, after: int) -> wire.Documents | None:
        """As `sync.inbox.Source`."""
        try:
            found = msgspec.json.decode((self._folder / bundle.DOCUMENTS).read_bytes(), type=wire.Documents)
            for document in found.documents:
                seals.check_document(self._server_key, document)
        except FileNotFoundError:
            return None
        except (SignatureRefused, msgspec.DecodeError, ValueError, RecursionError) as exc:
            raise Refused(Problem.UNTRUSTED, Course.KEEP_AND_ALARM, f"{bundle.DOCUMENTS}: {exc}") from exc
        # What is signed says its own version; the number around it is nobody's word.
        newest = max((document.version for document in found.documents), default=0)
        return wire.Documents(version=newest, documents=found.documents) if newest > after else None

    def photo(self, sha256: str) -> bytes:
        """As `sync.inbox.Source`."""
        try:
            with (self._folder / bundle.PHOTOS / f"{sha256}.jpg").open("rb") as file:
                return file.read(MAX_PHOTO_BYTES)
        except FileNotFoundError as exc:
            raise Refused(Problem.REFUSED, Course.KEEP_AND_ALARM, "not on the stick", status=404) from exc


def take_documents(folder: Path, data: Path, identity: Identity, backlog: Backlog, state: SyncState) -> None:
    """Hand over the documents on the stick, if they are newer than those that the station has.

    Raises:
        AnswerRefused: they are not the server's.
        DatabaseError, OSError
    """
    try:
        Inbox(data, backlog, state, _Stick(folder, identity.server_key), chance=lambda: 0.0).fetch()
    except LinkError as exc:
        raise AnswerRefused(f"{folder}: {exc}; no document was taken") from exc
