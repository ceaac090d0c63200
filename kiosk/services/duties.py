"""The duties of the guard's screen, put together. Each is a class of its own over the same tools."""

from dataclasses import dataclass

from kiosk.services.corrections import Corrections
from kiosk.services.decisions import Decisions
from kiosk.services.evacuation import Evacuation, VisitorsInside
from kiosk.services.log_book import LogBook
from kiosk.services.neighbours import Neighbours
from kiosk.services.presence import Presence
from kiosk.services.self_check import SelfCheck
from kiosk.services.sheet import Sheets
from kiosk.services.shift import Shift
from kiosk.services.tools import StationTools


@dataclass(frozen=True, slots=True)
class GuardDuties:
    """One object a duty."""

    tools: StationTools
    presence: Presence
    corrections: Corrections
    self_check: SelfCheck
    decisions: Decisions
    neighbours: Neighbours
    evacuation: Evacuation
    log_book: LogBook
    shift: Shift
    sheets: Sheets


def build_duties(
    tools: StationTools, neighbours: Neighbours | None = None, visitors: VisitorsInside | None = None
) -> GuardDuties:
    """All duties over one station's tools. Without `neighbours` it is the only door; without `visitors` it has no rooms."""
    others = neighbours or Neighbours(tools.data, tools.clock, None, (), _nobody)
    log_book = LogBook(tools)
    return GuardDuties(
        tools=tools,
        presence=Presence(tools),
        corrections=Corrections(tools),
        self_check=SelfCheck(tools),
        decisions=Decisions(tools),
        neighbours=others,
        evacuation=Evacuation(tools, others, visitors),
        log_book=log_book,
        shift=Shift(tools, log_book),
        sheets=Sheets(tools),
    )


def _nobody(_address: str, _headers: dict[str, str]) -> bytes:
    raise ConnectionError("there is no other door")
