"""What a benchmark says: a figure, the limit beside it, and whether it is kept."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Figure:
    """`limit_is` says where the limit comes from. The ratio is figure / limit; `at_least` tells which side of 1 is good."""

    bench: str
    figure: float
    unit: str
    limit: float
    limit_is: str
    at_least: bool = False

    @property
    def ratio(self) -> float:
        return self.figure / self.limit if self.limit else float("inf")

    @property
    def is_kept(self) -> bool:
        return self.ratio >= 1 if self.at_least else self.ratio <= 1

    def as_json(self) -> str:
        """One line with the fixed keys."""
        rounded = {"figure": round(self.figure, 4), "limit": round(self.limit, 4), "ratio": round(self.ratio, 4)}
        return json.dumps({"bench": self.bench, "unit": self.unit, "limit_is": self.limit_is, **rounded})

    def as_line(self) -> str:
        """The same for people."""
        side, kept = "at least" if self.at_least else "at most", "ok" if self.is_kept else "NOT KEPT"
        return f"{self.bench}: {self.figure:.4g} {self.unit}; {side} {self.limit:.4g} ({self.limit_is}); {self.ratio:.3f}: {kept}"


def report(figures: Iterable[Figure], as_json: bool) -> None:
    """Print them, and end with exit code 1 if one is not kept."""
    kept = True
    for figure in figures:
        click.echo(figure.as_json() if as_json else figure.as_line())
        kept = kept and figure.is_kept
    if not kept:
        click.echo("A limit was not kept.", err=True)
        raise SystemExit(1)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed; the list must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
