"""What the screens of rooms show, and what can be done on them: values and ports, without a word of any language."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kiosk.core.room_codes import FreeReason, OverrideReason, Said, TicketState
from kiosk.services.broadcast import Broadcast
from kiosk.services.views import Guard
from sync.protocol.rooms import PassKind, Room, Service, ServiceMode
from sync.protocol.satisfaction import Level


@dataclass(frozen=True, slots=True)
class WaitRange:
    """An honest guess of a wait, from recent visits: minutes, from ... to."""

    from_min: int
    to_min: int


@dataclass(frozen=True, slots=True)
class VisitRow:
    """Somebody inside, by number and never by name on a public screen. `label` is what to call them by: "7", "A 017", "#0412".

    `here` is True for a visit that began at this door; `door` is the name of the door where it began. `guess` is True where the
    clock was not trusted. `over_by_min` is set when the visit lasts longer than the room's `max_minutes`; `left_min` before that.
    """

    visit_id: str
    label: str
    card: int | None
    number: str | None
    people: int
    since: datetime
    minutes: int
    clock_trusted: bool
    here: bool
    door: str
    is_staff: bool = False
    name: str = ""
    purpose: str = ""
    priority: bool = False
    overridden: bool = False
    away_left_min: int | None = None
    left_min: int | None = None
    over_by_min: int | None = None


@dataclass(frozen=True, slots=True)
class TicketRow:
    """Somebody waiting with a number, in the order of the queue. `ahead` people (not numbers) come before."""

    ticket_id: str
    number: str
    people: int
    priority: bool
    state: TicketState
    taken_at: datetime
    waited_min: int
    ahead: int
    wait: WaitRange | None
    calls: int = 0
    call_left_s: int | None = None
    """Of a call that runs out; None for one that the desk has paused, or without a call."""
    away_left_min: int | None = None
    name: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class DoorRow:
    """Another door of the room: "2 places at Door B, last heard 14.02"."""

    name: str
    held: int
    inside: int
    waiting: int
    heard_at: datetime | None
    connected: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """The opening checklist of a room today. `done_at` None: not filled in yet (amber)."""

    done_at: datetime | None
    by: str
    missing: tuple[str, ...]
    """Items that were found missing: of "masks", "soap", "sanitiser", "water"."""


CHECKLIST_ITEMS = ("masks", "water", "soap", "sanitiser")


@dataclass(frozen=True, slots=True)
class TodayCounts:
    """People, not visits, at this door since local midnight."""

    entered: int
    left: int
    waited: int
    priority: int
    overrides: int
    longest_wait_min: int | None


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room as this door knows it. Big on every screen: `inside`/`max_people`.

    `places_left` can be used at this door now (not those kept for numbers that were called); `usable` are places that any door
    can use; `over_by` is above zero after an override or a lowered limit ("11/10, melebihi 1"). `needs_count`: somebody
    should count heads, since places are tied up that only a count can free, or the room is full with long stays. `is_lone`: the
    room has no other door.
    """

    room: Room
    inside: int
    places_left: int
    usable: int
    over_by: int
    reserved: int
    visits: tuple[VisitRow, ...]
    queue: tuple[TicketRow, ...]
    called: tuple[TicketRow, ...]
    doors: tuple[DoorRow, ...]
    checklist: Checklist
    today: TodayCounts
    needs_count: bool
    is_lone: bool
    tied_up: int
    closing_in_min: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service as it is today. `mode` is the one in force; `until` is set while it is not NORMAL."""

    service: Service
    mode: ServiceMode
    until: str | None
    room: Room | None
    quota_left: int | None = None


@dataclass(frozen=True, slots=True)
class DropOff:
    """A file that was handed over: receipt number such as "B-K7PX-0031"."""

    receipt: str
    service_id: str
    received_at: datetime
    accepted_at: datetime | None = None
    by: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class RoomsView:
    """All rooms of this door, for desk, display and panel. `serial` grows with every change."""

    serial: int
    now: datetime
    clock_trusted: bool
    online: bool
    door_name: str
    letter: str
    rooms: tuple[RoomView, ...]
    services: tuple[ServiceView, ...]
    drop_offs: tuple[DropOff, ...] = ()

    def room(self, room_id: str) -> RoomView | None:
        """The room of that id."""
        return next((each for each in self.rooms if each.room.id == room_id), None)


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a visitor said at the panel or the desk. Nothing is required; never a child's name."""

    people: int = 1
    name: str = ""
    purpose: str = ""
    institution: str = ""
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to an action. `pass_code` is the text of a QR code, given once and never stored (PassKind SCREEN and PAPER).

    `showing` is set where whoever has just left is to be asked how it was: what `Rooms.rate` is told.
    """

    said: Said
    room_id: str | None = None
    visit_id: str | None = None
    ticket_id: str | None = None
    number: str | None = None
    card: int | None = None
    people: int = 1
    pass_code: str | None = None
    pass_kind: PassKind | None = None
    receipt: str | None = None
    ahead: int = 0
    wait: WaitRange | None = None
    in_use_since: datetime | None = None
    places_left: int | None = None
    showing: str | None = None

    @property
    def ok(self) -> bool:
        """True if it was done."""
        return self.said in _DONE


_DONE = frozenset(
    {
        Said.ENTERED,
        Said.WAITING,
        Said.SHOW_CARD,
        Said.LEFT,
        Said.LEFT_UNKNOWN,
        Said.FREED,
        Said.FREED_LATER,
        Said.CALLED,
        Said.SKIPPED,
        Said.AWAY,
        Said.BACK,
        Said.MOVED,
        Said.OVERRIDDEN,
        Said.SWEPT,
        Said.COUNTED,
        Said.RECEIVED,
        Said.ACCEPTED,
        Said.CHECKED,
        Said.RATED,
    }
)


class Rooms(Protocol):
    """What panel, desk, display and guard ask of the rooms of this station. Implemented by `kiosk.services.rooms.StationRooms`.

    Every method commits before it answers and never raises for what people do; `Said.OUT_OF_SERVICE` when the journal cannot be
    written. `by` is who acts, None for the visitor at the panel.
    """

    views: Broadcast[RoomsView]
    """Every change, within 300 ms."""

    def view(self) -> RoomsView:
        """As things are now."""

    def scanned(self) -> Broadcast["Done | None"]:
        """What the pass that was shown to the camera last led to, for the panel."""

    def arrive(self, room_id: str, visitor: Visitor, *, by: Guard | None = None, card: int | None = None) -> Done:
        """Somebody wants in. With a place: SHOW_CARD under PassKind.CARD at the panel (the card that is scanned next within 60 s
        enters them), else ENTERED; the desk may hand out `card` by number, or none, and gets ENTERED. Without: WAITING."""

    def cancel(self) -> None:
        """The visitor at the panel went away before a card was shown."""

    def enter_called(self, ticket_id: str, *, by: Guard | None = None, card: int | None = None) -> Done:
        """Somebody whose number was called comes in; as `arrive`."""

    def pass_shown(self, text: str) -> Done:
        """A pass was shown to the camera: it ends a visit, or, while a card is awaited or a number called, begins one."""

    def free(self, visit_id: str, reason: FreeReason, *, by: Guard, note: str = "", card_here: bool = False) -> Done:
        """The desk frees a place. `card_here`: the card is back in the box of this door."""

    def call_next(self, room_id: str, *, by: Guard) -> Done:
        """Call whoever is next, if there is a place."""

    def call_again(self, ticket_id: str, *, by: Guard) -> Done:
        """The number once more; its time begins anew."""

    def pause_call(self, ticket_id: str, *, by: Guard) -> Done:
        """The call does not run out until it is called again, entered or skipped."""

    def skip(self, ticket_id: str, *, by: Guard) -> Done:
        """Out of the queue."""

    def step_away(self, ticket_or_visit_id: str, *, by: Guard | None = None) -> Done:
        """Leave for a while: the turn, or the place inside, is kept for `leave_minutes`."""

    def come_back(self, ticket_or_visit_id: str, *, by: Guard | None = None) -> Done:
        """Back from stepping away."""

    def move(self, visit_id: str, to_room_id: str, *, by: Guard) -> Done:
        """From one room to another in one action; FULL if there is no place."""

    def override(self, room_id: str, visitor: Visitor, reason: OverrideReason, *, by: Guard, note: str = "") -> Done:
        """Let somebody into a full room: a person decides and answers for it. The caller has checked the PIN anew."""

    def sweep(self, room_id: str, *, by: Guard) -> Done:
        """Closing time: everybody has gone, as far as is known."""

    def count(self, room_id: str, kept: tuple[str, ...], others: int, *, doors_are_shut: bool, by: Guard) -> Done:
        """A head count: the visits `kept` are inside, and `others` people besides. See `rooms.md`."""

    def drop_off(self, service_id: str, name: str = "") -> Done:
        """A file is handed over: RECEIVED with its receipt number."""

    def accept(self, receipt: str, *, by: Guard) -> Done:
        """The officer has the file."""

    def check(self, room_id: str, missing: tuple[str, ...], *, by: Guard) -> Done:
        """The opening checklist was gone through."""

    def rate(self, showing: str, level: Level) -> Done:
        """How whoever has just left found it: RATED once for each showing, journaled without a word of who it was. Else
        ALREADY_RATED, or RATED_LATE when nobody has just left."""


__all__ = [
    "CHECKLIST_ITEMS",
    "Checklist",
    "Done",
    "DoorRow",
    "DropOff",
    "FreeReason",
    "OverrideReason",
    "RoomView",
    "Rooms",
    "RoomsView",
    "Said",
    "ServiceView",
    "TicketRow",
    "TicketState",
    "TodayCounts",
    "VisitRow",
    "Visitor",
    "WaitRange",
]
