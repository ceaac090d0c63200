"""What goes down to the doors: today the directory (people, badge hashes, photos), whole, under a version that counts up.

The bytes of `documents` are what is handed down; the tables `people` and `badges` are views of them for the pages.
"""

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from sync.protocol.wire import BadgeState, Directory, DocumentKind
from sync.server.database import Database
from sync.server.errors import BadDirectory
from sync.server.reported import revoked
from sync.server.schema import badges, documents, people, photos, reported_badges

_DIRECTORY = DocumentKind.DIRECTORY.value
MAX_PHOTO_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Import:
    """A directory file that was found to be in order. `photos` maps a SHA-256 to the picture's bytes."""

    directory: Directory
    fields: dict[str, Any]
    photos: dict[str, bytes]


def read_import(text: bytes) -> Import:
    """Check a directory file: JSON of `wire.Directory`, and under "photos" the pictures as {sha256: base64}.

    Raises:
        BadDirectory: naming the first entry that is wrong.
    """
    try:
        fields = msgspec.json.decode(text, type=dict[str, Any])
        pictures = msgspec.convert(fields.pop("photos", {}), dict[str, str])
        directory = msgspec.convert({"version": 0, **fields}, Directory)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise BadDirectory(f"not a directory: {exc}") from exc
    found = Import(directory, fields, {sha256: _picture(sha256, body) for sha256, body in pictures.items()})
    _refuse_loose_ends(found.directory)
    return found


def _picture(sha256: str, body: str) -> bytes:
    try:
        picture = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadDirectory(f"photo {sha256}: not base64") from exc
    if hashlib.sha256(picture).hexdigest() != sha256:
        raise BadDirectory(f"photo {sha256}: its bytes have another SHA-256")
    if len(picture) > MAX_PHOTO_BYTES:
        raise BadDirectory(f"photo {sha256}: larger than {MAX_PHOTO_BYTES // 1024} KiB; scale it down")
    return picture


def _refuse_loose_ends(directory: Directory) -> None:
    known = {person.id for person in directory.people}
    _refuse_twice("person", (person.id for person in directory.people))
    _refuse_twice("badge", (badge.token_sha256 for badge in directory.badges))
    stray = next((badge for badge in directory.badges if badge.person_id not in known), None)
    if stray is not None:
        raise BadDirectory(f"badge {stray.token_sha256}: its person {stray.person_id} is not listed")


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    name, times = next(iter(Counter(names).most_common(1)), ("", 0))
    if times > 1:
        raise BadDirectory(f"{what} {name} is listed {times} times")


class DocumentStore:
    """The documents in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def version(self) -> int:
        """The version of the newest documents; 0 before the first."""
        with self._database.reading() as connection:
            return _version(connection)

    def newest(self) -> tuple[int, str | None]:
        """The version and the JSON text of the directory to hand down, or (0, None)."""
        with self._database.reading() as connection:
            query = select(documents.c.version, documents.c.body).where(documents.c.kind == _DIRECTORY)
            row = connection.execute(query.order_by(documents.c.version.desc()).limit(1)).one_or_none()
        return (row.version, row.body.decode()) if row else (0, None)

    def photo(self, sha256: str) -> bytes | None:
        """The picture of that hash, or None."""
        with self._database.reading() as connection:
            return connection.scalar(select(photos.c.body).where(photos.c.sha256 == sha256))

    def missing_photos(self, found: Import) -> list[str]:
        """Hashes that people refer to and neither the file nor the server has."""
        wanted = {person.photo for person in found.directory.people if person.photo} - set(found.photos)
        with self._database.reading() as connection:
            return sorted(wanted - set(connection.scalars(select(photos.c.sha256))))

    def replace_directory(self, found: Import, *, now: str, progress: Callable[[], object] = lambda: None) -> int:
        """Put this directory in place of the last, whole, in one transaction; gives its version.

        `progress` is called once for every person, badge and photo. Pictures nobody refers to any more are deleted.
        """
        with self._database.writing() as connection:
            found = _with_reports(connection, found)
            version = _replace_document(connection, found.fields, now)
            _replace_views(connection, found, progress)
        return version

    def apply_reports(self, *, now: str) -> int | None:
        """Revoke the badges that were reported and are not revoked yet, under a new version; None where there are none.

        Raises:
            StoreUnavailable: nothing was changed; calling it again makes it good.
        """
        with self._database.writing() as connection:
            tokens = _reported_and_active(connection)
            if not tokens:
                return None
            body = connection.scalars(select(documents.c.body).where(documents.c.kind == _DIRECTORY)).one()
            fields = msgspec.json.decode(body, type=dict[str, Any])
            version = _replace_document(connection, {**fields, "badges": revoked(connection, fields.get("badges", []))}, now)
            connection.execute(update(badges).where(badges.c.token_sha256.in_(tokens)).values(state=BadgeState.REVOKED.value))
        return version


def _version(connection: Connection) -> int:
    return connection.scalar(select(func.max(documents.c.version)).where(documents.c.kind == _DIRECTORY)) or 0


def _replace_document(connection: Connection, fields: dict[str, Any], now: str) -> int:
    version = _version(connection) + 1
    body = msgspec.json.encode({**fields, "version": version})
    connection.execute(delete(documents).where(documents.c.kind == _DIRECTORY))
    connection.execute(insert(documents).values(kind=_DIRECTORY, version=version, body=body, created_at=now))
    return version


def _reported_and_active(connection: Connection) -> list[str]:
    both = badges.join(reported_badges, badges.c.token_sha256 == reported_badges.c.token_sha256)
    query = select(badges.c.token_sha256).select_from(both).where(badges.c.state != BadgeState.REVOKED.value)
    return list(connection.scalars(query))


def _with_reports(connection: Connection, found: Import) -> Import:
    fields = {**found.fields, "badges": revoked(connection, found.fields.get("badges", []))}
    return replace(found, fields=fields, directory=msgspec.convert({"version": 0, **fields}, Directory))


def _replace_views(connection: Connection, found: Import, progress: Callable[[], object]) -> None:
    wanted = {person.photo for person in found.directory.people if person.photo}
    connection.execute(delete(badges))
    connection.execute(delete(people))
    kept = set(connection.scalars(select(photos.c.sha256)))
    for unwanted in kept - wanted:
        connection.execute(delete(photos).where(photos.c.sha256 == unwanted))
    for person in found.directory.people:
        connection.execute(insert(people).values(msgspec.to_builtins(person)))
        progress()
    for badge in found.directory.badges:
        connection.execute(insert(badges).values(msgspec.to_builtins(badge)))
        progress()
    for sha256, picture in found.photos.items():
        if sha256 in wanted - kept:
            connection.execute(insert(photos).values(sha256=sha256, body=picture))
        progress()
