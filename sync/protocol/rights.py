"""The arithmetic of places. A place in a room is a right; a door spends rights that it holds, and only the holder gives one back.

`inside + held at doors + in flight + free at the server - debt = max_people`, always. `Account.held` below zero is debt: an
override or a lowered limit ran it up, and returning rights repay it before any becomes usable. Rights never expire by time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sync.protocol.events import Kind
from sync.protocol.rooms import FIRST_GENERATION, generation_number

_PAST_KEPT = 30


class NotEnough(ValueError):
    """More rights were to be spent or given back than are held."""


@dataclass(frozen=True, slots=True)
class Account:
    """One door's rights in one room. `last_grant` is the serial of the newest grant that was applied here, `past` are the
    generations before this one, newest last.
    """

    generation: str = FIRST_GENERATION
    held: int = 0
    last_grant: int = 0
    past: tuple[str, ...] = ()

    @property
    def usable(self) -> int:
        """Rights that may be spent."""
        return max(0, self.held)

    @property
    def debt(self) -> int:
        """Rights that must come back before any is usable."""
        return max(0, -self.held)

    def contradicts(self, generation: str) -> bool:
        """Whether that head count and one that led to this account did not know of each other."""
        number = generation_number(generation)
        return any(generation_number(each) == number and each != generation for each in (*self.past, self.generation))


def after(account: Account, kind: str, payload: Mapping[str, Any]) -> Account:
    """The account after one of its door's own events about the room. Other kinds change nothing.

    Raises:
        NotEnough: the event spends or gives back what is not there; no door journals such a thing.
    """
    if kind == Kind.ROOM_COUNTED:
        return _counted(account, payload)
    if payload.get("generation") != account.generation:
        return account  # rights of an older generation are void wherever they surface
    match kind:
        case Kind.RIGHTS_GRANTED:
            return _granted(account, int(payload["serial"]), int(payload["amount"]))
        case Kind.RIGHTS_RELEASED:
            return _less(account, int(payload["amount"]), may_owe=False)
        case Kind.VISITOR_ENTERED:
            return _less(account, int(payload["spent"]), may_owe=bool(payload.get("overridden")))
        case Kind.VISITOR_LEFT:
            return replace(account, held=account.held + int(payload["minted"]))
    return account


def voided(account: Account) -> Account:
    """The account of a card or a file that another one has gone on from: nothing that it holds counts."""
    return replace(account, held=0)


def _granted(account: Account, serial: int, amount: int) -> Account:
    if serial == 0:  # by the office itself: a room of one door, set up or changed
        return replace(account, held=account.held + amount)
    if serial <= account.last_grant:
        return account
    return replace(account, held=account.held + amount, last_grant=serial)


def _less(account: Account, amount: int, *, may_owe: bool) -> Account:
    if amount > account.usable and not may_owe:
        raise NotEnough(f"{amount} rights wanted, {account.usable} held")
    return replace(account, held=account.held - amount)


def _counted(account: Account, payload: Mapping[str, Any]) -> Account:
    generation = str(payload["generation"])
    if generation <= account.generation and not payload.get("heard"):
        return account
    past = (*account.past, account.generation)[-_PAST_KEPT:]
    return replace(account, generation=generation, held=int(payload["held"]), past=past)
