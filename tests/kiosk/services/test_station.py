import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from kiosk.core.values import ScreenKind
from kiosk.services import pins
from kiosk.services.lane import SensorState
from kiosk.services.views import Guard
from sync.clock import SyncState as ClockState
from sync.state import Channel, Problem, SyncState
from tests.kiosk.services.post import PIN, Post, hash_of


def test_the_feed_tells_what_happened(post: Post) -> None:
    """Newest first: who, verdict, reasons, and the temperature that only guards see."""
    post.badge(1)
    post.forehead(36.5)
    post.wait(3)
    post.badge(77)
    post.station.refresh()
    unknown, admitted = post.station.guard.current().feed
    assert (admitted.person.name if admitted.person else None, admitted.verdict) == ("Orang 1", "admit")
    assert admitted.shown_temperature_c == 36.5
    assert (unknown.person, unknown.verdict, unknown.kind) == (None, "hold", "badge.unmatched")
    assert post.station.guard.current().inside_today == 1


def test_people_inside_are_counted_from_the_doors_midnight(post: Post) -> None:
    """Yesterday's people, a second tap and a refused badge do not count."""
    post.badge(1)
    post.wait(24 * 3600)
    for number in (2, 3):
        post.badge(number)
    post.wait(120)
    post.badge(2)
    with post.database.transaction() as db:
        db.execute("UPDATE badges SET state = 'revoked' WHERE token_sha256 = ?", (hash_of(4),))
    post.badge(4)
    post.station.refresh()
    assert post.station.guard.current().inside_today == 2


def test_sent_marks_follow_the_sync_agent(post: Post) -> None:
    """A tap is "sent" once sync.db says so, on the feed and on the panel; waiting rows are counted down."""
    post.badge(1)
    post.station.refresh()
    assert (post.station.guard.current().feed[0].sent, post.station.panel.current().tap_sent) == (False, False)
    assert post.health.health.waiting_rows == 1
    with closing(SyncState(post.data / "sync.db", post.clock)) as state:
        state.set_acked(post.database.journal.origin.epoch, ((1, 1),))
        state.report(Channel.UPLOAD, None)
        post.station.refresh()
        assert (post.station.guard.current().feed[0].sent, post.station.panel.current().tap_sent) == (True, True)
        assert (post.health.health.waiting_rows, post.health.health.online) == (0, True)
        state.report(Channel.UPLOAD, Problem.UNREACHABLE, "cut")
        post.station.refresh()
        assert (post.health.health.online, post.health.health.server_problem) == (False, "unreachable")


def test_a_quiet_hall_publishes_nothing(post: Post) -> None:
    """Looking again at what has not changed draws no screen anew."""
    post.station.refresh()
    before = post.station.panel.current().serial, post.station.guard.current().serial
    post.station.refresh()
    assert (post.station.panel.current().serial, post.station.guard.current().serial) == before


def test_a_clock_that_loses_its_source_is_shown(post: Post) -> None:
    """The sign on every screen follows the clock."""
    post.station.refresh()
    assert post.station.panel.current().health.clock_trusted
    post.clock.sync_state = ClockState.UNSYNCED
    post.station.refresh()
    assert not post.station.panel.current().health.clock_trusted


def test_holds_count_down_until_the_second_reading(post: Post) -> None:
    """The guard sees the minutes left; after a second high reading there is nothing to wait for."""
    post.badge(1)
    post.forehead(38.2)
    post.station.refresh()
    first = post.station.guard.current().holds[0].recheck_in_s
    assert first is not None
    assert 290 <= first <= 300
    post.wait(301)
    post.station.refresh()
    assert post.station.guard.current().holds[0].recheck_in_s == 0
    post.badge(1)
    post.forehead(38.4)
    post.station.refresh()
    assert post.station.guard.current().holds[0].recheck_in_s is None


def test_a_language_lasts_for_one_go(post: Post) -> None:
    """Who chose English sees it until their go is over; the next person, even straight behind them, has Indonesian."""
    post.badge(1)
    post.badge(2)
    post.station.set_language("en")
    post.forehead(36.5)
    assert (post.screen.kind, post.station.panel.current().language) == (ScreenKind.ADMITTED, "en")
    post.wait(3)
    assert (post.screen.person.id if post.screen.person else None) == "P2"
    assert post.station.panel.current().language == "id"


def test_a_language_chosen_before_the_badge_is_kept(post: Post) -> None:
    """The idle panel may be set first."""
    post.station.set_language("en")
    post.badge(1)
    assert post.station.panel.current().language == "en"


def test_out_of_service_is_shown_and_measured(post: Post) -> None:
    """Panel, health and metrics say it."""
    post.station.out_of_service()
    assert post.station.panel.current().screen.kind is ScreenKind.OUT_OF_SERVICE
    assert not post.station.panel.current().health.in_service
    assert "gapura_in_service 0\n" in post.station.metrics()


