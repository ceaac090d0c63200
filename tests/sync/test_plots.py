"""Plots: whole SVG for any figures, with names for who cannot see them, and nothing in them that a page's policy forbids."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.plots import HEIGHT, WIDTH, Axis, Bar, Caption, Limit, bars, steps

CAPTION = Caption("arrivals", 'Orang <masuk> & "tamu"', "Terbanyak 9 orang")
DAY = Axis(0, 1440, ((540.0, "09.00"), (720.0, "12.00")))
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ET.Element:
    """The picture, which must be whole XML."""
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def numbers(element: ET.Element, *names: str) -> list[float]:
    return [float(element.get(name, "nan")) for name in names]


def test_a_plot_says_what_it_is():
    """Its name and description are tied to it, and what is in them stays text."""
    picture = drawn(bars(CAPTION, [Bar("08", 3)]))
    assert picture.get("role") == "img"
    assert picture.get("aria-labelledby") == "arrivals-title arrivals-desc"
    assert [picture.findtext(f"{SVG}{each}") for each in ("title", "desc")] == [CAPTION.title, CAPTION.description]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_bars_are_as_high_as_their_figures(values):
    """Bars stand on the line and inside the picture, in the proportions of the figures; nothing has a style of its own."""
    svg = bars(CAPTION, [Bar(str(index), value) for index, value in enumerate(values)])
    rects = drawn(svg).findall(f"{SVG}rect")
    assert len(rects) == sum(value > 0 for value in values)
    boxes = [numbers(each, "x", "y", "width", "height") for each in rects]
    assert all(x >= 0 and y >= 0 and x + wide <= WIDTH and y + high <= HEIGHT for x, y, wide, high in boxes)
    shown = [value for value in values if value > 0]
    for (_, _, _, high), value in zip(boxes, shown, strict=True):
        assert high / max(each[3] for each in boxes) == pytest.approx(value / max(shown), abs=0.02)
    assert "style" not in svg


def test_figures_stand_on_bars_that_are_wide_enough():
    """Few bars carry their figures, many do not, and a bar without a label has none."""
    few = drawn(bars(CAPTION, [Bar("08", 12), Bar("", 0)]))
    assert [each.text for each in few.findall(f"{SVG}text") if each.get("class") == "plot__figure"] == ["12"]
    assert [each.text for each in few.findall(f"{SVG}text") if "below" in str(each.get("class"))] == ["08"]
    assert "plot__figure" not in bars(CAPTION, [Bar("", 5)] * 60)


@pytest.mark.parametrize(
    ("highest", "marks"),
    [(0, ["0", "1"]), (1, ["0", "1"]), (4, ["0", "1", "2", "3", "4"]), (10, ["0", "5", "10"]), (99, ["0", "50", "100"])],
)
def test_the_scale_counts_whole_people(highest, marks):
    """Levels are whole numbers, a few of them, from nothing to what is needed."""
    side = [
        each.text for each in drawn(bars(CAPTION, [Bar("", highest)])).findall(f"{SVG}text") if "side" in str(each.get("class"))
    ]
    assert side == marks


def test_the_line_steps_and_the_limit_is_drawn():
    """The line goes along and up, ends where it is told to, and the limit stands above it with its words."""
    svg = steps(CAPTION, [(0.0, 0), (540.0, 3), (600.0, 1)], DAY, until=720.0, limit=Limit(10, "paling banyak <10>"))
    picture = drawn(svg)
    path = next(each.get("d", "") for each in picture.findall(f"{SVG}path") if each.get("class") == "plot__line")
    assert path.count("H") == 3
    assert path.count("V") == 2
    (limit,) = [each for each in picture.findall(f"{SVG}line") if each.get("class") == "plot__limit"]
    assert "paling banyak &lt;10&gt;" in svg
    assert numbers(limit, "y1")[0] == 22.0 + 0.0
    end = float(path.rpartition("H")[2])
    assert end == pytest.approx(36 + 424 / 2)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(-100, 2000), st.integers(0, 500)), max_size=20), st.floats(0, 1440))
def test_any_line_stays_inside_the_picture(points, until):
    """Points outside of the axis are drawn at its edge; no point draws no line."""
    picture = drawn(steps(CAPTION, sorted(points), DAY, until=until))
    paths = picture.findall(f"{SVG}path")
    assert len(paths) == (2 if points else 0)
    for each in paths:
        for number in each.get("d", "").translate(str.maketrans("MLHVZ", "     ")).split():
            assert 0 <= float(number) <= WIDTH
    assert picture.findall(f"{SVG}line[@class='plot__limit']") == []
