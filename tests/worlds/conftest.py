"""Counts the worlds that tests live through."""

from collections.abc import Callable

import pytest

from kiosk.simulation.disk import prove_hooks
from kiosk.simulation.world.campaign import Report
from tests.counting import Counts


@pytest.fixture(scope="session", autouse=True)
def proven_hooks() -> None:
    """Fail, never skip, where faults would reach nobody."""
    prove_hooks()


@pytest.fixture
def count_worlds(counts: Counts) -> Callable[[Report], None]:
    """Counts a campaign into the line at the end."""

    def count(report: Report) -> None:
        counts.add("worlds", worlds=report.episodes, violations=report.violations, records=report.records, hours=report.world_h)

    return count
