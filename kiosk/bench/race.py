"""`gapura bench race`: two real doors are asked for one free place within a millisecond, 1,000 times."""

import tempfile
from pathlib import Path

import click

from kiosk.bench.figures import Figure, report
from kiosk.simulation.race import Race, Report, TooBusy
from kiosk.simulation.race_site import HasEnded, running_site
from sync.clock import SystemClock

ROUNDS = 1000


@click.command("race")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True, help="How many begin within a millisecond.")
@click.option("--seed", type=int, default=1, show_default=True, help="How rounds end.")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_race(rounds: int, seed: int, as_json: bool) -> None:
    """Rounds in which exactly one of two doors lets somebody in, asked within a millisecond."""
    try:
        with tempfile.TemporaryDirectory(prefix="gapura-race-") as folder, running_site(Path(folder)) as site:
            raced = Race(site, SystemClock(), seed).run(rounds)
    except (HasEnded, TooBusy) as exc:
        raise click.ClickException(str(exc)) from exc
    for each in raced.broken:
        click.echo(f"round {each.round}: {each.what}", err=True)
    report([figure(raced, rounds)], as_json)


def figure(raced: Report, rounds: int) -> Figure:
    """Rounds that were in order, beside those that were asked for."""
    where = "/".join(str(raced.right_at[each]) for each in ("first", "second", "elsewhere"))
    good = raced.counted - len(raced.broken)
    return Figure("race", good, "rounds", rounds, f"all; of {raced.rounds}; right at A/B/elsewhere {where}", at_least=True)
