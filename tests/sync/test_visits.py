"""Visits from what doors journal, and figures of them: in any order, from any payload, and never measured from a guess."""

import dataclasses
import random
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync.protocol.events import Kind
from sync.visit_figures import Span, statistics
from sync.visits import How, VisitorEvent, visits_of
from tests.sync.visit_scenes import DAY, ZONE, at, entered, event, figures, later, left, morning, named, span, waiting


def one(*events):
    """The only visit that these events tell of."""
    (found,) = visits_of(events).visits
    return found


@pytest.mark.parametrize(
    ("exits", "clock", "how", "stay_min"),
    [
        ([], None, None, None),
        ([left("v", "09:30")], "09:30", How.SCANNED, 30),
        ([left("v", "09:30", "desk")], "09:30", How.DESK, 30),
        ([left("v", "09:30", "swept")], "09:30", How.SWEPT, None),
        ([left("v", "09:30", "counted", stay_s=60)], "09:30", How.COUNTED, None),
        ([left("v", "16:00", "swept"), left("v", "16:20", door="b")], "16:20", How.SCANNED, 440),
        ([left("v", "09:30", door="b"), left("v", "11:00", heard=True)], "09:30", How.SCANNED, 30),
        ([left("v", "11:00", heard=True)], "11:00", How.SCANNED, None),
        ([left("v", "11:00", heard=True, stay_s=1200)], "09:20", How.SCANNED, 20),
        ([left("v", "11:00", state="never", stay_s=600)], "09:10", How.SCANNED, 10),
        ([left("v", "11:00", state="never")], "11:00", How.SCANNED, None),
        ([left("v", "08:59")], "08:59", How.SCANNED, None),
        ([left("v", "09:30", "teleported")], None, None, None),
        ([left("v", "09:30", room_id="anak")], None, None, None),
    ],
)
def test_how_a_visit_ends(exits, clock, how, stay_min):
    """A fact goes before a guess, what was seen before what was heard; only what was seen or measured has a length."""
    visit = one(entered("v", "09:00"), *exits)
    assert (visit.left, visit.how) == (None if clock is None else at(clock), how)
    assert visit.stay_s == (None if stay_min is None else stay_min * 60)
    assert visit.is_guess == (how in (How.SWEPT, How.COUNTED))


def test_a_stay_under_a_clock_that_is_not_trusted_is_only_what_was_measured():
    """Two times of a bad clock make no length; the door's own stop watch does."""
    assert one(entered("v", "09:00", state="never"), left("v", "09:30")).stay_s is None
    assert one(entered("v", "09:00", state="never"), left("v", "09:30", stay_s=5.5)).stay_s == 5.5
    assert not one(entered("v", "09:00"), left("v", "09:30", state="never")).left_trusted


def test_a_card_that_another_door_does_not_know_ends_its_visit():
    """The exit that was scanned at another door counts, not the moment at which the home door heard of it."""
    events = [
        entered("v0", "08:00", pass_sha256="p"),
        left("v0", "08:20"),
        entered("v", "09:00", pass_sha256="p"),
        left(None, "09:45", door="b", pass_sha256="p"),
        left("v", "12:00", heard=True),
    ]
    found = visits_of(events)
    assert ([(each.visit_id, each.stay_s) for each in found.visits], found.strays) == ([("v0", 1200), ("v", 2700)], 0)


@pytest.mark.parametrize(
    "events",
    [
        [left(None, "09:45", pass_sha256="p")],
        [left(None, "09:45")],
        [left("v9", "09:45")],
        [entered("v", "10:00", pass_sha256="p"), left(None, "09:45", pass_sha256="p")],
        [entered("v", "09:00", pass_sha256="p"), left("v", "09:30"), left(None, "09:45", pass_sha256="p")],
    ],
)
def test_exits_of_nobody_are_counted_apart(events):
    """An exit that belongs to no open visit ends none."""
    found = visits_of(events)
    assert found.strays == 1
    assert [each.left for each in found.visits] in ([], [None], [at("09:30")])


