"""Fetches what the server says of rooms and puts it where the kiosk looks: `inbox/rooms-<version>.json`, whole or not at all.

Each is JSON of `wire.SignedDocument`, and the newest says everything: older ones that the kiosk has not taken yet may go.
"""

import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import msgspec

from sync.asking import Asking
from sync.backlog import Backlog
from sync.backoff import Course
from sync.client import LinkError, Refused, Unreachable
from sync.clock import Clock
from sync.files import write_whole
from sync.protocol.rooms import RoomsDocument
from sync.protocol.wire import DocumentKind, Documents, SignedDocument
from sync.state import Channel, Problem, SyncState

BUSY_S = 0.8
"""Between two questions while a room that other doors share changes or places are on their way here, and for IN_USE_S after."""
SHARED_S = 5.0
"""Between two while nothing of such a room changes: asking tells the server that this door is there."""
ALONE_S = 30.0
"""Between two where no room is shared and every place has come here."""
IN_USE_S = 600.0

_PENDING = 20
"""So many files a kiosk that does not run finds at most when it starts."""


class RoomsSource(Protocol):
    """Where the documents come from."""

    def rooms(self, after: int) -> Documents | None:
        """What this door should know of rooms, with signatures that were checked; None where version `after` is the newest.

        Raises:
            LinkError
        """


class RoomsInbox(Asking):
    """One `step()` asks the server once and says how many seconds to wait before the next time; `wait` waits so long, or until
    `newer` tells of a version that is not here. `data` is the station's folder, `chance` gives even values over [0, 1).
    """

    def __init__(
        self,
        data: Path,
        backlog: Backlog,
        state: SyncState,
        client: RoomsSource,
        *,
        clock: Clock,
        chance: Callable[[], float],
        retry_cap_s: float = 60.0,
    ) -> None:
        super().__init__(
            data / "inbox", backlog, state, channel=Channel.ROOMS, what="rooms", chance=chance, retry_cap_s=retry_cap_s
        )
        self._client, self._clock = client, clock
        self._epoch = ""
        self._version = 0
        self._is_moving = False
        self._changed_ns = clock.now().mono_ns
        self._called = threading.Event()

    def newer(self, version: int) -> None:
        """The server has this version. May be called from any thread."""
        if self._is_moving and version > self._version:
            self._called.set()

    def wake(self) -> None:
        """End the wait. May be called from any thread."""
        self._called.set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until there is something newer."""
        self._called.wait(seconds)
        self._called.clear()

    def _failed(self, exc: LinkError) -> float:
        if isinstance(exc, Refused) and exc.status == HTTPStatus.NOT_FOUND:
            return ALONE_S  # a server of before there were rooms
        return super()._failed(exc)

    def fetch(self) -> None:
        epoch = self._newest_epoch()
        if epoch != self._epoch:
            self._epoch, self._version = epoch, 0  # a station that had to begin a new file has lost what it knew of rooms
        documents = self._client.rooms(self._version)
        if documents is None:
            return
        for document in documents.documents:
            if document.kind == DocumentKind.ROOMS:
                self._hand_over(document)
        self._version = documents.version
        self._changed_ns = self._clock.now().mono_ns

    def _hand_over(self, document: SignedDocument) -> None:
        try:
            found = msgspec.json.decode(document.text, type=RoomsDocument)
        except (msgspec.DecodeError, ValueError, RecursionError) as exc:
            raise Unreachable(Problem.UNREADABLE_ANSWER, Course.RETRY_SLOWLY, f"not about rooms: {exc}") from exc
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / f"rooms-{document.version}.json", msgspec.json.encode(document))
        self._is_moving = _is_moving(found)
        self._clear_old()

    def _clear_old(self) -> None:
        pending = sorted(self._folder.glob("rooms-*.json"), key=_version_of)
        for path in pending[:-_PENDING]:
            path.unlink(missing_ok=True)

    def _pace_s(self) -> float:
        if not self._is_moving:
            return self._jittered(ALONE_S)
        return BUSY_S if self._clock.now().mono_ns - self._changed_ns < IN_USE_S * 1e9 else SHARED_S


def _is_moving(document: RoomsDocument) -> bool:
    """Others may take or give back a place at any time, or the server still has one that it can give to no other door."""
    return any(len(room.doors) > 1 for room in document.rooms) or any(state.free > 0 for state in document.states)


def _version_of(path: Path) -> tuple[int, str]:
    version = path.stem.removeprefix("rooms-")
    return (int(version) if version.isdecimal() else 0, path.name)
