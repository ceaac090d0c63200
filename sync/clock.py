"""The one place that reads time. Everything else is handed a `Clock`, or a moment."""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040


class SyncState(StrEnum):
    """How far the wall clock can be trusted. A Pi has no battery clock, so after a power cut it may be hours slow."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of the clock: wall (aware UTC), monotonic nanoseconds within `boot_id`, and how far the wall is trusted.

    `unsynced_since` is set only while `sync_state` is UNSYNCED.
    """

    wall: datetime
    mono_ns: int
    boot_id: str
    sync_state: SyncState
    unsynced_since: datetime | None = None

    @property
    def clock_state(self) -> str:
        """As records carry it: "synced", "never", or "unsynced since 2020-06-10T00:12:00Z"."""
        if self.sync_state is SyncState.UNSYNCED and self.unsynced_since is not None:
            return f"unsynced since {utc_text(self.unsynced_since)}"
        return str(self.sync_state)

    @property
    def claimed_at(self) -> str:
        """The wall time as records carry it."""
        return utc_text(self.wall)


def utc_text(wall: datetime) -> str:
    """`2020-06-10T00:12:00.123456Z` for an aware datetime; the microseconds are always there, so that texts sort."""
    return wall.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def utc_datetime(text: str) -> datetime:
    """The aware UTC datetime of `utc_text`'s form.

    Raises:
        ValueError: the text is not of that form.
    """
    if len(text) == 27 and text[10] == "T" and text[19] == "." and text[26] == "Z" and text.isascii():
        return datetime.fromisoformat(text)  # twenty times quicker, and every record of every batch comes by here
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)


class Clock(Protocol):
    """Gives the time, and how far it can be trusted."""

    def now(self) -> Moment:
        """Read wall, monotonic and trust together."""


class SystemClock:
    """The machine's clock.

    `is_synced` says whether something keeps the wall clock right: by default the kernel's own flag, which chrony and
    systemd-timesyncd both set. A virtual machine whose host keeps its time passes `lambda: True`.
    """

    def __init__(self, is_synced: Callable[[], bool] | None = None) -> None:
        self._is_synced = is_synced or kernel_clock_is_synced
        self._boot_id = _BOOT_ID.read_text().strip()
        self._last_synced: datetime | None = None

    def now(self) -> Moment:
        wall, mono_ns = datetime.now(UTC), time.monotonic_ns()
        if self._is_synced():
            self._last_synced = wall
            return Moment(wall, mono_ns, self._boot_id, SyncState.SYNCED)
        if self._last_synced is None:
            return Moment(wall, mono_ns, self._boot_id, SyncState.NEVER)
        return Moment(wall, mono_ns, self._boot_id, SyncState.UNSYNCED, self._last_synced)


class ManualClock:
    """A clock that stands still until it is told to go on. For tests and simulations."""

    def __init__(
        self,
        wall: datetime = datetime(2020, 6, 10, 0, 12, tzinfo=UTC),
        *,
        mono_ns: int = 1_000_000_000_000,
        boot_id: str = "00000000-0000-4000-8000-000000000001",
        sync_state: SyncState = SyncState.SYNCED,
    ) -> None:
        self.wall, self.mono_ns, self.boot_id = wall, mono_ns, boot_id
        self.sync_state = sync_state
        self.unsynced_since: datetime | None = None

    def now(self) -> Moment:
        return Moment(self.wall, self.mono_ns, self.boot_id, self.sync_state, self.unsynced_since)

    def advance(self, seconds: float) -> None:
        """Let time pass, on the wall and monotonic alike."""
        self.wall += timedelta(seconds=seconds)
        self.mono_ns += int(seconds * 1_000_000_000)

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; monotonic time does not notice."""
        self.wall += timedelta(seconds=seconds)

    def reboot(self, boot_id: str) -> None:
        """Start a new boot: monotonic time starts again near zero."""
        self.boot_id, self.mono_ns = boot_id, 5_000_000_000


class _Timeval(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_usec", ctypes.c_long))


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2) up to the fields that are read, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("rest", ctypes.c_byte * 256),
    )


_libc = ctypes.CDLL(None, use_errno=True)


def kernel_clock_is_synced() -> bool:
    """True while the kernel says that a time service keeps its clock. Reading needs no privilege; a failure reads as False."""
    timex = _Timex()
    return _libc.adjtimex(ctypes.byref(timex)) != -1 and not timex.status & _STA_UNSYNC
