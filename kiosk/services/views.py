"""What screens may ask of a station, and the values they get. All of it is ready to be shown: nothing needs the database."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from kiosk.core.inputs import Decision
from kiosk.core.values import LetInReason, Person, Reason, Screen, Sound
from kiosk.services.refusals import Refusal

T_co = TypeVar("T_co", covariant=True)


class DeviceState(StrEnum):
    """How a device is doing."""

    OK = "ok"
    LOST = "lost"
    SILENT = "silent"
    DAMAGED = "damaged"
    OFF = "off"


class PrinterSign(StrEnum):
    """How the receipt printer is doing. `READY` and `NEAR_END` print; the others are each another thing to do."""

    OFF = "off"
    READY = "ready"
    NEAR_END = "near_end"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    SILENT = "silent"
    UNPLUGGED = "unplugged"

    @property
    def prints(self) -> bool:
        """True while slips come out."""
        return self in (PrinterSign.READY, PrinterSign.NEAR_END)


@dataclass(frozen=True, slots=True)
class Health:
    """The line of small signs that is always visible. `waiting_rows` are journal rows the server has not acknowledged.

    `server_seen_at` is None when the server was never reached; `server_problem` is a code (see `sync.uploader`) or None.
    `quarantined` are files that were set aside and wait for somebody to look; `journal_sound` is False after a check found a
    row that does not fit. `by_hand` while guards measure and the sensor is not asked.
    """

    camera: DeviceState
    thermometer: DeviceState
    clock_trusted: bool
    simulated: bool
    waiting_rows: int
    online: bool
    server_seen_at: datetime | None
    server_problem: str | None
    directory_version: int
    directory_applied_at: datetime | None
    disk_free_mib: int
    disk_low: bool
    in_service: bool = True
    quarantined: int = 0
    by_hand: bool = False
    journal_sound: bool = True
    printer: PrinterSign = PrinterSign.OFF


@dataclass(frozen=True, slots=True)
class PanelView:
    """What the panel draws. `serial` grows with every change; `tap_sent` is about the tap on the screen; `now` is aware UTC.

    `recheck_in_s` counts down on a held screen. `language` is "id" or "en", and lasts for one person's go.
    `sound` is to be played once for each new `shown_serial`, which grows only when the lane shows something new.
    """

    serial: int
    screen: Screen
    health: Health
    now: datetime
    language: str
    tap_sent: bool
    recheck_in_s: int | None
    sound: Sound | None = None
    shown_serial: int = 0


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One arrival on the guard's screen. `kind` is the event kind that opened it; `verdict` "admit", "hold" or None while open.

    `shown_temperature_c` is what the sensor or the guard's thermometer gave; guards may see it, the panel's queue may not.
    `steps` are (step, state) as a guard saw them, such as ("mask", "given"). `typed_by` names who typed it; None for a badge.
    """

    tap_id: str
    at: datetime
    clock_trusted: bool
    kind: str
    person: Person | None
    direction: str
    verdict: str | None
    reasons: tuple[Reason, ...]
    shown_temperature_c: float | None
    hold_id: str | None
    decision: str | None
    sent: bool
    steps: tuple[tuple[str, str], ...] = ()
    typed_by: str | None = None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold that waits for an officer or a second measurement. `recheck_in_s` is 0 when it is time, None where none is due."""

    hold_id: str
    tap_id: str
    person: Person | None
    opened_at: datetime
    reasons: tuple[Reason, ...]
    shown_temperature_c: float | None
    recheck_in_s: int | None
    unattended: bool


@dataclass(frozen=True, slots=True)
class UndoRow:
    """A decision that can still be taken back, for `left_s` seconds. `by` is the name of who decided."""

    hold_id: str
    person: Person | None
    decision: str
    by: str
    left_s: int


@dataclass(frozen=True, slots=True)
class GuardView:
    """What the guard's screen draws: holds first, newest arrivals next. `serial` grows with every change.

    `offers_by_hand`: several people in a row could not be measured.
    """

    serial: int
    now: datetime
    holds: tuple[HoldRow, ...]
    feed: tuple[FeedRow, ...]
    health: Health
    inside_today: int
    undoable: tuple[UndoRow, ...] = ()
    offers_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """Somebody who may decide. `role` is guard, desk, head or administrator."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """The answer to a PIN. `guard` is None when refused; `wait_s` says how long until the next try is looked at."""

    guard: Guard | None
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a decision: done, or a code that says why not ("already_closed", "unknown_hold", "implausible_temperature",
    "out_of_service"). Of "already_closed" it says the name of who was faster, and when."""

    ok: bool
    code: str
    by: str = ""
    at: datetime | None = None
    clock_trusted: bool = True


class Subscription(Protocol, Generic[T_co]):
    """A screen's place in the audience of a stream."""

    def next(self, timeout_s: float) -> T_co | None:
        """The newest value, once it is newer than the last one given; None after the timeout. Values in between are skipped."""

    def close(self) -> None:
        """Leave."""


class Stream(Protocol, Generic[T_co]):
    """A value that changes, and an audience that wants to know at once."""

    def current(self) -> T_co: ...

    def subscribe(self, bell: threading.Event | None = None) -> Subscription[T_co]:
        """Join the audience; `bell` is set at every change from then on."""


class Station(Protocol):
    """All that the web layer may do with a station."""

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def time_zone(self) -> str: ...

    @property
    def panel(self) -> Stream[PanelView]: ...

    @property
    def guard(self) -> Stream[GuardView]: ...

    @property
    def stopping(self) -> threading.Event: ...

    def set_language(self, language: str) -> None:
        """Show the panel in "id" or "en" until this person's go is over."""

    def preview_jpeg(self) -> tuple[int, bytes] | None:
        """The camera's newest frame as (sequence number, JPEG), or None."""

    def photo(self, sha256: str) -> Path | None:
        """The file of a staff photo, or None if there is none of that hash."""

    def guards(self) -> tuple[Guard, ...]:
        """Who can sign in."""

    def sign_in(self, guard_id: str, pin: str) -> SignIn:
        """Check a PIN. The attempt is journaled before it is checked."""

    def sign_out(self, guard: Guard, by: Guard | None = None) -> None:
        """A session ends; `by` is who ended it from another screen."""

    def decide(
        self,
        guard: Guard,
        hold_id: str,
        decision: Decision,
        *,
        typed_temperature_c: float | None = None,
        note: str = "",
        reason: LetInReason | None = None,
    ) -> Answered:
        """Close or re-judge a hold. Returns after it is committed; at most 2 s."""

    def turned_away(self, reason: Refusal, what: Mapping[str, object]) -> None:
        """Something was refused: journaled, unless there are too many of its kind (then counted)."""

    def metrics(self) -> str:
        """Prometheus text."""


Now = Callable[[], datetime]
