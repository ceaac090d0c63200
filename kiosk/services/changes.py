"""Changes to a station that commands and the sync agent hand over: files in `inbox/`, applied by whoever holds the lock.

inbox/directory-<version>.json   the server's directory, whole, with its signature (sync.inbox writes it)
inbox/rooms-<version>.json       the server's rooms and what it knows of them, with its signature
inbox/new-epoch.json             the agent's wish that the chain begin anew (sync.handover)
inbox/change-<id>.json           entries made on this station by a command
inbox/photos/<sha256>.jpg        photos that either of them names

The agent has checked the server's signature before it wrote a directory here. It is not checked again: whoever can write to this
folder may also leave an unsigned change, as this station's own commands do, so the folder's permissions are the fence. What was
applied stays as it was signed, in `documents/`.
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import msgspec

from kiosk.store import directory, guards, pass_cards, room_documents
from kiosk.store.database import KioskDatabase
from kiosk.store.pass_cards import PassCard
from sync.clock import Moment
from sync.handover import NEW_EPOCH_NAME, NewEpoch
from sync.ids import RandomBytes
from sync.journal import Event
from sync.protocol.events import Kind
from sync.protocol.rooms import RoomsDocument
from sync.protocol.wire import BadgeEntry, Directory, DocumentKind, Person, SignedDocument

_PHOTO_NAME = re.compile(r"^[0-9a-f]{64}\.jpg$")


class StationBusy(Exception):
    """Another program holds the station's lock."""


class WrongUser(OSError):
    """The caller would leave files that the station's own user cannot write."""


class Submitted(StrEnum):
    """What became of a change."""

    APPLIED = "applied"
    QUEUED = "queued"


class NewGuard(msgspec.Struct, frozen=True):
    """A guard to add or replace. `pin_hash` is argon2id's encoded form."""

    id: str
    name: str
    role: str
    pin_hash: str


class DirectoryChange(msgspec.Struct, frozen=True):
    """Entries made on this station: people and badges to add or replace, token hashes to revoke, guards to add or remove,
    visitors' cards to add, and hashes of cards to retire; and, where given, the office's own rooms in place of those before.
    """

    people: list[Person] = []
    badges: list[BadgeEntry] = []
    revoke: list[str] = []
    guards: list[NewGuard] = []
    remove_guards: list[str] = []
    cards: list[PassCard] = []
    retire_cards: list[str] = []
    rooms: RoomsDocument | None = None


class Applied(msgspec.Struct, frozen=True):
    """What a round over the inbox did: files applied, and files set aside as unusable with the reason."""

    applied: int
    set_aside: list[str]


@contextmanager
def station_lock(data: Path) -> Iterator[None]:
    """Be the one program that writes this station's kiosk.db.

    Raises:
        StationBusy: another one is.
        WrongUser: root called, and would leave its own files in somebody else's folder.
        OSError: the data folder cannot be written.
    """
    _own_folder(data)
    with (data / "kiosk.lock").open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise StationBusy(f"{data}: a kiosk is already running on this data folder") from exc
        yield


