"""Counts the planted faults that were caught, and says so at the end."""

import pytest

CAUGHT = pytest.StashKey[list[bool]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[CAUGHT] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how many were caught."""
    caught = config.stash[CAUGHT]
    if caught:
        terminalreporter.write_line(f"planted faults: {sum(caught)} of {len(caught)} caught")
