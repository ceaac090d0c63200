"""No cell of a CSV file is a formula, whatever its reader takes for the end of a cell."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cells import guarded


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("Budi;=cmd|' /C calc'!A0", "Budi;'=cmd|' /C calc'!A0"),
        ("a,  +1\t-1\r\n@b", "a,  '+1\t'-1\r\n'@b"),
        ('Budi;"=1"', 'Budi;"\'=1"'),
        ("SMA 1 - Bandung; kelas 7", "SMA 1 - Bandung; kelas 7"),
        ("siti@example.org", "siti@example.org"),
        ("", ""),
    ],
)
def test_what_would_begin_a_formula_begins_with_an_apostrophe(words: str, kept: str) -> None:
    """Only where a cell may begin; everything else stays as it was typed."""
    assert guarded(words) == kept


@given(st.lists(st.text(alphabet="=+-@;,\t\r\n\"' a"), min_size=1, max_size=3), st.sampled_from(",;\t"))
def test_no_reader_finds_a_formula(words: list[str], parted_by: str) -> None:
    """However a row is cut into cells again, none begins with a formula's character, even with what is left out before it."""
    out = io.StringIO()
    csv.writer(out).writerow(map(guarded, words))
    cells = [cell for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=parted_by) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
