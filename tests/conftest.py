"""The order of a run, and what its long walks came to, said at the end, with one process or several."""

from typing import Any

import pytest

from tests import counting
from tests.counting import COUNTS, Counts

_LONG = tuple(f"tests/{name}/" for name in ("journeys", "power", "worlds", "planted", "faults", "rooms"))


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[COUNTS] = Counts()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long for its few tests goes first: a process that begins it last would work on alone."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it counted."""
    counting.tell(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended."""
    counting.hear(node.config, getattr(node, "workeroutput", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the counts."""
    for line in config.stash[COUNTS].lines():
        terminalreporter.write_line(line)


@pytest.fixture
def counts(pytestconfig: pytest.Config) -> Counts:
    """Where a test counts what it walked through."""
    return pytestconfig.stash[COUNTS]
