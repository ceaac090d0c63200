import time
from collections import Counter
from collections.abc import Callable
from statistics import median

import pytest

from kiosk.services import pins
from kiosk.services.refusals import A_KIND_AN_HOUR, Refusal
from tests.kiosk.services.post import PIN, Post


@pytest.fixture
def door(post: Post) -> Post:
    post.run()
    return post


def reasons(door: Post) -> Counter[str]:
    return Counter(row["reason"] for row in door.of("guard.refused"))


def test_a_scanner_cannot_fill_the_disk(door: Post) -> None:
    """Of a thousand refusals ten are journaled; at the hour's end one row says how many more there were."""
    for _ in range(1000):
        door.station.turned_away(Refusal.FOREIGN_HOST, {"what": ""})
    assert reasons(door) == {"foreign_host": A_KIND_AN_HOUR}
    door.clock.advance(3601)
    door.station.refresh()
    assert door.of("guard.refused")[-1] == {"reason": "more", "counts": {"foreign_host": 990}}
    door.clock.advance(3601)
    door.station.refresh()
    assert len(door.of("guard.refused")) == A_KIND_AN_HOUR + 1


def test_noise_hides_nothing(door: Post) -> None:
    """A flood of one kind leaves room for the others."""
    for _ in range(100):
        door.station.turned_away(Refusal.FOREIGN_ORIGIN, {})
    door.station.turned_away(Refusal.SESSION_ELSEWHERE, {"guard_id": "budi"})
    assert door.of("guard.refused")[-1] == {"guard_id": "budi", "reason": "session_elsewhere"}


def test_the_hour_is_not_the_wall_clocks(door: Post) -> None:
    """Setting the clock gives nobody a new allowance."""
    for _ in range(20):
        door.station.turned_away(Refusal.STALE_FORM, {})
        door.clock.jump(7200)
    assert reasons(door) == {"stale_form": A_KIND_AN_HOUR}


def test_what_came_too_soon_is_told(door: Post) -> None:
    """A PIN that was not looked at is a refusal too."""
    for _ in range(4):
        door.station.sign_in("budi", "0000")
    assert reasons(door) == {"wrong_pin": 3, "too_soon": 1}
    assert len(door.of("guard.attempted")) == 3


def test_switching_off_and_on_in_a_burst_gains_no_try(make_post: Callable[..., Post], post: Post) -> None:
    """Whoever pulls the plug after every wrong PIN waits as long as whoever does not."""
    door, looked_at = post, 0
    doors = [door]
    for _ in range(12):
        door.run()
        door.station.sign_in("budi", "0000")
        looked_at = len(door.of("guard.attempted"))
        door = door.restart()
        doors.append(door)
    assert looked_at == 3
    door.run()
    assert door.station.sign_in("budi", PIN).wait_s == 2
    for each in doors:
        each.close()


def test_the_wait_goes_by_the_count(door: Post) -> None:
    """Each look doubles it, up to five minutes; days that pass in between take nothing off."""
    waits = []
    for _ in range(14):
        waits.append(door.station.sign_in("budi", "0000").wait_s)
        door.clock.advance(86_400)
    assert waits == [0, 0, 2, 4, 8, 15, 30, 60, 120, 300, 300, 300, 300, 300]


def test_an_unknown_guard_is_answered_as_a_known_one(door: Post) -> None:
    """The same answer after the same tries: who is registered here cannot be asked with PINs. All unknown names wait together."""
    known = [door.station.sign_in("budi", "0000") for _ in range(4)]
    assert [door.station.sign_in(name, "0000") for name in ("x", "y", "?", "")] == known


def test_an_unknown_guard_takes_as_long(door: Post) -> None:
    """Nobody's hash is worked on as long as somebody's."""
    pins.pin_is_right(None, "0000", b"p")  # made once

    def took_s(pin_hash: str | None) -> float:
        began = time.perf_counter()
        assert not pins.pin_is_right(pin_hash, "0000", b"p")
        return time.perf_counter() - began

    real = pins.hash_pin(PIN, b"p")
    pairs = [(took_s(real), took_s(None)) for _ in range(7)]
    assert 0.4 < median(known / unknown for known, unknown in pairs) < 2.5
