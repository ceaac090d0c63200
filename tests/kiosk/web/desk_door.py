"""The desk's pages over real rooms: a real journal, the lane on a thread, cards in the box, and a clock moved by hand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from kiosk.core.duties import Role
from kiosk.services.changes import DirectoryChange, NewGuard
from kiosk.services.duties import build_duties
from kiosk.services.pins import hash_pin
from kiosk.services.rooms import StationRooms
from kiosk.store import pass_cards, room_documents
from kiosk.store.pass_cards import PassCard
from kiosk.web import create_app
from sync.protocol.rooms import Door, Room, RoomsDocument, Service, ServiceMode
from tests.kiosk.services.post import PEPPER, PIN, Post
from tests.kiosk.services.room_post import card_sha256, rooms_of
from tests.kiosk.services.toolbox import tools_of

HOSTS = frozenset({"localhost", "127.0.0.1"})
READING = Room(id="baca", name="Ruang Baca", name_en="Reading Room", max_people=3, max_minutes=60)
ARCHIVE = Room(id="arsip", name="Ruang Arsip", name_en="Archive", max_people=1)
FILES = Service(id="berkas", name="Berkas", mode=ServiceMode.DROP_OFF)
PEOPLE = {Role.GUARD: "Slamet", Role.DESK: "Tri", Role.HEAD: "Ibu Kepala"}


@dataclass
class DeskDoor:
    """A door with rooms, and its pages."""

    post: Post
    rooms: StationRooms
    app: Flask


def open_rooms(post: Post, *rooms: Room) -> StationRooms:
    """The office's own rooms at `post`, which runs on a thread, with twelve cards."""
    document = RoomsDocument(doors=[Door(device_id="", name="", letter="A")], rooms=list(rooms), services=[FILES])
    with post.database.transaction() as db:
        room_documents.put(db, document, room_documents.LOCAL)
        numbered = [PassCard(n, card_sha256(n)) for n in range(1, 13)]
        pass_cards.change_local(db, numbered, [], post.clock.now().claimed_at)
    opened = rooms_of(post, on_thread=True)
    opened.step()
    return opened


@contextmanager
def desk_door(data: Path, *rooms: Room) -> Iterator[DeskDoor]:
    """One door, in service until the block ends: a reading room for three and an archive for one, unless told otherwise."""
    pin_hash = hash_pin(PIN, PEPPER)
    guards = [NewGuard(role.value, name, role.value, pin_hash) for role, name in PEOPLE.items()]
    post = Post(data, people=DirectoryChange(guards=guards))
    lane = post.run()
    opened = open_rooms(post, *(rooms or (READING, ARCHIVE)))
    duties = build_duties(tools_of(post, on_thread=True))
    app = create_app(
        post.station,
        secret_key=b"k" * 32,
        allowed_hosts=HOSTS,
        testing=True,
        clock=post.clock,
        duties=duties,
        rooms=opened,
    )
    watching = threading.Thread(target=opened.run, args=(post.stopping,), daemon=True)
    watching.start()
    try:
        yield DeskDoor(post, opened, app)
    finally:
        post.stopping.set()
        opened.views.close()
        watching.join()
        post.end(lane)
