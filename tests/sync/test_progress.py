"""Ranges of confirmed rows, against plain sets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sync import progress

SPANS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 6)).map(lambda span: (span[0], span[0] + span[1])), max_size=12)


def built(spans):
    acked = ()
    for first, last in spans:
        acked = progress.add(acked, first, last)
    return acked


def numbers(acked):
    return {number for first, last in acked for number in range(first, last + 1)}


@given(SPANS)
def test_add_is_union(spans):
    """Whatever the order, the ranges hold exactly what was added, and never touch."""
    acked = built(spans)
    assert numbers(acked) == numbers(spans)
    assert all(low[1] + 1 < high[0] for low, high in pairwise(acked))


@given(SPANS, st.integers(0, 50))
def test_gaps_are_what_is_left(spans, last):
    """Gaps and ranges together are everything up to the end, each number once."""
    acked = built(spans)
    left = [number for first, end in progress.gaps(acked, last) for number in range(first, end + 1)]
    assert left == [number for number in range(1, last + 1) if number not in numbers(acked)]


@given(SPANS, st.integers(0, 50))
def test_cut_forgets_what_is_above(spans, last):
    """Cutting keeps the numbers up to the mark and no other."""
    assert numbers(progress.cut(built(spans), last)) == {n for n in numbers(spans) if n <= last}


@given(SPANS)
def test_through_is_the_first_gap(spans):
    """Everything up to the watermark is there, and the next one is not."""
    acked = built(spans)
    mark, held = progress.through(acked), numbers(spans)
    assert set(range(1, mark + 1)) <= held
    assert mark + 1 not in held
