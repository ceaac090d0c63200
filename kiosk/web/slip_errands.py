"""The slip that goes with what a visitor was given: printed beside the page, which says what has become of it."""

import threading
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from drivers.printers.base import Condition
from kiosk.services.printing import Errand, Fate, Order, Printing
from kiosk.services.room_views import Done, RoomsView, Said
from kiosk.services.slips import FileReceived, NumberGiven, PassGiven
from sync.protocol.rooms import PassKind


class SlipState(StrEnum):
    """How far it is. NONE: there is to be no slip; ON_SCREEN: what would be on it is to be photographed, there is no printer."""

    NONE = ""
    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"
    PAPER_OUT = "paper_out"
    ON_SCREEN = "on_screen"


class SlipErrands:
    """Has one go's slip printed. Where there is no printer, a pass on paper is one on the screen, and nothing else is missed."""

    def __init__(self, printing: Printing | None) -> None:
        self._printing = printing
        self._go_id, self._slip = "", SlipState.NONE
        self._order: Order | None = None
        self._lock = threading.Lock()

    def state(self, go_id: str) -> SlipState:
        """Of that go's slip."""
        with self._lock:
            if go_id != self._go_id:
                return SlipState.NONE
            return self._slip if self._order is None else state_of(self._order)

    def begin(self, go_id: str, done: Done, view: RoomsView, now: datetime) -> None:
        """Print what goes with `done`, if anything does; returns at once."""
        errand = errand_for(done, view, now)
        if errand is None:
            return
        order = None if self._printing is None else self._printing.order(errand)
        missed = order is None and done.pass_kind is PassKind.PAPER
        with self._lock:
            self._go_id, self._order = go_id, order
            self._slip = SlipState.ON_SCREEN if missed else SlipState.NONE


def state_of(order: Order) -> SlipState:
    """How far a slip that was ordered is."""
    fate = order.fate
    if fate is Fate.WAITING:
        return SlipState.PRINTING
    if fate is Fate.PRINTED:
        return SlipState.PRINTED
    return SlipState.PAPER_OUT if order.condition is Condition.PAPER_OUT else SlipState.FAILED


@dataclass(frozen=True, slots=True)
class _Room:
    name: str = ""
    max_minutes: int | None = None


def errand_for(done: Done, view: RoomsView, now: datetime) -> Errand | None:
    """What is to be printed after that answer, None for nothing."""
    found = view.room(done.room_id or "")
    room = _Room() if found is None else _Room(found.room.name, found.room.max_minutes)
    if done.said is Said.RECEIVED and done.receipt:
        return _receipt(done.receipt, view, now)
    if done.said is Said.WAITING and done.number:
        wait = None if done.wait is None else (done.wait.from_min, done.wait.to_min)
        number = NumberGiven(done.number, room.name, done.ahead, now, view.clock_trusted, wait)
        return lambda desk: desk.number(number)
    if done.said is Said.ENTERED and done.pass_code and done.pass_kind is PassKind.PAPER:
        visits = () if found is None else found.visits
        label = next((each.label for each in visits if each.visit_id == done.visit_id), done.number or "")
        given = PassGiven(done.pass_code, label, room.name, now, view.clock_trusted, done.people, room.max_minutes)
        return lambda desk: desk.visit(given)
    return None


def _receipt(receipt: str, view: RoomsView, now: datetime) -> Errand:
    service_id = next((each.service_id for each in view.drop_offs if each.receipt == receipt), "")
    service = next((each.service for each in view.services if each.service.id == service_id), None)
    name, unit = ("", "") if service is None else (service.name, service.unit)
    given = FileReceived(receipt, name, now, view.clock_trusted, unit)
    return lambda desk: desk.receipt(given)