def test_a_head_count_ends_who_was_not_there():
    """Of open visits only those that were counted, of this door or another, stay; the end is a guess."""
    told = [entered(each, "09:00") for each in ("gone", "kept", "adopted")]
    told += [entered("later", "11:30"), entered("odd", "09:00", state="never")]
    adopted = [{"visit_id": "adopted"}, {"visit_id": "unheard of"}, "odd"]
    count = event(Kind.ROOM_COUNTED, "11:00", generation="000002@a", kept=["kept", 7], adopted=adopted, others=1)
    heard = event(Kind.ROOM_COUNTED, "11:05", generation="000002@a", door="b", kept=[], heard=True)
    elsewhere = event(Kind.ROOM_COUNTED, "09:10", room_id="anak", kept=[])
    by_id = {each.visit_id: each for each in visits_of([*told, heard, count, elsewhere]).visits}
    assert (by_id["gone"].how, by_id["gone"].left, by_id["gone"].stay_s) == (How.COUNTED, at("11:00"), None)
    assert [by_id[each].how for each in ("kept", "adopted", "later", "odd")] == [None] * 4


def test_a_door_that_only_heard_of_a_head_count_guesses_too():
    """Without the count itself nobody can say who stayed; the door's visits end with it, as guesses."""
    assert one(entered("v", "09:00"), event(Kind.ROOM_COUNTED, "11:05", kept=None, heard=True)).how is How.COUNTED


def test_moving_is_no_new_visitor():
    """Who moves to another room is counted in it, and once in the house; moving back is a stay of its own."""
    events = [
        entered("v", "09:00"),
        left("v", "09:30"),
        event(Kind.VISITOR_MOVED, "09:30", visit_id="v", from_room="baca", to_room="anak"),
        entered("v", "09:30", room_id="anak", waited_s=60),
        left("v", "10:00", room_id="anak"),
        entered("w", "09:00"),
        left("w", "09:10"),
        entered("w", "12:00"),
        entered("w", "12:00", door="clone"),
        left("w", "12:20"),
    ]
    found = figures(*events)
    assert (found.total.entered, dict(found.rooms)["anak"].entered, dict(found.rooms)["baca"].entered) == (3, 1, 3)
    assert (figures(*events, room="anak").total.entered, found.total.wait, dict(found.rooms)["anak"].wait) == (1, None, None)
    assert [each.stay_s for each in found.visits if each.visit_id == "w"] == [600, 1200]


def test_what_somebody_said_is_of_their_visit():
    """By the visit before the number, the last word if there are more, in any order; of nobody known it changes nothing."""
    told = [
        waiting("t", "08:50"),
        named("08:50", ticket_id="t", name="Dian"),
        entered("v", "09:00", ticket_id="t", number="A 001"),
        entered("w", "09:01"),
        named("09:01", visit_id="w", name="Ani", institution="SMA 1"),
        named("09:05", visit_id="w", name="Ani Lestari", purpose=7),
        named("09:00", visit_id="nobody", name="Budi"),
        named("09:00", name="Budi"),
    ]
    for events in (told, told[::-1]):
        found = [(each.number, each.name, each.purpose, each.institution) for each in visits_of(events).visits]
        assert found == [("A 001", "Dian", "", ""), ("", "Ani Lestari", "", "")]
    both = [*told, named("09:00", visit_id="v", name="Dian Sari")]
    assert visits_of(both).visits[0].name == "Dian Sari"


def test_figures_of_a_morning():
    """People, visits, groups, stays and waits of a day, by room and by hour; staff and uncertain times apart."""
    found = figures(*morning())
    total = found.total
    assert (total.visits, total.entered, total.groups, total.priority, total.overrides) == (5, 9, 2, 4, 1)
    assert (total.turned_to_wait, total.guessed, total.without_end) == (2, 1, 0)
    assert total.stay is not None
    assert (total.stay.count, total.stay.mean_s, total.stay.median_s) == (4, 225 / 4 * 60, 45 * 60)
    assert total.wait is not None
    assert (total.wait.count, total.wait.median_s, total.wait.longest_s) == (1, 1800, 1800)
    assert total.most_inside == 5  # at 09.15: two of v3, v4, v5 of the staff, and v6 in the other room
    assert {room: each.most_inside for room, each in found.rooms} == {"anak": 1, "baca": 5}
    assert (found.hours[8], found.hours[9], sum(found.hours)) == (7, 2, 9)
    assert dataclasses.astuple(found.unsure) == (1, 1, 0)
    assert [each.visit_id for each in found.visits] == ["v1", "v2", "v3", "v4", "v6", "v7"]


