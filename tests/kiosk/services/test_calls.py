"""What the hall is told: each thing once, in order, by number, and nothing of before a restart."""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk.services.announcer import Announcer, Kind
from kiosk.services.broadcast import Broadcast
from kiosk.services.calls import CLOSING_MIN, Calls, announcements
from kiosk.services.room_views import RoomsView, RoomView, VisitRow
from sync.clock import ManualClock
from tests.kiosk.web.room_scenes import ARCHIVE, LONG_NAME, READING, called_row, room_view, rooms_view, ticket_row, visit_row


def told(before: RoomsView | None, after: RoomsView) -> list[tuple[Kind, str | None, str | None, int | None]]:
    return [(due.kind, due.number, due.where, due.minutes) for due in announcements(before, after)]


def with_visit(visit: VisitRow, **changes: object) -> RoomsView:
    return rooms_view(room_view(1, visits=(replace(visit, **changes),)))  # type: ignore[arg-type]


def closing_in(minutes: int | None, inside: int = 3) -> RoomsView:
    return rooms_view(room_view(inside, closing_in_min=minutes))


WAITING = rooms_view(room_view(10, queue=(ticket_row(1), ticket_row(2))))
CALLED = rooms_view(room_view(9, called=(called_row(1, call_left_s=119),), queue=(ticket_row(2),)))
VISIT = visit_row(7)


class TestCalls:
    """Numbers that were called."""

    def test_a_number_is_called(self):
        """Whoever is called for the first time is announced, without a room's name where there is only one."""
        assert told(WAITING, CALLED) == [(Kind.CALL, "A 001", None, None)]

    def test_a_view_without_news_says_nothing(self):
        """The same call, seen again or half a minute later, is not announced again."""
        later = rooms_view(room_view(9, called=(called_row(1, call_left_s=80),), queue=(ticket_row(2),)))
        assert told(CALLED, CALLED) == told(CALLED, later) == []

    def test_called_again(self):
        """The desk's second call of the same number is announced; pausing it, or its running out, is not."""
        again = rooms_view(room_view(9, called=(called_row(1, calls=2, call_left_s=119),), queue=(ticket_row(2),)))
        paused = rooms_view(room_view(9, called=(called_row(1, call_left_s=None),), queue=(ticket_row(2),)))
        assert told(CALLED, again) == [(Kind.CALL, "A 001", None, None)]
        assert told(CALLED, paused) == told(CALLED, WAITING) == []

    def test_somebody_who_was_not_seen_waiting(self):
        """A number that was taken and called between two views is announced all the same."""
        assert told(rooms_view(room_view(9)), CALLED) == [(Kind.CALL, "A 001", None, None)]

    def test_several_at_once_keep_the_order_of_the_queue(self):
        """Two places came free at once: both are called, first come first."""
        both = rooms_view(room_view(8, called=(called_row(1, call_left_s=120), called_row(2, call_left_s=120))))
        assert [number for _, number, _, _ in told(WAITING, both)] == ["A 001", "A 002"]

    def test_several_rooms_are_named(self):
        """Where there is more than one room, the call says which."""
        before = rooms_view(room_view(10), room_view(4, ARCHIVE, queue=(ticket_row(3),)))
        after = rooms_view(room_view(10), room_view(3, ARCHIVE, called=(called_row(3, call_left_s=118),)))
        assert told(before, after) == [(Kind.CALL, "A 003", "Ruang Arsip", None)]

    def test_nothing_of_before_a_restart(self):
        """The first view, and a room that was not there before, are known and not news."""
        assert told(None, CALLED) == told(rooms_view(), CALLED) == []

    @pytest.mark.parametrize(("left_s", "priority", "count"), [(90, False, 1), (89, False, 0), (270, True, 1), (269, True, 0)])
    def test_an_old_call_is_not_read_out(self, left_s: int, priority: bool, count: int):
        """A call of more than half a minute ago that only now comes into view is shown and not spoken."""
        late = rooms_view(room_view(9, called=(called_row(1, call_left_s=left_s, priority=priority),)))
        assert len(told(WAITING, late)) == count


class TestStays:
    """Visits that last as long as they may."""

    def test_the_time_is_told_twice(self):
        """Once when ten minutes are left, and once when it is over; not in between and not after."""
        minutes = [30, 11, 10, 9, 1, 0, -1, -5]
        views = [with_visit(VISIT, left_min=max(0, left), over_by_min=-left if left < 0 else None) for left in minutes]
        heard = [told(before, after) for before, after in itertools.pairwise(views)]
        assert [each for each in heard if each] == [
            [(Kind.MINUTES_LEFT, "7", None, 10)],
            [(Kind.MINUTES_LEFT, "7", None, 0)],
        ]
        assert heard[1]
        assert heard[4]

    def test_a_jump_over_both_tells_the_end_only(self):
        """After a long pause of the machine nobody is told of ten minutes that they do not have."""
        before, after = with_visit(VISIT, left_min=40), with_visit(VISIT, left_min=None, over_by_min=3)
        assert told(before, after) == [(Kind.MINUTES_LEFT, "7", None, 0)]

    @pytest.mark.parametrize(
        "changes",
        [{"here": False}, {"is_staff": True}, {"away_left_min": 5}, {"card": None}, {"left_min": None}],
        ids=["of another door", "staff", "stepped out", "no number", "no limit"],
    )
    def test_nobody_is_told_who_would_not_hear_it_here(self, changes: dict[str, object]):
        """Another door's visits, staff, people outside and people without a number are the desk's to look after."""
        assert told(with_visit(VISIT, left_min=11), with_visit(VISIT, **{"left_min": 10, **changes})) == []

    def test_a_ticket_stands_in_for_a_card(self):
        """Without a card it is the waiting number, and with a name never the name."""
        visit = replace(VISIT, card=None, number="A 012", name=LONG_NAME)
        assert told(with_visit(visit, left_min=1), with_visit(visit, left_min=0)) == [(Kind.MINUTES_LEFT, "A 012", None, 0)]


