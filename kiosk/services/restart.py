"""What a lane needs to know after a restart, read back from the journal's projections."""

from kiosk.core import session
from kiosk.core.policy import Policy
from kiosk.services.lane import Lane
from kiosk.store import directory, projections
from kiosk.store.database import KioskDatabase
from sync.clock import Moment

__all__ = ["directory", "projections", "restore", "session"]


def restore(lane: Lane, database: KioskDatabase, moment: Moment, policy: Policy) -> None:
    """Close goes that were cut off, keep holds open, and remember recent taps."""
