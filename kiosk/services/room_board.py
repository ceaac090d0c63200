"""All rooms of a station as they are now, read from the tables in one look."""

import sqlite3
from collections.abc import Callable
from itertools import count

from kiosk.core.room_here import Here
from kiosk.services import room_view
from kiosk.services.evacuation import RoomPresence
from kiosk.services.room_context import RoomContext, is_lost
from kiosk.services.room_view import Surroundings
from kiosk.services.room_views import DropOff, RoomsView, RoomView
from kiosk.services.tools import StationTools
from kiosk.store import desk_rows, room_documents
from kiosk.store.room_documents import RoomsHere
from sync.clock import Moment
from sync.protocol.rooms import Room


class RoomBoard:
    """Makes views of the rooms. Its serial numbers count up by one a view."""

    def __init__(self, tools: StationTools, context: RoomContext) -> None:
        self._tools, self._context = tools, context
        self._next: Callable[[], int] = count(1).__next__

    def view(self, db: sqlite3.Connection, moment: Moment) -> RoomsView:
        """The rooms as the tables have them."""
        known = room_documents.read(db)
        rooms = tuple(self._room(db, known, room, moment) for room in known.rooms)
        today = moment.wall.astimezone(self._tools.zone).date()
        entered = {each.room.id: each.today.entered for each in rooms}
        services = (room_view.service_view(each, known, today, entered.get(each.room or "", 0)) for each in known.services)
        dropped = desk_rows.drop_offs(db, today.isoformat())
        return RoomsView(
            serial=self._next(),
            now=moment.wall,
            clock_trusted=self._tools.clock_is_trusted(),
            online=self._context.is_online(),
            door_name=self._tools.place,
            letter=self._context.letter(known),
            rooms=rooms,
            services=tuple(services),
            drop_offs=tuple(DropOff(e.receipt, e.service_id, e.received_at, e.accepted_at, e.by, e.name) for e in dropped),
        )

    def _room(self, db: sqlite3.Connection, known: RoomsHere, room: Room, moment: Moment) -> RoomView:
        here: Here = self._context.here(db, known, room, moment)
        around = Surroundings(
            door_name=self._tools.place,
            names=room_view.names_of(known),
            zone=self._tools.zone,
            day=desk_rows.day(db, room.id, here.day),
            checklist=desk_rows.checklist(db, room.id, here.day),
            is_lost=is_lost(db, here, known),
        )
        return room_view.room_view(here, around)


def presence(view: RoomsView) -> list[RoomPresence]:
    """Who is in the rooms, for the evacuation list: numbers, never names."""
    return [
        RoomPresence(each.room.name, each.inside, tuple(row.label for row in each.visits if row.label))
        for each in view.rooms
        if each.inside
    ]
