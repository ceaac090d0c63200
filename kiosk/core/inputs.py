"""What can happen to the lane. Frozen values; one that makes no sense cannot be built."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.values import At, LetInReason, Person, Standing, Tap


@dataclass(frozen=True, slots=True)
class BadgeRead:
    """A code was read. `id` (UUIDv7, made by the lane) is the record id of whatever event the read becomes.

    `token_sha256` is None only for something that is no badge; `person` is set for KNOWN, and where the directory still
    says whose badge it was for REVOKED and EXPIRED.
    """

    at: At
    id: str
    standing: Standing
    token_sha256: str | None = None
    person: Person | None = None

    def __post_init__(self) -> None:
        if self.standing is Standing.KNOWN and self.person is None:
            raise ValueError("a known badge has a person")
        if self.standing in (Standing.UNKNOWN, Standing.REVOKED, Standing.EXPIRED) and self.token_sha256 is None:
            raise ValueError(f"a badge that is {self.standing} has a token")
        if self.standing in (Standing.UNKNOWN, Standing.NOT_A_BADGE) and self.person is not None:
            raise ValueError(f"nobody is known for a code that is {self.standing}")
        if self.standing is Standing.NOT_A_BADGE and self.token_sha256 is not None:
            raise ValueError("nothing is kept of a code that is no badge")


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of the thermometer, as the device gave it: nothing rounded, numbers may be NaN or a sentinel.

    `at_ms` is monotonic, when the sample was taken. `channel` is the value of a `drivers.base.Channel` and names the
    device's main number: "body" means `body_c`, "object" and "skin" mean `object_c`.
    """

    at_ms: int
    object_c: float | None
    ambient_c: float | None = None
    channel: str = "object"
    body_c: float | None = None


@dataclass(frozen=True, slots=True)
class SensorLost:
    """The thermometer is absent, silent or damaged; `reason` is the driver's code for it."""

    at: At
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SensorBack:
    """The thermometer answers again. A reading says the same."""

    at: At


class Decision(StrEnum):
    """What a guard can decide about a hold."""

    LET_IN = "let_in"
    CLINIC = "clinic"
    TYPED_TEMPERATURE = "typed_temperature"


@dataclass(frozen=True, slots=True)
class GuardDecision:
    """A guard decided about a hold. `id` names the request and comes back in the `Answer`; `by` is who is signed in.

    `typed_temperature_c` is what a hand thermometer said; it is looked at only for TYPED_TEMPERATURE.
    """

    at: At
    id: str
    hold_id: str
    decision: Decision
    by: str
    note: str = ""
    typed_temperature_c: float | None = None
    reason: LetInReason | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """A guard takes back what was decided about a hold a moment ago, by whomever."""

    at: At
    id: str
    hold_id: str
    by: str


@dataclass(frozen=True, slots=True)
class NotThePerson:
    """A guard says that whoever came with this tap is not the person on the badge's photo. The tap itself stays."""

    at: At
    id: str
    tap: Tap
    person: Person | None
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HandThermometer:
    """A guard measures by hand from now on, or no longer does."""

    at: At
    id: str
    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class CodeHint:
    """Somebody holds a code that cannot be read (`hint` is the value of a `drivers.base.Hint`), or no longer does (None)."""

    at: At
    hint: str | None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but time."""

    at: At


Asking = GuardDecision | Undo | NotThePerson | HandThermometer
"""What a guard asks for; each gets one `Answer` with its id."""

Input = BadgeRead | Reading | SensorLost | SensorBack | Asking | CodeHint | TimePassed


def time_ms(happened: Input) -> int:
    """When it happened, monotonic milliseconds."""
    return happened.at_ms if isinstance(happened, Reading) else happened.at.ms
