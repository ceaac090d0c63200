"""Whose turn it is at one door, told by its rows alone: a second opinion on the program's own."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kiosk.core.room_book import Row
from kiosk.simulation.rooms.truth import Violation
from sync.protocol.events import Kind


class Stands(Enum):
    """Where a number stands."""

    WAITS = 1
    CALLED = 2
    AWAY = 3
    MISSED = 4


@dataclass(slots=True)
class Number:
    """Somebody with a number. `calls_since` are the calls of others since theirs was missed."""

    text: str
    people: int
    priority: bool
    order: int
    stands: Stands = Stands.WAITS
    was_missed: bool = False
    calls_since: int = 0

    def is_before(self, other: "Number") -> bool:
        """Priority first, then first come, first served."""
        return (not self.priority, self.order) < (not other.priority, other.order)


@dataclass(slots=True)
class QueueWatch:
    """The queue of one door. `limit` is the room's, as the door knows it: larger groups hold nobody up."""

    numbers: dict[str, Number] = field(default_factory=dict)
    taken: int = 0
    limit: int = 0

    def copy(self) -> "QueueWatch":
        """The same, apart from what happens next."""
        return deepcopy(self)

    def see(self, row: Row) -> None:
        """Follow one row.

        Raises:
            Violation: it is not that number's turn, or somebody came past those who wait.
        """
        follow = _FOLLOWED.get(row.kind)
        if follow is not None:
            follow(self, row.payload)

    def head(self) -> Number | None:
        """Who is next among those that may be called now."""
        fitting = [each for each in self.numbers.values() if each.people <= self.limit]
        waiting = [each for each in fitting if each.stands is Stands.WAITS]
        ripe = [each for each in fitting if each.stands is Stands.MISSED and (each.calls_since or not waiting)]
        return min((*waiting, *ripe), key=lambda each: (not each.priority, each.order), default=None)

    def waiting(self, told: Mapping[str, Any]) -> None:
        """A number is taken."""
        if any(each.text == told["number"] for each in self.numbers.values()):
            raise Violation(f"the number {told['number']} is given out twice")
        self.taken += 1
        self.numbers[told["ticket_id"]] = Number(told["number"], told["people"], told["priority"], self.taken)

    def called(self, told: Mapping[str, Any]) -> None:
        """A number is called: by itself only if it is next."""
        number = self.numbers[told["ticket_id"]]
        if told.get("cause") == "restart" and number.stands is Stands.CALLED:
            return
        if "by" not in told:
            ahead = self.head()
            if number.stands not in (Stands.WAITS, Stands.MISSED) or (ahead is not None and ahead.is_before(number)):
                raise Violation(f"{number.text} is called before {'its turn' if ahead is None else ahead.text}")
        for each in self.numbers.values():
            each.calls_since += each.stands is Stands.MISSED
        number.stands = Stands.CALLED

    def skipped(self, told: Mapping[str, Any]) -> None:
        """A number is passed over: out of the queue only the second time, or by a person."""
        number = self.numbers[told["ticket_id"]]
        if told["reason"] == "timeout" and told["final"] != number.was_missed:
            raise Violation(f"{number.text} {'loses its turn at the first call' if told['final'] else 'keeps its turn for ever'}")
        if told["final"]:
            del self.numbers[told["ticket_id"]]
        else:
            number.stands, number.was_missed, number.calls_since = Stands.MISSED, True, 0

    def away(self, told: Mapping[str, Any]) -> None:
        """Somebody steps away, or is back."""
        number = self.numbers.get(told.get("ticket_id", ""))
        if number is not None:
            number.stands = Stands.AWAY

    def back(self, told: Mapping[str, Any]) -> None:
        """Somebody is back, or the place they were called for is gone."""
        number = self.numbers.get(told.get("ticket_id", ""))
        if number is not None:
            number.stands = Stands.WAITS

    def entered(self, told: Mapping[str, Any]) -> None:
        """Somebody comes in: with a number that was called, or while nobody waits."""
        number = self.numbers.pop(told.get("ticket_id", ""), None)
        if told.get("overridden"):
            return
        if number is None and self.head() is not None:
            raise Violation(f"somebody comes in past {self.head()}")
        if number is not None and number.stands is not Stands.CALLED:
            raise Violation(f"{number.text} comes in without a call")


_FOLLOWED: dict[str, Callable[[QueueWatch, Mapping[str, Any]], None]] = {
    Kind.VISITOR_WAITING: QueueWatch.waiting,
    Kind.VISITOR_CALLED: QueueWatch.called,
    Kind.VISITOR_SKIPPED: QueueWatch.skipped,
    Kind.VISITOR_AWAY: QueueWatch.away,
    Kind.VISITOR_BACK: QueueWatch.back,
    Kind.VISITOR_ENTERED: QueueWatch.entered,
}
