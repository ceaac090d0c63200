"""Doors, directories, migrations and settings."""

import base64
import json
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from sync.server.database import Database
from sync.server.documents import MAX_PHOTO_BYTES, read_import
from sync.server.errors import BadDirectory, BadSettings, StoreUnavailable, Unknown
from sync.server.schema import badges, documents, metadata, people, photos
from sync.server.settings import Settings, load_settings, split_bind
from tests.sync.server.making import KEY, TOKEN, directory

NOW = "2020-06-10T00:12:00.000000Z"
EXAMPLE = Path(__file__).parents[3] / "systemd" / "central.toml.example"


def test_migrations_build_what_the_schema_says(engine_url):
    """From an empty database to the newest step, the tables are those of schema.py; a second run finds nothing to do."""
    with closing(Database(engine_url)) as database:
        database.migrate()
        database.migrate()
        with database.reading() as connection:
            context = MigrationContext.configure(connection, opts={"include_name": lambda name, *_: "_part_" not in (name or "")})
            assert compare_metadata(context, metadata) == []


def test_sqlite_is_opened_to_last(sqlite_filled):
    """Write-ahead log, a sync for every commit, foreign keys, and patience with a busy file."""
    with closing(Database(sqlite_filled)) as database, database.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() >= 1000


def test_readers_do_not_wait_for_a_writer(database, store):
    """While a batch is being written, pages read what was there before."""
    with database.writing() as connection:
        connection.execute(people.insert().values(id="P1", name="Ana", unit="", post=""))
        with database.reading() as other:
            assert other.execute(select(people)).all() == []


def test_a_writer_waits_its_turn(sqlite_filled):
    """A second writer is told that the store is busy, and nothing of it is kept."""
    with closing(Database(sqlite_filled, connections=2)) as database, database.writing() as first:
        first.execute(people.insert().values(id="P1", name="Ana", unit="", post=""))
        with database.engine.connect() as second:
            second.connection.driver_connection.execute("PRAGMA busy_timeout=10")
        with pytest.raises(StoreUnavailable), database.writing():
            pass


def test_a_file_that_is_no_database(tmp_path):
    """A file of something else is said to be none, and is not touched."""
    file = tmp_path / "letter.txt"
    file.write_bytes(b"Dengan hormat, " * 500)
    with closing(Database(f"sqlite:///{file}")) as database, pytest.raises(StoreUnavailable):
        database.migrate()
    assert file.read_bytes() == b"Dengan hormat, " * 500


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "oracle://x/y", "postgresql+nothing://x/y"])
def test_an_address_that_is_none(url):
    """What cannot be a database is refused with a sentence."""
    with pytest.raises(BadSettings, match="database"):
        Database(url)


def test_a_folder_that_is_not_there(tmp_path):
    """A file that cannot be opened is the store's trouble, in words."""
    with closing(Database(f"sqlite:///{tmp_path}/none/central.db")) as database, pytest.raises(StoreUnavailable):
        database.migrate()


def test_a_zone_that_is_none(store):
    """A door stands in a zone that exists."""
    with pytest.raises(BadSettings, match="Asia/Jakarta"):
        store.devices.add("a", place_id="p", time_zone="Asia/Nowhere", now=NOW, public_key=KEY.public)


def test_revoking_is_remembered_from_the_first_time(store, door):
    """Revoking again does not move the hour; an unknown door is said."""
    store.devices.revoke(door.id, now="2020-06-10T01:00:00.000000Z")
    assert store.devices.revoke(door.id, now="2021-01-01T00:00:00.000000Z").revoked_at == "2020-06-10T01:00:00.000000Z"
    with pytest.raises(Unknown):
        store.devices.revoke("nobody", now=NOW)


