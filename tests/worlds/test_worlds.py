"""What the screen confirmed is kept, and is at the server exactly once, whatever happens on the way."""

import json
from collections.abc import Callable
from random import SystemRandom

import pytest
from click.testing import CliRunner

from kiosk.simulation import cli
from kiosk.simulation.world import campaign
from kiosk.simulation.world.campaign import Broken, Report

Count = Callable[[Report], None]

BROKE_ONCE = (489984568, 70000043, 70000156, 70000219, 70000231, 70000282, 91000458)
"""Seeds of worlds in which a promise broke before the program was mended."""


def _no_violation(report: Report) -> None:
    if report.first is not None:
        command = cli.replay(report.seed, report.first.episode)
        pytest.fail(f"step {report.first.step}: {report.first.what}; replay it: {command}")


def test_the_usual_worlds(count_worlds: Count) -> None:
    """Sixty worlds, the same every time, keep every promise."""
    report = campaign.run(1, 60)
    count_worlds(report)
    _no_violation(report)
    assert report.records > 1000
    assert report.requests > 1000


@pytest.mark.parametrize("seed", BROKE_ONCE)
def test_worlds_that_broke_a_promise_once(seed: int, count_worlds: Count) -> None:
    """What was mended stays mended."""
    report = campaign.run(seed, 1)
    count_worlds(report)
    _no_violation(report)


def test_worlds_nobody_has_seen(count_worlds: Count) -> None:
    """Ten worlds of a new seed keep every promise; a failure names the seed."""
    seed = SystemRandom().randrange(10**6, 10**9)
    print(f"fresh worlds of seed {seed}")
    report = campaign.run(seed, 10)
    count_worlds(report)
    _no_violation(report)


@pytest.mark.campaign
def test_many_worlds(count_worlds: Count) -> None:
    """A thousand new worlds, each longer, keep every promise."""
    report = campaign.run(SystemRandom().randrange(10**6, 10**9), 1000, steps=60)
    count_worlds(report)
    _no_violation(report)


def test_one_seed_one_world() -> None:
    """The same seed lives through the same world again, be it first or later in its campaign."""
    first, again = campaign.run(70, 3), campaign.run(71, 2)
    assert first.traces[1:] == again.traces
    assert len(set(first.traces)) == 3


def test_the_report_has_its_fixed_keys() -> None:
    """Under --json one object with the fixed keys is printed, and the command ends well."""
    result = CliRunner().invoke(cli.simulate, ["sync", "--seed", "5", "--episodes", "2", "--steps", "4", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"episodes": 2, "violations": 0, "seed": 5, "first": None})


def test_a_violation_is_told_with_its_replay(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a promise broke, the report names seed and step, and the command that replays exactly that world."""
    report = Report(40, 9, 1, Broken(2, 7, "a row is missing"), 0, 0, 0.0, ())
    cli.say(report, 30, as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out)["first"] == {"episode": 2, "step": 7, "what": "a row is missing"}
    assert "gapura simulate sync --seed 42 --episodes 1\n" in err
