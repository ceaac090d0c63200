"""What the public display may have to show, besides the scenes that every screen of rooms shares."""

from collections.abc import Callable
from datetime import timedelta

from kiosk.services.room_views import RoomsView, RoomView, TicketState, WaitRange
from sync.protocol.rooms import Room
from tests.kiosk.web.room_scenes import (
    ARCHIVE,
    LONG_ROOM,
    READING,
    SCENES,
    called_row,
    crowded,
    room_view,
    rooms_view,
    ticket_row,
    visit_row,
)
from tests.kiosk.web.station import NOW

EARLY = Room(id="reading", name="Ruang Baca", name_en="Reading Room", max_people=10, closes_at="07:00")
HALL = Room(id="hall", name="Aula Serbaguna", name_en="Multipurpose Hall", max_people=120)


def busy(room: Room = READING, number: int = 17) -> RoomView:
    """Full, one number called, more waiting, and everything else a room can say."""
    visits = (
        *(visit_row(each) for each in range(1, 8)),
        visit_row(8, number=f"A {number - 1:03d}", card=None, since=NOW - timedelta(minutes=1)),
        visit_row(9, number=f"A {number - 2:03d}", card=None, since=NOW - timedelta(minutes=3)),
        visit_row(71, card=7, over_by_min=11),
        visit_row(61, card=None, number="A 004", over_by_min=1),
    )
    queue = (
        ticket_row(number + 1, priority=True, wait=WaitRange(2, 5)),
        *(ticket_row(number + each, wait=WaitRange(5 * each, 10 * each)) for each in range(2, 6)),
        ticket_row(number - 5, state=TicketState.MISSED, calls=1),
    )
    return room_view(
        10, room, visits=visits, queue=queue, called=(called_row(number),), reserved=1, places_left=0, closing_in_min=15
    )


def calling(count: int, first: int = 117, room: Room = READING) -> RoomView:
    """So many numbers called at once."""
    return room_view(
        5,
        room,
        called=tuple(called_row(first + each) for each in range(count)),
        reserved=count,
        places_left=0,
        queue=(ticket_row(first + count),),
    )


def wide_numbers() -> RoomsView:
    """Doors with letters of three, a hall of hundreds, everything at its widest."""
    room = room_view(
        117,
        HALL,
        visits=(visit_row(1, card=999, over_by_min=3), visit_row(2, card=998, over_by_min=3)),
        called=(called_row(1, number="ABC 999"), called_row(2, number="ABC 998")),
        queue=tuple(ticket_row(each, number=f"ABC {each}", wait=WaitRange(115, 230)) for each in range(900, 940)),
        places_left=0,
        reserved=3,
        over_by=0,
    )
    return rooms_view(room)


def closed(inside: int = 2) -> RoomView:
    """Past closing time, with somebody still inside."""
    return room_view(inside, EARLY)


def rooms_of(count: int) -> RoomsView:
    """So many rooms: the second is always full, the third has long names, every fourth calls."""
    made = []
    for each in range(count):
        room = Room(id=f"room-{each}", name=f"Ruang {each + 1}", name_en=f"Room {each + 1}", max_people=10)
        if each % 4 == 2:
            room = Room(id=f"room-{each}", name=LONG_ROOM.name, name_en=LONG_ROOM.name_en, max_people=150)
        kinds = (room_view(3, room), busy(room, 100 + each), room_view(117, room), calling(2, 21, room))
        made.append(kinds[each % 4])
    return rooms_view(*made)


DISPLAYS: dict[str, Callable[[], RoomsView]] = {
    **SCENES,
    "crowded": crowded,
    "busy": lambda: rooms_view(busy()),
    "busy_long": lambda: rooms_view(busy(LONG_ROOM)),
    "two_called": lambda: rooms_view(calling(2)),
    "four_called": lambda: rooms_view(calling(4)),
    "six_called": lambda: rooms_view(calling(6)),
    "wide": wide_numbers,
    "closed": lambda: rooms_view(closed()),
    "waiting": lambda: rooms_view(room_view(6, places_left=0, queue=(ticket_row(2, people=5),))),
    "two_busy": lambda: rooms_view(busy(), busy(ARCHIVE, 117)),
    "two_wide": lambda: rooms_view(wide_numbers().rooms[0], busy(LONG_ROOM, 117)),
    "two_called_each": lambda: rooms_view(calling(2), calling(6, 21, ARCHIVE)),
    "three": lambda: rooms_of(3),
    "four": lambda: rooms_of(4),
    "four_wide": lambda: rooms_view(*(wide_numbers().rooms[0] for _ in range(4))),
    "six": lambda: rooms_of(6),
    "six_busy": lambda: rooms_view(*(busy(HALL, 117) for _ in range(6))),
    "nine": lambda: rooms_of(9),
}
"""Every scene of the display by name."""

DISPLAY_SIZES = (
    (1920, 1080),
    (1366, 768),
    (1280, 720),
    (1024, 600),
    (1024, 768),
    (800, 480),
    (480, 800),
    (1080, 1920),
)
