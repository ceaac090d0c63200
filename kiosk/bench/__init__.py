"""`gapura bench`: the kiosk's figures, each beside the limit measured in the same run.

Performance lives here and never in a timed test: machines differ, so figures are read as ratios of one run.
"""

import click

from kiosk.bench.commit import bench_commit
from kiosk.bench.evacuation import bench_evacuation
from kiosk.bench.feed import bench_feed
from kiosk.bench.idle import bench_idle
from kiosk.bench.offer import bench_offer
from kiosk.bench.race import bench_race
from kiosk.bench.rooms import bench_rooms
from kiosk.bench.search import bench_search
from kiosk.bench.sync import bench_sync
from kiosk.bench.tap import bench_tap


@click.group()
def bench() -> None:
    """Measure, each figure beside the limit measured in the same run."""


for _each in (
    bench_commit,
    bench_evacuation,
    bench_feed,
    bench_idle,
    bench_offer,
    bench_race,
    bench_rooms,
    bench_search,
    bench_sync,
    bench_tap,
):
    bench.add_command(_each)