def test_a_directory_replaces_the_last_whole(store, database):
    """After an import exactly its people, badges and photos are there, under the next version."""
    assert store.documents.replace_directory(read_import(directory("Ana", "Budi", photo=b"old")), now=NOW) == 1
    assert store.documents.replace_directory(read_import(directory("Citra", photo=b"new")), now=NOW) == 2
    with database.reading() as connection:
        assert [row.name for row in connection.execute(select(people))] == ["Citra"]
        assert [row.token_sha256 for row in connection.execute(select(badges))] == [TOKEN]
        assert [row.body for row in connection.execute(select(photos))] == [b"new"]
        assert [row.version for row in connection.execute(select(documents))] == [2]


def test_photos_the_server_has_need_not_come_again(store):
    """A file may refer to a photo of an earlier one; one that is nowhere is named."""
    first = read_import(directory("Ana", photo=b"old"))
    store.documents.replace_directory(first, now=NOW)
    again = json.loads(directory("Ana", photo=b"old"))
    del again["photos"]
    found = read_import(json.dumps(again).encode())
    assert store.documents.missing_photos(found) == []
    store.documents.replace_directory(found, now=NOW)
    (sha256,) = first.photos
    assert store.documents.photo(sha256) == b"old"
    again["people"][0]["photo"] = "0" * 64
    assert store.documents.missing_photos(read_import(json.dumps(again).encode())) == ["0" * 64]


def _large():
    return directory("Ana", photo=b"x" * (MAX_PHOTO_BYTES + 1))


BAD_DIRECTORIES = {
    "no JSON": b"id,name",
    "a list": b"[]",
    "wrong type": b'{"people": [{"id": 1, "name": "a"}]}',
    "no name": b'{"people": [{"id": "1"}]}',
    "twice": b'{"people": [{"id": "1", "name": "a"}, {"id": "1", "name": "b"}]}',
    "badge twice": json.dumps(
        {"people": [{"id": "1", "name": "a"}], "badges": [{"token_sha256": "t", "person_id": "1"}] * 2}
    ).encode(),
    "badge of nobody": b'{"people": [], "badges": [{"token_sha256": "t", "person_id": "1"}]}',
    "photo not base64": b'{"people": [], "photos": {"00": "?"}}',
    "photo of another hash": json.dumps({"people": [], "photos": {"0" * 64: base64.b64encode(b"x").decode()}}).encode(),
    "photo too large": _large(),
}


@pytest.mark.parametrize("text", BAD_DIRECTORIES.values(), ids=BAD_DIRECTORIES.keys())
def test_a_directory_that_is_not_in_order(text):
    """It is refused before anything is changed, naming what is wrong."""
    with pytest.raises(BadDirectory):
        read_import(text)


def test_the_example_holds_the_defaults():
    """The documented settings are those the program has."""
    assert load_settings(EXAMPLE) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('bnd = "x"', "bnd"),
        ("workers = 0", "workers"),
        ('workers = "2"', "workers"),
        ('hosts = ["a", 1]', "hosts"),
        ('bind = "8480"', "bind"),
        ('bind = "h:99999"', "bind"),
        ('time_zone = "Mars"', "Mars"),
        ('time_zone = "../../etc/passwd"', "time zone"),
        ('tls_key = "k.pem"', "tls_certificate"),
        ("workers =", "TOML"),
        ("\xff", "TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, named):
    """Whoever wrote it reads which key, and where."""
    file = tmp_path / "central.toml"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(BadSettings, match=named):
        load_settings(file)


def test_a_settings_file_that_is_not_there(tmp_path):
    """A missing file is said, not taken for defaults."""
    with pytest.raises(BadSettings, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml")


def test_ipv6_addresses_stand_in_brackets():
    """HOST:PORT with an IPv6 host."""
    assert split_bind("[::1]:80") == ("::1", 80)
    assert Settings(bind="[::1]:80").loopback_only


def test_the_example_is_no_secret():
    """The shipped example can be read by all: there is nothing secret in it."""
    assert EXAMPLE.stat().st_mode & stat.S_IROTH
