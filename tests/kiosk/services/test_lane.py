import threading
from collections.abc import Callable

from drivers.base import Hint, Sighting
from kiosk.core.inputs import Decision
from kiosk.core.values import ScreenKind, Sound
from kiosk.services.lane import SensorState
from kiosk.services.views import Guard
from sync import journal
from sync.clock import SyncState
from sync.database import DatabaseUnavailable
from sync.journal import Event
from sync.protocol.events import Kind
from tests.kiosk.services.post import UNMEASURED, Post, hash_of, revoked

GUARD = Guard("budi", "Budi", "guard")


def test_a_tap_is_readable_by_others_before_it_is_shown(post: Post) -> None:
    """When the panel is told, another program already finds the row in the file."""
    post.badge(1)
    assert post.rows_when_shown[-1] == 1
    assert post.kinds() == ["attendance.tapped"]
    assert post.screen.kind is ScreenKind.MEASURING


def test_a_tap_says_what_the_door_knew(post: Post) -> None:
    """The row carries person, hash, direction, local time, directory version and that it was simulated; never the token."""
    post.badge(1)
    [row] = post.rows()
    expected = {"person_id": "P1", "token_sha256": hash_of(1), "direction": "in", "local_time": "2020-06-10T07:12:00+07:00"}
    assert row["payload"] | expected == row["payload"]
    assert row["id"] == row["payload"]["tap_id"]
    assert (row["simulated"], row["directory_version"], row["clock_state"]) == (1, 0, "synced")


def test_an_untrusted_clock_is_recorded_and_shown(post: Post) -> None:
    """While the clock is not synced, row and screen say so."""
    post.clock.sync_state = SyncState.NEVER
    post.badge(1)
    assert post.rows()[0]["clock_state"] == "never"
    assert post.screen.tap is not None
    assert not post.screen.tap.at.trusted


def test_a_whole_go(post: Post) -> None:
    """A badge and a forehead end in a green screen with its sound, and three rows."""
    post.badge(1)
    post.forehead(36.5)
    assert post.kinds() == ["attendance.tapped", "screening.measured", "verdict.admit"]
    [admitted] = [each for each in post.shown if each.screen.kind is ScreenKind.ADMITTED]
    assert admitted.sound is Sound.ACCEPTED


def test_a_failed_commit_changes_nothing(post: Post) -> None:
    """With a full disk nothing is shown and nothing remembered; once there is room the same badge is a first tap."""
    post.badge(1)
    post.forehead(36.5)
    shown, rows = len(post.shown), len(post.rows())
    db = post.database.connection
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    refused = 0
    for number in range(2, 10):
        refused += fails(lambda number=number: post.badge(number))  # type: ignore[misc]
    assert refused
    assert len(post.shown) - shown == len(post.rows()) - rows
    db.execute("PRAGMA max_page_count = 1000000")
    assert "P9" not in {row["person_id"] for row in post.of("attendance.tapped")}
    post.badge(9)
    assert post.of("attendance.tapped")[-1]["person_id"] == "P9"
    assert journal.verify(db).ok


def fails(act: Callable[[], None]) -> bool:
    """True where the database refused it, with what to do in the message."""
    try:
        act()
    except DatabaseUnavailable as exc:
        return "free space" in str(exc)
    return False


def test_unknown_revoked_and_foreign_codes(post: Post) -> None:
    """Each is journaled as what it is, and of a code that is no badge nothing is kept."""
    with post.database.transaction() as db:
        db.execute("INSERT INTO revoked_here VALUES (?)", (revoked(2).revoke[0],))
        db.execute("UPDATE badges SET state = 'revoked' WHERE person_id = 'P2'")
    post.badge(77)
    post.badge(2)
    post.code("https://example.org/\x00")
    assert [row["kind"] for row in post.rows() if row["kind"].startswith("badge.")] == ["badge.unmatched"] + ["badge.refused"] * 2
    assert post.of("badge.unmatched")[0]["token_sha256"] == hash_of(77)
    assert post.of("badge.refused")[1]["token_sha256"] is None
    assert b"example" not in (post.data / "kiosk.db-wal").read_bytes()


