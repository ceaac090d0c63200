"""What tests of the station's services share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kiosk.services.room_post import RoomPost


@pytest.fixture
def door(tmp_path: Path) -> Iterator[RoomPost]:
    door = RoomPost(tmp_path)
    yield door
    door.close()
