"""What a kiosk reports: the kinds of event, what each may be kept for, and the record that travels.

Kinds are added, never renamed: journals outlive programs.
"""

from enum import StrEnum

import msgspec


class DataClass(StrEnum):
    """What a kind's payload is, and so how long it is kept. Exports leave HEALTH out unless asked."""

    ORDINARY = "ordinary"
    HEALTH = "health"
    EVIDENCE = "evidence"


class Kind(StrEnum):
    """What happened. The value is the name on the wire and in every file."""

    ATTENDANCE_TAPPED = "attendance.tapped"
    ATTENDANCE_REPEATED = "attendance.repeated"
    ATTENDANCE_MANUAL = "attendance.manual"
    CORRECTION_REQUESTED = "correction.requested"
    CORRECTION_DECIDED = "correction.decided"
    BADGE_UNMATCHED = "badge.unmatched"
    BADGE_REFUSED = "badge.refused"
    BADGE_REPORTED = "badge.reported"
    SCREENING_STEP = "screening.step"
    SCREENING_MEASURED = "screening.measured"
    SCREENING_UNMEASURED = "screening.unmeasured"
    SCREENING_ABANDONED = "screening.abandoned"
    VERDICT_ADMIT = "verdict.admit"
    VERDICT_WAIT = "verdict.wait"
    VERDICT_HOLD = "verdict.hold"
    VERDICT_OVERRIDE = "verdict.override"
    HOLD_OPENED = "hold.opened"
    HOLD_RECHECKED = "hold.rechecked"
    HOLD_CLOSED = "hold.closed"
    HOLD_REOPENED = "hold.reopened"
    VISITOR_ENTERED = "visitor.entered"
    VISITOR_LEFT = "visitor.left"
    VISITOR_NAMED = "visitor.named"
    """What a visitor said of themselves, apart from the visit, so that it can be erased while rooms are rebuilt from the rest."""
    VISITOR_WAITING = "visitor.waiting"
    VISITOR_CALLED = "visitor.called"
    VISITOR_SKIPPED = "visitor.skipped"
    VISITOR_MOVED = "visitor.moved"
    VISITOR_AWAY = "visitor.away"
    VISITOR_BACK = "visitor.back"
    VISITOR_RATED = "visitor.rated"
    """How somebody who had just left found it: the room, the level and the day, and nothing that says who."""
    ROOM_OVERRIDDEN = "room.overridden"
    ROOM_COUNTED = "room.counted"
    ROOM_SWEPT = "room.swept"
    RIGHTS_GRANTED = "rights.granted"
    RIGHTS_RELEASED = "rights.released"
    DROPOFF_RECEIVED = "dropoff.received"
    DROPOFF_ACCEPTED = "dropoff.accepted"
    CHECKLIST_DONE = "checklist.done"
    GUARD_ATTEMPTED = "guard.attempted"
    GUARD_SIGNED_IN = "guard.signed_in"
    GUARD_SIGNED_OUT = "guard.signed_out"
    GUARD_REFUSED = "guard.refused"
    GUARD_NOTED = "guard.noted"
    GUARD_HANDED_OVER = "guard.handed_over"
    EVACUATION_STARTED = "evacuation.started"
    EVACUATION_MARKED = "evacuation.marked"
    EXPORT_MADE = "export.made"
    DEVICE_LOST = "device.lost"
    DEVICE_BACK = "device.back"
    CLOCK_CHANGED = "clock.changed"
    DOCUMENTS_APPLIED = "documents.applied"
    STATION_STARTED = "station.started"
    STATION_STOPPED = "station.stopped"
    STATION_QUARANTINED = "station.quarantined"


_HEALTH = frozenset(
    {
        Kind.SCREENING_MEASURED,
        Kind.SCREENING_UNMEASURED,
        Kind.VERDICT_HOLD,
        Kind.HOLD_OPENED,
        Kind.HOLD_RECHECKED,
        Kind.HOLD_CLOSED,
        Kind.HOLD_REOPENED,
    }
)
_EVIDENCE = frozenset(
    {
        Kind.VERDICT_OVERRIDE,
        Kind.ROOM_OVERRIDDEN,
        Kind.GUARD_ATTEMPTED,
        Kind.GUARD_SIGNED_IN,
        Kind.GUARD_SIGNED_OUT,
        Kind.GUARD_REFUSED,
        Kind.GUARD_NOTED,
        Kind.GUARD_HANDED_OVER,
        Kind.EXPORT_MADE,
        Kind.STATION_QUARANTINED,
    }
)


_KNOWN = frozenset(Kind)

NAMING: frozenset[str] = frozenset({Kind.VISITOR_NAMED, Kind.DROPOFF_RECEIVED})
"""Kinds whose payload may say who a visitor is. Doors and server erase them in time; exports leave them out unless asked."""


def data_class(kind: str) -> DataClass:
    """What `kind`'s payload is. A kind this version does not know is treated as HEALTH, the class that is kept shortest."""
    if kind in _EVIDENCE:
        return DataClass.EVIDENCE
    if kind in _HEALTH or kind not in _KNOWN:
        return DataClass.HEALTH
    return DataClass.ORDINARY


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One journal row as it travels. `payload` is the exact JSON text that was hashed; it and `salt` are None once erased.

    `seq` is gap-free per `epoch` and is the order; `id` (UUIDv7) is a name; `claimed_at` is UTC as the door believed it.
    `prev_hash` and `hash` are lower-case hex SHA-256, `salt` 32 lower-case hex digits. See `sync.protocol.digest`.
    """

    device_id: str
    epoch: str
    seq: int
    id: str
    kind: str
    claimed_at: str
    boot_id: str
    mono_ns: int
    clock_state: str
    place_id: str
    directory_version: int
    simulated: bool
    payload: msgspec.Raw | None
    salt: str | None
    payload_digest: str
    prev_hash: str
    hash: str
