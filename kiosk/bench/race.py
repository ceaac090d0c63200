"""`gapura bench race`: two real doors are asked for one free place within a millisecond, 1,000 times."""

import tempfile
from pathlib import Path
from statistics import median

import click

from kiosk.bench.figures import Figure, report
from kiosk.simulation.race import Race, Report, TooBusy
from kiosk.simulation.race_site import HasEnded, running_site
from sync.clock import SystemClock

ROUNDS, _OFFERED_S = 1000, 2.0


@click.command("race")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True, help="How many begin within a millisecond.")
@click.option("--seed", type=int, default=1, show_default=True, help="How rounds end.")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_race(rounds: int, seed: int, as_json: bool) -> None:
    """Rounds in which exactly one of two doors lets somebody in, asked within a millisecond."""
    try:
        with tempfile.TemporaryDirectory(prefix="gapura-race-") as folder, running_site(Path(folder)) as site:
            raced = Race(site, SystemClock(), Report(seed)).run(rounds)
    except (HasEnded, TooBusy) as exc:
        raise click.ClickException(str(exc)) from exc
    for each in raced.broken:
        click.echo(f"round {each.round}: {each.what}", err=True)
    report(figures(raced, rounds), as_json)


def figures(raced: Report, rounds: int) -> list[Figure]:
    """Rounds that were in order beside those that were asked for, and how soon a place was offered where no door had it."""
    where = "/".join(str(raced.right_at[each]) for each in ("first", "second", "elsewhere"))
    good, offered = raced.counted - len(raced.broken), raced.offered_s or [0.0]
    said = f"fixed; slowest of {len(offered)}, median {median(offered):.2f}"
    return [
        Figure("race", good, "rounds", rounds, f"all; of {raced.rounds}; right at A/B/elsewhere {where}", at_least=True),
        Figure("race.offer", max(offered), "s", _OFFERED_S, said),
    ]
