"""How long payloads are kept, worked out without trusting the wall clock. Pure.

Ages are counted, not subtracted: this machine's monotonic time adds up while it runs; the time that it was off is added only once
the server's clock has told how long that was, and never more than our own clock says too where that is synced. So a clock that
jumps 20 years ahead makes nothing older, and what cannot be known makes things be kept longer, never shorter.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from sync.clock import Moment, SyncState, utc_datetime, utc_text

DAY_S = 86_400.0
SEEN_APART_S = 3 * 3600.0
"""Marks of what the server has are kept so far apart: payloads may outlive their time by that much."""

_FRESH_S = 900.0
"""What the server is seen to have said since a look so short ago, it has said just now."""

_CHECKS_APART_S = 20 * 3600.0
_CHECK_AT_LATEST_S = 26 * 3600.0
_SETTLED_S = 600.0
_QUIET_HOUR = 3


class Fix(msgspec.Struct, frozen=True):
    """What the server's clock said when `counted_s` had been counted, in which boot, and our own synced clock (None if not)."""

    server_time: str
    counted_s: float
    boot_id: str
    wall: str | None


class Count(msgspec.Struct, frozen=True):
    """Seconds counted so far, at which monotonic time of which boot, and what the server's clock was last seen to say."""

    counted_s: float
    boot_id: str
    mono_ns: int
    server_time: str | None = None
    fix: Fix | None = None
    checked_s: float | None = None
    """When, in counted seconds, the whole journal was last checked."""


class Seen(msgspec.Struct, frozen=True):
    """The server was seen to have every row of `epoch` up to `through` when `counted_s` had been counted."""

    epoch: str
    through: int
    counted_s: float


class Keep(msgspec.Struct, frozen=True):
    """Days from the acknowledgement for which payloads are kept: of the class health, and of all others."""

    health_days: int = 7
    ordinary_days: int = 35


class Book(msgspec.Struct, frozen=True):
    """What was seen of acknowledgements, oldest first, and up to which row of each epoch payloads are erased.

    `to_clean`: something was erased that may still stand in the write-ahead log or in backups.
    """

    seen: tuple[Seen, ...] = ()
    health: dict[str, int] = {}
    all: dict[str, int] = {}
    to_clean: bool = False


def count_on(count: Count | None, moment: Moment, server_time: str | None) -> Count:
    """`count` brought to `moment`. `server_time` is the newest that the server's clock has said, None before the first time."""
    if count is None:
        return Count(0.0, moment.boot_id, moment.mono_ns, server_time)
    same_boot = count.boot_id == moment.boot_id
    passed_s = (moment.mono_ns - count.mono_ns if same_boot else moment.mono_ns) / 1e9
    counted_s, fix = count.counted_s + max(0.0, passed_s), count.fix
    if same_boot and passed_s <= _FRESH_S and server_time is not None and server_time != count.server_time:
        # Said between two looks that are close together, so it is of now; what is found at a first look may be days old.
        if fix is not None and fix.boot_id != moment.boot_id:
            counted_s = max(counted_s, fix.counted_s + _off_s(fix, moment, server_time))
        wall = utc_text(moment.wall) if moment.sync_state is SyncState.SYNCED else None
        fix = Fix(server_time, counted_s, moment.boot_id, wall)
    return Count(counted_s, moment.boot_id, moment.mono_ns, server_time or count.server_time, fix, count.checked_s)


def _off_s(fix: Fix, moment: Moment, server_time: str) -> float:
    try:
        passed = utc_datetime(server_time) - utc_datetime(fix.server_time)
        if fix.wall is not None and moment.sync_state is SyncState.SYNCED:
            passed = min(passed, moment.wall - utc_datetime(fix.wall))
    except ValueError:
        return 0.0
    return max(passed, timedelta()).total_seconds()


def saw(book: Book, acked: dict[str, int], counted_s: float) -> Book:
    """`book` with what the server has now, by epoch, unless it was looked at shortly before."""
    newest = {seen.epoch: seen for seen in book.seen}
    new = tuple(
        Seen(epoch, through, counted_s)
        for epoch, through in acked.items()
        if through > book.all.get(epoch, 0) and _is_news(newest.get(epoch), through, counted_s)
    )
    return msgspec.structs.replace(book, seen=book.seen + new) if new else book


def _is_news(newest: Seen | None, through: int, counted_s: float) -> bool:
    return newest is None or (through > newest.through and counted_s - newest.counted_s >= SEEN_APART_S)


def ripe(book: Book, acked: dict[str, int], counted_s: float, days: float) -> dict[str, int]:
    """Up to which row of each epoch the server has had everything for `days`. Never a row that it does not have now."""
    found: dict[str, int] = {}
    for seen in book.seen:
        if counted_s - seen.counted_s >= days * DAY_S:
            found[seen.epoch] = max(found.get(seen.epoch, 0), min(seen.through, acked.get(seen.epoch, 0)))
    return found


def erased(book: Book, health: dict[str, int], others: dict[str, int]) -> Book:
    """`book` after the payloads up to these rows were erased: of the class health, and of all classes."""
    gone = {epoch: max(book.all.get(epoch, 0), through) for epoch, through in {**book.all, **others}.items()}
    marks = {epoch: max(book.health.get(epoch, 0), through) for epoch, through in {**book.health, **health}.items()}
    seen = tuple(each for each in book.seen if each.through > gone.get(each.epoch, 0))
    return Book(seen, marks, gone, to_clean=True)


def check_is_due(count: Count, uptime_s: float, moment: Moment, zone: ZoneInfo) -> bool:
    """Whether to check everything and to make a backup now: at night where the hour is known, else once a day, never at once."""
    since_s = float("inf") if count.checked_s is None else count.counted_s - count.checked_s
    if since_s < _CHECKS_APART_S:
        return False
    synced = moment.sync_state is SyncState.SYNCED
    if synced and moment.wall.astimezone(zone).hour == _QUIET_HOUR:
        return True
    return uptime_s >= _SETTLED_S and since_s >= (_CHECK_AT_LATEST_S if synced else DAY_S)
