"""The duties of the guard's screen, put together. Each is a class of its own over the same tools."""

from dataclasses import dataclass

from kiosk.services.corrections import Corrections
from kiosk.services.presence import Presence
from kiosk.services.self_check import SelfCheck
from kiosk.services.tools import StationTools


@dataclass(frozen=True, slots=True)
class GuardDuties:
    """One object a duty."""

    tools: StationTools
    presence: Presence
    corrections: Corrections
    self_check: SelfCheck


def build_duties(tools: StationTools) -> GuardDuties:
    """All duties over one station's tools."""
    return GuardDuties(tools=tools, presence=Presence(tools), corrections=Corrections(tools), self_check=SelfCheck(tools))
