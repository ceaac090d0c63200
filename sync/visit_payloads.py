"""What a payload of a visitor's event holds, read so that nothing odd in it can raise. Pure and total."""

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime

from sync.clock import utc_datetime

MOST_PEOPLE = 10_000
_LONGEST_TEXT = 200
_LONGEST_S = 1e8
_LONGEST_YEARS = 4
"""So that a time and a stay together are a time too."""


def seconds_of(payload: Mapping[str, object], key: str) -> float:
    """What a door has measured; below zero for nothing."""
    value = payload.get(key)
    # Compared before it is converted: JSON may hold whole numbers that no float can.
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LONGEST_S:
        return float(value)
    return -1.0


def people_of(payload: Mapping[str, object]) -> int:
    """How many; 0 for what is no number of people."""
    people = payload.get("people")
    if isinstance(people, int) and not isinstance(people, bool) and 1 <= people <= MOST_PEOPLE:
        return people
    return 0


def text_of(payload: Mapping[str, object], key: str) -> str:
    """A text, cut where it is too long; empty for what is none."""
    value = payload.get(key)
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def kept_of(payload: Mapping[str, object]) -> set[str]:
    """The visits that a head count found inside: those of the door that counted, and those it took over from others."""
    own, adopted = payload.get("kept"), payload.get("adopted")
    found = {each for each in own if isinstance(each, str)} if isinstance(own, list) else set()
    if not isinstance(adopted, list):
        return found
    return found | {text_of(each, "visit_id") for each in adopted if isinstance(each, dict)}


def moment_of(text: str) -> datetime | None:
    """The time a row names; None for what is none, or so near the calendar's ends that no zone can be applied."""
    try:
        at = utc_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if MINYEAR < at.year < MAXYEAR - _LONGEST_YEARS else None
