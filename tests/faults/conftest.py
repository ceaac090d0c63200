"""The real agent and the real server, with a network between them that can be spoilt at any byte."""

import logging
import tempfile
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from kiosk.simulation.fault_proxy import FaultProxy, Toxics
from sync.uploader import Uploader
from tests.sync.conftest import Rig, central, make_station, manual_clock
from tests.sync.making import EPOCH, hashes

__all__ = ["central", "make_station", "manual_clock"]

_MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path():
    """A folder in memory where there is one: a sweep waits for thousands of commits."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _few_words(caplog):
    caplog.set_level(logging.CRITICAL, "sync.state")


class BadRoad:
    """A door that reaches its server through a proxy, and what must be true of both at any moment."""

    def __init__(self, door, central, proxy, rig):
        self.door, self.central, self.proxy, self.rig = door, central, proxy, rig

    def restart(self):
        """A new uploader over the same files and connection, which asks for the cursor first."""
        rig = self.rig
        rig.uploader = Uploader(
            rig.backlog,
            rig.state,
            rig.client,
            new_epoch=lambda *wish: rig.wishes.append(wish),
            chance=lambda: 1.0,
            clock=rig.clock,
        )

    def try_once(self, toxics, fresh=2):
        """Commit `fresh` rows and try to send them through `toxics`; then mend the network and send. Gives the first pause.

        Whatever happened, in the end each row is stored once, and the watermark is the last of them.
        """
        self.door.taps(fresh)
        self.proxy.spoil(toxics)
        pause = self.rig.uploader.step()
        self.never_more_than_is_stored()
        self.proxy.spoil(Toxics())
        for _ in range(5):
            if self.rig.uploader.step() == 0.5:
                break
        self.arrived_once()
        return pause

    def never_more_than_is_stored(self):
        """The door believes nothing that is not so."""
        stored = self.central.rows("SELECT count(*) FROM events")[0][0]
        assert dict(self.rig.link.acked).get(EPOCH, 0) <= stored

    def arrived_once(self):
        """All rows are there, the marks say so, and the link is well."""
        rows = self.door.db.execute("SELECT max(seq), count(*) FROM journal").fetchone()
        assert self.central.rows("SELECT max(seq), count(*) FROM events") == [rows]
        link = self.rig.link
        assert (link.acked, link.problem) == ({EPOCH: rows[0]}, None)

    def nothing_else_was_kept(self):
        """Hash by hash the server has the journal, and no odd copies."""
        assert [row[1] for row in self.central.rows()] == hashes(self.door.db)
        for table in ("event_conflicts", "unreadable"):
            assert self.central.rows(f"SELECT count(*) FROM {table}") == [(0,)]

    @property
    def problem(self):
        return self.rig.link.problem

    @contextmanager
    def database_away(self):
        """Meanwhile the server cannot use its tables."""
        with self.central.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE epochs RENAME TO epochs_away")
        yield
        with self.central.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE epochs_away RENAME TO epochs")


@pytest.fixture
def road(central, make_station, manual_clock):
    """The road, mended."""
    door = make_station(central.device_id)
    with closing(FaultProxy("127.0.0.1", int(central.url.rpartition(":")[2]))) as proxy, ExitStack() as stack:
        yield BadRoad(door, central, proxy, Rig(door, proxy.url, manual_clock, stack, server_key=central.server_key))
