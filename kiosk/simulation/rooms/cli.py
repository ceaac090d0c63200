"""`gapura simulate rooms`."""

import json
import sys

import click

from kiosk.simulation.interrupted import stoppable
from kiosk.simulation.rooms import campaign
from kiosk.simulation.rooms.campaign import Report


@click.group()
def simulate() -> None:
    """Live through worlds made by chance, and say which promises broke."""


@simulate.command("rooms")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same worlds.")
@click.option("--episodes", type=click.IntRange(1), default=1000, show_default=True, help="How many worlds.")
@click.option("--limit", type=click.IntRange(1, 1000), default=2, show_default=True, help="People whom the room holds.")
@click.option("--doors", type=click.IntRange(1, 4), help="Doors of the room; by chance if left out.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
def simulate_rooms(seed: int, episodes: int, limit: int, doors: int | None, as_json: bool) -> None:
    """Doors, people and a server through cuts, lost messages and old cards: never more inside than the room holds."""
    report = Report(seed, limit)
    with stoppable() as stop, click.progressbar(length=episodes, label="Worlds", file=sys.stderr) as bar:
        campaign.run(seed, episodes, limit=limit, doors=doors, progress=lambda: bar.update(1), into=report)
    say(report, doors, as_json=as_json)
    stop.tell(report.episodes, episodes, "episodes")
    sys.exit(stop.exit_code(is_broken=report.violations > 0))


def say(report: Report, doors: int | None, *, as_json: bool) -> None:
    """Print a report, and for a broken promise how to live through it again."""
    first = report.first
    if as_json:
        told = None if first is None else {"episode": first.episode, "step": first.step, "what": first.what}
        values = {"episodes": report.episodes, "violations": report.violations, "seed": report.seed, "first": told}
        apart = {"limit": report.limit, "old_images": report.apart, "old_image_violations": report.violations_apart}
        click.echo(json.dumps({**values, **apart, **report.counts}))
    else:
        click.echo(summary(report))
    if first is not None:
        click.echo(f"episode {first.episode}, step {first.step}: {first.what}", err=True)
        click.echo(f"replay it: {replay(report, first.episode, doors)}", err=True)


def summary(report: Report) -> str:
    """The counts in one line."""
    counted = report.counts
    return (
        f"rooms at a limit of {report.limit}: {report.episodes} episodes, violations {report.violations}"
        f" ({counted['steps']} steps, {counted['entered']} people entered, {counted['waited']} numbers, {counted['overridden']}"
        f" overrides, {counted['counted']} head counts, full in {counted['full']} episodes; apart: {report.apart} with an old"
        f" card booted without the server, {report.violations_apart} violations)"
    )


def replay(report: Report, episode: int, doors: int | None = None) -> str:
    """The command that lives through one world again."""
    more = "" if doors is None else f" --doors {doors}"
    return f"gapura simulate rooms --seed {report.seed + episode} --episodes 1 --limit {report.limit}{more}"
