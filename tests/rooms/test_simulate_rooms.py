"""Never more inside than the room holds without a signed override, and every place comes back, whatever happens on the way."""

import json
from collections.abc import Callable
from random import SystemRandom

import pytest
from click.testing import CliRunner

from kiosk.simulation.rooms import campaign, cli
from kiosk.simulation.rooms.campaign import Broken, Report

Count = Callable[[Report], None]


def _kept(report: Report) -> None:
    if report.first is not None:
        command = cli.replay(report, report.first.episode)
        pytest.fail(f"step {report.first.step}: {report.first.what}; replay it: {command}")


@pytest.mark.parametrize(("limit", "episodes"), [(2, 1500), (10, 500)])
def test_the_usual_worlds(limit: int, episodes: int, count_rooms: Count) -> None:
    """The same worlds every time keep every promise, and in them people come in, wait, and fill the room."""
    report = campaign.run(1, episodes, limit=limit)
    count_rooms(report)
    _kept(report)
    assert report.counts["entered"] > 2 * episodes
    assert report.counts["waited"] > episodes
    assert report.counts["full"] > episodes // 5
    assert report.counts["overridden"] > episodes // 4
    assert report.counts["counted"] > episodes


def test_worlds_nobody_has_seen(count_rooms: Count) -> None:
    """A hundred worlds of a new seed keep every promise; a failure names the seed."""
    seed = SystemRandom().randrange(10**6, 10**9)
    print(f"fresh rooms of seed {seed}")
    report = campaign.run(seed, 100, limit=2)
    count_rooms(report)
    _kept(report)


@pytest.mark.parametrize("doors", [1, 2, 3, 4])
def test_as_many_doors_as_asked_for(doors: int, count_rooms: Count) -> None:
    """A lone door and several with a server keep the same promises."""
    report = campaign.run(7, 20, limit=3, doors=doors)
    count_rooms(report)
    _kept(report)


@pytest.mark.campaign
@pytest.mark.parametrize("limit", [2, 10])
def test_very_many_worlds(limit: int, count_rooms: Count) -> None:
    """A hundred thousand new worlds keep every promise."""
    report = campaign.run(SystemRandom().randrange(10**6, 10**9), 100_000, limit=limit)
    count_rooms(report)
    _kept(report)


def test_one_seed_one_world() -> None:
    """The same seed lives through the same world again, be it first or later in its campaign."""
    lines: list[list[str]] = [[], [], []]
    for number, seed in enumerate((41, 41, 42)):
        campaign.run_episode(seed, limit=2, lines=lines[number])
    assert lines[0] == lines[1] != lines[2]
    assert campaign.run_episode(41, limit=2) == campaign.run_episode(41, limit=2)


def test_the_report_has_its_fixed_keys() -> None:
    """Under --json one object with the fixed keys is printed, then counts, and the command ends well."""
    result = CliRunner().invoke(cli.simulate, ["rooms", "--seed", "5", "--episodes", "2", "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(told)[:4] == ["episodes", "violations", "seed", "first"]
    assert (told["episodes"], told["violations"], told["seed"], told["first"], told["limit"]) == (2, 0, 5, None, 2)


def test_the_report_in_words() -> None:
    """Without --json one line says how many worlds there were and what happened in them."""
    result = CliRunner().invoke(cli.simulate, ["rooms", "--episodes", "2", "--limit", "10", "--doors", "2"])
    assert result.exit_code == 0
    assert "rooms at a limit of 10: 2 episodes, violations 0 (" in result.output


def test_a_violation_is_told_with_its_replay(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a promise broke, the report names the step, and the command that replays exactly that world."""
    cli.say(Report(40, 2, 9, 1, Broken(2, 7, "eleven are inside")), None, as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out)["first"] == {"episode": 2, "step": 7, "what": "eleven are inside"}
    assert "gapura simulate rooms --seed 42 --episodes 1 --limit 2\n" in err
    assert cli.replay(Report(1, 3), 4, doors=2).endswith("--seed 5 --episodes 1 --limit 3 --doors 2")
