"""`gapura lan`: guards' screens on the office's network."""

import json
import os
import re

import click

from kiosk.cli.options import fail, station_options
from kiosk.services.certificates import Certificate, CertificateProblem, make_certificate
from kiosk.services.lan import address_of, lan_state
from kiosk.settings import Settings
from kiosk.wiring import build_clock

_NAME = re.compile(r"[A-Za-z0-9._:-]{1,253}")


@click.group("lan")
def lan() -> None:
    """Guards' screens on the office's network. They are opened in kiosk.toml, section [lan]."""


@lan.command("certificate")
@station_options
@click.option("--names", required=True, help="Host names and addresses that screens will open, with commas between them.")
@click.option("--replace", is_flag=True, help="Make a new one where there is one. Every screen must then compare it again.")
def certificate(settings: Settings, names: str, replace: bool) -> None:
    """Make this door's own certificate and key, for two years, and print the lines to put into kiosk.toml.

    Run it as the kiosk's user: sudo -u gapura-kiosk gapura lan certificate ...
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    wrong = [name for name in wanted if not _NAME.fullmatch(name)]
    if wrong or not wanted:
        raise click.UsageError(f"--names: {wrong[0]!r} is no host name or address" if wrong else "--names: there is none")
    files = settings.lan_certificate, settings.lan_key
    there = [path for path in files if path.exists()]
    if there and not replace:
        raise fail(f"{there[0]} is there already; call with --replace to make a new one in its place")
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        made = make_certificate(wanted, build_clock(settings).now().wall, *files)
        _give_to_the_kiosk(settings)
    except CertificateProblem as exc:
        raise fail(str(exc)) from exc
    except OSError as exc:
        raise fail(f"{exc.filename or settings.data_dir}: {exc.strerror or exc}; run it as the kiosk's user") from exc
    quoted = ", ".join(json.dumps(name) for name in wanted)
    click.echo(f"[lan]\nenabled = true\nnames = [{quoted}]")
    click.echo(f"SHA-256 {_grouped(made)}, until {made.not_after:%Y-%m-%d}", err=True)
    click.echo("Put the lines above into kiosk.toml, open the unit (lan.conf.example), and restart the kiosk.", err=True)


def _give_to_the_kiosk(settings: Settings) -> None:
    """Made by root, the files are given to whoever owns the station's secret: the kiosk."""
    secret = settings.data_dir / "secret"
    if os.geteuid() == 0 and secret.exists():
        owner = secret.stat()
        for path in (settings.lan_certificate, settings.lan_key):
            os.chown(path, owner.st_uid, owner.st_gid)


@lan.command("show")
@station_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(settings: Settings, as_json: bool) -> None:
    """Whether screens are opened to the network, where, and with which certificate. Exit code 1: opened, and it cannot work."""
    state, now = lan_state(settings), build_clock(settings).now().wall
    held = state.certificate
    found = {
        "enabled": settings.lan.enabled,
        "addresses": list(state.addresses) or [address_of(settings.lan.host, settings.lan.port)],
        "certificate": str(settings.lan_certificate),
        "fingerprint": held.fingerprint if held else None,
        "names": list(held.names) if held else [],
        "days_left": held.days_left(now) if held else None,
    }
    click.echo(json.dumps(found) if as_json else "\n".join(f"{key:<12} {_text(value)}" for key, value in found.items()))
    if settings.lan.enabled and (held is None or held.days_left(now) < 0):
        raise fail(f"{settings.lan_certificate} is missing, damaged or over; make one with `gapura lan certificate`")


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)


def _grouped(held: Certificate) -> str:
    return " ".join(held.groups())