def test_figures_of_nothing():
    """No event, no figure, and nothing that is not a number."""
    found = figures()
    assert (found.total.visits, found.total.stay, found.days, found.line, sum(found.hours)) == (0, None, (), ((0.0, 0),), 0)


def test_a_visit_over_midnight():
    """It is a visit of the day on which it began; who is inside is counted on both."""
    events = [entered("v", "23:30", people=3), left("v", "00:30", day=11)]
    night = span(DAY, date(2020, 6, 11), later(2))
    found = figures(*events, of=night)
    assert [(day.day, each.entered, each.most_inside) for day, each in found.days] == [(10, 3, 3), (11, 0, 3)]
    next_day = figures(*events, of=span(date(2020, 6, 11), date(2020, 6, 11), later(2)))
    assert (next_day.total.entered, next_day.line) == (0, ((0.0, 3), (30.0, 0)))


def test_the_line_of_one_day_and_of_several():
    """One day's line changes to the minute; that of several days is the most of them by quarter of an hour."""
    events = [entered("v", "09:00"), left("v", "09:20"), entered("w", "09:05", day=11, people=2), left("w", "09:10", day=11)]
    assert figures(*events).line == ((0.0, 0), (540.0, 1), (560.0, 0))
    both = figures(*events, of=span(DAY, date(2020, 6, 11), later(2)))
    assert both.line == ((0.0, 0), (540.0, 2), (555.0, 1), (570.0, 0))


def test_who_never_left_is_inside_until_now_or_until_the_day_is_over():
    """Without an end nobody is inside for ever, and yesterday's are named as such."""
    today = figures(entered("v", "09:00"), of=span(now=at("10:00")))
    assert (today.line[-1], today.total.without_end) == ((600.0, 0), 0)
    after = figures(entered("v", "09:00"), left("v", "08:00", state="never"), of=span(DAY, date(2020, 6, 12), later(2)))
    assert [day.day for day, each in after.days if each.most_inside] == [10]
    assert figures(entered("v", "09:00"), of=span(now=later(1))).total.without_end == 1


def test_one_out_one_in_at_the_same_moment_is_not_one_too_many():
    """The place that comes free and the one that is taken in one moment are one place."""
    assert figures(entered("v", "09:00"), left("v", "10:00"), entered("w", "10:00")).total.most_inside == 1


def test_a_clock_that_is_not_trusted_is_counted_apart():
    """Such visits have no day; those that cannot be of these days are not counted at all."""
    events = [
        entered("v", "09:00", state="unsynced since 2020-06-09T00:00:00Z", people=2),
        entered("w", "09:00", state="never", span=False),
        waiting("t", "09:00", state="never", people=3),
        waiting("u", "09:00", state="never", span=False),
    ]
    found = figures(*events)
    assert (found.total.visits, found.total.turned_to_wait, found.total.most_inside) == (0, 0, 0)
    assert dataclasses.astuple(found.unsure) == (1, 2, 3)


@pytest.mark.parametrize(
    "ticket",
    [
        waiting("t", "09:00", state="never"),
        waiting("t", "10:01"),
        waiting("other", "09:00"),
    ],
)
def test_a_wait_that_cannot_be_measured_is_none(ticket):
    """Without a certain time before the entry there is no wait."""
    assert one(ticket, entered("v", "10:00", ticket_id="t")).waited_s is None


def test_a_wait_as_the_door_measured_it():
    """The door's own stop watch goes before two times on the wall."""
    assert one(waiting("t", "09:00"), entered("v", "10:00", ticket_id="t", waited_s=90)).waited_s == 90


