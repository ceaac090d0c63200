"""What the commands that change a station's directory share: reading what is known, and handing over a change."""

from pathlib import Path

from kiosk.cli.stations import is_there, reading, station_errors
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.settings import Settings
from kiosk.store import directory
from kiosk.wiring import submit_change
from sync.protocol.wire import Directory

QUEUED_NOTE = "a kiosk is running here and takes this over in a moment"


def known(settings: Settings) -> Directory:
    """The directory as it is on this station; empty while the station has no database, or one that was not written to yet."""
    if not is_there(settings):
        return Directory(version=0)
    with reading(settings) as db:
        return Directory(version=directory.state(db).version, people=directory.people(db), badges=directory.badges(db))


def submit(settings: Settings, change: DirectoryChange, photos: dict[str, Path]) -> Submitted:
    """Hand `change` to the running kiosk, or apply it here and now."""
    with station_errors(settings):
        return submit_change(settings, change, photos)
