"""How long a wait is told to be, by who is inside and by recent stays."""

import pytest

from kiosk.core.waiting import Inside, outlook

HOURS = [3600] * 30


def ten(*ages_s):
    """Ten people, evenly of those ages."""
    return [Inside(1, ages_s[number % len(ages_s)]) for number in range(10)]


@pytest.mark.parametrize(
    ("places", "inside", "stays_s", "expected"),
    [
        (0, [], [], (0, 5)),
        (1, ten(0), [3600] * 4, None),
        (1, [], HOURS, None),
        (1, [Inside(1, 0)], [5 * 3600] * 9, None),
        (99, ten(0), HOURS, None),
    ],
)
def test_when_there_is_nothing_to_tell(places, inside, stays_s, expected):
    """With a place free there is hardly a wait; where too little is known, or it is longer than four hours, no figure is told."""
    assert outlook(inside, stays_s).wait_min(places) == expected


@pytest.mark.parametrize(
    ("places", "inside", "expected"),
    [
        (1, ten(0), (55, 60)),
        (1, ten(1800), (25, 30)),
        (1, ten(0, 2700), (10, 15)),
        (6, ten(0, 2700), (55, 60)),
        (11, ten(0), (110, 115)),
        (2, [Inside(2, 3000), Inside(8, 0)], (5, 15)),
        (3, [Inside(2, 3000), Inside(8, 0)], (55, 60)),
    ],
)
def test_time_that_was_spent_inside_is_not_waited_for_again(places, inside, expected):
    """Everybody stays for an hour: the wait is for what is left of it, for the first to go, and in turns where many wait."""
    assert outlook(inside, HOURS).wait_min(places) == expected


def test_who_stays_longer_than_anybody_is_about_to_leave():
    """Soon, but not at once: neither nothing nor another whole stay is told."""
    told = outlook([Inside(1, 9000)], HOURS).wait_min(1)
    assert told is not None
    assert told[0] <= 10
    assert 30 <= told[1] <= 90


def test_unknown_ages_are_anywhere_in_a_stay():
    """After a restart without a trusted clock the range is wider than with ages known, and holds the middle."""
    low, high = outlook(ten(None), HOURS).wait_min(5)
    assert low < 30 < high
    assert high - low > 10


def test_stays_that_differ_are_told_as_a_wider_range():
    """The range says how sure it is."""
    widths = []
    for stays_s in ([3600] * 20, [1800, 3600, 5400] * 7):
        low, high = outlook(ten(600), stays_s).wait_min(3)
        widths.append(high - low)
    assert widths[0] < widths[1]
