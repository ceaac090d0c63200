"""How it was, asked of whoever has just left: journaled once, of nobody, and of nobody who is not there any more."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.room_codes import FreeReason
from kiosk.services.room_views import Done, Said
from kiosk.services.satisfaction import ANSWERED_WITHIN_S, AskingLeavers
from sync.clock import ManualClock
from sync.protocol.rooms import Room
from sync.protocol.satisfaction import Level
from tests.kiosk.services.post import ZONE
from tests.kiosk.services.room_post import DESK, RoomPost, enter, rooms_of

ASKING = Room(id="baca", name="Ruang Baca", max_people=3, asks_satisfaction=True)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[RoomPost]:
    door = RoomPost(tmp_path, ASKING)
    yield door
    door.close()


def left(door: RoomPost, card: int = 1) -> Done:
    """Somebody comes in with that card, and leaves."""
    enter(door, card)
    done = door.show(card)
    assert done is not None
    assert done.said is Said.LEFT
    return done


@pytest.mark.parametrize("level", Level)
def test_an_answer_is_journaled_and_says_of_nobody(asking: RoomPost, level: Level) -> None:
    """The room, the level and the day: no visit, no card, no pass, no name, nor the name of the showing."""
    asking.post.clock.advance(18 * 3600)
    done = left(asking)
    assert asking.rooms.rate(done.showing or "", level) == Done(Said.RATED, "baca")
    (told,) = asking.post.of("visitor.rated")
    local = asking.post.clock.now().wall.astimezone(ZoneInfo(ZONE))
    assert told == {"room_id": "baca", "level": level.value, "day": local.date().isoformat()}
    shown = asking.rooms.scanned().current()
    assert shown is not None
    assert (shown.said, shown.showing) == (Said.RATED, None)


def test_a_showing_is_answered_once(asking: RoomPost) -> None:
    """A second touch changes nothing, whatever it says; the next who leaves is asked anew."""
    done = left(asking)
    said = [asking.rooms.rate(done.showing or "", level).said for level in (Level.GOOD, Level.GOOD, Level.BAD)]
    assert said == [Said.RATED, Said.ALREADY_RATED, Said.ALREADY_RATED]
    other = left(asking, 2)
    assert other.showing not in (None, done.showing)
    assert asking.rooms.rate(other.showing or "", Level.BAD).said is Said.RATED
    assert [each["level"] for each in asking.post.of("visitor.rated")] == ["good", "bad"]


def test_too_late_is_nothing(asking: RoomPost) -> None:
    """In time is as long as the question is shown, and a finger longer."""
    done = left(asking)
    asking.post.clock.advance(ANSWERED_WITHIN_S - 0.1)
    assert asking.rooms.rate(done.showing or "", Level.GOOD).said is Said.RATED
    done = left(asking)
    asking.post.clock.advance(ANSWERED_WITHIN_S)
    assert asking.rooms.rate(done.showing or "", Level.GOOD).said is Said.RATED_LATE
    assert len(asking.post.of("visitor.rated")) == 1


def test_nobody_has_just_left(asking: RoomPost) -> None:
    """Without a showing, with one that nobody was given, or after somebody else came, nothing is journaled."""
    for forged in ("", "0" * 32):
        assert asking.rooms.rate(forged, Level.BAD).said is Said.RATED_LATE
    done = left(asking)
    assert asking.rooms.rate("", Level.BAD).said is Said.RATED_LATE
    left(asking, 2)
    assert asking.rooms.rate(done.showing or "", Level.BAD).said is Said.RATED_LATE
    assert asking.post.of("visitor.rated") == []


def test_a_restart_asks_nobody(asking: RoomPost) -> None:
    """Whoever was asked before the program ended is not asked after it."""
    done = left(asking)
    asking.restart()
    assert asking.rooms.rate(done.showing or "", Level.GOOD).said is Said.RATED_LATE
    assert asking.post.of("visitor.rated") == []


def test_who_is_not_asked(asking: RoomPost, tmp_path: Path) -> None:
    """Coming in, a second showing of the same card, an end by the desk, and a room that does not ask."""
    enter(asking, 1)
    (visit,) = asking.room().visits
    assert asking.rooms.free(visit.visit_id, FreeReason.FORGOT, by=DESK).showing is None
    left(asking)
    again = asking.show(1)
    assert again is not None
    assert (again.said, again.showing) == (Said.ALREADY_LEFT, None)
    silent = RoomPost(tmp_path, Room(id="baca", name="Ruang Baca", max_people=3), post=asking.post)
    assert left(silent).showing is None


def test_the_thanks_are_not_shown_to_somebody_else(asking: RoomPost) -> None:
    """An answer that is committed just as the next card is shown does not hide what that card led to."""
    meanwhile: list[Callable[[], object]] = []
    asking.rooms = rooms_of(asking.post, meanwhile=meanwhile)
    done = left(asking)
    enter(asking, 2)
    meanwhile.append(lambda: asking.show(2))
    assert asking.rooms.rate(done.showing or "", Level.GOOD).said is Said.RATED
    shown = asking.rooms.scanned().current()
    assert shown is not None
    assert (shown.said, shown.showing is None) == (Said.LEFT, False)


@pytest.mark.parametrize("said", Said)
def test_only_leaving_is_asked_about(said: Said) -> None:
    """Also where the visit began at another door that this one has not heard of yet."""
    leavers = AskingLeavers(os.urandom)
    asked = leavers.heard(Done(said, "baca"), ASKING, ManualClock().now())
    assert (asked.showing is not None) == (said in (Said.LEFT, Said.LEFT_UNKNOWN))
