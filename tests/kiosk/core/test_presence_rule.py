from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.presence_rule import Entry, How, Instant, Present, Remark, age_s, how_inside, is_of_today, merged, remark

ZONE = ZoneInfo("Asia/Jakarta")
NOW = Instant(datetime(2020, 6, 10, 3, 0, tzinfo=UTC), 10**13, "boot-2", trusted=True)
ENTRY = Entry("P1", NOW, "in")
SITI = Present("P1", "Siti", "Umum", How.TAP_IN, 600.0)


def before(hours: float, *, boot: str = "boot-2", trusted: bool = True) -> Instant:
    return Instant(NOW.wall - timedelta(hours=hours), NOW.mono_ns - int(hours * 3600e9), boot, trusted)


@pytest.mark.parametrize(
    ("then", "now", "seconds"),
    [
        (before(1), NOW, 3600),
        (before(1), replace(NOW, wall=NOW.wall + timedelta(days=365)), 3600),  # the wall clock jumped, this boot counted on
        (before(1, boot="boot-1"), NOW, 3600),
        (before(1, boot="boot-1", trusted=False), NOW, None),
        (before(1, boot="boot-1"), replace(NOW, trusted=False), None),
        (before(-1, boot="boot-1"), NOW, 0),
    ],
)
def test_age(then: Instant, now: Instant, seconds: float | None):
    """Ages are counted within a boot, taken from clocks trusted at both ends else, and never negative or made up."""
    assert age_s(then, now) == seconds


@pytest.mark.parametrize(
    ("then", "now", "today"),
    [
        (before(9), NOW, True),  # 01.00 local time
        (before(11), NOW, False),  # 23.00 the evening before
        (before(11, trusted=False), NOW, True),  # its time is not certain, it was counted, and may be of today
        (before(19, trusted=False), NOW, False),
        (before(11, boot="boot-1", trusted=False), NOW, True),
        (before(30, boot="boot-1", trusted=False), NOW, False),
        (before(-3, boot="boot-1"), replace(NOW, trusted=False), True),  # our clock lost three hours in a power cut
    ],
)
def test_today(then: Instant, now: Instant, today: bool):
    """An entry is of today by the local date; where no clock can say so, in doubt it is."""
    assert is_of_today(then, now, ZONE) is today


@pytest.mark.parametrize(
    ("entry", "how", "said"),
    [
        (ENTRY, How.TAP_IN, None),
        (replace(ENTRY, direction="unstated"), How.TAP_UNSTATED, None),
        (replace(ENTRY, direction="out"), None, None),
        (replace(ENTRY, is_manual=True), How.MANUAL, None),
        (replace(ENTRY, is_manual=True, direction="out"), None, None),
        (replace(ENTRY, verdict="hold"), How.TAP_IN, Remark.HELD),
        (replace(ENTRY, verdict="hold", decision="clinic"), How.TAP_IN, Remark.CLINIC),
        (replace(ENTRY, verdict="hold", decision="let_in"), How.TAP_IN, None),
        (replace(ENTRY, is_admission=False, verdict="hold"), How.LET_IN, Remark.HELD),
        (replace(ENTRY, is_admission=False, verdict="hold", decision="let_in"), How.LET_IN, None),
        (replace(ENTRY, is_admission=False, verdict="hold", decision="expired"), None, None),
    ],
)
def test_how_it_is_known(entry: Entry, how: How | None, said: Remark | None):
    """An entry says whether somebody is inside, how that is known, and what became of it."""
    assert (how_inside(entry), remark(entry)) == (how, said)


def test_everybody_once_by_the_newest_entry():
    """Somebody seen at two doors is on the list once, by the newer entry, with the photo that either has."""
    there = replace(SITI, age_s=60.0, door="Timur")
    assert merged([replace(SITI, photo="a")], [there], []) == [replace(there, photo="a")]
    assert merged([SITI], [replace(there, age_s=None)], []) == [SITI]


@pytest.mark.parametrize(
    ("age", "left_s", "inside"),
    [(600.0, 60.0, False), (60.0, 600.0, True), (None, 60.0, True)],
)
def test_an_exit_must_be_newer(age: float | None, left_s: float, inside: bool):
    """Only an exit that is known to be newer than the entry takes somebody off."""
    assert bool(merged([replace(SITI, age_s=age)], [], [("P1", left_s)])) is inside


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xy"), st.floats(0, 1e5) | st.none())))
def test_order_and_no_doubles(seen: list[tuple[str, str, float | None]]):
    """However many doors saw whom, everybody seen is there once, by unit and name."""
    people = [Present(name, name, unit, How.TAP_IN, age) for name, unit, age in seen]
    found = merged(people[::2], people[1::2], [])
    assert {each.person_id for each in found} == {name for name, _, _ in seen}
    assert [(each.unit, each.name) for each in found] == sorted((each.unit, each.name) for each in found)
    assert len({each.person_id for each in found}) == len(found)
