"""What a guard decides beside letting in: take back, a mask given, a face that is not the photo's, a badge that is lost."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.inputs import Asking, HandThermometer, NotThePerson, Undo
from kiosk.core.values import At, Person
from kiosk.services.guard_rows import with_who
from kiosk.services.restart import recent_of
from kiosk.services.tools import Event, StationTools
from kiosk.services.views import Answered, Guard
from kiosk.store import directory
from kiosk.store.arrivals import Arrival, newest_arrivals
from sync.clock import SyncState
from sync.database import DatabaseError
from sync.ids import uuid7
from sync.protocol.events import Kind

RECENT_ARRIVALS = 300
NOTE_AT_MOST = 300


class SeenStep(StrEnum):
    """What a guard looks at. The words are in the catalogs as `step.<code>.<state>`."""

    MASK = "mask"
    GLOVES = "gloves"


class StepState(StrEnum):
    """What the guard saw, or did about it."""

    GIVEN = "given"
    MISSING = "missing"
    SEEN = "seen"


class BadgeTrouble(StrEnum):
    """Why a badge must open nothing any more. The words are in the catalogs as `badge.<code>`."""

    LOST = "lost"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Reportable:
    """Somebody whose badges can be reported, and how many of them are good here."""

    person: Person
    badges: int


class Decisions:
    """Each method journals who decided what and why, or says why not; none of them raises."""

    def __init__(self, tools: StationTools) -> None:
        self._tools = tools

    def undo(self, guard: Guard, hold_id: str) -> Answered:
        """Take back what was decided about a hold. Codes: ok, undo_too_late, not_decided, newer_hold, unknown_hold."""
        return self._ask(Undo(self._at(), self._id(), hold_id, guard.id))

    def hand_thermometer(self, guard: Guard, *, on: bool) -> Answered:
        """From now on guards measure, or the sensor does again."""
        return self._ask(HandThermometer(self._at(), self._id(), on, guard.id))

    def not_the_person(self, guard: Guard, tap_id: str, note: str = "") -> Answered:
        """Whoever came with that tap is not the badge's owner. Codes: ok, unknown_tap, out_of_service."""
        try:
            with self._tools.reading() as db:
                arrival = _arrival(db, tap_id)
                recent = None if arrival is None else recent_of(db, arrival, self._tools.now())
        except DatabaseError:
            return Answered(False, "out_of_service")
        if recent is None or recent.person is None:
            return Answered(False, "unknown_tap")
        return self._ask(NotThePerson(self._at(), self._id(), recent.tap, recent.person, guard.id, _short(note)))

    def step(self, guard: Guard, tap_id: str, step: str, state: str) -> Answered:
        """Note a mask or gloves. Codes: ok, unknown_tap, unknown_step, out_of_service."""
        if step not in frozenset(SeenStep) or state not in frozenset(StepState):
            return Answered(False, "unknown_step")
        try:
            with self._tools.reading() as db:
                arrival = _arrival(db, tap_id)
            if arrival is None:
                return Answered(False, "unknown_tap")
            seen = {"tap_id": tap_id, "person_id": arrival.person_id, "step": step, "state": state, "by": guard.id}
            self._tools.journal(Event(Kind.SCREENING_STEP, seen))
        except (DatabaseError, TimeoutError):
            return Answered(False, "out_of_service")
        return Answered(True, "ok")

    def reportable(self, person_id: str) -> Reportable | None:
        """Whose badges would be blocked, and how many.

        Raises:
            DatabaseError
        """
        with self._tools.reading() as db:
            person = directory.person(db, person_id)
            return None if person is None else Reportable(person, len(directory.badges_of(db, person_id)))

    def report_badge(self, guard: Guard, person_id: str, what: str, note: str = "") -> Answered:
        """Block every badge of that person here at once; the server does so everywhere.

        Codes: ok, unknown_trouble, no_badge, out_of_service.
        """
        if what not in frozenset(BadgeTrouble):
            return Answered(False, "unknown_trouble")
        try:
            with self._tools.reading() as db:
                tokens = directory.badges_of(db, person_id)
            if not tokens:
                return Answered(False, "no_badge")
            report = {"what": what, "person_id": person_id, "token_sha256": tokens, "by": guard.id, "note": _short(note)}
            self._tools.journal(Event(Kind.BADGE_REPORTED, report))
        except (DatabaseError, TimeoutError):
            return Answered(False, "out_of_service")
        return Answered(True, "ok")

    def _ask(self, asked: Asking) -> Answered:
        if self._tools.ask is None:
            return Answered(False, "out_of_service")
        try:
            answered = self._tools.ask(asked)
            with self._tools.reading() as db:
                return with_who(db, answered, asked.hold_id) if isinstance(asked, Undo) else answered
        except (DatabaseError, TimeoutError):
            return Answered(False, "out_of_service")

    def _at(self) -> At:
        moment = self._tools.now()
        return At(moment.mono_ns // 1_000_000, moment.wall, moment.sync_state is SyncState.SYNCED)

    def _id(self) -> str:
        return uuid7(self._tools.now().wall, self._tools.random_bytes)


def _short(note: str) -> str:
    return " ".join(note.split())[:NOTE_AT_MOST]


def _arrival(db: sqlite3.Connection, tap_id: str) -> Arrival | None:
    return next((each for each in newest_arrivals(db, RECENT_ARRIVALS) if each.tap_id == tap_id), None)
