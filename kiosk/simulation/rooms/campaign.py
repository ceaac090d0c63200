"""Many worlds of a room, one after the other, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from kiosk.simulation.rooms import actions, ending
from kiosk.simulation.rooms.truth import Violation
from kiosk.simulation.rooms.world import Outcome, World

_FEWEST_STEPS, _MOST_STEPS = 20, 60
_DOORS = (1, 2, 2, 2, 3, 3, 4)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken promise: where, and what it was."""

    episode: int
    step: int
    what: str


@dataclass(slots=True)
class Report:
    """What so many episodes of a seed came to. `apart` are worlds in which an old card image was booted without the server;
    `violations_apart` are theirs, and not among `violations`.
    """

    seed: int
    limit: int
    episodes: int = 0
    violations: int = 0
    first: Broken | None = None
    apart: int = 0
    violations_apart: int = 0
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("steps", "entered", "waited", "overridden", "counted", "full"), 0)
    )

    def add(self, episode: int, outcome: Outcome) -> None:
        """Count one world in."""
        self.episodes += 1
        self.apart += outcome.is_apart
        found = (outcome.step, outcome.entered, outcome.waited, outcome.overridden, outcome.counts, outcome.was_full)
        for name, value in zip(self.counts, found, strict=True):
            self.counts[name] += value
        if outcome.violation is None:
            return
        if outcome.is_apart:
            self.violations_apart += 1
            return
        self.violations += 1
        self.first = self.first or Broken(episode, outcome.step, outcome.violation)


def run(
    seed: int,
    episodes: int,
    *,
    limit: int = 2,
    doors: int | None = None,
    progress: Callable[[], object] = lambda: None,
    is_enough: Callable[[Report], bool] = lambda report: False,  # noqa: ARG005
    into: Report | None = None,
) -> Report:
    """Live so many worlds to their ends. Episode n of a seed is the first of seed + n: each can be lived through again alone.

    `into` is a report to count in, for a caller who wants what was found also where this does not come to its end.
    """
    report = Report(seed, limit) if into is None else into
    for episode in range(episodes):
        report.add(episode, run_episode(seed + episode, limit=limit, doors=doors))
        progress()
        if is_enough(report):
            break
    return report


def run_episode(seed: int, *, limit: int, doors: int | None = None, lines: list[str] | None = None) -> Outcome:
    """Live the world of that seed to its end. `lines` takes what happens, to be read."""
    rng = Random(seed)
    world = World(rng, limit, lines=lines)
    violation, step = None, 0
    try:
        world.build(doors or rng.choice(_DOORS))
        steps = rng.randint(_FEWEST_STEPS, _MOST_STEPS)
        while step < steps:
            step += 1
            world.pass_time(rng.uniform(1, 60))
            actions.choose(world)
            if rng.random() < 0.3:
                world.traffic()
            world.judge()
        step += 1
        ending.settle(world)
    except Violation as exc:
        violation = str(exc)
    truth = world.truth
    return Outcome(violation, step, truth.is_spoilt, truth.entered, truth.waited, truth.overridden, truth.counts, world.was_full)
