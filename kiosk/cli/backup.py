"""`gapura backup` and `gapura restore`: a checked copy of the door's journal, and the way back."""

import json
from pathlib import Path

import click

from kiosk.cli.options import fail, station_options
from kiosk.cli.stations import station_errors
from kiosk.services.changes import StationBusy, station_lock
from kiosk.settings import Settings
from kiosk.store import backup as copies
from kiosk.store.backup import BackupFailed
from kiosk.wiring import build_clock, restore_backup
from sync.journal import Verification


@click.command("backup")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; one that is there is replaced.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="A folder: the file in it is named by the time.")
@click.option("--json", "as_json", is_flag=True, help="Print file, rows and head as one JSON object.")
@station_options
def backup(settings: Settings, out: Path | None, folder: Path | None, as_json: bool) -> None:
    """Copy the journal while the door goes on, and check the copy. It counts only when this ends with exit code 0.

    The kiosk keeps the last seven nights in backups/ by itself and erases in them what it erases; a copy made here is yours to
    look after: it holds people's data, temperatures too, for as long as you keep it. Photos and the station's secret are not in
    it: copy photos/ and secret as well to move a door to another machine.
    """
    if (out is None) == (folder is None):
        raise click.UsageError("say where to: either --out FILE or --folder DIR")
    if not settings.database.exists():
        raise fail(f"{settings.database}: no journal here; give the station's --data or --config")
    with station_errors(settings):
        target = out if out is not None else _named(settings, folder or Path())
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            found = copies.make(settings.database, target)
        except BackupFailed as exc:
            raise fail(f"no backup was made: {exc}") from exc
    _say(found, target, f"is in {target}", as_json=as_json)
    if not found.ok:
        raise fail(f"row {found.first_bad} does not fit, here and in the copy ({found.reason}); see `gapura journal verify`")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print file, rows and head as one JSON object.")
@station_options
def restore(settings: Settings, file: Path, as_json: bool) -> None:
    """Put the backup FILE in the place of this door's journal. The kiosk must be stopped.

    FILE is checked first. What was there is kept whole in quarantine/. The door goes on under a new epoch, so that no number is
    used twice; what the server has of the old one stays there.
    """
    try:
        with station_errors(settings), station_lock(settings.data_dir):
            found = restore_backup(settings, file)
    except StationBusy as exc:
        raise fail(f"{exc}; stop it first: systemctl stop gapura-kiosk") from exc
    except BackupFailed as exc:
        raise fail(f"nothing was restored: {exc}") from exc
    _say(found, file, f"of {file} is the door's journal now; start the kiosk again", as_json=as_json)


def _named(settings: Settings, folder: Path) -> Path:
    return folder / f"{settings.station.device_id}-{build_clock(settings).now().wall:%Y%m%dT%H%M%SZ}.db"


def _say(found: Verification, file: Path, what: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": str(file), "rows": found.rows, "head": found.head, "ok": found.ok}))
    click.echo(f"A journal of {found.rows} rows (head ...{found.head[-6:]}) {what}.", err=True)
