"""What each answer asks for, and how long the agent waits."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.backoff import RETRY_AFTER_CAP_S, Course, course, delay_s, retry_after_s

DATE = "Wed, 10 Jun 2020 00:12:00 GMT"


@pytest.mark.parametrize(
    ("status", "is_ours", "expected"),
    [
        (200, True, Course.DONE),
        (304, True, Course.DONE),
        (200, False, Course.KEEP_AND_ALARM),
        (204, True, Course.KEEP_AND_ALARM),
        (302, False, Course.KEEP_AND_ALARM),
        (400, True, Course.BISECT),
        (415, True, Course.BISECT),
        (422, True, Course.BISECT),
        (400, False, Course.KEEP_AND_ALARM),
        (401, True, Course.KEEP_AND_ALARM),
        (403, True, Course.KEEP_AND_ALARM),
        (404, True, Course.KEEP_AND_ALARM),
        (410, True, Course.KEEP_AND_ALARM),
        (405, True, Course.KEEP_AND_ALARM),
        (408, False, Course.RETRY),
        (413, True, Course.HALVE),
        (413, False, Course.HALVE),
        (429, False, Course.RETRY),
        (502, False, Course.RETRY),
        (503, True, Course.RETRY),
        (504, False, Course.RETRY),
        (500, True, Course.RETRY_SLOWLY),
        (501, False, Course.RETRY_SLOWLY),
        (599, True, Course.RETRY_SLOWLY),
    ],
)
def test_every_row_of_the_table(status, is_ours, expected):
    """Each answer has the course that the protocol gives it."""
    assert course(status, is_ours=is_ours) is expected


@given(st.integers(100, 999), st.booleans())
def test_every_status_has_a_course(status, is_ours):
    """No status is without a course, and nothing but a plain yes is taken as done."""
    assert (course(status, is_ours=is_ours) is Course.DONE) == (status in (200, 304) and is_ours)


def test_pauses_grow_and_are_capped():
    """Each failure doubles the longest pause, up to the cap."""
    assert [delay_s(n, Course.RETRY, 1.0) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [delay_s(n, Course.RETRY_SLOWLY, 1.0) for n in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert delay_s(50, Course.RETRY, 1.0, cap_s=7) == 7


@given(
    st.integers(-5, 10**9),
    st.sampled_from(Course),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(allow_nan=False),
)
@example(10**9, Course.RETRY, 0.999, None)
def test_every_pause_ends_and_none_is_nothing(failures, how, chance, asked):
    """A pause is never zero, never without end, and never shorter than what the server asked for within reason."""
    pause = delay_s(failures, how, chance, retry_after_s=asked)
    assert 0 < pause <= RETRY_AFTER_CAP_S + 300
    assert asked is None or pause >= min(max(asked, 0), RETRY_AFTER_CAP_S)


@given(st.integers(1, 30), st.floats(0, 1, exclude_max=True))
def test_jitter_is_full(failures, chance):
    """Chance spreads the pause over all of it, down to the floor."""
    assert delay_s(failures, Course.RETRY, chance) == max(0.2, min(60.0, 2.0 ** (failures - 1)) * chance)


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("0", None, 0.0),
        ("7", None, 7.0),
        (" 120 ", None, 120.0),
        ("9" * 400, None, RETRY_AFTER_CAP_S),
        ("Wed, 10 Jun 2020 00:12:30 GMT", DATE, 30.0),
        ("Wed, 10 Jun 2020 00:11:30 GMT", DATE, 0.0),
        ("Wed, 10 Jun 2099 00:12:30 GMT", DATE, RETRY_AFTER_CAP_S),
        ("Wed, 10 Jun 2020 00:12:30 GMT", None, None),
        ("Wed, 10 Jun 2020 00:12:30 GMT", "yesterday", None),
        ("Wed, 10 Jun 2020 00:12:30", DATE, None),
        ("-5", DATE, None),
        ("1.5", DATE, None),
        ("²", DATE, None),
        ("soon", DATE, None),
        ("", DATE, None),
        (None, DATE, None),
    ],
)
def test_retry_after_in_both_forms(value, date, expected):
    """Seconds and dates are understood, dates by the server's own clock, and nonsense asks for nothing."""
    assert retry_after_s(value, date) == expected


@given(st.text(), st.text())
def test_no_header_breaks_it(value, date):
    """Whatever a server writes there, the answer is a pause or none."""
    pause = retry_after_s(value, date)
    assert pause is None or pause >= 0
