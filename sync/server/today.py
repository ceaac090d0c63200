"""One day at the doors, put together from what they reported. Pure, and tolerant: a payload that lacks something still shows."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from sync.clock import utc_datetime
from sync.protocol.events import Kind
from sync.server.dating import Dating

TAPS = (Kind.ATTENDANCE_TAPPED, Kind.ATTENDANCE_MANUAL, Kind.BADGE_UNMATCHED)
JUDGEMENTS = (
    Kind.VERDICT_ADMIT,
    Kind.VERDICT_WAIT,
    Kind.VERDICT_HOLD,
    Kind.VERDICT_OVERRIDE,
    Kind.HOLD_CLOSED,
    Kind.HOLD_REOPENED,
)


class Standing(StrEnum):
    """Where a person's go stands, in words that say nothing about health."""

    RECORDED = "recorded"
    ADMITTED = "admitted"
    WAITING = "waiting"
    HELD = "held"
    CLOSED = "closed"


_STANDING = {
    Kind.VERDICT_ADMIT: Standing.ADMITTED,
    Kind.VERDICT_WAIT: Standing.WAITING,
    Kind.VERDICT_HOLD: Standing.HELD,
    Kind.VERDICT_OVERRIDE: Standing.CLOSED,
    Kind.HOLD_CLOSED: Standing.CLOSED,
    Kind.HOLD_REOPENED: Standing.HELD,
}
_LET_IN = frozenset({"let_in", "typed_temperature", "remeasured"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One stored event, as far as the day needs it."""

    device_id: str
    epoch: str
    seq: int
    id: str
    kind: str
    claimed_at: str
    clock_state: str
    simulated: bool
    payload: str | None
    received_at: str
    dated_at: str | None = None
    dated_width_s: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """When it was by the server's own time, where the door's differs by more than a minute; give or take `width_minutes`."""

    at: datetime
    width_minutes: int


@dataclass(frozen=True, slots=True)
class Door:
    """A door as the day names it."""

    id: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Names:
    """Who people and badges are: person id -> (name, unit), and badge token's hash -> person id."""

    people: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    badges: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the day. Times are aware, in the door's zone; `name` is empty for a badge nobody knows."""

    id: str
    at: datetime
    received_at: datetime | None
    clock_trusted: bool
    person_id: str
    name: str
    unit: str
    direction: str
    standing: Standing
    door: Door
    simulated: bool
    estimate: Estimate | None = None


def entries(facts: Iterable[Fact], doors: Sequence[Door], names: Names, now: datetime) -> list[Entry]:
    """The entries of today, each door's own today, the newest first.

    While a door's clock is not trusted its day is unknown: then what was received today counts as today's.
    """
    by_id = {door.id: door for door in doors}
    found: dict[tuple[str, str], Entry] = {}
    for fact in sorted(facts, key=lambda fact: (fact.device_id, fact.received_at, fact.epoch, fact.seq)):
        payload = payload_fields(fact.payload)
        if fact.kind in TAPS and fact.device_id in by_id:
            found[fact.device_id, fact.id] = _entry(fact, payload, by_id[fact.device_id], names)
        elif fact.kind in _STANDING:
            key = (fact.device_id, _text(payload, "tap_id"))
            if key in found:
                found[key] = replace(found[key], standing=_standing(fact.kind, payload))
    todays = (entry for entry in found.values() if _day(entry) == now.astimezone(entry.at.tzinfo).date())
    return sorted(todays, key=lambda entry: (entry.at, entry.id), reverse=True)


def window(doors: Iterable[Door], now: datetime) -> tuple[datetime, datetime]:
    """A span of UTC that holds every door's today."""
    starts = [_midnight(now, door) for door in doors] or [now]
    return min(starts), max(starts) + timedelta(days=1, hours=2)


def _midnight(now: datetime, door: Door) -> datetime:
    local = now.astimezone(ZoneInfo(door.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _entry(fact: Fact, payload: dict[str, Any], door: Door, names: Names) -> Entry:
    zone = ZoneInfo(door.time_zone)
    received = moment(fact.received_at)
    at = moment(fact.claimed_at) or received or datetime(1970, 1, 1, tzinfo=UTC)
    person_id = _text(payload, "person_id") or names.badges.get(_text(payload, "token_sha256"), "")
    name, unit = names.people.get(person_id, (person_id, ""))
    return Entry(
        id=fact.id,
        at=at.astimezone(zone),
        received_at=received.astimezone(zone) if received else None,
        clock_trusted=fact.clock_state == "synced",
        person_id=person_id,
        name=name,
        unit=unit,
        direction=_text(payload, "direction") if _text(payload, "direction") in ("in", "out") else "unstated",
        standing=Standing.RECORDED,
        door=door,
        simulated=fact.simulated,
        estimate=_estimate(fact, zone),
    )


def _estimate(fact: Fact, zone: ZoneInfo) -> Estimate | None:
    at = moment(fact.dated_at)
    if at is None or not denied(fact.claimed_at, fact.dated_at, fact.dated_width_s):
        return None
    return Estimate(at.astimezone(zone), max(1, math.ceil((fact.dated_width_s or 0.0) / 60)))


def denied(claimed_at: str, dated_at: str | None, width_s: float | None) -> bool:
    """True when the estimate denies the claimed time, by more than a minute; a claim that is no time is always denied."""
    claimed, at = moment(claimed_at), moment(dated_at)
    if at is None:
        return False
    width = timedelta(seconds=width_s or 0.0)
    return claimed is None or Dating(at - width, at + width).denies(claimed)


def _day(entry: Entry) -> date:
    return (entry.at if entry.clock_trusted or entry.received_at is None else entry.received_at).date()


def _standing(kind: str, payload: dict[str, Any]) -> Standing:
    standing = _STANDING[Kind(kind)]
    decision = _text(payload, "decision") or _text(payload, "verdict")
    return Standing.ADMITTED if standing is Standing.CLOSED and decision.lower() in _LET_IN else standing


def moment(text: str | None) -> datetime | None:
    """The time a record names, or None for what is none, or so near the calendar's ends that no zone can be applied."""
    try:
        at = utc_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return at if at is not None and MINYEAR < at.year < MAXYEAR else None


def payload_fields(text: str | None) -> dict[str, Any]:
    """A stored payload; nothing where it was erased or is no object."""
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}


def _text(payload: dict[str, Any], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""
