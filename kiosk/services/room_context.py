"""A room and the moment, as `core.visits` needs them to decide; and what follows of a document about rooms."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from kiosk.core import visits
from kiosk.core.presence_rule import Instant
from kiosk.core.room_book import in_epoch
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Decided, Draft, Here
from kiosk.store import room_books, room_documents
from kiosk.store.room_documents import DEFAULT_LETTER, RoomsHere
from sync.clock import Moment, SyncState
from sync.ids import RandomBytes, uuid7
from sync.journal import Event, Origin
from sync.protocol.events import Kind
from sync.protocol.rooms import Room


def instant_of(moment: Moment) -> Instant:
    """The moment by this machine's clocks."""
    return Instant(moment.wall, moment.mono_ns, moment.boot_id, moment.sync_state is SyncState.SYNCED)


@dataclass
class RoomContext:
    """What does not change from decision to decision, and what was given back since the server last spoke of it."""

    zone: ZoneInfo
    random_bytes: RandomBytes
    origin: Callable[[], Origin]
    is_online: Callable[[], bool] = lambda: True
    released: dict[tuple[int, str], int] = field(default_factory=dict)
    promised: Callable[[str], int] = lambda room_id: 0  # noqa: ARG005

    def here(self, db: sqlite3.Connection, known: RoomsHere, room: Room, moment: Moment) -> Here:
        """That room at this door now."""
        origin = self.origin()
        return Here(
            room=room,
            book=in_epoch(room_books.load(db, room.id), origin.epoch),
            device_id=origin.device_id,
            epoch=origin.epoch,
            letter=self.letter(known),
            now=instant_of(moment),
            day=moment.wall.astimezone(self.zone).date().isoformat(),
            new_id=lambda: uuid7(moment.wall, self.random_bytes),
            state=known.states.get(room.id),
            version=known.version,
            released=self.released.get((known.version, room.id), 0),
            is_online=self.is_online(),
            promised=self.promised(room.id),
            beside=lambda: tuple(room_books.load(db, other.id) for other in known.rooms if other.id != room.id),
        )

    def letter(self, known: RoomsHere) -> str:
        """What this door's numbers begin with."""
        return known.letter(self.origin().device_id) or DEFAULT_LETTER

    def note_released(self, version: int, drafts: Iterable[Draft]) -> None:
        """Remember what was given back under the server's document of that version."""
        for each in drafts:
            if each.kind is Kind.RIGHTS_RELEASED:
                key = (version, str(each.payload["room_id"]))
                self.released = {old: amount for old, amount in self.released.items() if old[0] == version}
                self.released[key] = self.released.get(key, 0) + int(each.payload["amount"])

    def take_in(self, db: sqlite3.Connection, moment: Moment) -> list[Draft]:
        """What is to be journaled so that books and documents agree: grants, visits that ended elsewhere, changed limits."""
        known, drafts = room_documents.read(db), list[Draft]()
        begun_anew = _is_begun_anew(db)
        for room in known.rooms:
            here = self.here(db, known, room, moment)
            if room.id in known.local:
                lost = begun_anew and not here.book.limit
                decided = Decided(Said.CHECKED) if lost else visits.set_up(here)
            else:
                decided = visits.hear(here)
            drafts += visits.then(here, decided.drafts)
        return drafts


def is_lost(db: sqlite3.Connection, here: Here, known: RoomsHere) -> bool:
    """True for an office's own room whose rights went with a journal that was set aside: only a head count gives them back."""
    return here.room.id in known.local and not here.book.limit and _is_begun_anew(db)


def _is_begun_anew(db: sqlite3.Connection) -> bool:
    first = db.execute("SELECT kind FROM journal ORDER BY position LIMIT 1").fetchone()
    return first is not None and first[0] == Kind.STATION_QUARANTINED


def events_of(drafts: Iterable[Draft]) -> list[Event]:
    """Drafts as the journal takes them."""
    return [Event(each.kind, each.payload) for each in drafts]