def _own_folder(data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    owner = data.stat().st_uid
    if owner != os.geteuid() == 0:
        raise WrongUser(errno.EPERM, f"the folder belongs to user {owner}; run this as that user, for example with runuser")


def submit(
    data: Path,
    change: DirectoryChange,
    photos: dict[str, Path],
    *,
    name: str,
    open_database: Callable[[], KioskDatabase],
    now: Callable[[], Moment],
) -> Submitted:
    """Hand a change over: applied at once if no kiosk runs here, else queued for the one that does.

    `name` makes the file's name unique; `photos` are files by the SHA-256 that the people in the change carry.

    Raises:
        WrongUser: as `station_lock`; nothing was queued.
        OSError: the data folder cannot be written.
        DatabaseError: the database cannot be used; the change stays queued.
    """
    _own_folder(data)
    inbox = data / "inbox"
    (inbox / "photos").mkdir(parents=True, exist_ok=True)
    for sha256, path in photos.items():
        write_durably(inbox / "photos" / f"{sha256}.jpg", path.read_bytes())
    write_durably(inbox / f"change-{name}.json", msgspec.json.encode(change))
    try:
        with station_lock(data):
            database = open_database()
            try:
                apply_inbox(data, database, now())
            finally:
                database.close()
    except StationBusy:
        return Submitted.QUEUED
    return Submitted.APPLIED


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def apply_inbox(data: Path, database: KioskDatabase, moment: Moment, *, random_bytes: RandomBytes = os.urandom) -> Applied:
    """Apply every file in the inbox, oldest first, each in one transaction; files that make no sense are set aside, not deleted.

    Raises:
        DatabaseError: nothing of the current file was applied; it stays in the inbox.
    """
    inbox = data / "inbox"
    _take_photos(inbox / "photos", data / "photos")
    applied, set_aside = 0, []
    for path in _waiting(inbox):
        try:
            document, newest = _read(path), _version(database)
        except FileNotFoundError:
            continue  # the agent has put a newer one in its place
        except (msgspec.MsgspecError, ValueError) as exc:
            path.replace(path.with_suffix(".unusable"))
            set_aside.append(f"{path.name}: {exc}")
            continue
        if isinstance(document, NewEpoch):
            _begin_epoch(database, document, moment, random_bytes)
        elif isinstance(document, RoomsDocument):
            _take_rooms(database, document)
        else:
            _apply(database, document, moment)
        if isinstance(document, Directory) and document.version > newest:
            _keep(data, path)
        else:
            path.unlink()
        applied += 1
    if applied:
        sync_folder(inbox)
    return Applied(applied, set_aside)


def _waiting(inbox: Path) -> list[Path]:
    """The files in the inbox, oldest first."""
    found = []
    for path in inbox.glob("*.json"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(found)]


def _take_photos(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.jpg"):
        good = _PHOTO_NAME.match(path.name) and hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
        if good:
            path.replace(target / path.name)
        else:
            path.unlink()


def _keep(data: Path, path: Path) -> None:
    """Keep the newest directory as it was signed, in place of the one before."""
    (data / "documents").mkdir(exist_ok=True)
    path.replace(data / "documents" / f"{DocumentKind.DIRECTORY}.json")
    sync_folder(data / "documents")


def _version(database: KioskDatabase) -> int:
    with database.reading() as db:
        return directory.state(db).version


def _read(path: Path) -> Directory | DirectoryChange | NewEpoch | RoomsDocument:
    if path.name == NEW_EPOCH_NAME:
        return msgspec.json.decode(path.read_bytes(), type=NewEpoch)
    if path.name.startswith("directory-"):
        return msgspec.json.decode(msgspec.json.decode(path.read_bytes(), type=SignedDocument).text, type=Directory)
    if path.name.startswith("rooms-"):
        return msgspec.json.decode(msgspec.json.decode(path.read_bytes(), type=SignedDocument).text, type=RoomsDocument)
    return msgspec.json.decode(path.read_bytes(), type=DirectoryChange)


def _begin_epoch(database: KioskDatabase, wanted: NewEpoch, moment: Moment, random_bytes: RandomBytes) -> None:
    """Go on in another epoch, unless that was done already; its first row names the one that ended."""
    if database.journal.origin.epoch != wanted.after:
        return
    database.begin_epoch(random_bytes, device_id=wanted.device_id, place_id=wanted.place_id)
    payload = {"reason": wanted.reason, "after_epoch": wanted.after}
    with database.transaction():
        database.journal.append(Event(Kind.STATION_QUARANTINED, payload), moment)


def _take_rooms(database: KioskDatabase, document: RoomsDocument) -> None:
    """Keep the server's newest word on rooms. What follows of it is journaled by the rooms themselves."""
    with database.transaction() as db:
        if room_documents.put(db, document, room_documents.CENTRAL):
            cards = (PassCard(each.number, each.token_sha256, each.room_id) for each in document.cards)
            pass_cards.replace_central(db, cards)


def _apply(database: KioskDatabase, document: Directory | DirectoryChange, moment: Moment) -> None:
    with database.transaction() as db:
        if isinstance(document, Directory):
            if document.version > directory.state(db).version:
                directory.replace_central(db, document, moment.claimed_at)
        else:
            directory.change_local(db, document.people, document.badges, document.revoke, moment.claimed_at)
            guards.put(db, [(g.id, g.name, g.role, g.pin_hash) for g in document.guards])
            guards.remove(db, document.remove_guards)
            pass_cards.change_local(db, document.cards, document.retire_cards, moment.claimed_at)
            if document.rooms is not None:
                room_documents.put(db, document.rooms, room_documents.LOCAL)
        version = directory.state(db).version
        payload = {"people": len(document.people), "badges": len(document.badges), "version": version}
        database.journal.append(Event(Kind.DOCUMENTS_APPLIED, payload, directory_version=version), moment)
