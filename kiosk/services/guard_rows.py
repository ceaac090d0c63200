"""What the guard's screen shows of decisions: what can still be taken back, who was first, and when to measure by hand."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from kiosk.core.second_thoughts import UNDO_WITHIN_MS
from kiosk.core.values import Person, Reason
from kiosk.services.views import Answered, UndoRow
from kiosk.store import decisions, directory, guards
from kiosk.store.arrivals import Arrival
from sync.clock import Moment
from sync.protocol.events import Kind

UNMEASURED_IN_A_ROW = 3
"""So many after one another, and the guard is offered to measure by hand."""


def undo_rows(db: sqlite3.Connection, now: Moment, began_ms: int) -> tuple[UndoRow, ...]:
    """What was decided in the last minute, newest first. What was decided before the program began cannot be undone any more."""
    since_ms = max(began_ms, now.mono_ns // 1_000_000 - UNDO_WITHIN_MS)
    found = decisions.decided_since(db, now.boot_id, since_ms * 1_000_000)
    names = names_of_guards(db) if found else {}
    return tuple(
        UndoRow(
            hold_id=each.hold_id,
            person=_person(db, each.person_id),
            decision=each.decision,
            by=names.get(each.by, each.by),
            left_s=max(0, UNDO_WITHIN_MS // 1000 - (now.mono_ns - each.mono_ns) // 1_000_000_000),
        )
        for each in found
    )


def with_who(db: sqlite3.Connection, answered: Answered, hold_id: str) -> Answered:
    """A refusal because somebody was faster, with who it was and when."""
    if answered.code not in ("already_closed", "unknown_hold"):
        return answered
    found = decisions.decided(db, hold_id)
    if found is None:
        return answered
    by = names_of_guards(db).get(found.by, found.by)
    return replace(answered, code="already_closed", by=by, at=found.at, clock_trusted=found.trusted)


def many_unmeasured(arrivals: Iterable[Arrival]) -> bool:
    """True where the newest people of whom a temperature was asked could not be measured, `UNMEASURED_IN_A_ROW` of them."""
    count = 0
    for arrival in arrivals:
        if arrival.kind != Kind.ATTENDANCE_TAPPED or arrival.verdict in (None, "abandoned"):
            continue
        if Reason.TEMPERATURE_UNMEASURED not in arrival.reasons or Reason.HAND_THERMOMETER in arrival.reasons:
            return False
        count += 1
        if count == UNMEASURED_IN_A_ROW:
            return True
    return False


def names_of_guards(db: sqlite3.Connection) -> dict[str, str]:
    """Names by id."""
    return {row[0]: row[1] for row in guards.everyone(db)}


def _person(db: sqlite3.Connection, person_id: str | None) -> Person | None:
    return None if person_id is None else directory.person(db, person_id)
