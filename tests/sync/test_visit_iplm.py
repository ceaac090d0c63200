"""Figures for IPLM: people a day by month and room, divided by the population, with totals that are those of the statistics."""

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from sync.visit_exports import FILES, IPLM_COLUMNS, Form, as_iplm
from sync.visit_figures import Statistics
from sync.visit_iplm import MOST_INHABITANTS, IplmRow, NoPopulation, iplm_rows, population_of
from tests.sync.visit_scenes import ZONE, at, entered, event, figures, left, morning, named, span


def rows(found: Statistics, **more) -> list[tuple[str, ...]]:
    body = as_iplm(found, Form(ZONE, **more)).decode("utf-8-sig")
    head, *rest = csv.reader(io.StringIO(body, newline=""))
    assert tuple(head) == IPLM_COLUMNS
    return [tuple(each) for each in rest]


def summer(*more) -> Statistics:
    """May to July with visits on two days of June, in two rooms; somebody of the staff and an uncertain time beside them."""
    events = [
        entered("x", "23:30", 9, day=9, who="staff"),
        entered("a", "08:00", 2, day=9),
        entered("b", "09:00", day=9, room_id="anak"),
        entered("c", "08:00", 3),
        entered("odd", "08:00", 5, state="never"),
    ]
    return figures(*events, *more, of=span(date(2020, 5, 1), date(2020, 7, 31), at("23:00", 30)))


def test_a_month_of_two_rooms():
    """People are counted, not groups; each room divides by its own days, all rooms by days on which any had a visit."""
    assert rows(summer(), population=1000) == [
        ("2020-06", "anak", "1", "1", "1.00", "1000", "0.1000"),
        ("2020-06", "baca", "2", "5", "2.50", "1000", "0.2500"),
        ("2020-06", "all_rooms", "2", "6", "3.00", "1000", "0.3000"),
    ]


def test_months_have_a_total_each_and_one_together():
    """A month is one of the local calendar; the last row is of everything, and has the statistics' own figure."""
    last_of_may = replace(entered("d", "09:00", 7), claimed_at="2020-05-31T16:59:00.000000Z")
    first_of_june = replace(entered("e", "09:00", 4), claimed_at="2020-05-31T17:00:00.000000Z")
    found = summer(last_of_may, first_of_june)
    totals = [(each.month, each.opening_days, each.visits) for each in iplm_rows(found.visits, ZONE) if not each.room]
    assert totals == [("2020-05", 1, 7), ("2020-06", 3, 10), ("", 4, found.total.entered)]
    assert rows(found)[-1][:2] == ("all_months", "all_rooms")


def test_without_a_population_two_columns_are_empty():
    """The visits themselves can be reported before anybody knows how many people live there."""
    assert {each[-2:] for each in rows(summer())} == {("", "")}
    assert rows(figures()) == []


def test_a_move_is_a_visit_of_the_room_and_no_second_one_of_the_house():
    """As in the statistics: of both rooms one person, of one room that was asked for the person who moved in."""
    moved = [
        entered("v", "09:00"),
        left("v", "09:30"),
        event("visitor.moved", "09:30", visit_id="w", to_room="anak"),
        entered("w", "09:30", room_id="anak"),
    ]
    assert [(each.room, each.visits) for each in iplm_rows(figures(*moved).visits, ZONE)] == [("anak", 1), ("baca", 1), ("", 1)]
    assert [(each.room, each.visits) for each in iplm_rows(figures(*moved, room="anak").visits, ZONE)] == [("anak", 1), ("", 1)]


def test_nobody_is_named():
    """Not even when names are asked for: it is a report of figures."""
    file = FILES["iplm"]
    body = file.write(figures(*morning(), named("08:10", visit_id="v2", name="Ani")), Form(ZONE, names=True), lambda: None)
    assert not file.may_name
    assert not any(said in body.decode() for said in ("SUM", "Ani", "Dian", "SMA 1", "Membaca"))


@pytest.mark.parametrize(
    ("typed", "population"),
    [("", None), (" ", None), ("1", 1), (" 250000 ", 250_000), ("250.000", 250_000), ("1 500 000", 1_500_000)],
)
def test_a_population_as_it_is_typed(typed, population):
    """In figures, with or without the points that Indonesian numbers are written with; nothing is nothing."""
    assert population_of(typed) == population


@pytest.mark.parametrize("typed", ["0", "-5", "2,5", "25.00", "1.5", "dua", "²", "٣", "9" * 5000, str(MOST_INHABITANTS + 1)])
def test_what_is_no_population(typed):
    """Nobody divides by nothing, or by a number that was typed wrong; the sentence says what would be right."""
    with pytest.raises(NoPopulation, match="must be a whole number from 1"):
        population_of(typed)


@pytest.mark.parametrize("population", [0, -1, MOST_INHABITANTS + 1])
def test_no_file_is_made_for_an_impossible_population(population):
    """The form of such a file cannot be built, and a row does not divide by it."""
    with pytest.raises(NoPopulation):
        Form(ZONE, population=population)
    with pytest.raises(NoPopulation):
        IplmRow("2020-06", "baca", 1, 1).percent_of(population)


@pytest.mark.parametrize(("days", "visits"), [(0, 0), (2, 1), (0, 1), (-1, 1)])
def test_no_row_without_an_opening_day(days, visits):
    """A month that nobody came in has no average, and no row."""
    with pytest.raises(ValueError, match="visits on"):
        IplmRow("2020-06", "baca", days, visits)
