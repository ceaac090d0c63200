"""What visitors can choose from at the panel: rooms, and services as they are given today. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.services.room_views import RoomsView, RoomView, ServiceView, WaitRange
from sync.protocol.rooms import ServiceMode

A_PAGE = 6
"""Tiles on one page."""


class Way(StrEnum):
    """How one gets what a tile stands for, today."""

    PLACE = "place"
    """A place in a room, or a number."""
    BOTH = "both"
    ONLINE_FIRST = "online_first"
    ONLINE_ONLY = "online_only"
    DROP_OFF = "drop_off"
    COUNTER = "counter"
    """At a counter without a limit: nothing to take here."""
    QUOTA_REACHED = "quota_reached"
    CLOSED = "closed"


_WAYS = {
    ServiceMode.SUSPENDED: Way.CLOSED,
    ServiceMode.ONLINE_ONLY: Way.ONLINE_ONLY,
    ServiceMode.ONLINE_FIRST: Way.ONLINE_FIRST,
    ServiceMode.ONLINE_AND_OFFLINE: Way.BOTH,
    ServiceMode.DROP_OFF: Way.DROP_OFF,
}
_LEADS_IN = frozenset({Way.PLACE, Way.BOTH, Way.ONLINE_FIRST})
_OPENS_ITS_ROOM = _LEADS_IN - {Way.ONLINE_FIRST}
"""A service that is online first leads in by its own tile, behind its address; the room's tile would pass that over."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A room, or a service with the room it is given in (None: a counter). `key` names it in forms."""

    key: str
    way: Way
    room: RoomView | None
    service: ServiceView | None = None

    @property
    def name(self) -> str:
        return self.service.service.name if self.service else self.room.room.name if self.room else ""

    @property
    def name_en(self) -> str:
        return self.service.service.name_en if self.service else self.room.room.name_en if self.room else ""

    @property
    def leads_in(self) -> bool:
        """True where it can lead to a place or a number."""
        return self.room is not None and self.way in _LEADS_IN

    @property
    def waiting(self) -> int:
        """People who wait with a number."""
        return sum(row.people for row in self.room.queue) if self.room else 0

    @property
    def wait(self) -> WaitRange | None:
        """About how long the last in the queue will wait; None where nobody can say."""
        return self.room.queue[-1].wait if self.room and self.room.queue else None


def tiles(view: RoomsView) -> tuple[Tile, ...]:
    """Rooms first, then services, as the office lists them.

    A room none of whose services offers a place directly today (all are closed, used up, online only, online first, for files)
    is no tile: its door is not a way around them.
    """
    services = tuple(_service(view, each) for each in view.services)
    rooms = (Tile(f"room:{each.room.id}", Way.PLACE, each) for each in view.rooms if _is_open(each, services))
    return (*rooms, *services)


def tile(view: RoomsView, key: str) -> Tile | None:
    """The tile of that key as it is now, None if it is gone."""
    return next((each for each in tiles(view) if each.key == key), None)


def pages(count: int) -> int:
    """Pages for so many tiles."""
    return max(1, -(-count // A_PAGE))


def _service(view: RoomsView, each: ServiceView) -> Tile:
    room = view.room(each.room.id) if each.room else None
    way = _WAYS.get(each.mode, Way.COUNTER if room is None else Way.PLACE)
    if each.mode is ServiceMode.LIMITED and each.quota_left is not None and each.quota_left <= 0:
        way = Way.QUOTA_REACHED
    return Tile(f"service:{each.service.id}", way, room, each)


def _is_open(room: RoomView, services: tuple[Tile, ...]) -> bool:
    here = [each.way for each in services if each.room is room]
    return not here or any(way in _OPENS_ITS_ROOM for way in here)
