"""The duties of the guard's screen, put together. Each is a class of its own over the same tools."""

from dataclasses import dataclass

from kiosk.services.tools import StationTools


@dataclass(frozen=True, slots=True)
class GuardDuties:
    """One object a duty."""

    tools: StationTools


def build_duties(tools: StationTools) -> GuardDuties:
    """All duties over one station's tools."""
    return GuardDuties(tools)
