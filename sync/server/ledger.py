"""Which records of an epoch the server holds: arithmetic over ranges of sequence numbers. Pure.

`Held` is sorted, its ranges neither touch nor overlap, and all are 1 or more. A door that never lost anything has one range.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from sync.protocol.wire import SeqRange

Held = tuple[SeqRange, ...]

MAX_SEQ = 2**63 - 1
MAX_MISSING = 100
"""An answer names at most so many gaps; the next answer names the rest."""


def add(held: Held, seqs: Iterable[int]) -> Held:
    """`held` with `seqs` in it; adding twice changes nothing."""
    return union(held, tuple(SeqRange(seq, seq) for seq in set(seqs)))


def union(held: Held, other: Iterable[SeqRange]) -> Held:
    """What is in either. `other` need not be in order."""
    merged: list[SeqRange] = []
    for piece in sorted([*held, *other], key=lambda piece: piece.first):
        if merged and piece.first <= merged[-1].last + 1:
            merged[-1] = SeqRange(merged[-1].first, max(merged[-1].last, piece.last))
        else:
            merged.append(piece)
    return tuple(merged)


def accepted_through(held: Held) -> int:
    """The highest seq without a gap before it; 0 for none."""
    return held[0].last if held and held[0].first == 1 else 0


def within(held: Held, seqs: Iterable[int]) -> set[int]:
    """Those of `seqs` that are held."""
    starts = [piece.first for piece in held]
    return {seq for seq in seqs if (at := bisect_right(starts, seq)) and seq <= held[at - 1].last}


def missing(held: Held, limit: int = MAX_MISSING) -> list[SeqRange]:
    """The gaps above the watermark and below the highest seq held, lowest first, at most `limit` of them."""
    edges = [SeqRange(0, 0), *held]
    gaps = (SeqRange(low.last + 1, high.first - 1) for low, high in pairwise(edges))
    return [gap for gap in gaps if gap.first <= gap.last][:limit]


def as_text(held: Held) -> str:
    """`1-500,502-502`: how the database keeps it."""
    return ",".join(f"{piece.first}-{piece.last}" for piece in held)


def from_text(text: str) -> Held:
    """What `as_text` wrote."""
    pairs = (piece.split("-") for piece in text.split(",") if piece)
    return tuple(SeqRange(int(first), int(last)) for first, last in pairs)


def positions(claimed: Sequence[int | None], through: int) -> list[int]:
    """The seq of every record of a batch, given the seq each names itself (None where none can be read).

    Batches are in order, so a record that names none has its neighbour's number: one more than the record before it; at the
    beginning of the batch, counted back from the first record that names one; in a batch where none does, on from `through`.
    """
    first = next(((index, seq) for index, seq in enumerate(claimed) if seq is not None), None)
    start = through + 1 if first is None else max(1, first[1] - first[0])
    found: list[int] = []
    for seq in claimed:
        found.append(seq if seq is not None else (min(found[-1] + 1, MAX_SEQ) if found else start))
    return found
