"""The commands that the door's end of the protocol adds to `gapura`."""

import logging
import os
import random
import re
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec

from sync import agent, settings
from sync.cli_bundle import export_bundle, import_bundle
from sync.cli_journal import journal
from sync.cli_options import plain_errors, station_options, station_settings
from sync.clock import SystemClock
from sync.enrol import EnrolmentRefused, enrol
from sync.protocol.seals import server_key_id
from sync.state import newest_head


@click.group(invoke_without_command=True)
@station_options
@click.pass_context
def sync(context: click.Context, config: Path | None, data: Path | None) -> None:
    """Keep this station and the central server in step, until stopped."""
    if context.invoked_subcommand is not None:
        return
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with plain_errors():
        agent.run(station_settings(config, data), agent.Tools(SystemClock(), random.SystemRandom().random, stop))


@sync.command()
@station_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of standard output.")
def head(config: Path | None, data: Path | None, out: Path | None) -> None:
    """The newest head of this station's chain that the server has countersigned: keep it elsewhere, as evidence."""
    with plain_errors():
        folder = station_settings(config, data).data_dir
        newest = newest_head(folder)
    if newest is None:
        click.echo("Error: the server has not countersigned anything yet; is this station enrolled and online?", err=True)
        sys.exit(1)
    text = msgspec.json.encode(newest).decode() + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="ascii")
    except OSError as exc:
        raise click.BadParameter(f"{out}: cannot be written ({exc.strerror})", param_hint="--out") from exc


def _refuse_wrong_user(folder: Path) -> None:
    """Root would make a key that the agent cannot read."""
    kept = folder / "sync.db"
    if os.geteuid() == 0 and kept.exists() and kept.stat().st_uid != 0:
        raise EnrolmentRefused(f"{kept} belongs to user {kept.owner()}; run this as that user, with: sudo -u {kept.owner()}")


@click.command("enrol")
@click.argument("url")
@click.argument("code")
@station_options
@click.option("--ca-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="The office's own authority (PEM).")
@click.option("--again", is_flag=True, help="Though this station is enrolled: it goes on under another name, entries stay.")
def enrol_command(url: str, code: str, config: Path | None, data: Path | None, *, ca_file: Path | None, again: bool) -> None:
    """Register this station at the central server at URL, with the one-time CODE that was made there."""
    if not re.match(settings.URL_PATTERN, url):
        raise click.BadParameter("must be https://HOST or http://HOST", param_hint="URL")
    if url.startswith("http://") and urlsplit(url).hostname not in ("localhost", "127.0.0.1", "::1"):
        click.echo("warning: without https others on the way can read the code, and everything after it", err=True)
    with plain_errors():
        folder = station_settings(config, data).data_dir
        _refuse_wrong_user(folder)
        try:
            authority = None if ca_file is None else str(ca_file.absolute())
            identity = enrol(folder, url.rstrip("/"), code, SystemClock(), ca_file=authority, again=again)
        except OSError as exc:
            raise EnrolmentRefused(f"{folder}: cannot be written ({exc.strerror}); run this as the sync agent's user") from exc
    click.echo(f"This station is {identity.name} (device {identity.device_id}, place {identity.place_id}, {identity.time_zone}).")
    click.echo(f"The server's key: {server_key_id(identity.server_key)}   (compare it with what the server has shown)")


sync.add_command(export_bundle)
sync.add_command(import_bundle)
commands: list[click.Command] = [sync, journal, enrol_command]
