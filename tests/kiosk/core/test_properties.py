"""Whatever happens, in whatever order and at whatever time: the lane answers, and these promises hold."""

import math
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.effects import Answer, Append, Show
from kiosk.core.inputs import (
    Asking,
    BadgeRead,
    CodeHint,
    Decision,
    GuardDecision,
    HandThermometer,
    NotThePerson,
    Reading,
    SensorBack,
    SensorLost,
    TimePassed,
    Undo,
)
from kiosk.core.policy import OnUnmeasured, Policy
from kiosk.core.session import Lane, advance, next_deadline_ms
from kiosk.core.values import Direction, Standing, Tap
from sync.protocol.digest import canonical
from sync.protocol.events import Kind
from tests.kiosk.core.door import RULE, at, staff

SCANS = {Kind.ATTENDANCE_TAPPED, Kind.BADGE_UNMATCHED, Kind.BADGE_REFUSED, Kind.ATTENDANCE_REPEATED}
FIRST_SCANS = SCANS - {Kind.ATTENDANCE_REPEATED}
ENDS = {Kind.VERDICT_ADMIT, Kind.VERDICT_HOLD, Kind.SCREENING_ABANDONED}
PEOPLE = ("Siti", "Budi", "Dewi")

policies = st.builds(
    Policy,
    temperature=st.sampled_from([RULE, RULE, RULE, replace(RULE, stable_ms=0, stable_samples=2, frozen_samples=0), None]),
    on_unmeasured=st.sampled_from(OnUnmeasured),
    unattended=st.booleans(),
    max_invalid_tries=st.integers(1, 3),
    repeat_window_ms=st.sampled_from([0, 2000, 60_000]),
    recheck_within_ms=st.sampled_from([0, 400_000]),
    hold_lasts_ms=st.sampled_from([5000, 10**7]),
)
numbers = st.one_of(
    st.sampled_from([36.5, 36.6, 36.4, 37.6, 37.7, 25.3, 25.4, 34.0, math.nan, math.inf, 1037.55, -273.15, 54.67, 0.0, None]),
    st.floats(),
)
steps_ms = st.one_of(st.integers(0, 200), st.sampled_from([600, 2500, 3000, 8000, 61_000, 301_000]), st.integers(-(10**6), 10**6))
badges = st.tuples(st.just("badge"), st.sampled_from(PEOPLE), st.sampled_from([Standing.KNOWN] * 4 + list(Standing)))
foreheads = st.tuples(st.just("forehead"), st.sampled_from([36.5, 37.8, 25.3]), st.integers(1, 9))
readings = st.tuples(st.just("reading"), numbers, st.one_of(st.just(25.0), numbers))
guards = st.tuples(st.just("guard"), st.sampled_from(Decision), st.tuples(st.integers(0, 12), numbers))
second_thoughts = st.tuples(st.sampled_from(["undo", "undo", "face", "by hand"]), st.integers(0, 12), st.booleans())
others = st.tuples(st.sampled_from(["lost", "back", "hint", "time"]), st.none(), st.none())
happenings = st.one_of(badges, badges, foreheads, foreheads, readings, guards, second_thoughts, others)
stories = st.lists(st.tuples(steps_ms, happenings), max_size=40)


GUARD = {
    "guard": lambda now, ask, one, two: GuardDecision(now, ask, f"read-{two[0]}", one, "guard", "", two[1]),
    "undo": lambda now, ask, one, _: Undo(now, ask, f"read-{one}", "guard"),
    "face": lambda now, ask, one, _: NotThePerson(now, ask, Tap(f"read-{one}", now, Direction.IN), None, "guard"),
    "by hand": lambda now, ask, _, two: HandThermometer(now, ask, two, "guard"),
}


