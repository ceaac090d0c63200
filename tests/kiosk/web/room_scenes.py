"""Rooms as their screens may find them, and a stand-in at their port that serves a scene and answers as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kiosk.services.broadcast import Broadcast
from kiosk.services.room_views import (
    Checklist,
    Done,
    DoorRow,
    DropOff,
    FreeReason,
    OverrideReason,
    RoomsView,
    RoomView,
    Said,
    ServiceView,
    TicketRow,
    TicketState,
    TodayCounts,
    Visitor,
    VisitRow,
    WaitRange,
)
from kiosk.services.views import Guard
from sync.protocol.rooms import Room, Service, ServiceMode
from sync.protocol.satisfaction import Level
from tests.kiosk.web.station import NOW

READING = Room(id="reading", name="Ruang Baca", name_en="Reading Room", max_people=10, max_minutes=60, closes_at="15:30")
ARCHIVE = Room(id="archive", name="Ruang Arsip", name_en="Archive", max_people=4)
LONG_NAME = "Raden Ajeng Kusumawardhani Puspitaningrum Hadiningrat-Sosrodiningrat, S.STP., M.Si."
LONG_ROOM = Room(
    id="reading",
    name="Ruang Layanan Perpustakaan Umum dan Kearsipan Daerah Kabupaten Banyumas Lantai Dua Sayap Timur",
    name_en="Public Library and Regional Archives Service Room of Banyumas Regency, Second Floor, East Wing",
    max_people=10,
    max_minutes=60,
)
LENDING = Service(id="lending", name="Peminjaman buku", name_en="Borrowing books", room="reading")
FILES = Service(id="files", name="Berkas kependudukan", name_en="Civil registry files", mode=ServiceMode.DROP_OFF)
VEHICLES = Service(
    id="vehicles", name="Pengujian kendaraan", name_en="Vehicle tests", mode=ServiceMode.SUSPENDED, until="2020-06-12"
)
CHECKED = Checklist(NOW - timedelta(hours=1), "Tri Wahyuni", ())
UNCHECKED = Checklist(None, "", ())


def visit_row(number: int = 1, /, **changes: object) -> VisitRow:
    """Somebody inside with card `number`, since as many minutes."""
    row = VisitRow(
        visit_id=f"visit-{number}",
        label=f"Kartu {number}",
        card=number,
        number=None,
        people=1,
        since=NOW - timedelta(minutes=number),
        minutes=number,
        clock_trusted=True,
        here=True,
        door="Pintu Utama",
        left_min=60 - number if number < 60 else None,
        over_by_min=number - 60 if number > 60 else None,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def ticket_row(number: int = 1, /, **changes: object) -> TicketRow:
    """Somebody who waits with "A 00<number>", one behind the other."""
    row = TicketRow(
        ticket_id=f"ticket-{number}",
        number=f"A {number:03d}",
        people=1,
        priority=False,
        state=TicketState.WAITING,
        taken_at=NOW - timedelta(minutes=20 - min(number, 20)),
        waited_min=max(0, 20 - number),
        ahead=number - 1,
        wait=WaitRange(5 * number, 10 * number),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def called_row(number: int = 1, /, **changes: object) -> TicketRow:
    """Somebody who was called and has 97 s left."""
    return ticket_row(number, **{"state": TicketState.CALLED, "calls": 1, "call_left_s": 97, "ahead": 0, "wait": None, **changes})


def room_view(inside: int = 0, room: Room = READING, **changes: object) -> RoomView:
    """A room with that many single visitors of cards 1 and up, and nobody waiting."""
    left = max(0, room.max_people - inside)
    view = RoomView(
        room=room,
        inside=inside,
        places_left=left,
        usable=left,
        over_by=max(0, inside - room.max_people),
        reserved=0,
        visits=tuple(visit_row(number) for number in range(1, inside + 1)),
        queue=(),
        called=(),
        doors=(),
        checklist=CHECKED,
        today=TodayCounts(entered=inside, left=0, waited=0, priority=0, overrides=0, longest_wait_min=None),
        needs_count=False,
        is_lone=True,
        tied_up=0,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def rooms_view(*rooms: RoomView, **changes: object) -> RoomsView:
    """A door, letter A, with those rooms and three services; online at 07.12 WIB."""
    services = (
        ServiceView(LENDING, ServiceMode.NORMAL, None, READING),
        ServiceView(FILES, ServiceMode.DROP_OFF, None, None),
        ServiceView(VEHICLES, ServiceMode.SUSPENDED, "2020-06-12", None),
    )
    view = RoomsView(1, NOW, True, True, "Pintu Utama", "A", rooms, services)
    return replace(view, **changes)  # type: ignore[arg-type]


def empty() -> RoomsView:
    """Nobody inside, nobody waiting, and the checklist not filled in yet."""
    return rooms_view(room_view(checklist=UNCHECKED))


def seven() -> RoomsView:
    """7 of 10: a group, somebody with priority, a member of staff, somebody who stepped out, one stay too long."""
    visits = (
        visit_row(71, visit_id="visit-1", label="Kartu 1", card=1, over_by_min=11),
        visit_row(52, visit_id="visit-2", label="Kartu 2", card=2, people=2, purpose="Membaca"),
        visit_row(30, visit_id="visit-3", label="Kartu 3", card=3, priority=True, name="Ibu Sumarni"),
        visit_row(12, visit_id="visit-4", label="A 004", card=None, number="A 004", away_left_min=6),
        visit_row(5, visit_id="visit-5", label="Kartu 5", card=5),
        visit_row(1, visit_id="visit-6", label="", card=None, is_staff=True, name="Siti Rahayu"),
    )
    counts = TodayCounts(entered=19, left=12, waited=4, priority=2, overrides=0, longest_wait_min=18)
    return rooms_view(room_view(7, visits=visits, today=counts))


def full() -> RoomsView:
    """10 of 10 with one number called and a queue with every state in it."""
    queue = (
        ticket_row(2, priority=True, name="Bapak Karto"),
        ticket_row(3, people=3, purpose="Mencari arsip"),
        ticket_row(4, state=TicketState.AWAY, away_left_min=8),
        ticket_row(5, state=TicketState.MISSED, calls=1),
        ticket_row(6),
    )
    counts = TodayCounts(entered=31, left=21, waited=12, priority=3, overrides=0, longest_wait_min=26)
    return rooms_view(room_view(10, queue=queue, today=counts))


def called() -> RoomsView:
    """A place came free and is kept for A 001, who was called; A 007's call was paused."""
    calls = (called_row(1), called_row(7, calls=2, call_left_s=None))
    return rooms_view(room_view(8, called=calls, reserved=2, places_left=0, queue=full().rooms[0].queue))


