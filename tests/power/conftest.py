"""Proves that faults reach the standard library's SQLite before any test believes in them, and reports the cuts at the end."""

from collections.abc import Callable

import pytest

from kiosk.simulation.disk import prove_hooks
from kiosk.simulation.disk_files import Image
from tests.power.door import prepared
from tests.power.walk import Tally

_ALL_CUTS = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[_ALL_CUTS] = Tally()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the undamaged product went through."""
    if config.stash[_ALL_CUTS].cuts:
        terminalreporter.write_line(str(config.stash[_ALL_CUTS]))


@pytest.fixture(scope="session", autouse=True)
def proven_hooks() -> None:
    """Fail, never skip, where faults would reach nobody."""
    prove_hooks()


@pytest.fixture(scope="session")
def image(proven_hooks: None) -> Image:
    """A card with a new and empty kiosk.db."""
    return prepared()


@pytest.fixture
def count_cuts(pytestconfig: pytest.Config) -> Callable[[Tally], None]:
    """Counts a walk of the undamaged product into the line at the end."""
    return pytestconfig.stash[_ALL_CUTS].add
