"""What is really so in a world of rooms, apart from what any program believes: people, cards, and which rights were made."""

from dataclasses import dataclass, field
from enum import StrEnum

from sync.protocol.rooms import FIRST_GENERATION


class Violation(Exception):
    """Something happened that must never happen; the message says what, in one sentence."""


class Carries(StrEnum):
    """What a party has on it."""

    CARD = "card"
    SINGLE = "single"
    NOTHING = "nothing"


@dataclass(slots=True, eq=False)
class Party:
    """People who come together. `visit_id` is the visit under which they are inside, `more` are further ones that a head count
    made of them, one of each person; `ticket` is their number and its door.
    """

    name: str
    people: int
    carries: Carries
    priority: bool = False
    card: int | None = None
    is_inside: bool = False
    visit_id: str | None = None
    more: tuple[str, ...] = ()
    ticket: tuple[str, str] | None = None

    @property
    def token(self) -> str:
        """The hash of the pass that they would show."""
        return token_of(self.card) if self.card is not None else f"pass {self.name}"

    def is_in(self, visit_id: str) -> bool:
        """Whether they are inside under that visit."""
        return self.is_inside and visit_id in (self.visit_id, *self.more)


@dataclass(slots=True)
class KnownVisit:
    """A visit as the journals have it: who it stands for, and the rights that were made of it."""

    people: int
    parties: tuple[Party, ...]
    minted: int = 0


def token_of(card: int) -> str:
    """The hash of a numbered card's token."""
    return f"card {card}"


@dataclass(slots=True)
class Truth:
    """The room as it is. `generation` is that of the newest head count, whoever has heard of it.

    `boxes` are the cards that lie at each door. `allowed` is the greatest number of people that limits and signed overrides since
    the last count can account for. `owed` are people who went out and of whose places no door has made rights yet, `due` the same
    for each card. `is_exact`: no right has gone missing with a lost card or a head count in the dark, so that the
    equation must come out to the last right. `pool` stands for the server's, while that has not heard of the newest count.
    """

    limit: int
    allowed: int
    boxes: dict[str, set[int]]
    parties: list[Party] = field(default_factory=list)
    visits: dict[str, KnownVisit] = field(default_factory=dict)
    visit_cards: dict[str, int] = field(default_factory=dict)
    newest: dict[int, str] = field(default_factory=dict)
    due: dict[int, int] = field(default_factory=dict)
    owed: int = 0
    generation: str = FIRST_GENERATION
    pool: int = 0
    is_exact: bool = True
    is_spoilt: bool = False
    forgiven: int = 0
    debt_at_count: int = 0
    entered: int = 0
    overridden: int = 0
    waited: int = 0
    served: int = 0
    counts: int = 0

    @property
    def inside(self) -> int:
        """People who really are inside."""
        return sum(party.people for party in self.parties if party.is_inside)

    def go_out(self, party: Party) -> None:
        """They are out of the room, whatever any program knows; or the journal has them inside, and no screen let them in."""
        party.is_inside = False
        self.owed += party.people
        if party.card is not None:
            self.due[party.card] = self.due.get(party.card, 0) + party.people

    def lower_or_raise(self, limit: int) -> None:
        """Another limit, from the server or the office. Who was allowed in before stays so."""
        self.pool += limit - self.limit
        self.allowed += max(0, limit - self.limit)
        self.limit = limit
