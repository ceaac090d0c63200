"""How the station is doing: devices, clock, disk, link and waiting rows, gathered for the small signs on every screen."""

import shutil
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kiosk.services.views import DeviceState, Health, PrinterSign
from kiosk.store import decisions, directory, quarantine
from kiosk.store.database import open_reader
from sync.clock import Clock, SyncState, utc_datetime
from sync.database import DatabaseError, database_errors
from sync.state import LinkState, read_link

DISK_LOW_MIB = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """Journal rows per epoch up to `position`, as far as they have been counted."""

    position: int
    last_seq: dict[str, int]


class HealthKeeper:
    """Holds the newest Health. Devices report into it from their threads; `refresh()` reads the rest from files."""

    def __init__(
        self,
        data: Path,
        clock: Clock,
        *,
        camera: DeviceState,
        thermometer: DeviceState,
        simulated: bool,
        printer: PrinterSign = PrinterSign.OFF,
    ) -> None:
        self._data, self._clock = data, clock
        self._lock = threading.Lock()
        self._waiting = Waiting(0, {})
        self.link: LinkState | None = None
        self._health = Health(
            camera=camera,
            thermometer=thermometer,
            clock_trusted=False,
            simulated=simulated,
            waiting_rows=0,
            online=False,
            server_seen_at=None,
            server_problem=None,
            directory_version=0,
            directory_applied_at=None,
            disk_free_mib=0,
            disk_low=False,
            printer=printer,
        )

    @property
    def health(self) -> Health:
        return self._health

    def set_device(self, name: str, state: DeviceState) -> None:
        """`name` is "camera" or "thermometer"."""
        with self._lock:
            if name == "camera":
                self._health = replace(self._health, camera=state)
            else:
                self._health = replace(self._health, thermometer=state)

    def set_printer(self, sign: PrinterSign) -> None:
        """How the receipt printer is."""
        with self._lock:
            self._health = replace(self._health, printer=sign)

    def out_of_service(self) -> None:
        """The journal cannot be written: every screen says so."""
        with self._lock:
            self._health = replace(self._health, in_service=False)

    def journal_checked(self, *, sound: bool) -> None:
        """What a check of the whole journal came to."""
        with self._lock:
            self._health = replace(self._health, journal_sound=sound)

    def refresh(self) -> Health:
        """Look at clock, disk, directory, journal and link again.

        Raises:
            DatabaseError: kiosk.db cannot be read, or its folder is gone.
        """
        moment, link = self._clock.now(), self._read_link()
        with database_errors(self._data):
            free_mib = shutil.disk_usage(self._data).free // (1 << 20)
        waiting, known, by_hand = self._read_journal(link)
        with self._lock:
            self._health = replace(
                self._health,
                clock_trusted=moment.sync_state is SyncState.SYNCED,
                waiting_rows=waiting,
                online=link is not None and link.online,
                server_seen_at=_time(link.server_seen_at if link else None),
                server_problem=link.problem if link else None,
                directory_version=known.version,
                directory_applied_at=_time(known.applied_at),
                disk_free_mib=free_mib,
                disk_low=free_mib < DISK_LOW_MIB,
                quarantined=len(quarantine.folders(self._data)),
                by_hand=by_hand,
            )
            return self._health

    def is_sent(self, epoch: str, seq: int) -> bool:
        """True once the server has acknowledged that record."""
        return self.link is not None and seq <= self.link.acked.get(epoch, 0)

    def _read_link(self) -> LinkState | None:
        try:
            self.link = read_link(self._data / "sync.db")
        except DatabaseError:
            self.link = None
        return self.link

    def _read_journal(self, link: LinkState | None) -> tuple[int, directory.DirectoryState, bool]:
        path = self._data / "kiosk.db"
        db = open_reader(path)
        try:
            with database_errors(path):
                rows = db.execute(
                    "SELECT epoch, max(seq), max(position) FROM journal WHERE position > ? GROUP BY epoch",
                    (self._waiting.position,),
                ).fetchall()
                known, by_hand = directory.state(db), decisions.by_hand(db)
        finally:
            db.close()
        for epoch, last_seq, position in rows:
            self._waiting.last_seq[epoch] = last_seq
            self._waiting = Waiting(max(position, self._waiting.position), self._waiting.last_seq)
        acked = link.acked if link else {}
        return sum(max(0, last - acked.get(epoch, 0)) for epoch, last in self._waiting.last_seq.items()), known, by_hand


def _time(text: str | None) -> datetime | None:
    return None if text is None else utc_datetime(text)
