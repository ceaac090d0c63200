"""A server over every supported database, a door that may report to it, and the words of its pages."""

import shutil
from contextlib import closing
from pathlib import Path

import argon2
import pytest

from sync.clock import ManualClock
from sync.server.app import create_app, open_store, templates_folder
from sync.server.database import Database
from sync.server.settings import Settings
from tests.postgres import postgres_empty, postgres_filled, postgres_reused, postgres_url, postgres_with_tables
from tests.sync.server.making import EPOCH

__all__ = ["postgres_empty", "postgres_filled", "postgres_reused", "postgres_url", "postgres_with_tables"]

HASHER = argon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request):
    """Which engine a test is over: each of these runs once for both."""
    return request.param


@pytest.fixture
def engine_url(request, engine, tmp_path):
    """The address of an empty database."""
    return f"sqlite:///{tmp_path / 'central.db'}" if engine == "sqlite" else request.getfixturevalue("postgres_empty")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An SQLite file with the tables in it, to copy: migrating anew for every test would be most of the time."""
    file = tmp_path_factory.mktemp("migrated") / "central.db"
    with closing(Database(f"sqlite:///{file}")) as found:
        found.migrate()
    return file


@pytest.fixture
def sqlite_filled(tmp_path, migrated):
    """The address of a new SQLite file with the tables in it."""
    return f"sqlite:///{shutil.copy(migrated, tmp_path / 'central.db')}"


@pytest.fixture
def database(request, engine):
    """The database with its tables."""
    with closing(Database(request.getfixturevalue("sqlite_filled" if engine == "sqlite" else "postgres_filled"))) as found:
        yield found


@pytest.fixture
def store(database):
    return open_store(database, HASHER)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def door(store, clock):
    """A registered door."""
    return store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=clock.now().claimed_at, key="k" * 43)[
        0
    ]


@pytest.fixture(scope="session")
def texts_dir(tmp_path_factory):
    """The catalogs, from the server's own part while the merged ones do not have it yet."""
    folder = tmp_path_factory.mktemp("translations")
    for language in ("id", "en"):
        made = folder / language / "LC_MESSAGES"
        made.mkdir(parents=True)
        (made / "messages.po").write_text(_words(templates_folder() / "translations", language))
    return folder


def _words(shipped: Path, language: str) -> str:
    merged = shipped / language / "LC_MESSAGES" / "messages.po"
    if merged.is_file() and 'msgid "server.today"' in merged.read_text():
        return merged.read_text()
    head = f'msgid ""\nmsgstr "Language: {language}\\nContent-Type: text/plain; charset=utf-8\\n"\n\n'
    return head + (shipped / f"server.{language}.po.part").read_text()


@pytest.fixture
def app(store, clock, texts_dir):
    return create_app(store, clock, Settings(hosts=["gapura.example"]), texts_dir=texts_dir)


@pytest.fixture
def client(app):
    with app.test_client() as client:
        yield client


@pytest.fixture
def send(client, door):
    """Posts a body as the door's batch."""

    def post(body, *, key="k" * 43, device_id=None, coding="gzip", **headers):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | headers
        if coding:
            headers["Content-Encoding"] = coding
        return client.post(f"/v1/devices/{device_id or door.id}/batches", data=body, headers=headers)

    return post


@pytest.fixture
def cursor_of(store, door):
    """Where the server stands in the door's epoch, as (seq, hash)."""
    return lambda epoch=EPOCH: (store.sink.head(door.id, epoch).seq, store.sink.head(door.id, epoch).hash)
