"""Which rows of an epoch the server has confirmed: arithmetic over ranges of numbers. Pure.

An `Acked` is sorted, and its ranges neither touch nor overlap. A door whose answers all arrived has one range, from 1.
"""

from collections.abc import Iterator

Acked = tuple[tuple[int, int], ...]


def add(acked: Acked, first: int, last: int) -> Acked:
    """`acked` with `first` to `last` in it, both included; adding twice changes nothing."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted([*acked, (first, last)]):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def through(acked: Acked) -> int:
    """The highest number without a gap before it; 0 for none."""
    return acked[0][1] if acked and acked[0][0] == 1 else 0


def cut(acked: Acked, last: int) -> Acked:
    """What of `acked` is not above `last`."""
    return tuple((low, min(high, last)) for low, high in acked if low <= last)


def gaps(acked: Acked, last: int) -> Iterator[tuple[int, int]]:
    """The ranges from 1 to `last` that are not in `acked`, lowest first."""
    start = 1
    for low, high in acked:
        if start < low:
            yield start, min(low - 1, last)
        start = high + 1
        if start > last:
            return
    if start <= last:
        yield start, last
