"""The tools of a `Post`, as duties get them from the wiring."""

import os
from concurrent.futures import Future
from zoneinfo import ZoneInfo

from kiosk.services.lane import Happened
from kiosk.services.tools import Event, StationTools
from tests.kiosk.services.post import ZONE, Post


def tools_of(post: Post, *, on_thread: bool = False) -> StationTools:
    """Tools that journal through the lane of `post`, which runs `on_thread` (`post.run()`) or is stepped by who asks."""

    def stepped(*events: Event) -> None:
        reply: Future[None] = Future()
        post.offer(Happened(events, reply))
        reply.result(0)

    return StationTools(
        name="Pintu",
        place="lobby",
        device_id="door-1",
        data=post.data,
        photos=post.data / "photos",
        database=post.data / "kiosk.db",
        clock=post.clock,
        zone=ZoneInfo(ZONE),
        journal=post.lane.journal if on_thread else stepped,
        random_bytes=os.urandom,
    )
