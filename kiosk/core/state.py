"""The lane's state: who is at the sensor, who waits, who is held, what the panel shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kiosk.core.attendance import REFUSALS, Recent, person_key
from kiosk.core.thermometry import Measuring
from kiosk.core.values import Notice, Person, Reason, Screen, ScreenKind, Standing, Tap

IDLE = Screen(ScreenKind.IDLE)


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody waits for an officer or a second reading. `key` is `attendance.badge_key`'s: at most one open hold each.

    `recheck_at_ms` says from when the badge starts another measurement (None: only an officer decides); `high` whether a
    reading of this hold was too high. `person` is None where the badge is not known.
    """

    id: str
    key: str
    tap: Tap
    person: Person | None
    reasons: tuple[Reason, ...]
    opened_ms: int
    expires_ms: int
    recheck_at_ms: int | None = None
    recheck_minutes: int | None = None
    high: bool = False

    @property
    def about_temperature(self) -> bool:
        """False where the badge itself, or who carries it, is the trouble."""
        own = self.person is not None and self.key == person_key(self.person)
        return own and Reason.NOT_THE_PERSON not in self.reasons


@dataclass(frozen=True, slots=True)
class ClosedHold:
    """A hold as it was when it was closed, and how. `by` is the guard who decided, None where no guard did."""

    hold: Hold
    decision: str
    by: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Go:
    """One person's way to a verdict, on the tap it belongs to. `hold_id` is set when it is another measurement on that hold."""

    person: Person
    tap: Tap
    hold_id: str | None = None


@dataclass(frozen=True, slots=True)
class AtSensor:
    """The go being measured, and when (monotonic) it is given up.

    `silent_ms`: the sensor said nothing until then; `away_ms`: nobody came; `try_ends_ms`: this try has no result (None until
    somebody is there).
    """

    go: Go
    silent_ms: int
    away_ms: int
    try_ends_ms: int | None = None
    tries: int = 0

    @property
    def deadline_ms(self) -> int:
        """When something must be decided if nothing happens."""
        return min(self.silent_ms, self.away_ms if self.try_ends_ms is None else self.try_ends_ms)


@dataclass(frozen=True, slots=True)
class Lane:
    """Everything the lane knows. `Lane()` is a lane nobody has come to yet.

    `result` is shown until `result_until_ms`, then the next of `results`, then the next in line is called. `holds` and
    `recents` are by `attendance.badge_key`, `closed` are the newest holds that are closed. `screen` is the one
    shown last, and `shown_line` the line it was made from. With `hand_mode` guards measure, and the sensor is not asked.
    """

    now_ms: int = 0
    screen: Screen = IDLE
    shown_line: tuple[Go, ...] = ()
    sensor: Measuring = field(default_factory=Measuring)
    lost_at_ms: int | None = None
    at_sensor: AtSensor | None = None
    line: tuple[Go, ...] = ()
    result: Screen | None = None
    result_until_ms: int = 0
    results: tuple[Screen, ...] = ()
    notice: Notice | None = None
    notice_until_ms: int = 0
    hint: str | None = None
    hint_until_ms: int = 0
    recents: Mapping[str, Recent] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)
    closed: tuple[ClosedHold, ...] = ()
    hand_mode: bool = False


def next_deadline_ms(lane: Lane) -> int | None:
    """When (monotonic) `advance` has to be called even if nothing happens, or None if time alone changes nothing."""
    times = [hold.expires_ms for hold in lane.holds.values()]
    if lane.at_sensor is not None:
        times.append(lane.at_sensor.deadline_ms)
    if lane.result is not None:
        times.append(lane.result_until_ms)
    if lane.notice is not None:
        times.append(lane.notice_until_ms)
    if lane.hint is not None:
        times.append(lane.hint_until_ms)
    return min(times, default=None)


def screen(lane: Lane, steps: tuple[str, ...], *, unattended: bool) -> Screen:
    """What the panel shows now: the go at the sensor before all, else a result, else idle."""
    if lane.at_sensor is not None:
        go = lane.at_sensor.go
        again = (Reason.NO_VALID_READING,) if lane.at_sensor.tries else ()
        base = Screen(ScreenKind.MEASURING, go.person, go.tap, again, steps=steps)
    else:
        base = lane.result or IDLE
    line = lane.screen.line if lane.line is lane.shown_line else tuple(go.person for go in lane.line)
    return replace(base, line=line, notice=lane.notice, hint=lane.hint, unattended=unattended)


def badge_screen(standing: Standing, tap: Tap) -> Screen:
    """What is shown for a badge that is not good. Nobody is named on it: it may be in other hands."""
    if standing is Standing.UNKNOWN:
        return Screen(ScreenKind.UNKNOWN_BADGE, tap=tap, reasons=(Reason.BADGE_UNKNOWN,))
    kind = ScreenKind.UNREADABLE_CODE if standing is Standing.NOT_A_BADGE else ScreenKind.REFUSED_BADGE
    return Screen(kind, reasons=(REFUSALS[standing],))
