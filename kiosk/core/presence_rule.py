"""Who is believed to be inside, and how that is known. Pure: from each person's newest entry, here and at the other doors."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_LONGEST_SHIFT = timedelta(hours=18)
"""Where no date can be trusted, an entry of so long ago is not of today."""


class How(StrEnum):
    """How somebody's presence is known; the words are in the catalogs as `how.<code>`."""

    TAP_IN = "tap_in"
    TAP_UNSTATED = "tap_unstated"
    MANUAL = "manual"
    LET_IN = "let_in"


class Remark(StrEnum):
    """What else is known of an entry; the words are in the catalogs as `remark.<code>`."""

    HELD = "held"
    CLINIC = "clinic"


@dataclass(frozen=True, slots=True)
class Instant:
    """When something was, by the clocks of one machine. `trusted`: the wall clock was kept by a time service then."""

    wall: datetime
    mono_ns: int
    boot_id: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody's newest entry at one door. `is_admission` is False for a badge that was refused."""

    key: str
    at: Instant
    direction: str
    is_manual: bool = False
    by: str | None = None
    is_admission: bool = True
    verdict: str | None = None
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody believed inside. `age_s` is None where the entry's age cannot be known; `door` is "" for this door."""

    person_id: str
    name: str
    unit: str
    how: How
    age_s: float | None
    by: str = ""
    remark: Remark | None = None
    door: str = ""
    photo: str | None = None


def age_s(then: Instant, now: Instant) -> float | None:
    """Seconds from `then` to `now` on the same machine: counted within a boot, else by a wall clock trusted at both ends."""
    if then.boot_id == now.boot_id:
        return max(0.0, (now.mono_ns - then.mono_ns) / 1e9)
    if then.trusted and now.trusted:
        return max(0.0, (now.wall - then.wall).total_seconds())
    return None


def is_of_today(then: Instant, now: Instant, zone: ZoneInfo) -> bool:
    """True for an entry of the local day of `now`. In doubt it is: who is on the list in error is looked for."""
    if then.trusted and now.trusted:
        return then.wall.astimezone(zone).date() == now.wall.astimezone(zone).date()
    known = age_s(then, now)
    if known is not None:
        return known <= _LONGEST_SHIFT.total_seconds()
    return abs(now.wall - then.wall) <= _LONGEST_SHIFT


def how_inside(entry: Entry) -> How | None:
    """How that entry says that somebody is inside; None if it says that they are not."""
    if entry.direction == "out":
        return None
    if not entry.is_admission:
        # A refused badge lets nobody in. A guard does, and while none has decided its owner stands in the lobby.
        return How.LET_IN if entry.decision == "let_in" or (entry.verdict == "hold" and entry.decision is None) else None
    if entry.is_manual:
        return How.MANUAL
    return How.TAP_IN if entry.direction == "in" else How.TAP_UNSTATED


def remark(entry: Entry) -> Remark | None:
    """What became of that entry at the door."""
    if entry.decision == "clinic":
        return Remark.CLINIC
    return Remark.HELD if entry.verdict == "hold" and entry.decision is None else None


def merged(here: Iterable[Present], there: Iterable[Present], left: Iterable[tuple[str, float]]) -> list[Present]:
    """Everybody once, by unit, name and id. `left` are ids, and how long ago (seconds) they went out at another door.

    The newer entry counts. Somebody is taken off only by an exit that is known to be newer than their entry.
    """
    gone: dict[str, float] = {}
    for person_id, ago_s in left:
        gone[person_id] = min(ago_s, gone.get(person_id, ago_s))
    found: dict[str, Present] = {}
    for each in (*here, *there):
        known = found.get(each.person_id)
        found[each.person_id] = each if known is None else _newer(known, each)
    kept = (each for each in found.values() if each.age_s is None or each.age_s <= gone.get(each.person_id, each.age_s))
    return sorted(kept, key=lambda each: (each.unit.casefold(), each.name.casefold(), each.person_id))


def _newer(known: Present, other: Present) -> Present:
    """The newer of two entries of one person, with the photo that either has."""
    ages = [float("inf") if each.age_s is None else each.age_s for each in (known, other)]
    newest, rest = (other, known) if ages[1] < ages[0] else (known, other)
    return replace(newest, photo=newest.photo or rest.photo)
