"""Fetches what the server hands down and puts it where the kiosk looks: `inbox/`, each file there whole or not at all.

inbox/photos/<sha256>.jpg        photos the directory names, before the directory itself
inbox/directory-<version>.json   the directory, as JSON of `wire.SignedDocument`: the very bytes that the server signed

The signature was checked by the client with the pinned key before anything is written here.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from sync.asking import Asking
from sync.backlog import Backlog
from sync.backoff import Course
from sync.client import Refused, Unreachable
from sync.files import write_whole
from sync.protocol.wire import Directory, DocumentKind, Documents, SignedDocument
from sync.state import Channel, Problem, SyncState

_log = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_PHOTO = frozenset({400, 404})


class Source(Protocol):
    """Where documents come from: the server, or a stick that somebody has carried from there."""

    def documents(self, after: int) -> Documents | None:
        """The documents behind version `after`, with signatures that were checked; None when there are none.

        Raises:
            LinkError
        """

    def photo(self, sha256: str) -> bytes:
        """A photo's bytes, unchecked.

        Raises:
            LinkError
        """


class Inbox(Asking):
    """One `step()` asks the server once for news and says how many seconds to wait before the next time.

    `data` is the station's folder. `chance` gives even values over [0, 1) for the jitter.
    """

    def __init__(
        self,
        data: Path,
        backlog: Backlog,
        state: SyncState,
        client: Source,
        *,
        chance: Callable[[], float],
        poll_s: float = 30.0,
        retry_cap_s: float = 60.0,
    ) -> None:
        super().__init__(
            data / "inbox",
            backlog,
            state,
            channel=Channel.DOCUMENTS,
            what="documents",
            chance=chance,
            retry_cap_s=retry_cap_s,
        )
        self._kept_photos, self._client, self._poll_s = data / "photos", client, poll_s
        self._missing: frozenset[str] = frozenset()

    def _pace_s(self) -> float:
        return self._jittered(self._poll_s)

    def fetch(self) -> None:
        epoch = self._newest_epoch()
        version = self._state.documents_version(epoch)
        documents = self._client.documents(version)
        self._folder.mkdir(parents=True, exist_ok=True)
        if documents is None:
            self._fetch_photos(self._missing)
            return
        for document in documents.documents:
            # Others are of a newer server: this version has no use for them, and asks again once it has.
            if document.kind == DocumentKind.DIRECTORY:
                self._hand_over(document)
        if documents.version != version:
            self._state.set_documents_version(epoch, documents.version)
            _log.info("documents: version %d is in the inbox", documents.version)

    def _hand_over(self, document: SignedDocument) -> None:
        try:
            directory = msgspec.json.decode(document.text, type=Directory)
        except (msgspec.DecodeError, ValueError, RecursionError) as exc:
            raise Unreachable(Problem.UNREADABLE_ANSWER, Course.RETRY_SLOWLY, f"not a directory: {exc}") from exc
        named = frozenset(person.photo for person in directory.people if person.photo and _SHA256.fullmatch(person.photo))
        self._fetch_photos(named)
        write_whole(self._folder / f"directory-{document.version}.json", msgspec.json.encode(document))

    def _fetch_photos(self, named: frozenset[str]) -> None:
        """Fetch the photos that are not here. One that the server does not have, or has damaged, is asked for again later."""
        folder = self._folder / "photos"
        folder.mkdir(parents=True, exist_ok=True)
        missing = set()
        for sha256 in sorted(named):
            if any((place / f"{sha256}.jpg").exists() for place in (folder, self._kept_photos)):
                continue
            content = self._photo(sha256)
            if content is None:
                missing.add(sha256)
            else:
                write_whole(folder / f"{sha256}.jpg", content)
        if missing - self._missing:
            _log.warning("%d photos of the directory cannot be had from the server; badges work without them", len(missing))
        self._missing = frozenset(missing)

    def _photo(self, sha256: str) -> bytes | None:
        try:
            content = self._client.photo(sha256)
        except Refused as exc:
            if exc.status not in _NO_PHOTO:
                raise
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None
