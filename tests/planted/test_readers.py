"""Only the kiosk writes its file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sync.database import open_database, open_reader


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """What the agent and the screens open refuses to write, so the file has one writer."""
    path = tmp_path / "kiosk.db"
    with closing(open_database(path)) as writer:
        writer.execute("CREATE TABLE kept (value TEXT)")
        with closing(open_reader(path)) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO kept VALUES ('no')")