def test_the_priority_of_a_number_is_the_visits():
    """Who waited in the priority class entered in it."""
    assert one(waiting("t", "09:00", priority=True), entered("v", "10:00", ticket_id="t")).priority


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
FIELDS = (
    "room_id",
    "visit_id",
    "people",
    "how",
    "stay_s",
    "ticket_id",
    "heard",
    "pass_sha256",
    "who",
    "priority",
    "to_room",
)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.builds(
            VisitorEvent,
            st.sampled_from([*map(str, Kind), "other"]),
            st.dictionaries(st.sampled_from(FIELDS), ODD),
            st.sampled_from(
                ["", "2020-06-10", "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2020-06-10T02:00:00.000000Z"]
            ),
            st.text(max_size=6),
        ),
        max_size=6,
    )
)
@example(
    [
        VisitorEvent(
            Kind.VISITOR_LEFT,
            {"visit_id": "v1", "room_id": "baca", "how": "desk", "stay_s": 10**400},
            "2020-06-10T03:00:00.000000Z",
            "synced",
        )
    ]
)
def test_odd_payloads_change_nothing(odd):
    """Whatever else stands in a journal, the figures of the morning are the same, but for odd exits that end nothing."""
    seen = [each for each in odd if not (each.kind == Kind.VISITOR_LEFT and each.payload.get("visit_id") == "v1")]
    plain, with_odd = figures(*morning()), figures(*morning(), *seen)
    mine = [each for each in with_odd.visits if each.visit_id.startswith("v")]
    assert [dataclasses.replace(each) for each in mine] == list(plain.visits)
    figures(*morning(), *odd)


@pytest.mark.parametrize("field", ["room_id", "visit_id", "people"])
@pytest.mark.parametrize("value", [None, "", 0, -1, True, 1.5, [], "7", 10**9])
def test_an_entry_without_what_it_needs_is_none(field, value):
    """An entry that does not say who, where or how many is no visit."""
    found = visits_of([entered("v", "09:00", **{field: value})]).visits
    assert bool(found) == (field != "people" and value == "7")


@settings(deadline=None, max_examples=50)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_order_of_doors_does_not_matter(chance, copies):
    """Told in any order, and more than once, the events make the same visits."""
    events = morning() * copies
    chance.shuffle(events)
    assert visits_of(events) == visits_of(morning())
    at_once = [entered("z", "12:00"), left("z", "12:00")]
    assert visits_of(at_once * copies) == visits_of(at_once)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_the_figures_add_up(seed, count):
    """Days, rooms and hours are the same people as the total, and no room was ever fuller than the visits allow."""
    chance = random.Random(seed)
    events = []
    for n in range(count):
        begin, room = chance.randrange(0, 1380), chance.choice("ab")
        end = begin + chance.randrange(1, 60)
        people, day = chance.randint(1, 4), chance.choice([10, 11])
        events.append(entered(f"v{n}", f"{begin // 60}:{begin % 60}", people, room_id=room, day=day))
        if chance.random() < 0.8:
            events.append(left(f"v{n}", f"{end // 60}:{end % 60}", chance.choice(list(How)), room_id=room, day=day))
    both = span(DAY, date(2020, 6, 11), later(3))
    found = figures(*events, of=both)
    for parts in (found.days, found.rooms):
        for field in ("visits", "entered", "groups", "guessed", "without_end"):
            assert sum(getattr(each, field) for _, each in parts) == getattr(found.total, field)
    assert sum(found.hours) == found.total.entered
    assert max(found.profile) == found.total.most_inside == max(each.most_inside for _, each in found.days)
    assert found.total.most_inside <= found.total.entered
    assert all(level >= 0 for _, level in found.line)
    for day, each in found.days:
        alone = figures(*events, of=span(day, day, later(3)))
        assert alone.total == dataclasses.replace(each)
        assert max(level for _, level in alone.line) == each.most_inside


def test_a_stay_of_a_century_is_still_counted_quickly():
    """A clock that was set to another century and back costs no minute per quarter of an hour."""
    long = entered("v", "09:00")
    end = dataclasses.replace(left("v", "10:00"), claimed_at="9990-01-01T00:00:00.000000Z")
    assert figures(long, end).total.most_inside == 1


def test_the_zone_decides_the_day():
    """The same moment is of another day further east."""
    found = visits_of([entered("v", "23:30")])
    east = Span(date(2020, 6, 11), date(2020, 6, 11), ZONE, later(2))
    assert statistics(found, east).total.visits == 0
    from zoneinfo import ZoneInfo

    assert statistics(found, dataclasses.replace(east, zone=ZoneInfo("Asia/Jayapura"))).total.visits == 1
    assert east.begins(DAY) + timedelta(days=1) == east.begins(east.first)
