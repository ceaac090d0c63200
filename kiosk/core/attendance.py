"""Attendance facts: what a read badge is recorded as, and when a second read is only a repeat."""

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.core.effects import JSON, Append
from kiosk.core.inputs import BadgeRead
from kiosk.core.policy import Policy
from kiosk.core.values import Person, Reason, Standing, Tap
from sync.protocol.events import Kind

REFUSALS = {
    Standing.REVOKED: Reason.BADGE_REVOKED,
    Standing.EXPIRED: Reason.BADGE_EXPIRED,
    Standing.NOT_A_BADGE: Reason.CODE_UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Recent:
    """A read that was recorded a short while ago. `waiting`: its owner is at the sensor or in line for it.

    `answered` is False while, and after, a go that ended without a verdict: then another read takes the go up again.
    """

    tap: Tap
    since_ms: int
    standing: Standing
    person: Person | None = None
    token_sha256: str | None = None
    waiting: bool = False
    answered: bool = True

    @property
    def key(self) -> str:
        """What a second read is recognised by."""
        return badge_key(self.standing, self.person, self.token_sha256)


def badge_key(standing: Standing, person: Person | None, token_sha256: str | None) -> str:
    """A person for a known badge, else what the code was and its hash. A badge whose standing changed is something new."""
    return person_key(person) if standing is Standing.KNOWN and person is not None else f"{standing}:{token_sha256}"


def person_key(person: Person) -> str:
    """The key of a known person."""
    return f"{Standing.KNOWN}:{person.id}"


def read_key(read: BadgeRead) -> str:
    """The key of a read."""
    return badge_key(read.standing, read.person, read.token_sha256)


def in_window(recent: Recent, now_ms: int, policy: Policy) -> bool:
    """True within the repeat window of the first read; repeats do not lengthen it."""
    return now_ms - recent.since_ms < policy.repeat_window_ms


def still_recent(recents: Mapping[str, Recent], now_ms: int, policy: Policy) -> dict[str, Recent]:
    """The recents that are still needed."""
    return {key: recent for key, recent in recents.items() if recent.waiting or in_window(recent, now_ms, policy)}


def tapped(read: BadgeRead, policy: Policy) -> Append:
    """The attendance fact of a known badge. The record's id is the tap's."""
    payload: dict[str, JSON] = {"tap_id": read.id, "person_id": person_id(read.person), "token_sha256": read.token_sha256}
    return Append(Kind.ATTENDANCE_TAPPED, payload | _direction(policy), read.id)


def unmatched(read: BadgeRead, policy: Policy) -> Append:
    """A badge this kiosk does not know; the server makes attendance of it once it does."""
    payload: dict[str, JSON] = {"tap_id": read.id, "token_sha256": read.token_sha256}
    return Append(Kind.BADGE_UNMATCHED, payload | _direction(policy), read.id)


def refused(read: BadgeRead, policy: Policy) -> Append:
    """A revoked or expired badge, or something that is no badge: of that nothing is kept but that it was shown."""
    payload: dict[str, JSON] = {
        "token_sha256": read.token_sha256,
        "person_id": person_id(read.person),
        "reason": str(REFUSALS[read.standing]),
    }
    return Append(Kind.BADGE_REFUSED, payload | _direction(policy), read.id)


def repeated(read: BadgeRead, first: Recent) -> Append:
    """A second read within the window; it names the first."""
    payload: dict[str, JSON] = {"tap_id": first.tap.id, "person_id": person_id(first.person)}
    return Append(Kind.ATTENDANCE_REPEATED, payload, read.id)


def person_id(person: Person | None) -> str | None:
    """The id, or None for nobody known."""
    return person.id if person is not None else None


def _direction(policy: Policy) -> dict[str, JSON]:
    return {"direction": str(policy.direction), "direction_source": str(policy.direction_source)}