def test_a_second_try_is_heard_again(post: Post) -> None:
    """An unknown badge held up twice sounds twice, though the screen stays the same."""
    post.badge(77)
    post.badge(77)
    assert [each.sound for each in post.shown[1:]] == [Sound.ATTENTION, Sound.ATTENTION]


def test_a_hint_is_shown_and_goes_away(post: Post) -> None:
    """A code that cannot be read gets a hint and no row."""
    post.offer(Sighting(None, 0, Hint.LOCATED_NOT_READ))
    assert post.screen.hint == "located_not_read"
    post.wait(3)
    assert post.screen.hint is None
    assert post.rows() == []


def test_a_lost_sensor_answers_everybody(post: Post) -> None:
    """When the thermometer goes, whoever is measured or waits gets a verdict at once."""
    for number in (1, 2, 3):
        post.badge(number)
    post.offer(SensorState("lost"))
    assert len(post.of("verdict.admit")) == 3
    assert {row["reason"] for row in post.of("screening.unmeasured")} == {"sensor_lost"}
    post.offer(SensorState(None))
    post.wait(10)
    post.badge(4)
    assert post.screen.kind is ScreenKind.MEASURING


def test_one_of_two_guards_decides(post: Post) -> None:
    """Two guards press at once: one decision is taken, the other is told that it is closed already."""
    post.badge(1)
    post.forehead(38.2)
    [hold] = post.of("hold.opened")
    post.run()
    answers = []
    barrier = threading.Barrier(2)

    def press(guard: str) -> None:
        barrier.wait(5)
        answers.append(post.station.decide(Guard(guard, guard, "guard"), hold["hold_id"], Decision.LET_IN).code)

    threads = [threading.Thread(target=press, args=(guard,)) for guard in ("budi", "tri")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(answers) == ["already_closed", "ok"]
    assert len(post.of("verdict.override")) == 1


def test_a_hold_nobody_knows(post: Post) -> None:
    """A decision about a hold that never was is answered, and nothing is journaled."""
    post.run()
    assert post.station.decide(GUARD, "nothing", Decision.LET_IN).code == "unknown_hold"
    assert post.rows() == []


def test_a_dead_lane_says_so_and_does_nothing_later(post: Post) -> None:
    """Without a lane a guard is told within 2 s, and what was refused is not done when the lane is there again."""
    post.badge(1)
    post.forehead(38.2)
    [hold] = post.of("hold.opened")
    assert post.station.decide(GUARD, hold["hold_id"], Decision.LET_IN).code == "out_of_service"
    post.lane.step()
    assert "verdict.override" not in post.kinds()


def test_a_commit_that_fails_is_told_to_who_asked(post: Post) -> None:
    """The guard gets "out of service" at once, and the lane's thread ends with the database's error."""
    post.badge(1)
    post.forehead(38.2)
    [hold] = post.of("hold.opened")
    post.database.connection.execute("DROP TABLE holds")
    ended: list[BaseException] = []

    def run() -> None:
        try:
            post.lane.run(post.stopping)
        except DatabaseUnavailable as exc:
            ended.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    assert post.station.decide(GUARD, hold["hold_id"], Decision.CLINIC).code == "out_of_service"
    thread.join(5)
    assert len(ended) == 1
    assert "verdict.override" not in post.kinds()


def test_what_is_still_in_hand_at_the_end_is_recorded(make_post: Callable[..., Post]) -> None:
    """A badge that was read while the program was told to stop is in the journal, before the last row."""
    post = make_post(policy=UNMEASURED)
    post.lane.offer(Sighting("not a badge", 0))
    post.lane.finish(Event(Kind.STATION_STOPPED))
    assert post.kinds() == ["badge.refused", "station.stopped"]
