"""The commands that the door's end of the protocol adds to `gapura`."""

import logging
import random
import signal
import sys
import threading
from pathlib import Path

import click

from sync import agent, settings
from sync.cli_journal import journal
from sync.clock import SystemClock
from sync.database import DatabaseError


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="The agent's settings (sync.toml).")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="The station's folder; its sync.toml is read if there."
)
def sync(config: Path | None, data: Path | None) -> None:
    """Keep this station and the central server in step, until stopped."""
    if config is None and data is None:
        raise click.UsageError("say which station: --config FILE or --data DIR")
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        agent.run(settings.load(config, data), agent.Tools(SystemClock(), random.SystemRandom().random, stop))
    except settings.SettingsError as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(2)
    except (agent.AgentBusy, agent.StartRefused, DatabaseError) as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(1)


commands: list[click.Command] = [sync, journal]