def test_a_lost_folder_keeps_the_publisher_alive(post: Post) -> None:
    """When the files cannot be read the screens keep what they have."""
    post.station.refresh()
    serial = post.station.guard.current().serial
    post.database.connection.execute("DROP TABLE arrivals")
    post.station.refresh()
    assert post.station.guard.current().serial == serial


@pytest.mark.parametrize("name", ["../secret", "", "a" * 63, "a" * 64, "/etc/passwd"])
def test_photos_are_asked_for_by_hash_only(post: Post, name: str) -> None:
    """Nothing but a hash names a photo, and one that is not there is None."""
    assert post.station.photo(name) is None


class TestSigningIn:
    """A guard's PIN."""

    @pytest.fixture(autouse=True)
    def _running(self, post: Post) -> None:
        post.run()

    def test_the_right_pin(self, post: Post) -> None:
        """The attempt is journaled before the answer, and the count starts anew."""
        assert post.station.sign_in("budi", "0000").guard is None
        answer = post.station.sign_in("budi", PIN)
        assert (answer.guard, answer.wait_s) == (Guard("budi", "Budi", "guard"), 0)
        assert post.kinds() == ["guard.attempted", "guard.refused", "guard.attempted", "guard.signed_in"]
        post.station.sign_out(Guard("budi", "Budi", "guard"))
        assert post.kinds()[-1] == "guard.signed_out"

    def test_nothing_of_a_pin_is_kept(self, post: Post) -> None:
        """Neither a right nor a wrong PIN is in any file."""
        post.station.sign_in("budi", "73915264")
        post.station.sign_in("budi", PIN)
        kept = b"".join(path.read_bytes() for path in post.data.iterdir() if path.is_file())
        assert b"73915264" not in kept

    def test_somebody_unknown(self, post: Post) -> None:
        """Nobody is let in by a name that is not there; what was typed as the name is not kept."""
        assert post.station.sign_in("x" * 5000, PIN).guard is None
        assert post.of("guard.refused") == [{"guard_id": "?", "reason": "unknown_guard"}]

    def test_waits_grow_with_the_count(self, post: Post) -> None:
        """Three tries are free, then each waits longer; what comes too soon is not looked at, even if it is right."""
        assert [post.station.sign_in("budi", "0000").wait_s for _ in range(3)] == [0, 0, 2]
        assert post.station.sign_in("budi", PIN).guard is None
        post.clock.advance(2)
        assert post.station.sign_in("budi", "0000").wait_s == 4
        post.clock.jump(3600)
        assert post.station.sign_in("budi", PIN).wait_s == 4
        assert post.station.sign_in("tri", PIN).guard is not None
        post.clock.advance(4)
        assert post.station.sign_in("budi", PIN).guard is not None
        assert post.station.sign_in("budi", "0000").wait_s == 0

    def test_pulling_the_plug_resets_nothing(self, post: Post) -> None:
        """The count is in the journal: after a restart, and after a rebuild, the wait is there again."""
        for _ in range(4):
            post.station.sign_in("budi", "0000")
            post.clock.advance(10)
        after = post.restart()
        after.run()
        assert after.station.sign_in("budi", PIN).wait_s == 4
        after.clock.advance(4)
        assert after.station.sign_in("budi", PIN).guard is not None
        after.close()

    def test_a_burst_shares_one_count(self, post: Post) -> None:
        """Of ten wrong tries at once no more are looked at than three."""
        barrier = threading.Barrier(10)

        def knock() -> None:
            barrier.wait(5)
            post.station.sign_in("budi", "0000")

        threads = [threading.Thread(target=knock) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(post.of("guard.attempted")) == 3


def test_no_journal_no_sign_in(make_post: Callable[..., Post]) -> None:
    """While the attempt cannot be journaled the PIN is not looked at, and the answer comes within 2 s."""
    post = make_post()
    answer = post.station.sign_in("budi", PIN)
    assert answer.guard is None
    assert answer.wait_s > 0
    post.lane.step()
    assert post.rows() == []


@pytest.mark.parametrize(
    ("pin", "usable"),
    [
        *[(pin, True) for pin in ("4829", "123456789013", "8484")],
        *[(pin, False) for pin in ("1234", "4321", "1111", "482", "4829482948294", "48a9", "", "٤٨٢٩")],
    ],
)
def test_usable_pins(pin: str, usable: bool) -> None:
    """Four to twelve digits, not all the same, no straight run."""
    assert pins.is_usable_pin(pin) is usable


def test_a_damaged_hash_is_a_wrong_pin() -> None:
    """Whatever stands where a hash should be lets nobody in."""
    good = pins.hash_pin("4829", b"pepper")
    assert pins.pin_is_right(good, "4829", b"pepper")
    for damaged in ("", "x", good[:-10], good.replace("m=19456", "m=1")):
        assert not pins.pin_is_right(damaged, "4829", b"pepper")
    assert not pins.pin_is_right(good, "4829", b"other")


def test_a_sensor_that_is_back_is_not_a_tap(post: Post) -> None:
    """Device states alone show nothing and journal nothing by the lane."""
    post.offer(SensorState("lost"))
    post.offer(SensorState(None))
    assert post.rows() == []
