from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clock import ManualClock, SyncState, SystemClock, kernel_clock_is_synced, utc_datetime, utc_text

AWARE = st.integers(0, 7_000_000_000_000_000).map(lambda us: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))


@given(AWARE, AWARE)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    """Every text has the same shape, comes back as it was, and sorts like the time it says."""
    assert utc_datetime(utc_text(one)) == one
    assert (utc_text(one) < utc_text(other)) == (one < other)
    assert len(utc_text(one)) == len("2020-06-10T00:12:00.000000Z")


def test_other_zones_are_written_in_utc() -> None:
    """07.12 in Jakarta is 00.12 UTC."""
    assert utc_text(datetime(2020, 6, 10, 7, 12, tzinfo=timezone(timedelta(hours=7)))) == "2020-06-10T00:12:00.000000Z"


@pytest.mark.parametrize("text", ["", "2020-06-10", "2020-06-10 00:12:00", "2020-06-10T00:12:00.000000", "yesterday"])
def test_other_texts_are_refused(text: str) -> None:
    """A time without a zone or of another form is an error, never a guess."""
    with pytest.raises(ValueError, match=r"does not match|unconverted"):
        utc_datetime(text)


def test_the_machines_clock_says_how_far_it_is_trusted() -> None:
    """Never synced, then synced, then lost: since when is the last time it was known to be right."""
    answers = iter([False, True, False, False])
    clock = SystemClock(lambda: next(answers))
    never, synced, lost, still = (clock.now() for _ in range(4))
    assert (never.clock_state, synced.clock_state) == ("never", "synced")
    assert lost.unsynced_since == still.unsynced_since == synced.wall
    assert lost.clock_state == f"unsynced since {synced.claimed_at}"
    assert never.mono_ns <= synced.mono_ns <= lost.mono_ns
    assert len({moment.boot_id for moment in (never, synced, lost)}) == 1
    assert never.wall.tzinfo is UTC


def test_the_kernel_can_be_asked() -> None:
    """Asking needs no privilege and gives a plain answer, which the default clock uses."""
    assert kernel_clock_is_synced() in (True, False)
    assert SystemClock().now().sync_state is not SyncState.UNSYNCED


def test_a_clock_for_tests_moves_by_hand() -> None:
    """`advance` moves both times, `jump` the wall alone, `reboot` starts a new boot."""
    clock = ManualClock()
    first = clock.now()
    assert clock.now() == first
    clock.advance(1.5)
    assert (clock.now().wall - first.wall, clock.now().mono_ns - first.mono_ns) == (timedelta(seconds=1.5), 1_500_000_000)
    clock.jump(-3600)
    assert clock.now().mono_ns - first.mono_ns == 1_500_000_000
    assert clock.now().wall < first.wall
    clock.reboot("other")
    assert (clock.now().boot_id, clock.now().mono_ns) == ("other", 5_000_000_000)
    clock.sync_state = SyncState.UNSYNCED
    assert clock.now().clock_state == "unsynced"
