"""`gapura simulate`: seeded worlds that look for broken promises."""

import json
import logging
import sys

import click

from kiosk.simulation.disk import FaultInjectionUnavailable
from kiosk.simulation.world import campaign
from kiosk.simulation.world.campaign import Report
from kiosk.simulation.world.world import STEPS


@click.group()
def simulate() -> None:
    """Live through worlds made by chance, and say which promises broke."""


@simulate.command("sync")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same worlds.")
@click.option("--episodes", type=click.IntRange(1), default=100, show_default=True, help="How many worlds.")
@click.option("--steps", "--limit", type=click.IntRange(1), default=STEPS, show_default=True, help="Events in each world.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
def simulate_sync(seed: int, episodes: int, steps: int, as_json: bool) -> None:
    """Kiosks and a server through power cuts, bad lines, wrong clocks and old copies: nothing lost, nothing twice."""
    logging.disable(logging.CRITICAL)  # the worlds are full of trouble; what counts is at the end
    try:
        with click.progressbar(length=episodes, label="Worlds", file=sys.stderr) as bar:
            report = campaign.run(seed, episodes, steps=steps, progress=lambda: bar.update(1))
    except FaultInjectionUnavailable as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(1)
    finally:
        logging.disable(logging.NOTSET)
    say(report, steps, as_json=as_json)
    sys.exit(1 if report.violations else 0)


def say(report: Report, steps: int, *, as_json: bool) -> None:
    """Print a report, and for a broken promise how to live through it again."""
    first = report.first
    if as_json:
        told = None if first is None else {"episode": first.episode, "step": first.step, "what": first.what}
        values = {"episodes": report.episodes, "violations": report.violations, "seed": report.seed, "first": told}
        click.echo(json.dumps(values))
    else:
        click.echo(
            f"worlds: {report.episodes}, violations {report.violations}"
            f" ({report.records} records, {report.requests} requests, {report.world_h:.0f} hours of world time)"
        )
    if first is not None:
        click.echo(f"episode {first.episode}, step {first.step}: {first.what}", err=True)
        click.echo(f"replay it: {replay(report.seed, first.episode, steps)}", err=True)


def replay(seed: int, episode: int, steps: int = STEPS) -> str:
    """The command that lives through one world again."""
    return f"gapura simulate sync --seed {seed + episode} --episodes 1" + ("" if steps == STEPS else f" --steps {steps}")


commands: list[click.Command] = [simulate]
