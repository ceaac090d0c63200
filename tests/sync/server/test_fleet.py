"""What PostgreSQL adds: many writers at once, a layout by device, and an address that holds a secret."""

import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests
from alembic import command
from sqlalchemy import func, select, text

from sync.protocol.digest import GENESIS
from sync.server.app import open_store
from sync.server.database import Database, migration_config
from sync.server.errors import BadSettings, StoreUnavailable
from sync.server.schema import event_conflicts, events
from sync.server.throwaway_postgres import NoPostgres, newest_binaries
from tests.sync.server.making import EPOCH, KEY, batch, packed, raw, record
from tests.sync.server.test_cli import send, serving

AT = "2020-06-10T00:12:01.000000Z"


def test_the_same_batch_twice_at_once(database, store, door):
    """Two workers with one batch of one door: each record is stored once, and both answers say where it is."""
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: store.sink.take(door.id, batch(door.id, range(1, 51)), AT), range(8)))
    words = [str(result.outcome) for receipt in receipts for result in receipt.results]
    assert (words.count("stored"), words.count("duplicate")) == (50, 350)
    assert {receipt.head.seq for receipt in receipts} == {50}
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 50


def test_a_door_and_its_clone_at_once(database, store, door):
    """A door and a copy of it report other records under the same numbers: one of each is stored, and every other is kept."""
    originals = batch(door.id, range(1, 21))
    chain, end = [], GENESIS  # a chain of its own: whichever history comes first is stored whole
    for seq in range(1, 21):
        chain.append(record(door.id, seq, place_id="elsewhere", prev_hash=end))
        end = chain[-1].hash
    clones = type(originals)(EPOCH, [raw(each) for each in chain])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda sent: store.sink.take(door.id, sent, AT), [originals, clones] * 3))
    with database.reading() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (events, event_conflicts)]
    assert counts == [20, 20]


def test_many_doors_at_once_do_not_wait_in_a_ring(database, store):
    """Doors that report, are heard and are revoked at the same time all get their turn."""
    doors = [store.devices.add(f"d{n}", place_id="p", time_zone="Asia/Jakarta", now=AT, public_key=f"{n}") for n in range(6)]

    def live(door):
        for first in (1, 11, 21):
            store.sink.take(door.id, batch(door.id, range(first, first + 10)), AT)
            store.devices.touch(door.id, now=AT)
        store.devices.revoke(door.id, now=AT)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(live, doors))
    assert all(store.sink.head(door.id, EPOCH).seq == 30 for door in doors)


def test_events_lie_in_parts_by_device(postgres_filled):
    """Sixteen parts by the hash of the device, keyed by device, epoch and number, with a sketch of receipt times."""
    with closing(Database(postgres_filled)) as database, database.reading() as connection:
        parts = connection.scalar(text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass"))
        layout = connection.scalar(text("SELECT pg_get_partkeydef('events'::regclass)"))
        indexes = connection.scalars(text("SELECT indexdef FROM pg_indexes WHERE tablename = 'events'")).all()
    assert (parts, layout) == (16, "HASH (device_id)")
    assert any("(device_id, epoch, seq)" in each and "UNIQUE" in each for each in indexes)
    assert any("USING brin (received_at)" in each for each in indexes)


def test_a_database_of_the_first_version_is_brought_up(engine_url):
    """A database that was in use keeps every record on its way to this version's form."""
    row = {column.name: "x" for column in events.columns} | {"device_id": "d1", "payload": "{}"}
    numbered = {"seq": 1, "mono_ns": 1, "directory_version": 1, "simulated": False}
    with closing(Database(engine_url)) as database:
        with database.writing() as connection:
            command.upgrade(migration_config(connection), "0001")
            connection.execute(
                text(
                    "INSERT INTO devices (id, name, place_id, site, time_zone, key_hash, created_at)"
                    " VALUES (:i,:i,:i,:i,:i,:i,:i)"
                ),
                {"i": "d1"},
            )
            connection.execute(events.insert(), [row | numbered | {"seq": seq} for seq in (1, 2, 3)])
        assert not database.is_current()
        database.migrate()
        assert database.is_current()
        with database.reading() as connection:
            assert [found.seq for found in connection.execute(select(events).order_by(events.c.seq))] == [1, 2, 3]
        store = open_store(database)
        assert [door.id for door in store.devices.all()] == ["d1"]


def test_two_servers_that_start_at_once_both_find_the_tables(postgres_empty):
    """Migrations take turns."""
    with closing(Database(postgres_empty)) as database, ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: database.migrate(), range(3)))
        assert database.is_current()


def test_a_password_is_never_told(caplog):
    """A server that is away, and an address that is none, are said without the password in the address."""
    caplog.set_level(logging.DEBUG)
    told = []
    with closing(Database("postgresql://ana:hush%40hush@127.0.0.1:1/gapura")) as database:
        with pytest.raises(StoreUnavailable) as away:
            database.migrate()
        told += [str(away.value), repr(database.url), str(database.engine)]
    for url in ("postgresql://ana:hush@h:port/gapura", "postgresql://ana:hush@h", "postgresql+none://ana:hush@h/x", "hush"):
        with pytest.raises(BadSettings) as wrong:
            Database(url)
        told.append(str(wrong.value))
    assert "hush" not in "".join([*told, caplog.text])


def test_both_spellings_are_postgresql(postgres_filled):
    """`postgresql://` and `postgresql+psycopg://` are the same server."""
    for url in (postgres_filled, postgres_filled.replace("+psycopg", "")):
        with closing(Database(url)) as database:
            assert (database.is_current(), database.single_process) == (True, False)


def test_a_connection_that_was_cut_is_replaced(postgres_filled):
    """After the database server has ended every connection, the next question is answered on a new one."""
    with closing(Database(postgres_filled, connections=1)) as database:
        with database.writing() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with closing(Database(postgres_filled)) as other, other.writing() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        assert database.is_current()


def test_without_a_server_the_tests_say_what_to_install(tmp_path):
    """Missing programs are an error that names the package."""
    with pytest.raises(NoPostgres, match="apt-get install postgresql"):
        newest_binaries(tmp_path)


def test_two_workers_on_postgresql(postgres_filled):
    """Two processes take turns with one door's batches, and either tells what both have counted."""
    with closing(Database(postgres_filled)) as database:
        door = open_store(database).devices.add("A", place_id="p", time_zone="Asia/Jakarta", now=AT, public_key=KEY.public)
    with serving(postgres_filled, "--workers", "2") as (address, process):
        answers = [send(address, door.id, packed(batch(door.id, range(1, last + 1)))).json() for last in (10, 20, 20, 30)]
        texts = [requests.get(f"{address}/metrics", timeout=10, headers={"Connection": "close"}).text for _ in range(4)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    assert [answer["accepted_through"] for answer in answers] == [10, 20, 20, 30]
    assert all('gapura_records_total{outcome="stored"} 30' in text.splitlines() for text in texts)
    assert all('gapura_records_total{outcome="duplicate"} 50' in text.splitlines() for text in texts)
