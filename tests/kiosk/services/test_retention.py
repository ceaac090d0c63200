"""Ages that no wall clock can make older, and what is due when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.services import retention
from kiosk.services.retention import DAY_S, SEEN_APART_S, Book, Count, Seen, check_is_due, count_on, ripe, saw
from sync.clock import ManualClock, SyncState, utc_text

JAKARTA = ZoneInfo("Asia/Jakarta")
YEARS_20_S = 20 * 365.25 * DAY_S


class World:
    """A kiosk's clock and a server's, looked at by the count once a minute or so."""

    def __init__(self, sync_state: SyncState = SyncState.SYNCED) -> None:
        self.clock = ManualClock(sync_state=sync_state)
        self.server = ManualClock()
        self.said: str | None = None
        self.count: Count | None = None
        self.boots = 1

    def look(self) -> float:
        self.count = count_on(self.count, self.clock.now(), self.said)
        return self.count.counted_s

    def on(self, seconds: float, *, heard: bool = False) -> float:
        """The kiosk runs for so long, and hears the server at the end, or does not."""
        self.clock.advance(seconds)
        self.server.advance(seconds)
        if heard:
            self.hear()
        return self.look()

    def on_unseen(self, seconds: float) -> None:
        """The machine runs for so long, and the kiosk's program does not."""
        self.clock.advance(seconds)
        self.server.advance(seconds)

    def hear(self) -> None:
        self.said = utc_text(self.server.wall)

    def off(self, seconds: float) -> None:
        """The power is off for so long. A kiosk's clock goes on from where the time service will put it."""
        self.clock.wall = datetime.fromtimestamp(self.clock.wall.timestamp() + seconds, UTC)
        self.server.advance(seconds)
        self.boots += 1
        self.clock.reboot(f"boot-{self.boots}")


def test_running_time_is_counted() -> None:
    """Monotonic time adds up, whether a server was ever seen or not."""
    world = World(SyncState.NEVER)
    world.look()
    assert [round(world.on(3600)) for _ in range(3)] == [3600, 7200, 10800]


@pytest.mark.parametrize("jump_s", [YEARS_20_S, -YEARS_20_S, 86400.0])
@pytest.mark.parametrize("state", SyncState)
def test_a_wall_clock_that_jumps_makes_nothing_older(jump_s: float, state: SyncState) -> None:
    """Not by a second, whatever it claims about itself, with a server in sight or without, and over a restart."""
    world = World(state)
    world.look()
    world.on(60, heard=True)
    world.clock.jump(jump_s)
    world.on(60)
    world.on(60, heard=True)
    world.off(0)
    world.look()
    world.on(60, heard=True)
    assert world.count is not None
    assert world.count.counted_s <= 60 * 4 + 5 + 1  # and five seconds of booting


@pytest.mark.parametrize("jump_s", [YEARS_20_S, -YEARS_20_S])
def test_a_server_clock_that_jumps_makes_nothing_older_while_we_run(jump_s: float) -> None:
    """Our own monotonic time is the better witness as long as it is there; over a restart our synced clock has a say too."""
    world = World()
    world.look()
    world.on(60, heard=True)
    world.server.jump(jump_s)
    world.on(60, heard=True)
    world.server.jump(jump_s)
    world.off(3600)
    world.look()
    assert world.on(60, heard=True) <= 3600 + 60 * 3 + 6


@pytest.mark.parametrize("jump_s", [YEARS_20_S, -YEARS_20_S])
def test_without_a_synced_clock_of_our_own_too(jump_s: float) -> None:
    """Where no time service is, a server's clock that jumps while we run still makes nothing older."""
    world = World(SyncState.NEVER)
    world.look()
    world.on(60, heard=True)
    world.server.jump(jump_s)
    assert world.on(60, heard=True) == 120
    assert world.on(60, heard=True) == 180


def test_time_that_the_power_was_off_counts_once_the_server_tells() -> None:
    """Nights without power are part of an entry's age, from the first answer of the server after them."""
    world = World()
    world.look()
    world.on(60, heard=True)
    for _ in range(3):
        world.off(14 * 3600)
        world.look()
        world.on(60, heard=True)
        world.on(10 * 3600 - 60, heard=True)
    assert world.look() == pytest.approx(3 * DAY_S + 60, abs=120)


def test_an_old_answer_of_the_server_is_no_point_to_count_from() -> None:
    """What stands in sync.db at the first look may be of last week; three days without a network are not counted twice."""
    world = World()
    world.hear()
    world.server.advance(3 * DAY_S)
    world.look()
    world.on(60)
    world.off(600)
    world.look()
    assert world.on(60, heard=True) <= 60 * 2 + 6
    assert world.on(60, heard=True) <= 60 * 3 + 6


@pytest.mark.parametrize("boot", ["the same", "another"])
def test_a_kiosk_that_did_not_look_for_days(boot: str) -> None:
    """The agent ran and lost its network long ago, the kiosk starts only now: what it finds is not taken for news of today."""
    world = World(SyncState.NEVER)
    world.look()
    if boot == "another":
        world.off(60)
    world.on_unseen(60)
    world.hear()
    world.on_unseen(3 * DAY_S)
    world.look()
    world.off(600)
    world.look()
    world.on(60)
    assert world.on(60, heard=True) <= 3 * DAY_S + 60 * 4 + 600 + 10


