"""Proves that faults reach the standard library's SQLite before any test believes in them."""

from collections.abc import Callable

import pytest

from kiosk.simulation.disk import prove_hooks
from kiosk.simulation.disk_files import Image
from tests.counting import Counts
from tests.power.door import prepared
from tests.power.walk import Tally


@pytest.fixture(scope="session", autouse=True)
def proven_hooks() -> None:
    """Fail, never skip, where faults would reach nobody."""
    prove_hooks()


@pytest.fixture(scope="session")
def image(proven_hooks: None) -> Image:
    """A card with a new and empty kiosk.db."""
    return prepared()


@pytest.fixture
def count_cuts(counts: Counts) -> Callable[[Tally], None]:
    """Counts a walk of the undamaged product into the line at the end."""

    def count(tally: Tally) -> None:
        counts.add("power", cuts=tally.cuts, confirmed=tally.confirmed, lost=tally.lost, corrupt=tally.corrupt)

    return count
