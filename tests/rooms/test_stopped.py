"""Ctrl-C in a simulation: what was found until then is not lost."""

import json
import os
import signal
import subprocess
import sys

import pytest

from kiosk.simulation.interrupted import Stop, stoppable
from kiosk.simulation.rooms import campaign
from kiosk.simulation.rooms.campaign import Report


def test_what_was_lived_through_is_in_the_report() -> None:
    """Worlds that came to their end before somebody stopped it are counted."""
    report = Report(5, 2)

    def stop_at_three() -> None:
        if report.episodes == 3:
            raise KeyboardInterrupt

    with stoppable() as stop:
        campaign.run(5, 10, progress=stop_at_three, into=report)

    assert (stop.asked, report.episodes, report.counts["steps"] > 0) == (True, 3, True)


@pytest.mark.parametrize(("asked", "is_broken", "code"), [(True, True, 130), (True, False, 130), (False, True, 1)])
def test_how_it_ends(asked: bool, is_broken: bool, code: int) -> None:
    """Stopped is 130 whatever was found, else a broken promise is 1."""
    assert Stop(asked).exit_code(is_broken=is_broken) == code


@pytest.mark.parametrize(("words", "what"), [("rooms --episodes 1000000", "episodes"), ("race --rounds 100000", "rounds")])
def test_ctrl_c(words: str, what: str) -> None:
    """As on a terminal, where every process of the command is told: the report is printed, and how much of it there is."""
    command = [sys.executable, "-m", "kiosk", "simulate", *words.split(), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline()  # the bar's label: it has begun
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    told = json.loads(out)
    assert (told["violations"], told["first"]) == (0, None)
    assert f"stopped: {told['episodes']} of {words.rpartition(' ')[2]} {what} were run" in err
    assert "Traceback" not in err
