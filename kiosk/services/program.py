"""The kiosk's threads: lane, devices, publisher, inbox, housekeeping. Started together, stopped together, and fail-stop on the
journal.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drivers.base import Scanner, Thermometer
from kiosk.services import changes
from kiosk.services.announcer import Announcer
from kiosk.services.calls import Calls
from kiosk.services.device_health import HealthKeeper
from kiosk.services.devices import DeviceLoop
from kiosk.services.housekeeping import Housekeeping
from kiosk.services.lane import Lane, Offer, SensorState
from kiosk.services.neighbours import Neighbours
from kiosk.services.printing import Printing
from kiosk.services.rooms import StationRooms
from kiosk.services.station import KioskStation
from kiosk.services.views import DeviceState, PrinterSign
from kiosk.store.database import KioskDatabase
from sync.clock import Clock
from sync.database import DatabaseError
from sync.journal import Event
from sync.protocol.events import Kind

logger = logging.getLogger(__name__)

_INBOX_EVERY_S = 0.2
_WAKE_EVERY_S = 0.5
_LAST_WORDS_S = 2.0
"""How long the out-of-service screen is shown before the program ends."""
_STOPS_WITHIN_S = 3.0
"""All threads together; one that hangs in a device or on a disk ends with the process."""


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
        housekeeping: Housekeeping,
        stopping: threading.Event,
        neighbours: Neighbours | None = None,
        rooms: StationRooms | None = None,
        announcer: Announcer | None = None,
        printing: Printing | None = None,
    ) -> None:
        self._neighbours, self._rooms, self._announcer, self._printing = neighbours, rooms, announcer, printing
        self._data, self._clock, self._database = data, clock, database
        self._lane, self._station, self._health, self._stopping = lane, station, health, stopping
        self._scanner, self._thermometer, self._housekeeping = scanner, thermometer, housekeeping
        self.failure: Exception | None = None
        self._failing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._lane_thread: threading.Thread | None = None

    def start(self) -> None:
        """Start every thread and journal that the station is in service."""
        self._lane.note(Event(Kind.STATION_STARTED, {"boot_id": self._clock.now().boot_id}))
        self._lane_thread = self._spawn("lane", lambda: self._lane.run(self._stopping))
        self._spawn("publisher", lambda: self._station.run_publisher(self._stopping))
        for loop in self._device_loops():
            self._spawn(loop.name, partial(loop.run, self._stopping))
        self._spawn("inbox", self._run_inbox)
        self._spawn("housekeeping", lambda: self._housekeeping.run(self._stopping))
        if self._neighbours is not None:
            self._spawn("neighbours", partial(self._neighbours.run, self._stopping))
        if self._rooms is not None and self._announcer is not None:
            # Before the rooms go on: what they call from now on is news.
            self._spawn("calls", partial(Calls(self._rooms.views, self._announcer).run, self._stopping))
        if self._rooms is not None:
            self._spawn("rooms", partial(self._rooms.run, self._stopping))
        if self._printing is not None and self._printing.has_printer:
            self._spawn("printer", partial(self._printing.run, self._stopping, self._printer_changed()))

    def wait(self) -> None:
        """Return when the station is stopping, for whatever reason."""
        # In turns: a signal that comes just before the thread falls asleep is not handled until it wakes.
        while not self._stopping.wait(_WAKE_EVERY_S):
            pass

    def stop(self) -> None:
        """Stop every thread, journal it if that is still possible, and let devices and database go, within a few seconds."""
        self._stopping.set()
        self._station.panel.close()
        self._station.guard.close()
        if self._rooms is not None:
            self._rooms.close()
        if self._announcer is not None:
            self._announcer.close()
        ends_ns = self._clock.now().mono_ns + int(_STOPS_WITHIN_S * 1e9)
        for thread in self._threads:
            thread.join(max(0.0, (ends_ns - self._clock.now().mono_ns) / 1e9))
        for device in (self._scanner, self._thermometer):
            if device is not None:
                device.close()
        self._close_journal()

    def _close_journal(self) -> None:
        if self._lane_thread is not None and self._lane_thread.is_alive():
            logger.warning("the journal is still being written; it is closed by the end of the process")
            return
        try:
            if self._lane_thread is not None and self.failure is None:
                self._lane.finish(Event(Kind.STATION_STOPPED))
            self._database.close()
        except DatabaseError as exc:
            logger.warning("the stop could not be journaled: %s", exc)

    def _spawn(self, name: str, run: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(run,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _run(self, run: Callable[[], None]) -> None:
        try:
            run()
        except DatabaseError as exc:
            self._fail(exc, None)
        except Exception as exc:  # noqa: BLE001  # the one barrier: a door with a dead thread must say so, and start anew
            self._fail(exc, exc)

    def _fail(self, why: Exception, trace: Exception | None) -> None:
        """Go out of service, once, and end the program."""
        with self._failing:
            if self.failure is not None:
                return
            self.failure = why
        logger.critical("out of service: %s", why or type(why).__name__, exc_info=trace)
        self._station.out_of_service()
        self._stopping.wait(_LAST_WORDS_S)
        self._stopping.set()

    def _run_inbox(self) -> None:
        trouble = ""
        while not self._stopping.wait(_INBOX_EVERY_S):
            try:
                done = changes.apply_inbox(self._data, self._database, self._clock.now())
            except OSError as exc:
                if str(exc) != trouble:
                    trouble = str(exc)
                    logger.warning("the inbox cannot be applied: %s", exc)
                continue
            if trouble:
                logger.info("the inbox can be applied again")
                trouble = ""
            for each in done.set_aside:
                logger.warning("set aside, it makes no sense: %s", each)
            if done.applied:
                self._station.committed()
                if self._rooms is not None:
                    self._rooms.changed()

    def _device_loops(self) -> list[DeviceLoop[Offer]]:
        loops: list[DeviceLoop[Offer]] = []
        if self._scanner is not None:
            loops.append(self._loop("camera", self._scanner.read))
        if self._thermometer is not None:
            loops.append(self._loop("thermometer", self._thermometer.read))
        return loops

    def _printer_changed(self) -> Callable[[PrinterSign], None]:
        was_printing = True

        def changed(sign: PrinterSign) -> None:
            self._health.set_printer(sign)
            nonlocal was_printing
            if sign.prints != was_printing:
                was_printing = sign.prints
                self._note_device("printer", is_back=was_printing, state=sign)
            self._station.health_changed()

        return changed

    def _note_device(self, name: str, *, is_back: bool, state: str) -> None:
        """Once when an outage begins and once when it ends; how it looks in between changes too often to be kept."""
        self._lane.note(Event(Kind.DEVICE_BACK if is_back else Kind.DEVICE_LOST, {"device": name, "state": str(state)}))

    def _loop(self, name: str, read: Callable[[], Offer | None]) -> DeviceLoop[Offer]:
        was_ok = True

        def changed(state: DeviceState) -> None:
            self._health.set_device(name, state)
            if name == "thermometer":
                self._lane.offer(SensorState(None if state is DeviceState.OK else str(state)))
            nonlocal was_ok
            if (state is DeviceState.OK) != was_ok:
                was_ok = state is DeviceState.OK
                self._note_device(name, is_back=was_ok, state=state)
            self._station.health_changed()

        return DeviceLoop(name, read=read, deliver=self._lane.offer, changed=changed)
