"""A door with rooms, behind its pages, on a Wednesday at noon."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kiosk.services.room_views import RoomsView
from kiosk.web import create_app
from sync.clock import ManualClock
from tests.kiosk.web.duty_door import HOSTS, DutyDoor, duty_door
from tests.kiosk.web.room_scenes import SceneRooms, seven

NOON = datetime(2020, 6, 10, 5, 0, tzinfo=UTC)


@contextmanager
def statistics_door(data: Path, scene: RoomsView | None = None) -> Iterator[DutyDoor]:
    """A door whose rooms are those of a scene, on Wednesday 10 June 2020 at noon."""
    with duty_door(data, clock=ManualClock(NOON)) as door:
        rooms = SceneRooms(scene or seven())
        door.app = create_app(
            door.post.station,
            secret_key=b"k" * 32,
            allowed_hosts=HOSTS,
            testing=True,
            clock=door.post.clock,
            duties=door.duties,
            rooms=rooms,
        )
        try:
            yield door
        finally:
            rooms.close()
