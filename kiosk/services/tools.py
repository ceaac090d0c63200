"""What every duty of the guard's screen works with: the journal through the lane, readers, and the clock."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.core.inputs import Asking
from kiosk.services.views import Answered
from kiosk.store.database import open_reader
from sync.clock import Clock, Moment, SyncState
from sync.database import database_errors
from sync.ids import RandomBytes
from sync.journal import Event


@dataclass(frozen=True, slots=True)
class StationTools:
    """`journal` commits events through the lane and returns once they are durable; it raises DatabaseError or TimeoutError."""

    name: str
    place: str
    device_id: str
    data: Path
    photos: Path
    database: Path
    clock: Clock
    zone: ZoneInfo
    journal: Callable[..., None]
    random_bytes: RandomBytes
    repeat_window_s: int = 60
    ask: Callable[[Asking], Answered] | None = None
    """Has the lane decide; None where there is no lane. It raises as `journal` does."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A short-lived read-only connection. Close it soon: it holds the log back.

        Raises:
            DatabaseError
        """
        with database_errors(self.database), closing(open_reader(self.database)) as db:
            yield db

    def now(self) -> Moment:
        return self.clock.now()

    def clock_is_trusted(self) -> bool:
        """False while the wall clock is not synced; such a time is never shown bare."""
        return self.clock.now().sync_state is SyncState.SYNCED

    def today(self) -> date:
        """Today's date at the door."""
        return self.clock.now().wall.astimezone(self.zone).date()

    def day(self, day: date) -> tuple[datetime, datetime]:
        """The first moment of a local day, and of the next: aware times."""
        return datetime.combine(day, time(), self.zone), datetime.combine(day + timedelta(days=1), time(), self.zone)


__all__ = ["Event", "StationTools"]
