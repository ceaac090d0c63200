"""`gapura central devices` and `gapura central enrolments`: which doors may report, and the codes that let new ones join."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from sync.clock import Moment, utc_datetime, utc_text
from sync.server.cli_options import FILE, JSON, database_options, now, opened_store
from sync.server.settings import Settings


@click.group()
def devices() -> None:
    """Doors that may report."""


@devices.command("list")
@JSON
@database_options
def devices_list(settings: Settings, as_json: bool) -> None:
    """Name the doors, the most recently heard first."""
    with opened_store(settings) as store:
        found = store.devices.all()
    for device in found:
        if as_json:
            click.echo(json.dumps(asdict(device)))
        else:
            state = "revoked" if device.revoked_at else f"last heard {device.last_contact_at or 'never'}"
            click.echo(f"{device.id}  {device.name}  ({device.place_id}, {device.time_zone})  {state}")
    if not found and not as_json:
        click.echo("No devices yet; `gapura central enrolments new --place PLACE --name NAME` lets one join.", err=True)


@devices.command("revoke")
@click.argument("device_id")
@database_options
def devices_revoke(settings: Settings, device_id: str) -> None:
    """Refuse DEVICE_ID from now on. What it reported stays."""
    with opened_store(settings) as store:
        device = store.devices.revoke(device_id, now=now().claimed_at)
    click.echo(f"{device.name} is revoked since {device.revoked_at}.", err=True)


@devices.command("lost")
@click.argument("device_id")
@JSON
@database_options
def devices_lost(settings: Settings, device_id: str, as_json: bool) -> None:
    """DEVICE_ID was stolen, burnt or broken for good: refuse it, and name the hours of which nothing came, and rooms to count."""
    moment = now()
    with opened_store(settings) as store:
        device = store.devices.revoke(device_id, now=moment.claimed_at)
        since = store.reports.last_received(device_id) or device.created_at
        rooms = [row.room for row in store.rooms.tied_up_at(device_id, now=moment.claimed_at)]
    hours = _hours(since, moment.wall)
    if as_json:
        found = {"device_id": device.id, "uncovered_from": since, "uncovered_to": moment.claimed_at, "hours": hours}
        click.echo(json.dumps(found | {"rooms_to_count": [room.id for room in rooms]}))
        return
    click.echo(f"{device.name} is revoked since {device.revoked_at}.")
    click.echo(f"Nothing came of {since} to {moment.claimed_at} ({hours} hours); what it kept of them is on its card alone.")
    for room in rooms:
        click.echo(f"Room {room.id} ({room.name}) needs a head count at another door: this one held places of it, or people.")


def _hours(since: str, until: datetime) -> float:
    return round(max(0.0, (until - utc_datetime(since)).total_seconds()) / 3600, 1)


@click.group()
def enrolments() -> None:
    """One-time codes that let new doors join."""


@enrolments.command("new")
@click.option("--place", required=True, help="The id of the place the door stands at.")
@click.option("--name", required=True, help="What people call the door.")
@click.option("--site", default="", help="The site it belongs to.")
@click.option("--zone", help="Its time zone, an IANA name. Default: the server's.")
@JSON
@database_options
def enrolments_new(settings: Settings, place: str, name: str, site: str, zone: str | None, as_json: bool) -> None:
    """Show a code, once: good for one door and ten minutes."""
    zone = zone or settings.time_zone
    with opened_store(settings) as store:
        grant, code = store.enrolments.new(name, place_id=place, site=site, time_zone=zone, now=now())
        server_key = store.keys.id
    if as_json:
        found = {"id": grant.id, "code": code, "expires_at": grant.expires_at, "server_key_id": server_key}
        click.echo(json.dumps(found))
        return
    click.echo(f"code    {code}   (for one door, until {grant.expires_at}; not shown again)")
    click.echo("At the door, run: gapura enrol https://THIS-SERVER " + code)
    click.echo(f"There it must name this server's key: {server_key}")


@enrolments.command("batch")
@click.option("--site", required=True, help="The site that all these doors belong to.")
@click.option("--count", type=click.IntRange(1, 1000), required=True, help="How many doors.")
@click.option("--zone", help="Their time zone, an IANA name. Default: the server's.")
@click.option("--out", type=FILE, required=True, help="The sheet to print; made readable by you alone, never overwritten.")
@database_options
def enrolments_batch(settings: Settings, site: str, count: int, zone: str | None, out: Path) -> None:
    """Write a sheet of codes for a roll-out: each good for one door of SITE and seven days."""
    from sync.server.enrolments import BATCH_LIFE

    _reserve(out)
    moment = now()
    expires_at, lines = utc_text(moment.wall + BATCH_LIFE), []
    with opened_store(settings) as store, click.progressbar(range(1, count + 1), label="Codes", file=sys.stderr) as bar:
        for number in bar:
            name = f"{site}-{number:02}"
            grant, code = store.enrolments.new(
                name, place_id=name, site=site, time_zone=zone or settings.time_zone, now=moment, life=BATCH_LIFE
            )
            lines.append(f"{code}   {grant.name}   {grant.id}")
        out.write_text("\n".join([*_head_lines(site, moment, expires_at, store.keys.id), *lines]) + "\n")
    click.echo(f"{count} codes for {site} are in {out}, good until {expires_at}. Burn what is left over.", err=True)


def _head_lines(site: str, moment: Moment, expires_at: str, server_key: str) -> list[str]:
    return [
        f"Gapura: codes for {site}, made {moment.claimed_at}. Each is good for one door, until {expires_at}.",
        "At each door: gapura enrol https://THIS-SERVER CODE",
        f"There it must name this server's key: {server_key}",
        "",
    ]


@enrolments.command("list")
@JSON
@database_options
def enrolments_list(settings: Settings, as_json: bool) -> None:
    """Name the codes (not what they are), the newest first."""
    with opened_store(settings) as store:
        found = store.enrolments.all()
    for grant in found:
        if as_json:
            click.echo(json.dumps(asdict(grant)))
        else:
            used = f"used {grant.used_at} by {grant.device_id}" if grant.used_at else f"until {grant.expires_at}"
            click.echo(f"{grant.id}  {grant.name}  ({grant.place_id})  {'revoked' if grant.revoked_at else used}")


@enrolments.command("revoke")
@click.argument("grant_id")
@database_options
def enrolments_revoke(settings: Settings, grant_id: str) -> None:
    """Make the code GRANT_ID worthless."""
    with opened_store(settings) as store:
        grant = store.enrolments.revoke(grant_id, now=now().claimed_at)
    used = f" It was used before: see `gapura central devices revoke {grant.device_id}`." if grant.device_id else ""
    click.echo(f"The code for {grant.name} is worthless.{used}", err=True)


def _reserve(path: Path) -> None:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as exc:
        raise click.ClickException(f"{path}: cannot be made: {exc.strerror}") from exc
