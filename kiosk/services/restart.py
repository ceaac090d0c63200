"""What a lane needs to know after a restart, read back from the projections: open goes, open holds, recent taps."""

import sqlite3
from datetime import datetime

from kiosk.core import session
from kiosk.core.attendance import badge_key
from kiosk.core.policy import Policy
from kiosk.core.second_thoughts import reported_key
from kiosk.core.session import Go, Hold, Recent
from kiosk.core.values import At, Direction, Person, Reason, Standing, Tap
from kiosk.services.lane import Lane
from kiosk.store import directory
from kiosk.store.arrivals import Arrival, OpenHold, newest_arrivals, open_holds
from kiosk.store.database import KioskDatabase
from kiosk.store.decisions import by_hand
from sync.clock import Moment
from sync.protocol.events import Kind

_RECENT_ROWS = 300
_KNOWN_REASONS = frozenset(Reason)
_UNMEASURED = frozenset({Reason.TEMPERATURE_UNMEASURED, Reason.SENSOR_LOST, Reason.NO_VALID_READING, Reason.MEASURE_TIMEOUT})
_STANDING_OF_REASON = {Reason.BADGE_REVOKED: Standing.REVOKED, Reason.BADGE_EXPIRED: Standing.EXPIRED}


def restore(lane: Lane, database: KioskDatabase, moment: Moment, policy: Policy) -> None:
    """Close goes that were cut off, keep holds open, and remember recent taps.

    Raises:
        DatabaseError
    """
    with database.reading() as db:
        arrivals = newest_arrivals(db, _RECENT_ROWS)
        recents = [recent_of(db, each, moment) for each in arrivals]
        goes = [
            Go(recent.person, recent.tap)
            for recent, arrival in zip(recents, arrivals, strict=True)
            if recent.person is not None and arrival.verdict is None and arrival.kind == Kind.ATTENDANCE_TAPPED
        ]
        holds = [_hold(db, each, moment, policy) for each in open_holds(db)]
        hand_mode = by_hand(db)
    # Newest first as read: the oldest go first, and of one badge's taps the newest is the one that is remembered.
    newest_last = [each for each in reversed(recents) if each.standing is not Standing.NOT_A_BADGE]
    lane.restore(*session.restart(_ms(moment), reversed(goes), holds, newest_last, policy, hand_mode=hand_mode))


def recent_of(db: sqlite3.Connection, arrival: Arrival, moment: Moment) -> Recent:
    """What the lane would remember of that arrival, on this boot's monotonic time."""
    person = _person(db, arrival.person_id)
    at = At(_ms_of(arrival, moment), arrival.at, arrival.clock_state == "synced")
    standing = _standing(arrival.kind, _reasons(arrival.reasons), person)
    tap = Tap(arrival.tap_id, at, Direction(arrival.direction))
    answered = arrival.verdict not in (None, "abandoned")
    return Recent(tap, at.ms, standing, person, arrival.token_sha256, answered=answered)


def _hold(db: sqlite3.Connection, hold: OpenHold, moment: Moment, policy: Policy) -> Hold:
    person, reasons = _person(db, hold.person_id), _reasons(hold.reasons)
    opened_ms = _ms_ago(hold.opened_at, moment)
    tap = Tap(hold.tap_id, At(opened_ms, hold.opened_at), policy.direction)
    refused = next((_STANDING_OF_REASON[each] for each in reasons if each in _STANDING_OF_REASON), None)
    standing = refused or (Standing.KNOWN if person is not None else Standing.UNKNOWN)
    wait_min = hold.recheck_after_min
    unmeasured, reported = any(each in _UNMEASURED for each in reasons), Reason.NOT_THE_PERSON in reasons
    return Hold(
        id=hold.hold_id,
        key=_key(hold, standing, person),
        tap=tap,
        person=person,
        reasons=reasons,
        opened_ms=opened_ms,
        expires_ms=opened_ms + policy.hold_lasts_ms,
        recheck_at_ms=None if reported else opened_ms if unmeasured else _recheck_at_ms(hold, opened_ms),
        recheck_minutes=None if reported else wait_min,
        high=Reason.TEMPERATURE_HIGH in reasons or Reason.TEMPERATURE_HIGH_AGAIN in reasons,
    )


def _key(hold: OpenHold, standing: Standing, person: Person | None) -> str:
    """A hold that is not named after its tap is about that tap alone."""
    return badge_key(standing, person, hold.token_sha256) if hold.hold_id == hold.tap_id else reported_key(hold.tap_id)


def _recheck_at_ms(hold: OpenHold, opened_ms: int) -> int | None:
    """After a second high reading only an officer decides; so also where no second reading was offered."""
    return None if hold.recheck_after_min is None or hold.rechecks else opened_ms + hold.recheck_after_min * 60_000


def _standing(kind: str, reasons: tuple[Reason, ...], person: Person | None) -> Standing:
    if kind == Kind.BADGE_UNMATCHED:
        return Standing.UNKNOWN
    if kind == Kind.BADGE_REFUSED:
        return next((_STANDING_OF_REASON[each] for each in reasons if each in _STANDING_OF_REASON), Standing.NOT_A_BADGE)
    return Standing.KNOWN if person is not None else Standing.UNKNOWN


def _person(db: sqlite3.Connection, person_id: str | None) -> Person | None:
    """The person, or a bare one with the id as name if the directory has forgotten them since."""
    return None if person_id is None else directory.person(db, person_id) or Person(person_id, person_id)


def _reasons(codes: tuple[str, ...]) -> tuple[Reason, ...]:
    return tuple(Reason(code) for code in codes if code in _KNOWN_REASONS)


def _ms(moment: Moment) -> int:
    return moment.mono_ns // 1_000_000


def _ms_of(arrival: Arrival, moment: Moment) -> int:
    """When it was on this boot's monotonic time. Rows of an earlier boot have only the wall clock to go by."""
    if arrival.boot_id == moment.boot_id:
        return arrival.mono_ns // 1_000_000
    return _ms_ago(arrival.at, moment)


def _ms_ago(wall: datetime, moment: Moment) -> int:
    return _ms(moment) - max(0, round((moment.wall - wall).total_seconds() * 1000))
