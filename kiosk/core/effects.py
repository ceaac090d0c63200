"""What the lane is asked to do. Values; `services.lane` performs them, the journal first."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.values import Screen, Sound
from sync.protocol.events import Kind

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, slots=True)
class Append:
    """Write this to the journal. With `id` None the lane gives the record a new one. Payloads hold no NaN and no infinity."""

    kind: Kind
    payload: dict[str, JSON]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """The panel's new content. Given exactly when it changed."""

    screen: Screen


@dataclass(frozen=True, slots=True)
class Play:
    """One of the three sounds."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class CallGuard:
    """Draw the guard's attention to a hold."""

    hold_id: str


class AnswerCode(StrEnum):
    """What became of a guard's decision."""

    OK = "ok"
    ALREADY_CLOSED = "already_closed"
    UNKNOWN_HOLD = "unknown_hold"
    IMPLAUSIBLE_TEMPERATURE = "implausible_temperature"
    UNDO_TOO_LATE = "undo_too_late"
    NOT_DECIDED = "not_decided"
    NEWER_HOLD = "newer_hold"


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to what a guard asked under the id `request_id`.

    Unless `ok`, nothing was journaled but that it was refused, where that is evidence (an undo that came too late).
    """

    request_id: str
    ok: bool
    code: AnswerCode


Effect = Append | Show | Play | CallGuard | Answer