class TestClosing:
    """The end of the day."""

    def test_it_is_told_at_a_quarter_of_an_hour_at_five_minutes_and_at_the_end(self):
        """Each once, as the minutes go by."""
        minutes = [None, 30, 16, 15, 14, 6, 5, 1, 0, 0, None]
        views = [closing_in(each) for each in minutes]
        heard = [due for before, after in itertools.pairwise(views) for due in told(before, after)]
        assert heard == [(Kind.CLOSING, None, None, each) for each in CLOSING_MIN]

    def test_an_empty_room_closes_in_silence(self):
        """Nobody inside and nobody waiting: nothing is said; somebody waiting: it is."""
        assert told(closing_in(16, 0), closing_in(15, 0)) == []
        waiting = rooms_view(room_view(0, closing_in_min=15, queue=(ticket_row(1),)))
        assert told(closing_in(16, 0), waiting) == [(Kind.CLOSING, None, None, 15)]

    def test_the_true_minutes_are_told(self):
        """A limit that was passed between two views tells what is left, and once."""
        assert told(closing_in(20), closing_in(4)) == [(Kind.CLOSING, None, None, 4)]
        assert told(closing_in(1), closing_in(-3)) == [(Kind.CLOSING, None, None, 0)]


def test_calls_come_before_reminders():
    """Whoever may go in is called first, then stays are reminded of, then closing is told; names are in none of it."""

    def view(room: RoomView) -> RoomsView:
        other = room_view(1, ARCHIVE, visits=(visit_row(3, left_min=11 if room is before else 10),))
        return rooms_view(other, room)

    before = room_view(9, READING, queue=(ticket_row(1, name=LONG_NAME),), closing_in_min=16)
    after = room_view(9, READING, called=(called_row(1, name=LONG_NAME, call_left_s=120),), closing_in_min=15)
    due = announcements(view(before), view(after))
    assert [each.kind for each in due] == [Kind.CALL, Kind.MINUTES_LEFT, Kind.CLOSING]
    assert LONG_NAME not in repr(due)


@pytest.fixture
def announcer() -> Iterator[Announcer]:
    announcer = Announcer(ManualClock(), None, ZoneInfo("Asia/Jakarta"))
    yield announcer
    announcer.close()


@pytest.fixture
def views() -> Iterator[Broadcast[RoomsView]]:
    views = Broadcast(WAITING)
    yield views
    views.close()


Feed = Callable[[RoomsView], int]


@pytest.fixture
def feed(views: Broadcast[RoomsView], announcer: Announcer) -> Feed:
    calls = Calls(views, announcer)

    def show(view: RoomsView) -> int:
        views.publish(view)
        return calls.step(0)

    return show


def test_the_announcer_is_fed(feed: Feed, announcer: Announcer):
    """A call, a reminder and a closing reach the announcer as sentences."""
    assert feed(CALLED) == 1
    feed(with_visit(VISIT, left_min=11))
    feed(with_visit(VISIT, left_min=10))
    feed(closing_in(16))
    feed(closing_in(15))
    waiting = announcer.pending(0)
    assert [(each.kind, each.number, each.minutes) for each in waiting] == [
        (Kind.CALL, "A 001", None),
        (Kind.MINUTES_LEFT, "7", 10),
        (Kind.CLOSING, None, 15),
    ]
    assert waiting[0].text == "Nomor antrean A, satu, silakan masuk."


def test_what_was_told_is_not_told_again(feed: Feed):
    """A clock that was set back passes the same minute twice; the visitor hears of it once, and of closing each day anew."""
    assert [feed(with_visit(VISIT, left_min=left)) for left in (11, 10, 12, 9)] == [0, 1, 0, 0]
    assert [feed(closing_in(left)) for left in (16, 15, 17, 14)] == [0, 1, 0, 0]
    tomorrow = [replace(closing_in(left), now=closing_in(left).now + timedelta(days=1)) for left in (16, 15)]
    assert [feed(view) for view in tomorrow] == [0, 1]


def test_the_view_at_the_start_is_known(views: Broadcast[RoomsView], announcer: Announcer):
    """A kiosk that starts while somebody is being called does not call anew."""
    views.publish(CALLED)
    calls = Calls(views, announcer)
    assert calls.step(0) == 0
    views.publish(CALLED)
    assert calls.step(0) == 0
    assert announcer.pending(0) == ()


def test_a_number_that_cannot_be_spoken_is_left_out(feed: Feed, announcer: Announcer, caplog: pytest.LogCaptureFixture):
    """A number of another make costs its own announcement and no other, and the log does not name anybody."""
    odd = rooms_view(room_view(8, called=(called_row(1, number="no. 1"), called_row(2, call_left_s=120))))
    feed(odd)
    assert [each.number for each in announcer.pending(0)] == ["A 002"]
    assert len(caplog.messages) == 1


def test_it_runs_until_told_to_stop(views: Broadcast[RoomsView], announcer: Announcer):
    """As a thread it announces what is published, and ends at once when the station stops."""
    stop, heard = threading.Event(), announcer.newest.subscribe()
    calls = Calls(views, announcer)
    thread = threading.Thread(target=calls.run, args=(stop,))
    thread.start()
    assert heard.next(2) is None  # as it stands before anything was announced
    views.publish(CALLED)
    found = heard.next(2)
    stop.set()
    thread.join(2)
    assert not thread.is_alive()
    assert found is not None
    assert found.number == "A 001"
