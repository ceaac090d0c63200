"""Corrections: staff ask for one at the kiosk, their head of unit says yes or no. What was recorded stays as it was."""

import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from kiosk.core.values import Person
from kiosk.services.presence import NOTE_AT_MOST, parse_time
from kiosk.services.tools import Event, StationTools
from kiosk.services.views import Answered, Guard
from kiosk.store import corrections, directory, guards
from kiosk.store.corrections import Correction
from sync.database import DatabaseError
from sync.ids import uuid7
from sync.protocol.events import Kind

DAYS_BACK = 30
_OPEN_AT_MOST = 10
_DECIDED_SHOWN = 50


class What(StrEnum):
    """What is to be corrected. The words are in the catalogs as `correction.what.<code>`."""

    FORGOT_IN = "forgot_in"
    FORGOT_OUT = "forgot_out"
    DUTY_OUTSIDE = "duty_outside"
    MACHINE_DOWN = "machine_down"


class Decided(StrEnum):
    """What becomes of it. The words are in the catalogs as `correction.decision.<code>`."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, as typed: `date` YYYY-MM-DD, `time` HH.MM, both at the door."""

    what: str
    date: str
    time: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A request with who asked and, where somebody decided, their name."""

    correction: Correction
    person: Person
    decided_by: str | None


class Corrections:
    """Journals requests and decisions. Methods that journal never raise: their answer says what happened."""

    def __init__(self, tools: StationTools) -> None:
        self._tools = tools
        self._one_at_a_time = threading.Lock()

    def days(self) -> tuple[date, ...]:
        """The days that can be asked about, newest first."""
        today = self._tools.today()
        return tuple(today - timedelta(days=n) for n in range(DAYS_BACK + 1))

    def wrong(self, wish: Wish) -> str:
        """The code of the first thing about a wish that cannot be: what, date, time, future, note; "" if nothing."""
        if wish.what not in frozenset(What):
            return "what"
        day = next((each for each in self.days() if each.isoformat() == wish.date), None)
        if day is None:
            return "date"
        clock = parse_time(wish.time)
        if clock is None:
            return "time"
        if datetime.combine(day, clock, self._tools.zone) > self._tools.now().wall:
            return "future"
        return "note" if len(wish.note) > NOTE_AT_MOST else ""

    def ask(self, person_id: str, wish: Wish) -> Answered:
        """Journal a person's own wish. Codes: done, those of `wrong`, unknown_person, asked_before, too_many, out_of_service."""
        with self._one_at_a_time:
            try:
                return self._ask(person_id, wish)
            except (DatabaseError, TimeoutError):
                return Answered(False, "out_of_service")

    def of_person(self, person_id: str) -> tuple[Correction, ...]:
        """That person's requests, newest first.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            return tuple(corrections.of_person(db, person_id))

    def listed(self) -> tuple[tuple[Listed, ...], tuple[Listed, ...]]:
        """The open requests, oldest first, and the newest decided ones.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            waiting, decided = corrections.open_ones(db), corrections.decided_ones(db, _DECIDED_SHOWN)
            names = {guard_id: name for guard_id, name, _ in guards.everyone(db)}
            people = {
                each: directory.person(db, each) or Person(each, each) for each in {c.person_id for c in (*waiting, *decided)}
            }

        def listed(each: Correction) -> Listed:
            by = each.decided_by
            return Listed(each, people[each.person_id], None if by is None else names.get(by, by))

        return tuple(map(listed, waiting)), tuple(map(listed, decided))

    def decide(self, guard: Guard, correction_id: str, decision: str, note: str) -> Answered:
        """Journal a decision. Codes: done, decision, note, unknown, own_request, already_decided, out_of_service."""
        with self._one_at_a_time:
            try:
                return self._decide(guard, correction_id, decision, " ".join(note.split()))
            except (DatabaseError, TimeoutError):
                return Answered(False, "out_of_service")

    def _ask(self, person_id: str, wish: Wish) -> Answered:
        note = " ".join(wish.note.split())
        wrong = self.wrong(Wish(wish.what, wish.date, wish.time, note)) or self._unwanted(person_id, wish)
        if wrong:
            return Answered(False, wrong)
        correction_id = uuid7(self._tools.now().wall, self._tools.random_bytes)
        payload = {
            "correction_id": correction_id,
            "person_id": person_id,
            "what": wish.what,
            "date": wish.date,
            "time": _written(wish.time),
            "note": note,
        }
        self._tools.journal(Event(Kind.CORRECTION_REQUESTED, payload, id=correction_id))
        return Answered(True, "done")

    def _unwanted(self, person_id: str, wish: Wish) -> str:
        with self._tools.reading() as db:
            if directory.person(db, person_id) is None:
                return "unknown_person"
            waiting = [each for each in corrections.of_person(db, person_id) if each.decision is None]
        same = (wish.what, wish.date, _written(wish.time))
        if any((each.what, each.date, each.time) == same for each in waiting):
            return "asked_before"
        return "too_many" if len(waiting) >= _OPEN_AT_MOST else ""

    def _decide(self, guard: Guard, correction_id: str, decision: str, note: str) -> Answered:
        if decision not in frozenset(Decided):
            return Answered(False, "decision")
        if len(note) > NOTE_AT_MOST:
            return Answered(False, "note")
        with self._tools.reading() as db:
            found = corrections.one(db, correction_id)
        if found is None:
            return Answered(False, "unknown")
        if found.person_id == guard.id:
            refused = {"guard_id": guard.id, "reason": "own_request", "what": correction_id}
            self._tools.journal(Event(Kind.GUARD_REFUSED, refused))
            return Answered(False, "own_request")
        if found.decision is not None:
            return Answered(False, "already_decided")
        payload = {"correction_id": correction_id, "decision": decision, "by": guard.id, "note": note}
        self._tools.journal(Event(Kind.CORRECTION_DECIDED, payload))
        return Answered(True, "done")


def _written(typed: str) -> str:
    """A time that can be read, in the one way that it is kept: 07.05."""
    clock = parse_time(typed)
    return typed if clock is None else f"{clock:%H.%M}"
