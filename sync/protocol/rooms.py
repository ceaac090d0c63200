"""Rooms that hold a limited number of people: how they are set, and what the server tells a door about them.

A door has one `RoomsDocument`, whole, from the server (signed, under a version that counts up) or from a file of its own office.
"""

from enum import StrEnum

import msgspec

FIRST_GENERATION = "000001@"
"""Of a room that was never counted. Generations sort: the greater one is the newer."""


def generation_number(generation: str) -> int:
    """How many head counts led to it. Two of one number did not know of each other."""
    return int(generation.partition("@")[0])


def counted_at(generation: str) -> str:
    """The device that counted; empty for the first generation, and for one that the server began."""
    return generation.partition("@")[2].rpartition(".")[0]


def next_generation(generation: str, name: str) -> str:
    """The generation that a head count begins. `name` was never used: a door on an old card counts a second time."""
    return f"{generation_number(generation) + 1:06d}@{name}"


class Counts(StrEnum):
    """Who takes up a place."""

    VISITORS = "visitors"
    EVERYONE = "everyone"


class PassKind(StrEnum):
    """What a visitor carries: a numbered card from the box, a code on the screen to photograph, or a printed slip."""

    CARD = "card"
    SCREEN = "screen"
    PAPER = "paper"


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room and its rules. `doors` are device ids; empty means the one station that holds the document.

    Minutes and seconds are whole. `closes_at` is local, "15.30" written as "15:30". `counts` says who takes up a place.
    `asks_satisfaction`: whoever leaves at a panel is asked how it was.
    """

    id: str
    name: str
    name_en: str = ""
    max_people: int
    doors: list[str] = []
    counts: Counts = Counts.VISITORS
    pass_kind: PassKind = PassKind.CARD
    max_minutes: int | None = None
    leave_minutes: int = 10
    call_timeout_s: int = 120
    priority_call_timeout_s: int = 300
    closes_at: str | None = None
    asks_satisfaction: bool = False


class ServiceMode(StrEnum):
    """How a service is given at present."""

    NORMAL = "normal"
    LIMITED = "limited"
    ONLINE_ONLY = "online_only"
    ONLINE_FIRST = "online_first"
    ONLINE_AND_OFFLINE = "online_and_offline"
    DROP_OFF = "drop_off"
    SUSPENDED = "suspended"


class Service(msgspec.Struct, frozen=True, kw_only=True, rename={"from_date": "from"}):
    """A service that visitors come for. Its mode holds from `from_date` to `until` (local ISO dates, both included; None is
    open); outside of them it is NORMAL. `room` is where it is given; `quota` the visitors a day under LIMITED; `url` its address.
    """

    id: str
    name: str
    name_en: str = ""
    mode: ServiceMode = ServiceMode.NORMAL
    from_date: str | None = None
    until: str | None = None
    room: str | None = None
    url: str | None = None
    quota: int | None = None
    unit: str = ""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A door of the site. `letter` begins every number it gives out, so numbers are unique while doors are cut off."""

    device_id: str
    name: str
    letter: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered pass card by its token's hash (hex SHA-256), good for one room or, with None, for all."""

    number: int
    token_sha256: str
    room_id: str | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Rights that the server hands to one door: once, by their `serial`, which counts up for each room and door."""

    serial: int
    amount: int
    generation: str
    epoch: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that began at this door and ended at another. With `mints` its places come free here, but for the `made` that did
    there already.
    """

    visit_id: str
    mints: bool
    how: str
    made: int = 0


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in the room that began at another door: enough to end it here, and no more. `since` is UTC text."""

    visit_id: str
    door: str
    since: str
    people: int
    number: str | None = None
    card: int | None = None
    pass_sha256: str | None = None


class OtherDoor(msgspec.Struct, frozen=True, kw_only=True):
    """Another door of the room as the server heard of it last, at `heard_at` (UTC text). `connected`: it was heard just before
    the server wrote this, and a new document comes when that changes.
    """

    device_id: str
    held: int
    inside: int
    waiting: int
    heard_at: str | None
    connected: bool = False


class RoomState(msgspec.Struct, frozen=True, kw_only=True):
    """What the server knows of a room and wants of this door. `wanted` rights should be given back as soon as they are not
    needed here; `wanted_since` is when the first of those who wait elsewhere took a number (UTC text), `wanted_priority` whether
    that one has priority. `epoch` is the newest of this door's journal that the server has heard of.
    """

    room_id: str
    generation: str
    epoch: str = ""
    grants: list[Grant] = []
    wanted: int = 0
    wanted_since: str | None = None
    wanted_priority: bool = False
    ended: list[Ended] = []
    elsewhere: list[Elsewhere] = []
    doors: list[OtherDoor] = []
    free: int = 0


class RoomsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a door should know of rooms, whole. `states` are only in documents of the server."""

    version: int = 0
    doors: list[Door] = []
    rooms: list[Room] = []
    services: list[Service] = []
    cards: list[Card] = []
    states: list[RoomState] = []
