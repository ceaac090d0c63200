"""Many worlds, one after the other, and what became of them."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from kiosk.simulation.world.central import Central
from kiosk.simulation.world.world import STEPS, run_episode


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken promise: where, and what it was."""

    episode: int
    step: int
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What so many episodes of a seed came to. `world_h` are hours of the worlds' own time."""

    seed: int
    episodes: int
    violations: int
    first: Broken | None
    requests: int
    records: int
    world_h: float
    traces: tuple[str, ...]


def run(seed: int, episodes: int, *, steps: int = STEPS, progress: Callable[[], object] = lambda: None) -> Report:
    """Live so many worlds to their ends. Episode n of a seed is the first of seed + n, so each can be lived through again alone.

    Raises:
        FaultInjectionUnavailable: this machine cannot simulate disks.
    """
    found: list[Broken] = []
    requests, records, seconds, traces = 0, 0, 0.0, []
    with closing(Central()) as central:
        for episode in range(episodes):
            ended = run_episode(central, seed + episode, steps)
            requests, records, seconds = requests + ended.requests, records + ended.records, seconds + ended.world_s
            traces.append(ended.trace)
            if ended.violation is not None:
                found.append(Broken(episode, ended.step, ended.violation))
            progress()
    return Report(seed, episodes, len(found), next(iter(found), None), requests, records, seconds / 3600, tuple(traces))
