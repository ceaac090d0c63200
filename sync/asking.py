"""Asking the server for documents, again and again: what the directory's inbox and the rooms' have in common."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from sync import backoff
from sync.backlog import Backlog
from sync.backoff import Course
from sync.client import LinkError
from sync.database import DatabaseError
from sync.state import Channel, SyncState

_log = logging.getLogger(__name__)


class Asking(ABC):
    """One `step()` asks the server once and says how many seconds to wait before the next time.

    `folder` is where documents are kept for the kiosk; `channel` is what is reported about, in the words `what`. `chance` gives
    even values over [0, 1) for the jitter.
    """

    def __init__(
        self,
        folder: Path,
        backlog: Backlog,
        state: SyncState,
        *,
        channel: Channel,
        what: str,
        chance: Callable[[], float],
        retry_cap_s: float,
    ) -> None:
        self._folder, self._backlog, self._state = folder, backlog, state
        self._channel, self._what = channel, what
        self._chance, self._retry_cap_s = chance, retry_cap_s
        self._failures = 0
        self._lost = False

    @abstractmethod
    def fetch(self) -> None:
        """Ask once, and hand over what comes.

        Raises:
            LinkError, DatabaseError, OSError
        """

    @abstractmethod
    def _pace_s(self) -> float:
        """Seconds until it is worth asking again."""

    def step(self) -> float:
        """Ask for documents behind the ones handed over, and hand over what comes.

        Raises:
            DatabaseError: sync.db cannot be written.
        """
        try:
            self.fetch()
        except LinkError as exc:
            return self._failed(exc)
        except OSError as exc:
            if not self._lost:
                _log.error(
                    "%s: %s cannot be kept (%s); check the disk and the folder's owner", self._folder, self._what, exc.strerror
                )
            self._lost = True
            return self._pause_s(Course.RETRY_SLOWLY)
        self._failures, self._lost = 0, False
        self._state.report(self._channel, None)
        return self._pace_s()

    def _failed(self, exc: LinkError) -> float:
        self._state.report(self._channel, exc.problem, str(exc))
        return self._pause_s(exc.course, exc.retry_after_s)

    def _pause_s(self, how: Course, retry_after_s: float | None = None) -> float:
        self._failures += 1
        cap_s = self._retry_cap_s if how is Course.RETRY else None
        return backoff.delay_s(self._failures, how, self._chance(), cap_s=cap_s, retry_after_s=retry_after_s)

    def _jittered(self, seconds: float) -> float:
        """About so long: a fleet that was started together should not ask together for ever."""
        return seconds * (0.8 + 0.4 * self._chance())

    def _newest_epoch(self) -> str:
        """The journal's, "" while it cannot be read."""
        try:
            segments = self._backlog.segments()
        except DatabaseError:
            return ""
        return segments[-1].epoch if segments else ""
