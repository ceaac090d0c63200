"""Dating by the server's time: whatever the door's clock said, the truth lies within the bracket."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.server.dating import Anchor, Stamp, date

NOON = datetime(2020, 6, 10, 5, 0, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=30)
SECOND = 1_000_000_000
SLACK = timedelta(seconds=32)


def test_within_one_boot():
    """An event is dated by how long before the sending it was, give or take how long that took."""
    (found,) = date([Stamp("a", 100 * SECOND)], {"a": Anchor(3700 * SECOND, NOON)}, sender="a", floor=LONG_AGO)
    assert found.earliest < NOON - timedelta(hours=1) < found.latest
    assert 15 <= found.width_s <= 16
    assert not found.denies(NOON - timedelta(hours=1, seconds=-55))
    assert not found.denies(NOON - timedelta(hours=1, seconds=85))
    assert found.denies(NOON - timedelta(hours=1, seconds=-65))
    assert found.denies(NOON - timedelta(hours=1, seconds=95))


@given(st.floats(-200, 200), st.integers(0, 10**15), st.integers(0, 10**15))
def test_what_is_plainly_right_is_never_denied(off_s, mono_ns, sent_ns):
    """The quick look at a door's time never passes one that the estimate would deny."""
    anchor = Anchor(sent_ns, NOON)
    claimed = NOON + timedelta(microseconds=(mono_ns - sent_ns) / 1000, seconds=off_s)
    (found,) = date([Stamp("a", mono_ns)], {"a": anchor}, sender="a", floor=LONG_AGO)
    assert not (anchor.confirms(mono_ns, claimed) and found.denies(claimed))


def test_a_boot_that_never_sent_is_bracketed():
    """Events between two boots that are known lie between them, as far apart as they were."""
    stamps = [Stamp("a", 50 * SECOND), Stamp("b", 10 * SECOND), Stamp("b", 610 * SECOND), Stamp("c", 5 * SECOND)]
    anchors = {"a": Anchor(40 * SECOND, NOON - timedelta(hours=2)), "c": Anchor(60 * SECOND, NOON)}
    _, first, second, _ = date(stamps, anchors, sender="c", floor=LONG_AGO)
    assert second.at - first.at == timedelta(seconds=600)
    assert abs(first.earliest - (NOON - timedelta(hours=2) + timedelta(seconds=20))) < SLACK
    assert abs(second.latest - (NOON - timedelta(seconds=60))) < SLACK
    assert 3000 < first.width_s < 3600


def test_nothing_known_before_leaves_the_floor():
    """The first boot of a door that never sent is dated between its enrolment and its next boot."""
    (found,) = date([Stamp("a", 0)], {"b": Anchor(0, NOON)}, sender="b", floor=NOON - timedelta(minutes=6))
    assert (found.at - (NOON - timedelta(minutes=3))) < SLACK
    assert abs(found.width_s - 180) < 16


@pytest.mark.parametrize("mono_ns", [2**63 - 1, 10 * 365 * 86400 * SECOND])
def test_figures_that_contradict_each_other_date_nothing(mono_ns):
    """A boot that lasted longer than there was time for is no ground for an estimate; nor are absurd numbers."""
    assert date([Stamp("a", mono_ns)], {"b": Anchor(5 * SECOND, NOON)}, sender="b", floor=LONG_AGO) == [None]


@given(
    boots=st.lists(
        st.tuples(
            st.booleans(),  # this boot sent something itself
            st.integers(1, 10**6),  # seconds without power before it
            st.lists(st.integers(0, 10**5), min_size=1, max_size=4),  # seconds between its events
        ),
        min_size=1,
        max_size=5,
    ),
    on_the_way_s=st.floats(0, 30),
)
def test_the_truth_is_always_inside(boots, on_the_way_s):
    """Reboots, days without power, boots that were never heard: the true time of each event lies within its bracket."""
    now, floor, truths, stamps, anchors = LONG_AGO, LONG_AGO, [], [], {}
    for number, (sent, dark_s, gaps) in enumerate(boots):
        booted = now = now + timedelta(seconds=dark_s)
        for gap in gaps:
            now += timedelta(seconds=gap)
            truths.append(now)
            stamps.append(Stamp(str(number), int((now - booted).total_seconds()) * SECOND))
        if sent or number == len(boots) - 1:
            anchors[str(number)] = Anchor(stamps[-1].mono_ns, now + timedelta(seconds=on_the_way_s))
    found = date(stamps, anchors, sender=str(len(boots) - 1), floor=floor)
    assert all(each.earliest <= truth <= each.latest for each, truth in zip(found, truths, strict=True))
