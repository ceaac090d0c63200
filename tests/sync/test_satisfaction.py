"""Answers of those who left, counted: by room and level, beside how many could have answered."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cli_visits import say_figures
from sync.protocol.events import DataClass, Kind, data_class
from sync.satisfaction import READ, Satisfaction, Tally
from sync.visit_page import asked_of, visit_page
from sync.visits import VisitorEvent, visits_of
from tests.sync.test_visit_page import reader
from tests.sync.visit_scenes import DAY, entered, event, figures, left, span


def rated(level: object, clock: str, **more):
    return event(Kind.VISITOR_RATED, clock, **{"level": level, **more})


def tally(*events: VisitorEvent, room: str | None = None) -> dict[str, Satisfaction]:
    found = Tally(span().holds, room)
    assert list(found.watching(events)) == list(events)
    return dict(found.found())


def test_answers_by_room_and_level():
    """Each room has its own; of those who left by a pass some answered."""
    told = [left("v1", "09:00"), rated("good", "09:00"), left("v2", "09:10"), rated("bad", "09:11"), left("v3", "09:20")]
    told += [rated("very_good", "10:00", room_id="arsip"), rated("very_good", "10:05", room_id="arsip")]
    found = tally(*told)
    assert found == {"baca": Satisfaction(good=1, bad=1, left=3), "arsip": Satisfaction(very_good=2)}
    assert (found["baca"].levels, found["baca"].answered) == ((0, 1, 0, 1), 2)
    assert tally(*told, room="arsip") == {"arsip": Satisfaction(very_good=2)}


def test_who_could_not_answer():
    """Freed by the desk, swept, heard of from another door, or of the staff: nobody of them was asked."""
    told = [left("v1", "09:00", how) for how in ("desk", "swept", "counted")]
    told += [left("v2", "09:00", heard=True), left("s", "09:30"), entered("s", "08:00", who="staff")]
    assert tally(*told) == {}
    assert tally(left(None, "09:00", pass_sha256="p"), left(None, "09:00", pass_sha256="q"))["baca"].left == 2


def test_other_days_and_uncertain_times():
    """Answers of other days are theirs; those of an uncertain time stand apart, if they can be of the days at all."""
    told = [rated("good", "09:00", day=9), left("v", "09:00", day=11)]
    assert tally(*told) == {}
    unsure = [rated("good", "01:00", day=1, state="never"), rated("good", "02:00", day=1, state="never", span=False)]
    assert tally(*unsure, left("v", "01:00", state="never")) == {"baca": Satisfaction(unsure=1)}


@given(st.permutations([left("v1", "09:00"), rated("good", "09:00"), rated("poor", "09:01"), left("v2", "09:01")]))
def test_order_and_repeats_change_nothing(told):
    """Doors send again what was stored already."""
    assert tally(*told, *told[:2]) == {"baca": Satisfaction(good=1, poor=1, left=2)}


ODD = (None, True, 7, "", "x", ["good"], {"a": 1})


@pytest.mark.parametrize("name", ["room_id", "level", "visit_id", "how", "who", "pass_sha256", "heard"])
@pytest.mark.parametrize("kind", [Kind.VISITOR_RATED, Kind.VISITOR_LEFT, Kind.VISITOR_ENTERED])
def test_odd_rows_change_nothing(kind: Kind, name: str):
    """Whatever stands in a row, it is one answer, one who left, or nothing."""
    whole = {"room_id": "baca", "level": "good", "visit_id": "v", "how": "scanned", "who": "staff"}
    for value in ODD:
        for at, state in (
            ("2020-06-10T02:00:00.000000Z", "synced"),
            ("0001-01-01T00:00:00Z", "synced"),
            ("x", "synced"),
            ("x", ""),
        ):
            found = tally(VisitorEvent(kind, {**whole, name: value}, at, state))
            assert sum(each.answered + each.left + each.unsure for each in found.values()) in (0, 1)
    assert tally(rated(["good"], "09:00"), rated("excellent", "09:00"), rated("good", "09:00", room_id="")) == {}


def with_answers(*told: VisitorEvent):
    return replace(figures(*told), satisfaction=tuple(tally(*told).items()))


def test_answers_are_no_visits():
    """What visits are made of is not changed by answers; the kind is read for the figures and kept like other facts."""
    told = [entered("v1", "08:00"), left("v1", "09:00")]
    assert visits_of([*told, rated("good", "09:00")]) == visits_of(told)
    assert Kind.VISITOR_RATED in READ
    assert data_class(Kind.VISITOR_RATED) is DataClass.ORDINARY


def test_a_line_a_room_on_the_page():
    """Rooms with answers, and those that ask and have none yet; without either there is no line."""
    asked = asked_of({"from": str(DAY)}, DAY)
    told = [left("v1", "09:00"), rated("poor", "09:00"), left("v2", "09:10"), left("v3", "09:00", room_id="arsip")]
    (line,) = visit_page(with_answers(*told), asked, reader()).satisfaction
    assert line == (
        "baca",
        (
            ("column.very_good", "0"),
            ("column.good", "0"),
            ("column.poor", "1"),
            ("column.bad", "0"),
            ("column.answered", "satisfaction.of answered=1 left=2"),
        ),
    )
    shown = visit_page(with_answers(*told), asked, reader(asks=lambda room: room == "arsip"))
    assert [room for room, _ in shown.satisfaction] == ["arsip", "baca"]
    page = visit_page(with_answers(rated("good", "09:00"), rated("good", "09:00", state="never")), asked, reader())
    assert (page.is_empty, page.notes) == (False, ("satisfaction.unsure count=1",))


def test_in_words_and_for_machines(capsys: pytest.CaptureFixture[str]):
    """The command prints a line a room that has answers, and one JSON object with everything in it."""
    found = with_answers(left("v1", "09:00"), rated("very_good", "09:00"), rated("bad", "09:01"), left("v2", "09:01"))
    say_figures(found, as_json=False)
    assert capsys.readouterr().out.splitlines()[-1].split() == ["baca", "1", "0", "0", "1", "2", "2"]
    say_figures(found, as_json=True)
    (told,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "satisfaction" in line]
    assert told == {
        "what": "satisfaction",
        "name": "baca",
        "very_good": 1,
        "good": 0,
        "poor": 0,
        "bad": 1,
        "left": 2,
        "unsure": 0,
        "answered": 2,
    }
    say_figures(with_answers(left("v1", "09:00")), as_json=False)
    assert "how it was" not in capsys.readouterr().out