def over() -> RoomsView:
    """11 of 10: somebody was let in by a guard."""
    visits = (*(visit_row(number) for number in range(1, 11)), visit_row(11, overridden=True))
    counts = TodayCounts(entered=11, left=0, waited=0, priority=0, overrides=1, longest_wait_min=None)
    return rooms_view(room_view(11, visits=visits, today=counts))


def cut_off() -> RoomsView:
    """7 inside and 8 places usable: two are at Door B, which was heard of ten minutes ago; a head count would free them."""
    door = DoorRow("Pintu B", held=2, inside=1, waiting=3, heard_at=NOW - timedelta(minutes=10), connected=False)
    lone = DoorRow("Pintu C", held=0, inside=0, waiting=0, heard_at=None, connected=False)
    visits = (*(visit_row(number) for number in range(1, 7)), visit_row(9, here=False, door="Pintu B"))
    view = room_view(7, visits=visits, doors=(door, lone), is_lone=False, places_left=1, usable=1, needs_count=True)
    return rooms_view(view, online=False)


def two_rooms() -> RoomsView:
    """A reading room with 7 of 10 and an archive that is full."""
    archive = tuple(visit_row(number, visit_id=f"archive-{number}") for number in range(21, 25))
    return rooms_view(seven().rooms[0], room_view(4, ARCHIVE, visits=archive))


