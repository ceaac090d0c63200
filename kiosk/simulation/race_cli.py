"""`gapura simulate race`."""

import json
import sys
import tempfile
from pathlib import Path

import click

from kiosk.simulation.interrupted import stoppable
from kiosk.simulation.race import Race, Report, TooBusy
from kiosk.simulation.race_site import HasEnded, running_site
from sync.clock import SystemClock


@click.group()
def simulate() -> None:
    """Live through worlds made by chance, and say which promises broke."""


@simulate.command("race")
@click.option("--rounds", type=click.IntRange(1), default=25, show_default=True, help="How many begin within a millisecond.")
@click.option("--seed", type=int, default=1, show_default=True, help="How rounds end; when what happens is the machine's.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
def simulate_race(rounds: int, seed: int, as_json: bool) -> None:
    """Two doors as real processes, one free place, both asked within a millisecond: exactly one lets somebody in."""
    report = Report(seed)
    try:
        with (
            stoppable() as stop,
            tempfile.TemporaryDirectory(prefix="gapura-race-") as folder,
            running_site(Path(folder)) as site,
            click.progressbar(length=rounds, label="Rounds", file=sys.stderr) as bar,
        ):
            Race(site, SystemClock(), report).run(rounds, lambda: bar.update(1))
    except (HasEnded, TooBusy) as exc:
        raise click.ClickException(str(exc)) from exc
    say(report, as_json=as_json)
    stop.tell(report.counted, rounds, "rounds")
    sys.exit(stop.exit_code(is_broken=bool(report.broken)))


def say(report: Report, *, as_json: bool) -> None:
    """Print a report, and the first broken promise."""
    first = report.broken[0] if report.broken else None
    slowest_s = round(max(report.offered_s, default=0.0), 3)
    where = {name: report.right_at[name] for name in ("first", "second", "elsewhere")}
    if as_json:
        told = None if first is None else {"episode": first.round, "what": first.what}
        values = {"episodes": report.counted, "violations": len(report.broken), "seed": report.seed, "first": told}
        click.echo(
            json.dumps(
                {**values, "rounds": report.rounds, "entered": report.entered, "right_at": where, "slowest_offer_s": slowest_s}
            )
        )
    else:
        click.echo(
            f"races for one place: {report.counted} rounds within a millisecond, violations {len(report.broken)}"
            f" ({report.rounds} rounds in all, {report.entered} people entered; the right was at the first door in"
            f" {where['first']}, at the second in {where['second']}, elsewhere in {where['elsewhere']};"
            f" a place was offered at another door within {slowest_s:.2f} s)"
        )
    if first is not None:
        click.echo(f"round {first.round}: {first.what}", err=True)
