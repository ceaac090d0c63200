"""A visitor's go at the panel: where they are, and what they have said so far. At most one at a time; it lives in memory only."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kiosk.services.room_views import Done, Rooms, Said, Visitor
from sync.clock import Clock

LASTS_S = 300
"""A go that nobody touches is over by then, also where the page's script does not run."""
NAME_AT_MOST = 80
_S = 1_000_000_000


class Step(StrEnum):
    """Where somebody is. One thing a screen."""

    CHOOSE = "choose"
    SERVICE = "service"
    PEOPLE = "people"
    NAME = "name"
    STEPS = "steps"
    NUMBERS = "numbers"
    NUMBER = "number"
    LEAVE = "leave"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Go:
    """`trail` are the steps before this one, for going back. `tile` is the key of what was chosen, `done` what it led to."""

    id: str
    language: str
    step: Step
    trail: tuple[Step, ...] = ()
    page: int = 0
    tile: str = ""
    visitor: Visitor = field(default_factory=Visitor)
    ticket_id: str = ""
    done: Done | None = None
    problem: str = ""
    until_ns: int = 0
    answered_ns: int = 0

    @property
    def awaits_card(self) -> bool:
        """True while a place is kept for the card that is shown next."""
        return self.done is not None and self.done.said is Said.SHOW_CARD

    def onward(self, step: Step) -> "Go":
        """At the next step; the way back leads here."""
        return replace(self, step=step, trail=(*self.trail, self.step), problem="")

    def back(self) -> "Go | None":
        """One step back; None from the first. What was done stays done."""
        if self.step is Step.DONE:
            return self
        if not self.trail:
            return None
        return replace(self, step=self.trail[-1], trail=self.trail[:-1], problem="")

    def ended(self, done: Done) -> "Go":
        """With an answer. Nothing that was written is kept any longer."""
        return replace(self, step=Step.DONE, trail=(), done=done, visitor=Visitor(), problem="")


class Goes:
    """Keeps the one go there is. Changes come one at a time, each only from the step that it was meant for: a second touch of
    the same button, a page from the browser's history, or another browser's form changes nothing.
    """

    def __init__(self, clock: Clock, rooms: Rooms) -> None:
        self._clock, self._rooms = clock, rooms
        self._go: Go | None = None
        self._lock = threading.Lock()

    def begin(self, language: str, step: Step) -> Go:
        """Somebody new. Whoever was here before has gone."""
        with self._lock:
            self._end()
            self._go = self._fresh(Go(secrets.token_urlsafe(16), language, step))
            return self._go

    def find(self, go_id: object) -> Go | None:
        """The go of that id, None if it is over."""
        with self._lock:
            return self._find(go_id)

    def current(self) -> Go | None:
        """The go there is."""
        with self._lock:
            return self._go

    def change(self, go_id: object, meant_for: str, change: Callable[[Go], Go | None]) -> None:
        """Have `change` say what comes next, if the go is at the step `meant_for`. None ends it."""
        with self._lock:
            go = self._find(go_id)
            if go is None or go.step != meant_for:
                return
            after = change(go)
            if after is None:
                self._end()
            else:
                self._go = self._fresh(after if after.done is go.done else replace(after, answered_ns=self._now_ns()))

    def since_answer_s(self, go: Go) -> int:
        """Whole seconds since a go led to what it led to."""
        return (self._now_ns() - go.answered_ns) // _S

    def close(self, go_id: object) -> None:
        """They went away: a place that was kept for their card is free again."""
        with self._lock:
            if self._find(go_id) is not None:
                self._end()

    def _find(self, go_id: object) -> Go | None:
        if self._go is not None and self._go.until_ns <= self._now_ns():
            self._end()
        return self._go if self._go is not None and self._go.id == go_id else None

    def _fresh(self, go: Go) -> Go:
        return replace(go, until_ns=self._now_ns() + LASTS_S * _S)

    def _now_ns(self) -> int:
        return self._clock.now().mono_ns

    def _end(self) -> None:
        if self._go is not None and self._go.awaits_card:
            self._rooms.cancel()
        self._go = None


def tidy(text: str) -> str:
    """What was typed, on one line and not longer than it may be."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:NAME_AT_MOST].strip()
