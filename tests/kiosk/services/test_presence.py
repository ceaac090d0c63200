import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.services.presence import Presence, Typed, parse_time
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import presence as rows
from kiosk.store import projections
from sync.clock import utc_text
from tests.kiosk.services.post import UNMEASURED, Post
from tests.kiosk.services.toolbox import tools_of

BUDI = Guard("budi", "Budi", "guard")
IN = Typed("P1", "in", "forgot_badge")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path, policy=UNMEASURED)
    yield post
    post.close()


@pytest.fixture
def tools(post: Post) -> StationTools:
    return tools_of(post)


@pytest.fixture
def desk(tools: StationTools) -> Presence:
    return Presence(tools)


def test_what_is_journaled(post: Post, desk: Presence) -> None:
    """A typed entry says who typed it and why, and that it was typed; no temperature and no verdict goes with it."""
    assert desk.enter(BUDI, replace(IN, note=" lupa  di rumah ")).ok
    [payload] = post.of("attendance.manual")
    tap_id = payload.pop("tap_id")
    assert payload == {
        "person_id": "P1",
        "direction": "in",
        "direction_source": "guard",
        "source": "manual",
        "by": "budi",
        "reason": "forgot_badge",
        "note": "lupa di rumah",
        "typed_time": None,
        "local_time": "2020-06-10T07:12:00+07:00",
    }
    assert [row["id"] for row in post.rows()] == [tap_id]


def test_a_time_of_earlier_today(post: Post, desk: Presence) -> None:
    """The time that was typed stands beside the record's own, and is marked as typed."""
    assert desk.enter(BUDI, replace(IN, time="6.05")).ok
    [payload] = post.of("attendance.manual")
    assert payload["typed_time"] == "2020-06-10T06:05:00+07:00"
    assert payload["local_time"] == "2020-06-10T07:12:00+07:00"
    assert post.rows()[0]["claimed_at"] == utc_text(post.clock.wall)
    [entry] = desk.today("P1")
    assert (utc_text(entry.at), entry.typed, entry.by) == ("2020-06-09T23:05:00.000000Z", True, "budi")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (replace(IN, time="07.13"), "future"),
        (replace(IN, time="23.59"), "future"),
        (replace(IN, time="24.00"), "time"),
        (replace(IN, time="7"), "time"),
        (replace(IN, time="-1.00"), "time"),
        (replace(IN, time="٠٧.٠٥"), "time"),
        (replace(IN, direction="sideways"), "direction"),
        (replace(IN, direction=""), "direction"),
        (replace(IN, reason=""), "reason"),
        (replace(IN, reason="other", note="  "), "note"),
        (replace(IN, note="x" * 301), "note"),
        (replace(IN, person_id="P99"), "unknown_person"),
        (replace(IN, person_id="' OR 1=1"), "unknown_person"),
    ],
)
def test_what_is_refused(post: Post, desk: Presence, typed: Typed, code: str) -> None:
    """Nothing half-said and no time to come is journaled; the answer says what is wrong."""
    answered = desk.enter(BUDI, typed)
    assert (answered.ok, answered.code, post.rows()) == (False, code, [])


def test_a_second_entry_so_soon_is_asked_about(post: Post, desk: Presence) -> None:
    """An entry within the repeat window of another is journaled only once somebody says that it is meant."""
    assert desk.enter(BUDI, IN).ok
    post.clock.advance(30)
    assert desk.enter(BUDI, IN).code == "again"
    assert desk.enter(BUDI, replace(IN, time="07.12")).code == "again"
    assert len(post.of("attendance.manual")) == 1
    assert desk.enter(BUDI, replace(IN, again=True)).ok
    post.clock.advance(61)
    assert desk.enter(BUDI, IN).ok


def test_a_tap_counts_as_another_entry(post: Post, desk: Presence) -> None:
    """Somebody who has just shown a badge is not typed in without a question; somebody else is."""
    post.badge(1)
    assert desk.enter(BUDI, IN).code == "again"
    assert desk.enter(BUDI, replace(IN, person_id="P2")).ok


def test_two_guards_press_at_once(post: Post, desk: Presence) -> None:
    """Of two guards who type the same entry at the same time one is asked."""
    ready = threading.Barrier(2)

    def press(guard_id: str) -> str:
        ready.wait(5)
        return desk.enter(Guard(guard_id, guard_id, "guard"), IN).code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("budi", "tri"))) == ["again", "done"]


def test_leaving_without_a_badge(post: Post, desk: Presence) -> None:
    """Somebody who forgot to tap out is entered as out; what was there stays."""
    post.badge(1)
    post.clock.advance(8 * 3600)
    assert desk.enter(BUDI, Typed("P1", "out", "forgot_exit", time="15.00")).ok
    assert [each.direction for each in desk.today("P1")] == ["in", "out"]


def test_searching_shows_the_last_entry_of_today(post: Post, desk: Presence) -> None:
    """Found people come with today's last entry; yesterday's is none of today."""
    post.badge(1)
    [found] = desk.search("orang 1")
    assert found.person.id == "P1"
    assert found.last_today is not None
    post.clock.advance(24 * 3600)
    assert desk.search("orang 1")[0].last_today is None


def test_a_door_that_cannot_write(tools: StationTools) -> None:
    """When nothing can be journaled the guard is told so, not shown a success."""

    def broken(*_: object) -> None:
        raise TimeoutError

    assert Presence(replace(tools, journal=broken)).enter(BUDI, IN).code == "out_of_service"


def test_made_anew_they_are_the_same(post: Post, desk: Presence) -> None:
    """Entries rebuilt from the journal equal those that were kept."""
    post.badge(2)
    desk.enter(BUDI, replace(IN, time="06.30", note="n"))
    db = post.database.connection
    kept = db.execute("SELECT * FROM presence").fetchall()
    with post.database.transaction() as writing:
        projections.rebuild(writing)
    assert len(kept) == 2
    assert db.execute("SELECT * FROM presence").fetchall() == kept


def test_what_is_forgotten(post: Post, desk: Presence) -> None:
    """After 35 days an entry is shown to nobody; erased rows are gone at once."""
    post.badge(1)
    post.badge(2)
    epoch = post.rows()[0]["epoch"]
    with post.database.transaction() as db:
        rows.forget_rows(db, epoch, 1)
    assert [desk.today("P1"), len(desk.today("P2"))] == [(), 1]
    with post.database.transaction() as db:
        rows.forget_before(db, post.clock.wall.replace(month=7, day=16))
    assert desk.today("P2") == ()


@pytest.mark.parametrize(
    ("typed", "read"), [("7.05", "07:05"), ("07:05", "07:05"), ("23.59", "23:59"), ("7.5", ""), ("0705", "")]
)
def test_times_that_are_typed(typed: str, read: str) -> None:
    """A point and a colon mean the same; a time without two digits of minutes is none."""
    parsed = parse_time(typed)
    assert (f"{parsed:%H:%M}" if parsed else "") == read


def test_the_feed_says_who_typed_it(post: Post, desk: Presence) -> None:
    """On the guard's screen a typed entry carries the name of who typed it, and a tap carries none."""
    post.badge(2)
    desk.enter(BUDI, IN)
    post.station.refresh()
    assert [(row.kind, row.typed_by) for row in post.station.guard.current().feed] == [
        ("attendance.manual", "Budi"),
        ("attendance.tapped", None),
    ]
