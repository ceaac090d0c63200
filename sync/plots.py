"""Plots as SVG text for pages that allow neither scripts nor styles of their own: colours come from classes (plots.css). Pure.

A plot is a picture with a name and a description; the figures themselves belong in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 20.0, 22.0, 28.0
_GRID_LINES = 5
_GAP = 0.25
_NARROWEST_WITH_FIGURE = 15.0


@dataclass(frozen=True, slots=True)
class Caption:
    """What a plot is: `name` is unique on its page (letters and dashes); `title` and `description` are read aloud."""

    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. A bar with `label` "" has none below it."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Axis:
    """From `begin` to `end` along the bottom; `marks` are (where, words)."""

    begin: float
    end: float
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A level that matters, with its words, such as (10, "paling banyak 10")."""

    level: int
    words: str


def bars(caption: Caption, values: Sequence[Bar]) -> str:
    """Bars side by side, each with its figure on top where there is room. `values` may be empty; none is below zero."""
    scale = _Scale(max((each.value for each in values), default=0))
    room = (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    parts = [scale.grid()]
    for index, each in enumerate(values):
        left, top = _LEFT + room * index, scale.y(each.value)
        if each.value > 0:
            box = f'x="{left + room * _GAP / 2:.1f}" y="{top:.1f}" width="{room * (1 - _GAP):.1f}"'
            parts.append(f'<rect class="plot__bar" {box} height="{scale.y(0) - top:.1f}"/>')
            if room >= _NARROWEST_WITH_FIGURE:
                parts.append(_words("plot__figure", left + room / 2, top - 4, str(each.value)))
        if each.label:
            parts.append(_words("plot__words plot__words--below", left + room / 2, HEIGHT - 8, each.label))
    return _picture(caption, parts)


def steps(caption: Caption, points: Sequence[tuple[float, int]], axis: Axis, *, until: float, limit: Limit | None = None) -> str:
    """A line that changes at points and ends at `until`; `points` are (where, level) by where. None is below zero."""
    highest = max((level for _, level in points), default=0)
    scale = _Scale(max(highest, limit.level if limit else 0))
    parts = [scale.grid()]
    parts += [_words("plot__words plot__words--below", _x(axis, where), HEIGHT - 8, words) for where, words in axis.marks]
    if points:
        first, last = _x(axis, points[0][0]), _x(axis, max(until, points[-1][0]))
        path = f"{first:.1f} {scale.y(points[0][1]):.1f}"
        path += "".join(f"H{_x(axis, where):.1f}V{scale.y(level):.1f}" for where, level in points[1:])
        path += f"H{last:.1f}"
        parts.append(f'<path class="plot__area" d="M{first:.1f} {scale.y(0):.1f}L{path}V{scale.y(0):.1f}Z"/>')
        parts.append(f'<path class="plot__line" d="M{path}"/>')
    if limit is not None:
        y = scale.y(limit.level)
        parts.append(f'<line class="plot__limit" x1="{_LEFT:.1f}" x2="{WIDTH - _RIGHT:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_words("plot__words plot__words--limit", WIDTH - _RIGHT, y - 5, limit.words))
    return _picture(caption, parts)


class _Scale:
    """Whole numbers from 0 to a little above the highest, upwards."""

    def __init__(self, highest: int) -> None:
        self._step = _nice(max(1, highest) / (_GRID_LINES - 1))
        self._top = self._step * max(1, ceil(highest / self._step))

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / self._top

    def grid(self) -> str:
        lines = []
        for level in range(0, self._top + 1, self._step):
            y = self.y(level)
            lines.append(f'<line class="plot__grid" x1="{_LEFT:.1f}" x2="{WIDTH - _RIGHT:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
            lines.append(_words("plot__words plot__words--side", _LEFT - 6, y + 5, str(level)))
        return "".join(lines)


def _nice(rough: float) -> int:
    """The first of 1, 2, 5, 10, 20, 50, ... that is not below `rough`."""
    size = int(10 ** max(0, floor(log10(rough)))) if rough >= 1 else 1
    return next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough)


def _x(axis: Axis, where: float) -> float:
    inside = min(max(where, axis.begin), axis.end)
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (inside - axis.begin) / (axis.end - axis.begin)


def _words(classes: str, x: float, y: float, words: str) -> str:
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _picture(caption: Caption, parts: Sequence[str]) -> str:
    name = escape(caption.name)
    head = f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-title {name}-desc">'
    said = f'<title id="{name}-title">{escape(caption.title)}</title><desc id="{name}-desc">{escape(caption.description)}</desc>'
    return f"{head}{said}{''.join(parts)}</svg>"
