"""Counts the worlds of rooms that tests live through."""

from collections.abc import Callable

import pytest

from kiosk.simulation.rooms.campaign import Report
from tests.counting import Counts


@pytest.fixture
def count_rooms(counts: Counts) -> Callable[[Report], None]:
    """Counts a campaign into the line at the end."""

    def count(report: Report) -> None:
        more = {"entered": report.counts["entered"], "steps": report.counts["steps"]}
        counts.add("rooms", episodes=report.episodes, violations=report.violations, **more)

    return count
