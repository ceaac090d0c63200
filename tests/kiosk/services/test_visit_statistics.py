"""Visit statistics from a door's journal: which days, what is gone, what is uncertain, and that nothing waits for it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.services.visit_statistics import Taken, VisitStatistics, report
from sync.clock import ManualClock, SyncState
from sync.database import open_reader
from sync.protocol.events import Kind
from sync.satisfaction import Satisfaction
from sync.visit_figures import Span
from tests.kiosk.services.post import Post
from tests.kiosk.services.toolbox import tools_of
from tests.kiosk.services.visit_rows import busy_week, enter, leave, rate, write_rows

NOW = datetime(2020, 6, 12, 5, 0, tzinfo=UTC)
MONDAY, WEDNESDAY, FRIDAY = date(2020, 6, 8), date(2020, 6, 10), date(2020, 6, 12)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path, clock=ManualClock(NOW))
    yield post
    post.close()


@pytest.fixture
def tools(post: Post) -> StationTools:
    return tools_of(post)


def erase(post: Post, before: str) -> None:
    with post.database.transaction() as db:
        db.execute("UPDATE journal SET payload = NULL, salt = NULL WHERE claimed_at < ?", (before,))


def test_a_day_has_its_own_visits(post: Post, tools: StationTools):
    """Visits of the days asked for are counted, those of other days are not, whatever room they are in."""
    write_rows(post, [enter("2020-06-09 23:50", "v0"), enter("2020-06-10 08:00", "v1", 2), leave("2020-06-10 09:00", "v1")])
    write_rows(post, [enter("2020-06-11 00:00", "v2"), enter("2020-06-10 10:00", "v3", room_id="archive")])
    found = VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY)
    assert ([each.visit_id for each in found.found.visits], found.found.total.entered) == (["v1", "v3"], 3)
    assert found.complete_from is None
    assert VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY, "archive").found.total.entered == 1
    assert VisitStatistics(tools).of(MONDAY, FRIDAY).found.total.visits == 4


def test_a_visit_over_midnight_is_whole(post: Post, tools: StationTools):
    """Its end is found although it lies behind the last day, and it is inside on the day after."""
    write_rows(post, [enter("2020-06-10 23:30", "v"), leave("2020-06-11 00:30", "v")])
    assert VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY).found.visits[0].stay_s == 3600
    assert VisitStatistics(tools).of(date(2020, 6, 11), FRIDAY).found.line[0] == (0.0, 1)


def test_days_whose_details_are_erased_are_named(post: Post, tools: StationTools):
    """From which day on the figures are whole is said; before it there is nothing to count any more."""
    write_rows(post, busy_week(30))
    erase(post, "2020-06-09T17:00")
    found = VisitStatistics(tools).of(MONDAY, FRIDAY)
    assert (found.complete_from, [day for day, _ in found.found.days]) == (WEDNESDAY, [WEDNESDAY])
    assert VisitStatistics(tools).of(WEDNESDAY, FRIDAY).complete_from is None
    assert VisitStatistics(tools).of(MONDAY, MONDAY).complete_from == date(2020, 6, 9)


def test_a_journal_that_began_later_says_so(post: Post, tools: StationTools):
    """A week before the door was there is no week without visitors."""
    assert VisitStatistics(tools).of(MONDAY, FRIDAY).recorded_from is None
    write_rows(post, [enter("2020-06-10 08:00", "v1")])
    assert VisitStatistics(tools).of(MONDAY, FRIDAY).recorded_from == WEDNESDAY
    assert VisitStatistics(tools).of(WEDNESDAY, FRIDAY).recorded_from is None


def test_visits_of_an_uncertain_time_are_of_the_days_between_which_they_stand(post: Post, tools: StationTools):
    """What was journaled between Tuesday and Thursday may be of Wednesday, and stands apart; it is of no other week."""
    wrong = [enter("1970-01-01 07:00", "odd", 3), enter("1970-01-01 07:10", "odd too")]
    write_rows(post, [enter("2020-06-09 08:00", "v1")])
    write_rows(post, wrong, SyncState.NEVER)
    write_rows(post, [enter("2020-06-11 08:00", "v2"), leave("2020-06-11 09:00", "v2")])
    found = VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY).found
    assert (found.total.visits, found.unsure.visits, found.unsure.people) == (0, 2, 4)
    assert VisitStatistics(tools).of(FRIDAY, FRIDAY).found.unsure.visits == 0
    assert VisitStatistics(tools).of(date(2020, 6, 1), MONDAY).found.unsure.visits == 0


def test_a_door_that_never_knew_the_time_still_counts(post: Post, tools: StationTools):
    """Without one certain time in the journal all visits are uncertain, and none is lost."""
    write_rows(post, busy_week(20), SyncState.NEVER)
    found = VisitStatistics(tools).of(MONDAY, FRIDAY)
    assert (found.found.unsure.visits, found.recorded_from, found.complete_from) == (20, None, None)


def test_answers_of_those_who_left(post: Post, tools: StationTools):
    """Of the days and the room asked for, beside how many left by a pass; they make no visit and no stray exit."""
    told = [enter("2020-06-10 08:00", "v1"), leave("2020-06-10 09:00", "v1"), rate("2020-06-10 09:00", "good")]
    write_rows(post, [*told, rate("2020-06-09 09:00", "bad"), rate("2020-06-10 10:00", "poor", room_id="archive")])
    found = VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY).found
    assert found.satisfaction == (("archive", Satisfaction(poor=1)), ("reading", Satisfaction(good=1, left=1)))
    assert (found.total.visits, found.strays) == (1, 0)
    assert VisitStatistics(tools).of(MONDAY, FRIDAY, "reading").found.satisfaction == (
        ("reading", Satisfaction(good=1, bad=1, left=1)),
    )
    erase(post, "2020-06-10T17:00")
    assert VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY).complete_from == date(2020, 6, 11)


def test_odd_rows_change_nothing(post: Post, tools: StationTools):
    """A payload that is no object, or a time that is none, costs its row and no page."""
    write_rows(post, [enter("2020-06-10 08:00", "v1"), enter("2020-06-10 08:05", "v2"), enter("2020-06-10 08:06", "v3")])
    with post.database.transaction() as db:
        db.execute("UPDATE journal SET payload = '[1]' WHERE position = 2")
        db.execute("UPDATE journal SET payload = NULL, claimed_at = '2020-06-10' WHERE position = 3")
    found = VisitStatistics(tools).of(WEDNESDAY, WEDNESDAY)
    assert (found.found.total.visits, found.complete_from) == (1, None)


def test_a_long_journal_is_read_in_pages(post: Post):
    """Between pages no read is open, so the log can be folded; progress goes up to the whole."""
    write_rows(post, busy_week(3000, days=3))
    told: list[tuple[int, int]] = []

    def folded(done: int, of: int) -> None:
        told.append((done, of))
        assert post.database.fold_log()

    with closing(open_reader(post.database.path)) as db:
        found = report(db, Span(MONDAY, FRIDAY, tools_of(post).zone, NOW), None, folded)
    assert found.found.total.visits == 3000
    assert len(told) > 2
    assert told[-1][0] == told[-1][1]


def test_days_are_found_without_reading_all_of_the_journal(post: Post):
    """A day in the middle of months reads the rows of its own days and a few others."""
    write_rows(
        post, [enter(f"2020-0{month}-{day:02d} 08:00", f"v{month}-{day}") for month in (1, 2, 3, 4, 5) for day in range(1, 29)]
    )
    told: list[tuple[int, int]] = []
    with closing(open_reader(post.database.path)) as db:
        found = report(
            db, Span(date(2020, 3, 10), date(2020, 3, 10), tools_of(post).zone, NOW), None, lambda *each: told.append(each)
        )
    assert (found.found.total.visits, told[-1][1]) == (1, 4)


def test_an_export_is_journaled(post: Post, tools: StationTools):
    """Who took which days, in which form, and whether names were in it."""
    taken = Taken("csv", MONDAY, FRIDAY, "reading", 7, names=True)
    VisitStatistics(tools).exported(Guard("budi", "Budi", "desk"), taken)
    assert post.of(Kind.EXPORT_MADE) == [
        {
            "what": "visits",
            "format": "csv",
            "rows": 7,
            "names": True,
            "by": "budi",
            "from": "2020-06-08",
            "to": "2020-06-12",
            "room": "reading",
        }
    ]
