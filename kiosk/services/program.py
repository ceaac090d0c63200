"""The kiosk's threads: lane, devices, publisher, inbox. Started together, stopped together, and fail-stop on the journal."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drivers.base import Scanner, Thermometer
from kiosk.services import changes
from kiosk.services.device_health import HealthKeeper
from kiosk.services.devices import DeviceLoop
from kiosk.services.lane import Lane, Offer, SensorState
from kiosk.services.station import KioskStation
from kiosk.services.views import DeviceState
from kiosk.store.database import KioskDatabase
from sync.clock import Clock
from sync.database import DatabaseError
from sync.journal import Event
from sync.protocol.events import Kind

logger = logging.getLogger(__name__)

_INBOX_EVERY_S = 1.0
_LAST_WORDS_S = 2.0
"""How long the out-of-service screen is shown before the program ends."""


class Program:
    """Runs a kiosk until it is told to stop or its journal fails."""

    def __init__(
        self,
        *,
        data: Path,
        clock: Clock,
        database: KioskDatabase,
        lane: Lane,
        station: KioskStation,
        health: HealthKeeper,
        scanner: Scanner | None,
        thermometer: Thermometer | None,
        stopping: threading.Event,
    ) -> None:
        self._data, self._clock, self._database = data, clock, database
        self._lane, self._station, self._health, self._stopping = lane, station, health, stopping
        self._scanner, self._thermometer = scanner, thermometer
        self.failure: DatabaseError | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start every thread and journal that the station is in service."""
        self._spawn("lane", self._run_lane)
        self._spawn("publisher", lambda: self._station.run_publisher(self._stopping))
        for loop in self._device_loops():
            self._spawn(loop.name, partial(loop.run, self._stopping))
        self._spawn("inbox", self._run_inbox)
        self._lane.note(Event(Kind.STATION_STARTED, {"boot_id": self._clock.now().boot_id}))

    def wait(self) -> None:
        """Return when the station is stopping, for whatever reason."""
        self._stopping.wait()

    def stop(self) -> None:
        """Stop every thread, journal it if that is still possible, and let devices and database go."""
        if self.failure is None and not self._stopping.is_set():
            self._last_event()
        self._stopping.set()
        self._station.panel.close()
        self._station.guard.close()
        for thread in self._threads:
            thread.join(timeout=5)
        for device in (self._scanner, self._thermometer):
            if device is not None:
                device.close()
        try:
            self._database.close()
        except DatabaseError as exc:
            logger.warning("closing the journal: %s", exc)

    def _last_event(self) -> None:
        try:
            self._lane.journal(Event(Kind.STATION_STOPPED))
        except (DatabaseError, TimeoutError) as exc:
            logger.warning("the stop could not be journaled: %s", exc)

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run_lane(self) -> None:
        try:
            self._lane.run(self._stopping)
        except DatabaseError as exc:
            self.failure = exc
            logger.critical("out of service: %s", exc)
            self._station.out_of_service()
            self._stopping.wait(_LAST_WORDS_S)
            self._stopping.set()

    def _run_inbox(self) -> None:
        said: set[str] = set()
        while not self._stopping.wait(_INBOX_EVERY_S):
            try:
                done = changes.apply_inbox(self._data, self._database, self._clock.now())
            except (DatabaseError, OSError) as exc:
                if str(exc) not in said:
                    said.add(str(exc))
                    logger.warning("the inbox cannot be applied: %s", exc)
                continue
            for each in done.set_aside:
                logger.warning("set aside, it makes no sense: %s", each)
            if done.applied:
                self._station.committed()

    def _device_loops(self) -> list[DeviceLoop[Offer]]:
        loops: list[DeviceLoop[Offer]] = []
        if self._scanner is not None:
            loops.append(self._loop("camera", self._scanner.read))
        if self._thermometer is not None:
            loops.append(self._loop("thermometer", self._thermometer.read))
        return loops

    def _loop(self, name: str, read: Callable[[], Offer | None]) -> DeviceLoop[Offer]:
        def changed(state: DeviceState) -> None:
            self._health.set_device(name, state)
            if name == "thermometer":
                self._lane.offer(SensorState(None if state is DeviceState.OK else str(state)))
            kind = Kind.DEVICE_BACK if state is DeviceState.OK else Kind.DEVICE_LOST
            self._lane.note(Event(kind, {"device": name, "state": str(state)}))
            self._station.health_changed()

        return DeviceLoop(name, read=read, deliver=self._lane.offer, changed=changed)
