"""How the guard's screen sorts holds, and what it tells the guard to say. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.core.values import Reason
from kiosk.services.views import HoldRow

BY_HAND_ROWS = 30
"""So many who wait for the hand thermometer are listed; of the others it says how many there are."""

_SAID_FIRST = (
    Reason.NOT_THE_PERSON,
    Reason.HAND_THERMOMETER,
    Reason.BADGE_REVOKED,
    Reason.BADGE_EXPIRED,
    Reason.BADGE_UNKNOWN,
    Reason.TEMPERATURE_HIGH_AGAIN,
    Reason.TEMPERATURE_HIGH,
    Reason.TEMPERATURE_UNMEASURED,
)


@dataclass(frozen=True, slots=True)
class HoldGroups:
    """Holds by what is to be done: `people` are talked with, `by_hand` measured (newest first), `unknown` badges looked up."""

    people: tuple[HoldRow, ...]
    by_hand: tuple[HoldRow, ...]
    unknown: tuple[HoldRow, ...]
    more_by_hand: int


def grouped(holds: Iterable[HoldRow]) -> HoldGroups:
    """Every hold is in one group; only `by_hand` is cut."""
    people: list[HoldRow] = []
    by_hand: list[HoldRow] = []
    unknown: list[HoldRow] = []
    for hold in holds:
        (by_hand if _by_hand(hold) else people if hold.person is not None else unknown).append(hold)
    newest = tuple(reversed(by_hand))
    return HoldGroups(tuple(people), newest[:BY_HAND_ROWS], tuple(unknown), max(0, len(newest) - BY_HAND_ROWS))


def script(hold: HoldRow) -> str:
    """The msgid of what a guard says to that person."""
    first = next((reason for reason in _SAID_FIRST if reason in hold.reasons), None)
    if first is Reason.TEMPERATURE_HIGH and hold.recheck_in_s == 0:
        return "say.recheck_now"
    return "say.other" if first is None else f"say.{first}"


SCRIPTS = (*(f"say.{reason}" for reason in _SAID_FIRST), "say.recheck_now", "say.other")
"""Every msgid that `script` can give."""


def _by_hand(hold: HoldRow) -> bool:
    return Reason.HAND_THERMOMETER in hold.reasons and Reason.NOT_THE_PERSON not in hold.reasons
