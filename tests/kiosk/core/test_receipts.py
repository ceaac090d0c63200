"""Receipt numbers: what keeps those of two journals apart, and that people can read them to each other."""

from random import Random

from kiosk.core.receipts import MARK_LENGTH, MARKS, mark, number, series

_MISTAKEN = set("0O 1IL 5S 8B 2Z VU XY") - set("258VX")
"""Of each group that is mistaken for one another, all but the one that is used."""


def test_a_mark_is_always_that_of_its_epoch() -> None:
    """A restart changes nothing: what was printed once is printed again, also by a later version."""
    assert mark("00112233445566778899aabbccddeeff") == mark("00112233445566778899aabbccddeeff") == "N8FN"


def test_marks_keep_journals_apart() -> None:
    """Of a hundred thousand pairs of journals hardly one shares a mark, also where their epochs differ in one digit."""
    rng = Random(7)
    pairs = [(one, f"{one[:-1]}{(int(one[-1], 16) + 1) % 16:x}") for one in (rng.randbytes(16).hex() for _ in range(100_000))]
    assert sum(mark(one) == mark(other) for one, other in pairs) <= 3


def test_a_mark_can_be_read_aloud() -> None:
    """No sign that is taken for another, no vowel that would make a word of it, and every sign is used."""
    assert not set(MARKS) & (_MISTAKEN | set("AEIOU"))
    rng = Random(7)
    marks = [mark(rng.randbytes(16).hex()) for _ in range(2000)]
    assert {len(each) for each in marks} == {MARK_LENGTH}
    assert set("".join(marks)) == set(MARKS)


def test_a_number_is_letter_mark_and_count() -> None:
    """Four digits or more, so that a full year does not come around."""
    begun = series("AB", "e1")
    assert number(begun, 7) == f"AB-{mark('e1')}-0007"
    assert number(begun, 12345).endswith("-12345")
