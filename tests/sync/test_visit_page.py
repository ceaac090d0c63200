"""What a page of statistics shows: the days that are asked for, and plots that fit them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.visit_page import LONGEST_DAYS, Reader, asked_of, visit_page
from tests.sync.visit_scenes import DAY, entered, figures, left, morning, span

FIRST, LAST = date(2000, 1, 3), date(2999, 12, 31)


def say(key: str, /, **values: object) -> str:
    return " ".join([key, *(f"{name}={value}" for name, value in sorted(values.items()))])


def reader(**changed) -> Reader:
    return Reader(**{"say": say, "day": str, "room": str, "limit": 10, "today": DAY, **changed})


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, "2020-06-08", "2020-06-10"),
        ({"from": "2020-06-01"}, "2020-06-01", "2020-06-01"),
        ({"to": "2020-06-01"}, "2020-06-01", "2020-06-01"),
        ({"from": "2020-06-05", "to": "2020-06-01"}, "2020-06-01", "2020-06-05"),
        ({"from": "2010-01-01", "to": "2020-06-10"}, "2019-06-11", "2020-06-10"),
        ({"from": "1999-12-31", "to": "3000-01-01"}, "2020-06-08", "2020-06-10"),
    ],
)
def test_the_days_that_are_asked_for(query, first, last):
    """This week so far by default; turned, cut and left out as need be."""
    asked = asked_of(query, DAY)
    assert (asked.first.isoformat(), asked.last.isoformat()) == (first, last)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.sampled_from(["from", "to", "room", "sort", "dir"]), st.text(max_size=12) | st.dates().map(str)),
    st.dates(FIRST, LAST),
)
def test_any_query_is_a_page(query, today):
    """Whatever stands in an address, some days are shown, not too many, and its own links lead back to it."""
    asked = asked_of(query, today)
    assert asked.first <= asked.last
    assert (asked.last - asked.first).days < LONGEST_DAYS
    assert asked_of(asked.query(), today) == asked


def test_the_hours_of_an_office_and_those_that_were_busy():
    """Hours from seven to five are always there, others when anybody was inside."""
    asked = asked_of({"from": str(DAY)}, DAY)
    assert [row.words[:2] for row in visit_page(figures(*morning()), asked, reader()).hours] == [
        f"{hour:02d}" for hour in range(7, 17)
    ]
    late = visit_page(figures(entered("v", "19:30"), left("v", "20:10")), asked, reader())
    assert (late.hours[-1].words, late.hours[-1].entered, late.hours[-1].most_inside) == ("20.00–21.00", 0, 1)


def test_todays_line_ends_now():
    """The rest of the day is not drawn as if it were empty; a day that is over is drawn to its end."""
    asked = asked_of({"from": str(DAY)}, DAY)
    found = figures(entered("v", "09:00"), left("v", "09:30"), of=span())

    def end(page) -> float:
        line = page.inside_plot.split('class="plot__line" d="')[1].split('"')[0]
        return float(line.rpartition("H")[2])

    today = end(visit_page(found, asked, reader(until_min=12 * 60.0)))
    over = end(visit_page(found, asked, reader(today=date(2020, 6, 11), until_min=12 * 60.0)))
    assert today == pytest.approx((36 + over) / 2)
    assert end(visit_page(found, asked, reader(until_min=60.0))) <= today


def test_what_is_said_of_stays():
    """How many stays the median is of, and how many are left out because nobody saw their end."""
    asked = asked_of({"from": str(DAY)}, DAY)

    def note(*events) -> str:
        return visit_page(figures(*events), asked, reader()).totals[2].note

    assert note(entered("v", "09:00"), left("v", "09:30")) == "total.stay count=1 mean=minutes count=30 unseen=0"
    assert note(*morning()).startswith("total.stay_unseen count=4")
    assert note(entered("v", "09:00"), left("v", "16:00", "swept")) == "total.no_stay"
    assert note() == ""


def test_what_is_not_in_the_figures_is_said():
    """Uncertain times and exits of nobody each have a sentence, behind those that the page is given."""
    found = figures(entered("v", "09:00", 2, state="never"), left("nobody", "09:30"))
    notes = visit_page(found, asked_of({}, DAY), reader(), ("first",)).notes
    assert notes == ("first", "unsure people=2 visits=1 waiting=0", "strays count=1")


def test_nobody_came():
    """An empty page says so, and its plots say so too."""
    page = visit_page(figures(), asked_of({}, DAY), reader(limit=None))
    assert page.is_empty
    assert page.hours_plot.count("plot.none") == 1
    assert "plot__limit" not in page.inside_plot
