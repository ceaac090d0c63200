"""The server's end of the stick: batches that were carried here go the same way as those that were sent, and are answered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from flask import Flask

from sync.files import write_whole
from sync.protocol import bundle, wire
from sync.protocol.bundle import AnswerHead, BadBundle, BatchHead, Manifest
from sync.server.app import Store

_MAX_FILE_BYTES = wire.MAX_BATCH_BYTES + 64 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: its rows by outcome, or why it was refused."""

    path: Path
    device_id: str
    outcomes: dict[str, int]
    refusal: str = ""


def batch_files(place: Path) -> list[Path]:
    """The batches at `place`: a file, a bundle's folder, or a stick with bundles of several doors."""
    if place.is_file():
        return [place]
    return sorted({*place.glob("*.batch"), *place.glob("*/*.batch"), *place.glob(f"{bundle.FOLDER}/*/*.batch")})


def missing_files(place: Path) -> Iterator[Path]:
    """What a finished bundle's manifest names and the stick does not hold."""
    for path in [
        *place.glob(bundle.MANIFEST),
        *place.glob(f"*/{bundle.MANIFEST}"),
        *place.glob(f"{bundle.FOLDER}/*/{bundle.MANIFEST}"),
    ]:
        try:
            named = msgspec.json.decode(path.read_bytes(), type=Manifest).files
        except (msgspec.DecodeError, ValueError):
            named = []
        yield from (path.parent / Path(name).name for name in named if not (path.parent / Path(name).name).exists())


def take(path: Path, app: Flask, store: Store) -> Taken:
    """Keep the batch in `path`, and write the answer to `answers/` beside it. Doing it twice changes nothing.

    Raises:
        StoreUnavailable
        OSError: the file cannot be read, or the answer cannot be written; then what was taken is kept, and the answer is missing.
    """
    try:
        with path.open("rb") as file:
            head, body = bundle.unpacked(file.read(_MAX_FILE_BYTES), BatchHead)
    except BadBundle as exc:
        return Taken(path, "", {}, str(exc))
    # The very request that the door would have made, made here: one way in, with one set of rules.
    answer = app.test_client().post(head.target, data=body, headers=head.headers, base_url="http://localhost")
    if answer.status_code != 200:
        return Taken(path, head.device_id, {}, _why(answer.status_code, answer.data))
    content = answer.data
    found = msgspec.json.decode(content, type=wire.Answer)
    # Of the file's head nothing but the request was signed: whom this answers, the answer itself says.
    device_id, epoch = found.head.device_id, found.head.epoch
    key_id, signature = store.keys.answer(device_id, epoch, content)
    signed = AnswerHead(device_id=device_id, epoch=epoch, key_id=key_id, signature=signature)
    _write(path.parent / bundle.ANSWERS / f"{path.stem}.answer", bundle.packed(signed, content))
    outcomes: dict[str, int] = {}
    for result in found.results:
        outcomes[result.outcome] = outcomes.get(result.outcome, 0) + 1
    return Taken(path, head.device_id, outcomes)


def _why(status: int, said: bytes) -> str:
    if status == 401:
        return "it is not signed by a door that is known here, or was changed on the way"
    try:
        return msgspec.json.decode(said, type=wire.Problem).message
    except (msgspec.DecodeError, ValueError):
        return f"it was refused ({status})"


def write_documents(folder: Path, store: Store, done: Callable[[int], object] = lambda _count: None) -> None:
    """Put the newest documents and the photos they name beside the answers in `folder`.

    Raises:
        StoreUnavailable, OSError
    """
    version, text = store.documents.newest()
    if text is None:
        return
    document = store.keys.document(wire.DocumentKind.DIRECTORY, version, text)
    people = msgspec.json.decode(text, type=wire.Directory).people
    for sha256 in sorted({person.photo for person in people if person.photo}):
        content = store.documents.photo(sha256)
        path = folder / bundle.PHOTOS / f"{sha256}.jpg"
        if content is not None and not path.exists():
            _write(path, content)
        done(1)
    _write(folder / bundle.DOCUMENTS, msgspec.json.encode(wire.Documents(version=version, documents=[document])))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
