"""Which records are held: the arithmetic against plain sets."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from sync.protocol.wire import SeqRange
from sync.server import ledger

seqs = st.lists(st.integers(1, 60), max_size=40)


def held_of(numbers):
    return ledger.add((), numbers)


def as_set(held):
    return {seq for piece in held for seq in range(piece.first, piece.last + 1)}


@given(seqs, seqs)
def test_ranges_hold_exactly_what_was_added(first, then):
    """However records arrive, the ranges hold those and no others, apart from each other and in order."""
    held = ledger.add(held_of(first), then)
    assert as_set(held) == set(first) | set(then)
    assert all(low.last + 1 < high.first for low, high in pairwise(held))


@given(seqs, seqs)
def test_two_holdings_together(first, second):
    """What is held in either is held in both together, whichever comes first, and nothing else."""
    both = ledger.union(held_of(first), held_of(second))
    assert as_set(both) == set(first) | set(second)
    assert both == ledger.union(held_of(second), held_of(first)) == held_of([*first, *second])


@given(seqs)
@example([])
@example([2])
def test_the_watermark_is_the_last_without_a_gap(numbers):
    """Everything up to the watermark is held, and the next is not."""
    through = ledger.accepted_through(held_of(numbers))
    assert set(range(1, through + 1)) <= set(numbers)
    assert through + 1 not in numbers


@given(seqs)
def test_missing_is_what_lies_between(numbers):
    """The gaps are exactly the numbers below the highest that are not held."""
    gaps = as_set(ledger.missing(held_of(numbers)))
    assert gaps == set(range(1, max(numbers, default=0) + 1)) - set(numbers)


def test_missing_names_a_bounded_number_of_gaps():
    """A door with very many holes gets an answer of ordinary size, the lowest gaps first."""
    assert ledger.missing(held_of(range(2, 1000, 2)), limit=2) == [SeqRange(1, 1), SeqRange(3, 3)]


@given(seqs)
def test_text_form_comes_back_whole(numbers):
    """What the database keeps is what was held."""
    assert ledger.from_text(ledger.as_text(held_of(numbers))) == held_of(numbers)


@given(st.integers(1, 9), st.integers(1, 8), st.data())
def test_a_record_that_names_no_number_has_its_neighbours(first, length, data):
    """In a batch without gaps, every record is given its true number, whichever of them are unreadable, if one is not."""
    true = list(range(first, first + length))
    readable = data.draw(st.sets(st.sampled_from(true), min_size=1))
    assert ledger.positions([seq if seq in readable else None for seq in true], through=0) == true


def test_a_batch_of_none_goes_on_from_the_watermark():
    """A batch in which no record can be read is placed behind what is held."""
    assert ledger.positions([None, None], through=7) == [8, 9]


def test_positions_stay_storable():
    """A record behind the highest possible number does not overflow the database's integers."""
    assert ledger.positions([ledger.MAX_SEQ, None], through=0)[-1] == ledger.MAX_SEQ
