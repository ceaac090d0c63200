"""Counts the worlds of rooms that tests live through, and reports them at the end."""

from collections.abc import Callable

import pytest

from kiosk.simulation.rooms.campaign import Report

_REPORTS = pytest.StashKey[list[Report]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[_REPORTS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the worlds came to."""
    reports = config.stash[_REPORTS]
    if reports:
        episodes, violations = sum(each.episodes for each in reports), sum(each.violations for each in reports)
        entered, full = (sum(each.counts[name] for each in reports) for name in ("entered", "full"))
        apart = f"{sum(each.apart for each in reports)} with an old card apart, {sum(each.violations_apart for each in reports)} in them"
        terminalreporter.write_line(
            f"rooms: {episodes} episodes, violations {violations} ({entered} people entered, full in {full}; {apart})"
        )


@pytest.fixture
def count_rooms(request: pytest.FixtureRequest) -> Callable[[Report], None]:
    """Adds a campaign to what is reported at the end."""
    return request.config.stash[_REPORTS].append
