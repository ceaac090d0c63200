"""What the commands ask a station's database, whether the station is on or was never on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from kiosk.cli.options import fail
from kiosk.settings import Settings
from kiosk.store import room_documents
from kiosk.store.database import open_reader
from kiosk.store.room_documents import RoomsHere
from sync.database import DatabaseError, database_errors


@contextmanager
def station_errors(settings: Settings) -> Iterator[None]:
    """Turn what can be wrong with a station's files into one sentence and exit code 1."""
    try:
        yield
    except DatabaseError as exc:
        raise fail(str(exc)) from exc
    except OSError as exc:
        raise fail(f"{exc.filename or settings.data}: {exc.strerror}; check the folder and who may write it") from exc


def is_there(settings: Settings) -> bool:
    """False while the station has no database, or one that was not written to yet."""
    return settings.database.exists() and settings.database.stat().st_size > 0


@contextmanager
def reading(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The database, to read; what is wrong with it ends the command with a sentence."""
    with station_errors(settings), closing(open_reader(settings.database)) as db, database_errors(settings.database):
        yield db


def rooms_here(settings: Settings) -> tuple[RoomsHere, str]:
    """What is known of rooms at this station, and its device id."""
    if not is_there(settings):
        return room_documents.NOTHING, settings.station.device_id
    with reading(settings) as db:
        (device_id,) = db.execute("SELECT device_id FROM station").fetchone()
        return room_documents.read(db), str(device_id)
