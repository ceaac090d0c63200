"""What the long walks of the tests came to, counted over all workers of a run and said in its last lines."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

COUNTS = pytest.StashKey["Counts"]()
_OUTPUT = "counts"
_NOTES = "notes"


class Counts:
    """Sums by subject and name, such as "power": {"cuts": 10000, "lost": 0}. Plain JSON values, so that workers can tell."""

    def __init__(self) -> None:
        self.sums: dict[str, Counter[str]] = {}
        self.notes: list[str] = []

    def add(self, subject: str, **sums: float) -> None:
        """Count in."""
        self.sums.setdefault(subject, Counter()).update(sums)

    def merge(self, told: dict[str, dict[str, float]]) -> None:
        """Count in what a worker told."""
        for subject, sums in told.items():
            self.add(subject, **sums)

    def lines(self) -> Iterator[str]:
        """What was noted, and one line a subject that was walked."""
        yield from sorted(self.notes)
        for subject, form in _LINES.items():
            if subject in self.sums:
                yield form.format_map(self.sums[subject])


_LINES = {
    "power": "power cuts: {cuts:.0f}, records confirmed {confirmed:.0f}, lost {lost:.0f}, corrupt {corrupt:.0f}",
    "worlds": "worlds: {worlds:.0f}, violations {violations:.0f} ({records:.0f} records, {hours:.0f} hours of world time)",
    "rooms": "rooms: {episodes:.0f} episodes, violations {violations:.0f} ({entered:.0f} people entered, {steps:.0f} steps)",
    "races": "races: {rounds:.0f} rounds, violations {violations:.0f}",
    "planted": "planted faults: {caught:.0f} of {planted:.0f} caught",
}


def tell(config: pytest.Config) -> None:
    """A worker tells the one that started it."""
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = {subject: dict(sums) for subject, sums in config.stash[COUNTS].sums.items()}
        output[_NOTES] = config.stash[COUNTS].notes


def hear(config: pytest.Config, output: dict[str, Any]) -> None:
    """The one that started a worker hears it."""
    config.stash[COUNTS].merge(output.get(_OUTPUT, {}))
    config.stash[COUNTS].notes += output.get(_NOTES, [])
