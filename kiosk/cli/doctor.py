"""`gapura doctor`: what is wrong with this station, and what to do about it."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from kiosk.cli.options import fail, station_options
from kiosk.services.doctor_checks import Check, State, all_checks
from kiosk.settings import Settings
from kiosk.wiring import build_clock, build_printer
from sync import settings as sync_settings
from sync.identity import IdentityError, read_identity


@click.command("doctor")
@station_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: check, state (ok, warn, fail), found, do.")
@click.pass_context
def doctor(context: click.Context, settings: Settings, as_json: bool) -> None:
    """Look at this station: disk, journal, clock, devices, server link, permissions. It changes nothing.

    Run it with sudo, so that it may look everywhere. sync.toml is read from beside --config, or from the data folder. Exit
    code 1: something does not work; a warning alone gives 0.
    """
    config, data = context.params["config"], settings.data_dir
    places = [data] if config is None else [config.parent, data]
    link = _server_link(places)
    url = _server_url(data, link)
    failed = False
    receipts = build_printer(settings)
    for check in all_checks(settings, build_clock(settings).now(), server_url=url, keys=[], receipts=receipts):
        failed = failed or check.state is State.FAIL
        click.echo(json.dumps(asdict(check)) if as_json else _text(check))
    if failed:
        raise SystemExit(1)


def _server_url(data: Path, link: sync_settings.Server | None) -> str | None:
    try:
        identity = read_identity(data)
    except IdentityError as exc:
        raise fail(str(exc)) from exc
    return None if identity is None else (link.url if link else None) or identity.server_url


def _server_link(places: list[Path]) -> sync_settings.Server | None:
    found = next((file for place in places if (file := place / sync_settings.CONFIG_NAME).exists()), None)
    try:
        return None if found is None else sync_settings.load(found, None).server
    except sync_settings.SettingsError as exc:
        raise click.UsageError(str(exc)) from exc


def _text(check: Check) -> str:
    line = f"{check.state:<5} {check.check:<14} {check.found}"
    return f"{line}\n{'':21}-> {check.do}" if check.do else line
