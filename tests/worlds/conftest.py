"""Counts the worlds that tests live through, and reports them at the end."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from kiosk.simulation.disk import prove_hooks
from kiosk.simulation.world.campaign import Report


@dataclass
class Tally:
    """Worlds, and promises that broke in them."""

    worlds: int = 0
    violations: int = 0
    records: int = 0
    hours: float = 0.0

    def add(self, report: Report) -> None:
        """Count a campaign in."""
        self.worlds += report.episodes
        self.violations += report.violations
        self.records += report.records
        self.hours += report.world_h


_TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[_TALLY] = Tally()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the worlds came to."""
    tally = config.stash[_TALLY]
    if tally.worlds:
        about = f"{tally.records} records, {tally.hours:.0f} hours of world time"
        terminalreporter.write_line(f"worlds: {tally.worlds}, violations {tally.violations} ({about})")


@pytest.fixture(scope="session", autouse=True)
def proven_hooks() -> None:
    """Fail, never skip, where faults would reach nobody."""
    prove_hooks()


@pytest.fixture
def count_worlds(pytestconfig: pytest.Config) -> Callable[[Report], None]:
    """Counts a campaign into the line at the end."""
    return pytestconfig.stash[_TALLY].add
