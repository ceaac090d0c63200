"""When things happened by the server's own time, whatever the door's clock said: arithmetic over monotonic times. Pure.

A door's monotonic clock counts from its boot and cannot be set. An upload ties it to the server's clock: an `Anchor`. An event
of a boot that ever sent something is dated by that boot's anchor. One of a boot that never did happened after what stands before
it in the journal and before the next boot: it is dated by that bracket, and the width says how far it can be trusted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

_SENDING = timedelta(seconds=30)
"""How long a request may have been on its way: it carries the time when it was made, and is dated when all of it has come."""

_DRIFT = 1e-4
"""How far two clocks part, at most, as a share of the time that passes."""

NOTEWORTHY = timedelta(minutes=1)
"""A door's time is worth a remark when the estimate denies it by more than this."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The server's time at one reading of a boot's monotonic clock."""

    mono_ns: int
    wall: datetime

    def confirms(self, mono_ns: int, claimed: datetime) -> bool:
        """True when the door's own time for a moment of this boot is plainly right: what `Dating.denies` would never deny.

        It says so without a `Dating`, since this is the common case, and every record comes by here.
        """
        off_s = (claimed - self.wall).total_seconds() - (mono_ns - self.mono_ns) / 1e9
        return -(_SENDING + NOTEWORTHY).total_seconds() <= off_s <= NOTEWORTHY.total_seconds()


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a record was written, by its machine's monotonic clock within a boot."""

    boot_id: str
    mono_ns: int


@dataclass(frozen=True, slots=True)
class Dating:
    """An event happened between `earliest` and `latest`, by the server's time."""

    earliest: datetime
    latest: datetime

    @property
    def at(self) -> datetime:
        """The middle."""
        return self.earliest + (self.latest - self.earliest) / 2

    @property
    def width_s(self) -> float:
        """How far off the middle may be, either way."""
        return round((self.latest - self.earliest).total_seconds() / 2, 3)

    def denies(self, claimed: datetime) -> bool:
        """True when the door's own time cannot be right, by more than a minute."""
        return not self.earliest - NOTEWORTHY <= claimed <= self.latest + NOTEWORTHY


def date(stamps: Sequence[Stamp], anchors: Mapping[str, Anchor], *, sender: str, floor: datetime) -> list[Dating | None]:
    """The dating of each of a batch's records, which are in the journal's order; None where the figures contradict each other.

    `anchors` are by boot; `sender` is the boot that sends the batch, and has one. Nothing in it happened before `floor`.
    """
    try:
        runs = [tuple(run) for _, run in groupby(stamps, key=lambda stamp: stamp.boot_id)]
        begins = _begins(runs, anchors, floor)
        ends = _ends(runs, anchors, _booted(anchors[sender]).latest)
        brackets = zip(runs, begins, ends, strict=True)
        found = [_dated(stamp, anchors, begin, end) for run, begin, end in brackets for stamp in run]
    except OverflowError:  # a monotonic time of thousands of years
        return [None] * len(stamps)
    return [each if each.earliest <= each.latest else None for each in found]


def by_anchor(mono_ns: int, anchor: Anchor) -> Dating:
    """The dating of a moment of the anchor's own boot."""
    passed = _time(mono_ns - anchor.mono_ns)
    at, drift = anchor.wall + passed, abs(passed) * _DRIFT
    return Dating(at - drift - _SENDING, at + drift)


def _dated(stamp: Stamp, anchors: Mapping[str, Anchor], begin: datetime, end: datetime) -> Dating:
    if stamp.boot_id in anchors:
        return by_anchor(stamp.mono_ns, anchors[stamp.boot_id])
    return Dating(begin + _time(stamp.mono_ns), end + _time(stamp.mono_ns))


def _begins(runs: Iterable[tuple[Stamp, ...]], anchors: Mapping[str, Anchor], floor: datetime) -> list[datetime]:
    """For each run, the earliest moment at which its boot can have begun: not before the last event of the run before it."""
    found = []
    for run in runs:
        found.append(floor)
        floor = max(floor, _dated(run[-1], anchors, floor, floor).earliest)
    return found


def _ends(runs: Sequence[tuple[Stamp, ...]], anchors: Mapping[str, Anchor], ceiling: datetime) -> list[datetime]:
    """For each run, the latest moment at which its boot can have begun: its last event came before the next boot did."""
    found = []
    for run in reversed(runs):
        last = run[-1]
        anchor = anchors.get(last.boot_id)
        ceiling = _booted(anchor).latest if anchor else ceiling - _time(last.mono_ns)
        found.append(ceiling)
    return found[::-1]


def _booted(anchor: Anchor) -> Dating:
    return by_anchor(0, anchor)


def _time(nanoseconds: int) -> timedelta:
    return timedelta(microseconds=nanoseconds / 1000)