def long_names() -> RoomsView:
    """Everything that is written as long as it gets: room, door, visitor, purpose, service."""
    where = "Pintu Samping Gedung Layanan Terpadu Satu Atap Lantai Dua Sayap Timur"
    visits = tuple(
        visit_row(number, name=LONG_NAME, purpose=LONG_NAME, door=where, priority=True, people=3, overridden=number == 3)
        for number in (1, 3, 77)
    )
    queue = tuple(ticket_row(number, name=LONG_NAME, purpose=LONG_NAME, people=12, priority=True) for number in (2, 3))
    door = DoorRow(where, held=2, inside=1, waiting=3, heard_at=NOW - timedelta(minutes=10), connected=False)
    view = room_view(
        11,
        LONG_ROOM,
        visits=visits,
        queue=queue,
        called=(called_row(name=LONG_NAME, purpose=LONG_NAME, priority=True, people=12),),
        doors=(door,),
        is_lone=False,
        needs_count=True,
        tied_up=2,
    )
    long_file = Service(id="files", name=LONG_ROOM.name, name_en=LONG_ROOM.name_en, mode=ServiceMode.DROP_OFF)
    drop_offs = (
        DropOff("AB-K7PX-0031", "files", NOW, name=LONG_NAME),
        DropOff("AB-K7PX-0030", "files", NOW, NOW, LONG_NAME, LONG_NAME),
    )
    return rooms_view(
        view, services=(ServiceView(long_file, ServiceMode.DROP_OFF, None, None),), drop_offs=drop_offs, door_name=where
    )


def dropped_off() -> RoomsView:
    """Two files were handed over, and one of them was taken."""
    files = (
        DropOff("A-K7PX-0002", "files", NOW, name="Budi"),
        DropOff("A-K7PX-0001", "files", NOW - timedelta(hours=1), NOW, "Tri Wahyuni"),
    )
    return rooms_view(room_view(3), drop_offs=files)


def crowded() -> RoomsView:
    """500 visits in a hall of 500, and 100 waiting."""
    hall = Room(id="hall", name="Aula", name_en="Hall", max_people=500, max_minutes=120)
    visits = tuple(visit_row(number, name="Ibu Sumarni" if number % 7 == 0 else "") for number in range(1, 501))
    queue = tuple(ticket_row(number, priority=number < 5) for number in range(2, 102))
    return rooms_view(room_view(500, hall, visits=visits, queue=queue, called=(called_row(),)))


SCENES: dict[str, Callable[[], RoomsView]] = {
    "empty": empty,
    "seven": seven,
    "full": full,
    "called": called,
    "over": over,
    "cut_off": cut_off,
    "two_rooms": two_rooms,
    "long_names": long_names,
    "dropped_off": dropped_off,
    "no_rooms": rooms_view,
}
"""Every scene by name, but for `crowded`, which takes long to look at."""

Asked = tuple[str, dict[str, object]]
"""What was asked: the name of the method and all its arguments by name."""


