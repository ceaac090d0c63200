"""What the commands that change a station's directory share: reading what is known, and handing over a change."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from kiosk.cli.options import fail
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.settings import Settings
from kiosk.store import directory
from kiosk.store.database import open_reader
from kiosk.wiring import submit_change
from sync.database import DatabaseError
from sync.protocol.wire import Directory

QUEUED_NOTE = "a kiosk is running here and takes this over in a moment"


class WrongCall(click.ClickException):
    """The call itself is wrong: one sentence on standard error and exit code 2."""

    exit_code = 2


@contextmanager
def station_errors(settings: Settings) -> Iterator[None]:
    """Turn what can be wrong with a station's files into one sentence and exit code 1."""
    try:
        yield
    except DatabaseError as exc:
        raise fail(str(exc)) from exc
    except OSError as exc:
        raise fail(f"{exc.filename or settings.data}: {exc.strerror}; check the folder and who may write it") from exc


def known(settings: Settings) -> Directory:
    """The directory as it is on this station; empty while the station has no database, or one that was not written to yet."""
    if not settings.database.exists() or not settings.database.stat().st_size:
        return Directory(version=0)
    with station_errors(settings), closing(open_reader(settings.database)) as db:
        return Directory(version=directory.state(db).version, people=directory.people(db), badges=directory.badges(db))


def submit(settings: Settings, change: DirectoryChange, photos: dict[str, Path]) -> Submitted:
    """Hand `change` to the running kiosk, or apply it here and now."""
    with station_errors(settings):
        return submit_change(settings, change, photos)
