"""A door whose guests said who they are: at the entry, with a number in the queue, on the way to another room, or not at all."""

from pathlib import Path

from kiosk.services.room_views import Said, Visitor
from sync.protocol.rooms import Room
from tests.kiosk.services.room_post import DESK, RoomPost

READING, CHILDREN = Room(id="baca", name="Ruang Baca", max_people=3), Room(id="anak", name="Ruang Anak", max_people=3)


def guest_book(data: Path) -> RoomPost:
    """In the order of their visits: Tuti of SMP 1, two without a word, Dian by number A 001, and Tuti again in the other room."""
    door = RoomPost(data, READING, CHILDREN)
    said = Visitor(name="Tuti", purpose="Membaca", institution="SMP 1")
    tuti = door.rooms.arrive("baca", said, by=DESK, card=1).visit_id
    assert tuti is not None
    door.wait(60)
    assert door.rooms.arrive("baca", Visitor(people=2), by=DESK, card=2).said is Said.ENTERED
    door.wait(60)
    ticket = door.rooms.arrive("baca", Visitor(name="Dian", institution="SMP 2")).ticket_id
    assert ticket is not None
    door.wait(60)
    door.show(2)
    assert door.rooms.enter_called(ticket, by=DESK, card=3).said is Said.ENTERED
    door.wait(60)
    assert door.rooms.move(tuti, "anak", by=DESK).said is Said.MOVED
    return door


def erase_names(door: RoomPost) -> None:
    """As retention does: what people said of themselves goes, what places are counted from stays."""
    with door.post.database.transaction() as db:
        db.execute("UPDATE journal SET payload = NULL, salt = NULL WHERE kind = 'visitor.named'")
