"""Presence that a guard types for somebody who has no badge with them, or who left without showing it."""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from kiosk.core.values import Direction, DirectionSource, Person
from kiosk.services.lane import local_text
from kiosk.services.tools import Event, StationTools
from kiosk.services.views import Answered, Guard
from kiosk.store import directory, guards, presence, search
from kiosk.store.presence import Attendance
from sync.database import DatabaseError
from sync.ids import uuid7
from sync.protocol.events import Kind

FOUND_AT_MOST = 20
NOTE_AT_MOST = 300
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[.:]([0-5][0-9])")


class ManualReason(StrEnum):
    """Why presence is typed. The words are in the catalogs as `presence.reason.<code>`."""

    FORGOT_BADGE = "forgot_badge"
    BADGE_LOST = "badge_lost"
    MANUAL_DAY = "manual_day"
    FORGOT_EXIT = "forgot_exit"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who was searched for, and their newest entry of today, if any."""

    person: Person
    last_today: Attendance | None


@dataclass(frozen=True, slots=True)
class Typed:
    """What a guard typed about somebody. `time` is "" for now, else HH.MM of today; `again` says that a warning was read."""

    person_id: str
    direction: str
    reason: str
    note: str = ""
    time: str = ""
    again: bool = False


class Presence:
    """Searches people and journals `attendance.manual`. Methods that journal never raise: their answer says what happened."""

    def __init__(self, tools: StationTools) -> None:
        self._tools = tools
        self._one_at_a_time = threading.Lock()

    def search(self, typed: str) -> tuple[Found, ...]:
        """People in whose name or number every typed word begins a word; at most `FOUND_AT_MOST`.

        Raises:
            DatabaseError
        """
        start, end = self._tools.day(self._tools.today())
        with self._tools.reading() as db:
            people = search.find(db, typed, FOUND_AT_MOST)
            today = {each.id: presence.of_person(db, each.id, start, end) for each in people}
        return tuple(Found(each, today[each.id][-1] if today[each.id] else None) for each in people)

    def person(self, person_id: str) -> Person | None:
        """The person of that id.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            return directory.person(db, person_id)

    def today(self, person_id: str) -> tuple[Attendance, ...]:
        """That person's entries of today, oldest first.

        Raises:
            DatabaseError
        """
        start, end = self._tools.day(self._tools.today())
        with self._tools.reading() as db:
            return tuple(presence.of_person(db, person_id, start, end))

    def guard_names(self) -> dict[str, str]:
        """The name of everybody who signs in here, by id.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            return {guard_id: name for guard_id, name, _ in guards.everyone(db)}

    def enter(self, guard: Guard, typed: Typed) -> Answered:
        """Journal presence that `guard` vouches for. Codes: done, unknown_person, direction, reason, note, time, future, again
        (somebody's entry is so near that it may be the same one) and out_of_service.
        """
        with self._one_at_a_time:
            try:
                return self._enter(guard, typed)
            except (DatabaseError, TimeoutError):
                return Answered(False, "out_of_service")

    def _enter(self, guard: Guard, typed: Typed) -> Answered:
        moment = self._tools.now()
        note = " ".join(typed.note.split())
        at, wrong = self._when(typed.time, moment.wall)
        wrong = _wrong(typed, note) or wrong
        if wrong:
            return Answered(False, wrong)
        if self.person(typed.person_id) is None:
            return Answered(False, "unknown_person")
        if not typed.again and self._is_near_another(typed.person_id, at):
            return Answered(False, "again")
        tap_id = uuid7(moment.wall, self._tools.random_bytes)
        payload = {
            "tap_id": tap_id,
            "person_id": typed.person_id,
            "direction": typed.direction,
            "direction_source": DirectionSource.GUARD,
            "source": "manual",
            "by": guard.id,
            "reason": typed.reason,
            "note": note,
            "typed_time": local_text(at, self._tools.zone) if typed.time.strip() else None,
            "local_time": local_text(moment.wall, self._tools.zone),
        }
        self._tools.journal(Event(Kind.ATTENDANCE_MANUAL, payload, id=tap_id))
        return Answered(True, "done")

    def _when(self, typed: str, now: datetime) -> tuple[datetime, str]:
        """The moment that was typed, and a code where it is none, or has not come yet."""
        if not typed.strip():
            return now, ""
        clock = parse_time(typed)
        if clock is None:
            return now, "time"
        at = datetime.combine(self._tools.today(), clock, self._tools.zone)
        return at, "future" if at > now else ""

    def _is_near_another(self, person_id: str, at: datetime) -> bool:
        window = timedelta(seconds=self._tools.repeat_window_s)
        with self._tools.reading() as db:
            return any(presence.of_person(db, person_id, at - window, at + window))


def parse_time(typed: str) -> time | None:
    """07.05, 7.05 or 07:05 as a time of day; None for anything else."""
    found = _TIME.fullmatch(typed.strip()) if typed.isascii() else None
    return time(int(found[1]), int(found[2])) if found else None


def _wrong(typed: Typed, note: str) -> str:
    """The code of what is missing or is none of the choices; "" if nothing."""
    wrongs: Iterable[tuple[bool, str]] = (
        (typed.direction not in frozenset(Direction), "direction"),
        (typed.reason not in frozenset(ManualReason), "reason"),
        (len(note) > NOTE_AT_MOST or (typed.reason == ManualReason.OTHER and not note), "note"),
    )
    return next((code for is_wrong, code in wrongs if is_wrong), "")
