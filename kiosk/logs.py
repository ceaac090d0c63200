"""Where messages go: standard error, one line each, for systemd's journal to date and keep."""

import logging


def set_up(verbose: bool) -> None:
    """Send log messages to standard error."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its chatter at each new database helps nobody at a door