def test_an_answer_that_was_not_looked_at_before_the_power_went_loses_no_night() -> None:
    """It is of yesterday, so the night is counted when the server answers today."""
    world = World(SyncState.NEVER)
    world.look()
    world.on(60, heard=True)
    for _ in range(3):
        world.on_unseen(30)
        world.hear()
        world.off(14 * 3600)
        world.look()
        world.on(60, heard=True)
    assert world.look() == pytest.approx(3 * (14 * 3600 + 90) + 60, abs=60)


@given(
    st.lists(st.tuples(st.sampled_from(["on", "heard", "off", "wall"]), st.floats(0, 1e6)), max_size=40),
    st.sampled_from(SyncState),
)
def test_nothing_is_ever_older_than_it_is(steps: list[tuple[str, float]], state: SyncState) -> None:
    """With an honest server, whatever power, network and our wall clock do, less is counted than has passed (to a look's gap)."""
    world = World(state)
    world.look()
    began = world.server.wall
    for what, size in steps:
        if what == "wall":
            world.clock.jump(size * 100)
        elif what == "off":
            world.off(size)
        else:
            world.on(min(size, 60.0), heard=what == "heard")
        before = world.count
        world.look()
        assert before is None or world.count is None or world.count.counted_s >= before.counted_s
    assert world.look() <= (world.server.wall - began).total_seconds() + 5.0 * world.boots + 60.0 * world.boots


def test_ripe_is_what_was_seen_acknowledged_long_enough_ago() -> None:
    """Seven days after the look that saw it, not a second before, and never a row that the server does not have now."""
    book = saw(Book(), {"a": 10}, 0.0)
    book = saw(book, {"a": 25}, SEEN_APART_S)
    week_s = 7 * DAY_S
    assert ripe(book, {"a": 25}, week_s - 1, 7) == {}
    assert ripe(book, {"a": 25}, week_s, 7) == {"a": 10}
    assert ripe(book, {"a": 25}, week_s + SEEN_APART_S, 7) == {"a": 25}
    assert ripe(book, {"a": 12}, week_s + SEEN_APART_S, 7) == {"a": 12}
    assert ripe(book, {}, week_s + SEEN_APART_S, 7) == {"a": 0}


def test_the_book_stays_small() -> None:
    """A look a minute for a year leaves no more marks than fit in the days that are kept."""
    book, keep_days = Book(), 35
    for hour in range(24 * 90):
        counted_s = hour * 3600.0
        acked = {"a": hour * 20 + 1}
        book = saw(book, acked, counted_s)
        health, others = ripe(book, acked, counted_s, 7), ripe(book, acked, counted_s, keep_days)
        if others:
            book = retention.erased(book, health, others)
    assert len(book.seen) <= keep_days * 8 + 2
    assert book.all["a"] == pytest.approx((24 * 90 - 35 * 24) * 20, abs=100)
    assert msgspec.json.decode(msgspec.json.encode(book), type=Book) == book


def test_marks_come_again_after_everything_was_erased() -> None:
    """A door that was idle for months goes on as before."""
    book = retention.erased(Book((Seen("a", 5, 0.0),)), {"a": 5}, {"a": 5})
    assert saw(book, {"a": 5}, DAY_S).seen == ()
    assert saw(book, {"a": 6}, DAY_S).seen == (Seen("a", 6, DAY_S),)


def at(hour: int, state: SyncState = SyncState.SYNCED):
    """That hour at the door."""
    return ManualClock(datetime(2020, 6, 10, hour, 5, tzinfo=JAKARTA).astimezone(UTC), sync_state=state).now()


@pytest.mark.parametrize(
    ("checked_h_ago", "uptime_s", "hour", "state", "due"),
    [
        (24, 9000, 3, SyncState.SYNCED, True),
        (24, 0, 3, SyncState.SYNCED, True),
        (24, 9000, 2, SyncState.SYNCED, False),
        (24, 9000, 4, SyncState.SYNCED, False),
        (1, 9000, 3, SyncState.SYNCED, False),
        (27, 9000, 10, SyncState.SYNCED, True),
        (27, 60, 10, SyncState.SYNCED, False),
        (23, 9000, 3, SyncState.NEVER, False),
        (24, 9000, 3, SyncState.NEVER, True),
        (24, 9000, 15, SyncState.UNSYNCED, True),
        (None, 60, 15, SyncState.SYNCED, False),
        (None, 700, 15, SyncState.SYNCED, True),
    ],
)
def test_when_everything_is_checked(checked_h_ago, uptime_s, hour, state, due) -> None:
    """At three at night; once a day by counted time where the hour is not known, or the door sleeps at night; never at once."""
    now_s = 100 * DAY_S
    checked_s = None if checked_h_ago is None else now_s - checked_h_ago * 3600
    count = Count(now_s, "b", 0, checked_s=checked_s)
    assert check_is_due(count, uptime_s, at(hour, state), JAKARTA) is due