@dataclass
class SceneRooms:
    """The port `Rooms` over a scene. `asked` is what was asked of it; it answers `answers[method]`, else done as usual.

    Nothing changes by asking: a test shows what it wants with `show`.
    """

    scene: RoomsView = field(default_factory=seven)
    answers: dict[str, Done] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.views = Broadcast(self.scene)
        self._scanned: Broadcast[Done | None] = Broadcast(None)

    def show(self, scene: RoomsView) -> None:
        """Publish a scene, as newer than the one before."""
        self.views.publish(replace(scene, serial=self.views.current().serial + 1))

    def show_scanned(self, done: Done | None) -> None:
        """Publish what a pass led to."""
        self._scanned.publish(done)

    def close(self) -> None:
        """Nobody waits for news any more."""
        self.views.close()
        self._scanned.close()

    @property
    def now(self) -> datetime:
        """When the scene plays."""
        return self.views.current().now

    def view(self) -> RoomsView:
        return self.views.current()

    def scanned(self) -> Broadcast[Done | None]:
        return self._scanned

    def arrive(self, room_id: str, visitor: Visitor, *, by: Guard | None = None, card: int | None = None) -> Done:
        asked = {"room_id": room_id, "visitor": visitor, "by": by, "card": card}
        done = Done(Said.ENTERED, room_id, visit_id="visit-new", card=card, people=visitor.people)
        return self._answer("arrive", done, **asked)

    def cancel(self) -> None:
        self.asked.append(("cancel", {}))

    def enter_called(self, ticket_id: str, *, by: Guard | None = None, card: int | None = None) -> Done:
        done = Done(Said.ENTERED, visit_id="visit-new", ticket_id=ticket_id, card=card)
        return self._answer("enter_called", done, ticket_id=ticket_id, by=by, card=card)

    def pass_shown(self, text: str) -> Done:
        return self._answer("pass_shown", Done(Said.LEFT, visit_id="visit-1"), text=text)

    def free(self, visit_id: str, reason: FreeReason, *, by: Guard, note: str = "", card_here: bool = False) -> Done:
        asked = {"visit_id": visit_id, "reason": reason, "by": by, "note": note, "card_here": card_here}
        return self._answer("free", Done(Said.FREED, visit_id=visit_id), **asked)

    def call_next(self, room_id: str, *, by: Guard) -> Done:
        return self._answer("call_next", Done(Said.CALLED, room_id, number="A 002"), room_id=room_id, by=by)

    def call_again(self, ticket_id: str, *, by: Guard) -> Done:
        return self._answer("call_again", Done(Said.CALLED, ticket_id=ticket_id, number="A 001"), ticket_id=ticket_id, by=by)

    def pause_call(self, ticket_id: str, *, by: Guard) -> Done:
        return self._answer("pause_call", Done(Said.CALLED, ticket_id=ticket_id, number="A 001"), ticket_id=ticket_id, by=by)

    def skip(self, ticket_id: str, *, by: Guard) -> Done:
        return self._answer("skip", Done(Said.SKIPPED, ticket_id=ticket_id, number="A 002"), ticket_id=ticket_id, by=by)

    def step_away(self, ticket_or_visit_id: str, *, by: Guard | None = None) -> Done:
        return self._answer("step_away", Done(Said.AWAY), ticket_or_visit_id=ticket_or_visit_id, by=by)

    def come_back(self, ticket_or_visit_id: str, *, by: Guard | None = None) -> Done:
        return self._answer("come_back", Done(Said.BACK), ticket_or_visit_id=ticket_or_visit_id, by=by)

    def move(self, visit_id: str, to_room_id: str, *, by: Guard) -> Done:
        return self._answer("move", Done(Said.MOVED, to_room_id, visit_id), visit_id=visit_id, to_room_id=to_room_id, by=by)

    def override(self, room_id: str, visitor: Visitor, reason: OverrideReason, *, by: Guard, note: str = "") -> Done:
        asked = {"room_id": room_id, "visitor": visitor, "reason": reason, "by": by, "note": note}
        return self._answer("override", Done(Said.OVERRIDDEN, room_id, visit_id="visit-new", people=visitor.people), **asked)

    def sweep(self, room_id: str, *, by: Guard) -> Done:
        return self._answer("sweep", Done(Said.SWEPT, room_id), room_id=room_id, by=by)

    def count(self, room_id: str, kept: tuple[str, ...], others: int, *, doors_are_shut: bool, by: Guard) -> Done:
        asked = {"room_id": room_id, "kept": kept, "others": others, "doors_are_shut": doors_are_shut, "by": by}
        return self._answer("count", Done(Said.COUNTED, room_id, people=len(kept) + others), **asked)

    def drop_off(self, service_id: str, name: str = "") -> Done:
        return self._answer("drop_off", Done(Said.RECEIVED, receipt="AB-K7PX-0003"), service_id=service_id, name=name)

    def accept(self, receipt: str, *, by: Guard) -> Done:
        return self._answer("accept", Done(Said.ACCEPTED, receipt=receipt), receipt=receipt, by=by)

    def check(self, room_id: str, missing: tuple[str, ...], *, by: Guard) -> Done:
        return self._answer("check", Done(Said.CHECKED, room_id), room_id=room_id, missing=missing, by=by)

    def rate(self, showing: str, level: Level) -> Done:
        return self._answer("rate", Done(Said.RATED), showing=showing, level=level)

    def _answer(self, method: str, done: Done, **asked: object) -> Done:
        self.asked.append((method, asked))
        return self.answers.get(method, done)


def stand_in(scene: RoomsView | None = None, **answers: Said) -> SceneRooms:
    """Rooms that show a scene (7 of 10 if none is given), and answer each method named in `answers` with that word."""
    return SceneRooms(scene or seven(), {method: Done(said) for method, said in answers.items()})