def told(story):
    """The story as inputs; foreheads are several readings."""
    now_ms = 10**6
    for number, (step_ms, (what, one, two)) in enumerate(story):
        now_ms += step_ms
        if what == "badge":
            token = None if two is Standing.NOT_A_BADGE else f"sha-{one}"
            person = None if two in (Standing.UNKNOWN, Standing.NOT_A_BADGE) else staff(one)
            yield BadgeRead(at(now_ms), f"read-{number}", two, token, person)
        elif what == "forehead":
            for sample in range(two):
                now_ms += 90
                yield Reading(now_ms, one + sample % 3 / 100, 25.0)
        elif what == "reading":
            yield Reading(now_ms, one, two)
        elif what in GUARD:
            yield GUARD[what](at(now_ms), f"ask-{number}", one, two)
        else:
            happened = {"lost": SensorLost, "back": SensorBack, "time": TimePassed}
            yield happened[what](at(now_ms)) if what in happened else CodeHint(at(now_ms), "several_codes")


class World:
    """Runs a story, and checks after every input."""

    def __init__(self, policy):
        self.lane, self.policy = Lane(), policy
        self.scans, self.ends, self.admits, self.closed = set(), Counter(), Counter(), Counter()
        self.reopened, self.taps_reopened, self.faces = Counter(), Counter(), Counter()
        self.taps = set()

    def do(self, happened):
        before = self.lane
        if isinstance(happened, NotThePerson):
            self.scans.add(happened.tap.id)  # perhaps a tap from before, which the guard's screen still shows
        self.lane, effects = advance(before, happened, self.policy)
        records = [effect for effect in effects if isinstance(effect, Append)]
        self.check_records(records)
        self.check_screen(before, effects)
        answers = [effect.request_id for effect in effects if isinstance(effect, Answer)]
        assert answers == ([happened.id] if isinstance(happened, Asking) else [])
        if isinstance(happened, BadgeRead):
            self.check_badge(before, happened, records)
        deadline_ms = next_deadline_ms(self.lane)
        assert deadline_ms is None or deadline_ms > self.lane.now_ms
        sensor = self.lane.sensor
        assert all(sample.at_ms > sensor.from_ms for sample in sensor.window)
        assert (self.lane.at_sensor is None) == (sensor.from_ms is None)

    def check_records(self, records):
        for record in records:
            canonical(record.payload)
            if record.kind in FIRST_SCANS:
                self.scans.add(record.id)
            if record.kind is Kind.ATTENDANCE_TAPPED:
                self.taps.add(record.id)
            if "tap_id" in record.payload:
                assert record.payload["tap_id"] in self.scans
            if record.kind in ENDS:
                self.ends[record.payload["tap_id"]] += 1
            if record.kind is Kind.VERDICT_ADMIT:
                self.admits[record.payload["tap_id"]] += 1
                self.check_admit(record.payload, records)
            self.count_holds(record)
        assert all(count <= 1 + self.taps_reopened[tap] + self.faces[tap] for tap, count in self.admits.items())
        assert all(count <= 1 + self.reopened[hold] for hold, count in self.closed.items())

    def count_holds(self, record):
        if record.kind is Kind.HOLD_CLOSED:
            self.closed[record.payload["hold_id"]] += 1
        if record.kind is Kind.HOLD_OPENED and record.payload["reasons"] == ["not_the_person"]:
            self.faces[record.payload["tap_id"]] += 1
        if record.kind is Kind.HOLD_REOPENED:
            self.reopened[record.payload["hold_id"]] += 1
            self.taps_reopened[record.payload["tap_id"]] += 1

    @staticmethod
    def check_admit(payload, records):
        """In order is only said of a number that was measured just now, on this tap, and is in order."""
        if "temperature_in_order" in payload["reasons"]:
            [measured] = [
                record.payload
                for record in records
                if record.kind is Kind.SCREENING_MEASURED and record.payload["tap_id"] == payload["tap_id"]
            ]
            assert 35.0 <= measured["skin_temperature_c"] <= 37.3

    def check_screen(self, before, effects):
        shown = [effect.screen for effect in effects if isinstance(effect, Show)]
        assert shown == ([self.lane.screen] if self.lane.screen != before.screen else [])
        assert self.lane.screen.shown_temperature_c is None or self.lane.screen.kind == "admitted"
        assert self.lane.screen.line == tuple(go.person for go in self.lane.line)

    def check_badge(self, before, read, records):
        """One record names the read, unless its owner waits in line or for an officer; a first known read is a tap at once."""
        named = [record.kind for record in records if record.id == read.id]
        key = f"known:{read.person.id}" if read.standing is Standing.KNOWN else None
        recent, hold = before.recents.get(key), before.holds.get(key)
        if not named:
            assert (recent is not None and recent.waiting) or hold is not None
        else:
            assert len(named) == 1
            assert named[0] in SCANS
        now_ms = self.lane.now_ms
        is_new = recent is None or (not recent.waiting and now_ms - recent.since_ms >= self.policy.repeat_window_ms)
        if key and is_new and hold is None:
            assert named == [Kind.ATTENDANCE_TAPPED]

    def drain(self):
        """Let everything run out; every tap has an end then."""
        for _ in range(60):
            deadline_ms = next_deadline_ms(self.lane)
            if deadline_ms is None:
                break
            self.do(TimePassed(at(deadline_ms)))
        assert (self.lane.at_sensor, self.lane.line, self.lane.results) == (None, (), ())
        assert self.taps <= set(self.ends)


