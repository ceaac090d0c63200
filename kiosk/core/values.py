"""The values that decisions at the door are made of, and the screens they lead to."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Which way a tap goes. Never inferred from the tap before."""

    IN = "in"
    OUT = "out"
    UNSTATED = "unstated"


class DirectionSource(StrEnum):
    """Who said so."""

    KIOSK = "kiosk"
    SCHEDULE = "schedule"
    PERSON = "person"
    GUARD = "guard"


class Reason(StrEnum):
    """Why a verdict is what it is. Codes are added, never renamed; the words are in the catalogs as `reason.<code>`."""

    TEMPERATURE_IN_ORDER = "temperature_in_order"
    TEMPERATURE_NOT_ASKED = "temperature_not_asked"
    TEMPERATURE_HIGH = "temperature_high"
    TEMPERATURE_HIGH_AGAIN = "temperature_high_again"
    TEMPERATURE_UNMEASURED = "temperature_unmeasured"
    SENSOR_LOST = "sensor_lost"
    NO_VALID_READING = "no_valid_reading"
    MEASURE_TIMEOUT = "measure_timeout"
    WENT_AWAY = "went_away"
    RESTART = "restart"
    BADGE_UNKNOWN = "badge_unknown"
    BADGE_REVOKED = "badge_revoked"
    BADGE_EXPIRED = "badge_expired"
    CODE_UNREADABLE = "code_unreadable"
    GUARD_LET_IN = "guard_let_in"
    GUARD_SENT_TO_CLINIC = "guard_sent_to_clinic"
    GUARD_MEASURED = "guard_measured"
    NOT_THE_PERSON = "not_the_person"
    HAND_THERMOMETER = "hand_thermometer"


class Standing(StrEnum):
    """What the directory on this kiosk says of a code that was shown."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_A_BADGE = "not_a_badge"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff as the door knows them. `photo` is the SHA-256 of the picture, or None."""

    id: str
    name: str
    unit: str = ""
    post: str = ""
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class At:
    """When an input came: monotonic milliseconds for every span, the wall (aware UTC) only to be shown and recorded.

    `trusted` is False while the clock is not synced; such a time is never shown bare.
    """

    ms: int
    wall: datetime
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Tap:
    """An attendance fact, as screens and later events refer to it. `id` is the record's id."""

    id: str
    at: At
    direction: Direction


class ScreenKind(StrEnum):
    """What the panel shows. One thing a screen."""

    IDLE = "idle"
    TAPPED = "tapped"
    MEASURING = "measuring"
    ADMITTED = "admitted"
    HELD = "held"
    REPEATED = "repeated"
    UNKNOWN_BADGE = "unknown_badge"
    REFUSED_BADGE = "refused_badge"
    UNREADABLE_CODE = "unreadable_code"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something small beside the screen, for somebody other than the person on it: their tap is recorded, they wait in line."""

    person: Person | None
    tap: Tap | None
    kind: ScreenKind


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the panel needs to draw itself.

    `shown_temperature_c` is set only on ADMITTED; a held person's reading is never on the panel.
    `line` are the people whose taps are recorded and who wait for the sensor, the next one first.
    `recheck_at_ms` (monotonic) says from when a held person can be measured again; `recheck_minutes` what that was set to.
    `hint` is the value of a `drivers.base.Hint` while somebody holds a code that cannot be read.
    `steps` are the ids of the steps in force to be shown as notices, in the circular's order (MEASURING and ADMITTED).
    """

    kind: ScreenKind
    person: Person | None = None
    tap: Tap | None = None
    reasons: tuple[Reason, ...] = ()
    shown_temperature_c: float | None = None
    line: tuple[Person, ...] = field(default=())
    notice: Notice | None = None
    recheck_at_ms: int | None = None
    recheck_minutes: int | None = None
    hint: str | None = None
    unattended: bool = False
    steps: tuple[str, ...] = ()


class HoldEnd(StrEnum):
    """How a hold ended. Added, never renamed; the words are in the catalogs as `decision.<code>`."""

    LET_IN = "let_in"
    CLINIC = "clinic"
    TYPED_TEMPERATURE = "typed_temperature"
    REMEASURED = "remeasured"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class LetInReason(StrEnum):
    """Why a guard let somebody in. Added, never renamed; the words are in the catalogs as `let_in.<code>`."""

    RESTED = "rested"
    MEASURED_ELSEWHERE = "measured_elsewhere"
    OFFICIAL_ORDER = "official_order"
    EMERGENCY = "emergency"
    OTHER = "other"


class Sound(StrEnum):
    """The three sounds."""

    ACCEPTED = "accepted"
    ATTENTION = "attention"
    FULL = "full"
