"""A real agent and a real server, and every way in which the network between them can fail."""

import pytest

from kiosk.simulation.fault_proxy import Toxics
from sync.state import Problem


@pytest.mark.parametrize(("reset", "stride"), [(False, 1), (True, 7)], ids=["close", "reset"])
@pytest.mark.parametrize("which", ["cut_request_after", "cut_answer_after"])
def test_cut_after_every_byte(road, which, reset, stride):
    """Wherever a batch or its answer is cut, the rows arrive once: after every byte of the one and of the other."""
    road.try_once(Toxics())
    tries = 0
    while road.try_once(Toxics(**{which: tries * stride}, reset=reset)) > 0:
        tries += 1
    assert tries * stride > 700, "the sweep ended before the end of what is sent"
    assert road.proxy.cuts >= tries
    road.nothing_else_was_kept()
    print(f"{which}{' with a reset' if reset else ''}: {tries} cuts, nothing lost, nothing twice")


@pytest.mark.parametrize("lost", [1_000, pytest.param(10_000, marks=pytest.mark.campaign)])
def test_lost_answers(road, lost):
    """Answers that never come cost retries, and not one duplicate: the server has each row once, and says so in the end."""
    road.try_once(Toxics())
    for number in range(lost):
        if number % 5 == 0:
            road.door.taps(1)
        road.proxy.spoil(Toxics(cut_answer_after=0))
        assert road.rig.uploader.step() > 0
        road.never_more_than_is_stored()
    assert road.proxy.cuts == lost
    road.try_once(Toxics())
    road.nothing_else_was_kept()
    print(f"{lost} answers lost, no duplicate")


SLOW = {
    "latency": Toxics(latency_s=0.2),
    "bandwidth": Toxics(bytes_per_s=20_000),
    "slicer": Toxics(slice_bytes=1),
    "slow close": Toxics(slow_close_s=0.3, cut_answer_after=10),
    "all at once": Toxics(latency_s=0.05, bytes_per_s=50_000, slice_bytes=100),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_poor_network_is_only_slow(road, name):
    """Delay, a narrow line, a line that passes single bytes, and one that lingers when it ends: rows arrive once all the same."""
    road.try_once(SLOW[name], fresh=20)
    road.nothing_else_was_kept()


def test_a_line_that_is_too_slow_is_given_up(road):
    """A server that cannot be heard in time is tried again later; what it had stored is not stored twice."""
    assert road.try_once(Toxics(latency_s=2.5)) > 0
    road.nothing_else_was_kept()


def test_down(road):
    """While nothing listens the agent backs off ever longer, keeps everything, and sends all when the line is back."""
    road.try_once(Toxics())
    road.proxy.set_up(False)
    road.door.taps(700)
    assert [road.rig.uploader.step() for _ in range(4)] == [1, 2, 4, 8]
    assert (road.problem, road.rig.link.online) == (Problem.UNREACHABLE, False)
    road.proxy.set_up(True)
    road.rig.drain()
    road.arrived_once()
    road.nothing_else_was_kept()


def test_a_pause_that_is_asked_for_is_kept(road):
    """When the server's database is locked away, its Retry-After is waited for, with the jitter on top, and then all goes up."""
    road.try_once(Toxics())
    road.door.taps(3)
    with road.database_away():
        assert road.rig.uploader.step() == 10 + 1
        assert road.problem == Problem.BUSY
    road.rig.drain()
    road.arrived_once()
