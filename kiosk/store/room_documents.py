"""What this door was told of rooms: the server's document, and the office's own for a door without a server."""

import sqlite3
from dataclasses import dataclass

import msgspec

from sync.protocol.rooms import Door, Room, RoomsDocument, RoomState, Service

CENTRAL = "central"
LOCAL = "local"
DEFAULT_LETTER = "A"

SCHEMA = ("CREATE TABLE room_documents (source TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID",)


@dataclass(frozen=True, slots=True)
class RoomsHere:
    """Both documents as one. A room that the office set up itself stays its own, whatever the server says of that id.

    `doors` are the server's, then the station itself as its office set it up (without an id).
    """

    version: int
    rooms: tuple[Room, ...]
    services: tuple[Service, ...]
    doors: tuple[Door, ...]
    states: dict[str, RoomState]
    local: frozenset[str]

    def room(self, room_id: str) -> Room | None:
        """The room of that id."""
        return next((each for each in self.rooms if each.id == room_id), None)

    def letter(self, device_id: str) -> str | None:
        """What the numbers of this station begin with, None where nobody said. The server's word comes before the office's own:
        only the server knows which letters others have.
        """
        return next((door.letter for door in self.doors if door.device_id in (device_id, "")), None)


NOTHING = RoomsHere(version=0, rooms=(), services=(), doors=(), states={}, local=frozenset())


def put(db: sqlite3.Connection, document: RoomsDocument, source: str) -> bool:
    """Take a document in the place of the one before; False for one that is not newer (the office's own always is)."""
    row = db.execute("SELECT version FROM room_documents WHERE source = ?", (source,)).fetchone()
    if row is not None and source == CENTRAL and document.version <= row[0]:
        return False
    body = msgspec.json.encode(document).decode()
    db.execute("INSERT OR REPLACE INTO room_documents VALUES (?, ?, ?)", (source, document.version, body))
    return True


def read(db: sqlite3.Connection) -> RoomsHere:
    """What is known of rooms at this door."""
    found = {
        source: msgspec.json.decode(body, type=RoomsDocument)
        for source, body in db.execute("SELECT source, body FROM room_documents")
    }
    local, central = found.get(LOCAL, RoomsDocument()), found.get(CENTRAL, RoomsDocument())
    own = frozenset(room.id for room in local.rooms)
    services = {each.id: each for each in (*central.services, *local.services)}
    return RoomsHere(
        version=central.version,
        rooms=(*local.rooms, *(room for room in central.rooms if room.id not in own)),
        services=tuple(services.values()),
        doors=(*central.doors, *local.doors),
        states={state.room_id: state for state in central.states if state.room_id not in own},
        local=own,
    )
