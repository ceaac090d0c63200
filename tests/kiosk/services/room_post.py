"""A door with a room, for tests: a real database and lane, a clock moved by hand, numbered cards in the box."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from drivers.base import Sighting
from kiosk.core.badges import token_sha256
from kiosk.core.passes import CodeKind, pass_code
from kiosk.services.lane import Deciding
from kiosk.services.pass_showing import JUST_ENTERED_S
from kiosk.services.room_context import RoomContext
from kiosk.services.room_views import Done, RoomView, Said, Visitor
from kiosk.services.rooms import StationRooms
from kiosk.services.views import Guard
from kiosk.store import pass_cards, room_documents
from kiosk.store.pass_cards import PassCard
from sync.protocol.rooms import Door, Room, RoomsDocument
from tests.kiosk.services.post import Post
from tests.kiosk.services.toolbox import tools_of

DESK = Guard("sari", "Sari", "desk")
ONE = Visitor()
READING = Room(id="baca", name="Ruang Baca", max_people=3)


def card_code(number: int) -> str:
    """The code on the card of that number."""
    return pass_code(CodeKind.CARD, _token(number))


def card_sha256(number: int) -> str:
    """What a kiosk keeps of that card."""
    return token_sha256(_token(number))


def _token(number: int) -> bytes:
    return (1000 + number).to_bytes(16, "big")


def rooms_of(
    post: Post, *, online: list[bool] | None = None, on_thread: bool = False, meanwhile: list[Callable[[], object]] | None = None
) -> StationRooms:
    """The rooms of `post`, which runs `on_thread` (`post.run()`) or whose lane is stepped by who asks.

    What is in `meanwhile` happens, once, between the next commit and the answer to who asked for it.
    """
    tools = tools_of(post, on_thread=on_thread)
    is_online = online if online is not None else [True]

    def stepped(decide: Any) -> Any:
        reply: Future[Any] = Future()
        post.offer(Deciding(decide, reply))
        done = reply.result(0)
        if meanwhile:
            meanwhile.pop()()
        return done

    context = RoomContext(
        zone=tools.zone,
        random_bytes=tools.random_bytes,
        origin=lambda: post.database.journal.origin,
        is_online=lambda: is_online[0],
    )
    rooms = StationRooms(tools, context, post.lane.decide if on_thread else stepped, post.policy.direction)
    post.lane.attach_passes(rooms.pass_seen)
    post.lane.attach_rooms(rooms.staff_admitted)
    return rooms


class RoomPost:
    """A station with the office's own rooms, switched on."""

    def __init__(self, data: Path, *rooms: Room, post: Post | None = None, cards: int = 12, **more: Any) -> None:
        self.post = post or Post(data)
        document = RoomsDocument(doors=[Door(device_id="", name="", letter="A")], rooms=list(rooms or (READING,)), **more)
        with self.post.database.transaction() as db:
            room_documents.put(db, document, room_documents.LOCAL)
            numbered = [PassCard(n, card_sha256(n)) for n in range(1, cards + 1)]
            pass_cards.change_local(db, numbered, [], self.post.clock.now().claimed_at)
        self.rooms = rooms_of(self.post)
        self.rooms.step()

    def restart(self) -> "RoomPost":
        """Switch it off and on."""
        self.post = self.post.restart()
        self.rooms = rooms_of(self.post)
        self.rooms.step()
        return self

    def room(self, room_id: str = "baca") -> RoomView:
        """The room as screens see it."""
        found = self.rooms.view().room(room_id)
        assert found is not None
        return found

    def show(self, number: int) -> Done | None:
        """Hold a card to the camera, and take it away again."""
        return self.show_code(card_code(number))

    def show_code(self, code: str) -> Done | None:
        """Hold a pass to the camera, a while after whatever was before, and take it away again."""
        self.post.clock.advance(JUST_ENTERED_S)
        self.post.offer(Sighting(code, self.post.clock.now().mono_ns))
        return self.rooms.scanned().current()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.post.clock.advance(seconds)
        self.rooms.step()

    def close(self) -> None:
        self.post.close()


def enter(door: RoomPost, *cards: int) -> None:
    """Let visitors in, each with a card of the desk."""
    for card in cards:
        assert door.rooms.arrive("baca", ONE, by=DESK, card=card).said is Said.ENTERED