@settings(max_examples=150, deadline=None)
@given(policy=policies, story=stories)
def test_any_story(policy, story):
    """Any inputs at any times: one fact a scan, taps at once, one admission a tap, an end for everybody."""
    world = World(policy)
    for happened in told(story):
        world.do(happened)
    world.drain()


@settings(max_examples=50, deadline=None)
@given(before=policies, after=policies, story=stories, cut=st.integers(0, 40))
def test_a_policy_that_changes_in_between(before, after, story, cut):
    """Another circular coming into force in the middle leaves nobody behind."""
    world = World(before)
    for number, happened in enumerate(told(story)):
        world.policy = before if number < cut else after
        world.do(happened)
    world.drain()


people = st.lists(st.tuples(st.sampled_from([36.1, 36.4, 36.9, 37.8]), st.integers(0, 30)), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(people=people, gap=st.integers(1, 30))
def test_a_reading_is_only_ever_its_owners(people, gap):
    """People step up when their photo calls them and leave after some time: each one's number is on their own tap, or nowhere."""
    lane, policy, now_ms, found = Lane(), Policy(temperature=RULE), 0, {}
    own_c = {}
    for number, (value, _) in enumerate(people):
        now_ms += 100
        own_c[f"p{number}"] = value
        lane, _effects = advance(lane, BadgeRead(at(now_ms), f"r{number}", Standing.KNOWN, "t", staff(f"P{number}")), policy)
    standing, stays, away = None, 0, gap
    for sample in range(2500):
        now_ms += 70
        called = lane.at_sensor.go.person.id if lane.at_sensor else None
        if standing is None and away <= 0 and called not in found and called is not None:
            standing, stays = called, people[int(called[1:])][1] + 12
        value = own_c[standing] + sample % 4 / 100 if standing else 25.3 + sample % 3 / 100
        lane, effects = advance(lane, Reading(now_ms, value, 25.0), policy)
        for effect in effects:
            if isinstance(effect, Append) and effect.kind is Kind.SCREENING_MEASURED:
                found[effect.payload["person_id"]] = effect.payload["object_c"]
        stays, away = stays - 1, away - 1
        if standing is not None and stays <= 0:
            standing, away = None, gap
        if lane.at_sensor is None and not lane.line and lane.result is None:
            break
    assert all(abs(found[person] - own_c[person]) < 0.05 for person in found)
    assert len(found) == len(people)
