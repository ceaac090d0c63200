"""The slip that goes with what a visitor was given: printed beside the page, which says what has become of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from drivers.printers.base import Condition
from kiosk.services.room_views import Done, RoomsView, Said
from kiosk.services.slip_desk import SlipDesk
from kiosk.services.slips import FileReceived, NumberGiven, PassGiven
from sync.protocol.rooms import PassKind


class SlipState(StrEnum):
    """How far it is. NONE: there is to be no slip."""

    NONE = ""
    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"
    PAPER_OUT = "paper_out"


Errand = Callable[[SlipDesk], bool]


class SlipErrands:
    """Prints one go's slip at a time. Without a desk, or at one without a printer, only a pass on paper is missed."""

    def __init__(self, desk: SlipDesk | None) -> None:
        self._desk = desk
        self._go_id, self._state = "", SlipState.NONE
        self._lock = threading.Lock()

    def state(self, go_id: str) -> SlipState:
        """Of that go's slip."""
        with self._lock:
            return self._state if go_id == self._go_id else SlipState.NONE

    def begin(self, go_id: str, done: Done, view: RoomsView, now: datetime) -> None:
        """Print what goes with `done`, if anything does; returns at once."""
        errand = errand_for(done, view, now)
        if errand is None:
            return
        if self._desk is None or not self._desk.has_printer:
            self._note(go_id, SlipState.FAILED if done.pass_kind is PassKind.PAPER else SlipState.NONE)
            return
        self._note(go_id, SlipState.PRINTING)
        threading.Thread(target=self._print, args=(go_id, self._desk, errand), name="slip", daemon=True).start()

    def _print(self, go_id: str, desk: SlipDesk, errand: Errand) -> None:
        if errand(desk):
            state = SlipState.PRINTED
        else:
            state = SlipState.PAPER_OUT if desk.newest is Condition.PAPER_OUT else SlipState.FAILED
        with self._lock:
            if go_id == self._go_id:  # somebody else may be at the panel by now
                self._state = state

    def _note(self, go_id: str, state: SlipState) -> None:
        with self._lock:
            self._go_id, self._state = go_id, state


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
