"""The central server of a world: its real application, over a database on a disk that can lose power, fill up and be restored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from sqlalchemy import insert, update
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from kiosk.simulation.disk import FaultDisk
from kiosk.simulation.disk_files import Image, Operation
from kiosk.simulation.world.network import Answer, Call, ServerDown
from sync.clock import ManualClock
from sync.server.app import create_app, open_store
from sync.server.database import Database
from sync.server.schema import devices, secrets
from sync.server.settings import Settings

_FILE = "/central/central.db"
_NOT_OURS = frozenset({"content-length", "content-type", "host"})


class Central:
    """One server for many worlds, one after the other: building the application takes longer than a whole world.

    Raises:
        FaultInjectionUnavailable
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        self._rng = Random(0)
        self.disk = FaultDisk(self._rng)
        self._database = Database(f"sqlite:///file:{_FILE}?vfs={self.disk.name}&uri=true", connections=2)
        self._database.migrate()
        with self._database.writing() as connection:
            connection.execute(insert(secrets).values(name="signing", value=Random("central").randbytes(32)))
        self._store = open_store(self._database)
        self._app = create_app(self._store, self.clock, Settings())
        self.public_key = self._store.keys.public
        self._store.documents.version()
        self._database.close()
        self._empty = self.disk.image()
        self._trip: Callable[[], None] | None = None

    def begin(self, rng: Random) -> None:
        """Be a new and empty server, for a world of its own."""
        self._rng.seed(rng.random())
        fresh = ManualClock()
        self.clock.wall, self.clock.mono_ns = fresh.wall, fresh.mono_ns
        self._trip = None
        self.restore(self._empty)

    def close(self) -> None:
        """Let go of everything."""
        self._database.close()
        self.disk.close()

    @property
    def is_up(self) -> bool:
        """Whether the machine has power."""
        return self.disk.powered

    def crash(self) -> None:
        """The power goes."""
        if self.disk.powered:
            self.disk.cut()
        self._database.close()

    def start(self) -> None:
        """The power comes back, and nothing more is planned."""
        self._trip = None
        self._database.close()
        self.disk.power_on()
        self.disk.forget_cached()

    def trip(self, operation: int, *, power: bool) -> None:
        """Let the power go, or the disk fail once, at that operation of the next upload."""
        kinds = frozenset({Operation.WRITE, Operation.SYNC})
        self._trip = (lambda: self.disk.cut_at(operation)) if power else (lambda: self.disk.fail_at(operation, kinds))

    def backup(self) -> Image:
        """A copy of the database's files."""
        return self.disk.image()

    def restore(self, image: Image) -> None:
        """Go on with the files of a backup."""
        self._database.close()
        self.disk.restore(image)

    def admit(self, device_id: str, public_key: str) -> None:
        """Know a kiosk by that key. Its name is given here, since the server's own choice is another one every time."""
        now = self.clock.now().claimed_at
        device = self._store.devices.add(device_id, place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key=public_key)
        with self._database.writing() as connection:
            connection.execute(update(devices).where(devices.c.id == device.id).values(id=device_id))

    def revoke(self, device_id: str) -> None:
        """Refuse that kiosk from now on."""
        self._store.devices.revoke(device_id, now=self.clock.now().claimed_at)

    def knows(self, device_id: str) -> bool:
        """Whether that kiosk is admitted now."""
        known = self._store.devices.find(device_id)
        return known is not None and known.device.revoked_at is None

    def handle(self, call: Call) -> Answer:
        """The application's answer to a request.

        Raises:
            ServerDown: the machine is off, or went off meanwhile.
        """
        if not self.disk.powered:
            raise ServerDown
        path, _, query = call.target.partition("?")
        headers = {name: value for name, value in call.headers.items() if name.lower() not in _NOT_OURS}
        kind = next((value for name, value in call.headers.items() if name.lower() == "content-type"), None)
        builder = EnvironBuilder(
            path, "http://127.0.0.1/", query, method=call.method, data=call.body, headers=Headers(headers), content_type=kind
        )
        with _closing(builder), self._tripping(call):
            chunks, status, answered = run_wsgi_app(self._app, builder.get_environ(), buffered=True)
        if not self.disk.powered:
            self._database.close()
            raise ServerDown
        return Answer(int(status.split()[0]), dict(answered.items()), b"".join(chunks))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds in the database."""
        with self._database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    @contextmanager
    def _tripping(self, call: Call) -> Iterator[None]:
        if call.method == "POST" and self._trip is not None:
            self._trip()
            self._trip = None
        try:
            yield
        finally:
            self.disk.cut_at(None)
            self.disk.fail_at(None, frozenset())


@contextmanager
def _closing(builder: EnvironBuilder) -> Iterator[None]:
    try:
        yield
    finally:
        builder.close()
