"""What the server says to a door of the room that two doors share, for tests."""

from kiosk.store import room_documents
from sync.protocol.rooms import FIRST_GENERATION, Grant, Room, RoomsDocument, RoomState
from tests.kiosk.services.room_post import RoomPost

SHARED = Room(id="bersama", name="Ruang Bersama", max_people=4, doors=["door-1", "door-2"])


def told(door: RoomPost, version: int, state: RoomState, shared: Room = SHARED) -> None:
    """The server says something of the room that two doors share."""
    with door.post.database.transaction() as db:
        room_documents.put(db, RoomsDocument(version=version, rooms=[shared], states=[state]), room_documents.CENTRAL)
    door.rooms.step()


def grant(door: RoomPost, serial: int, amount: int) -> Grant:
    """Rights for this door and its journal."""
    return Grant(serial=serial, amount=amount, generation=FIRST_GENERATION, epoch=door.post.database.journal.origin.epoch)
