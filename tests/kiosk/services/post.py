"""A door for tests of the services: a real database in a folder, a lane without a thread, and a clock that is moved by hand."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drivers.base import Channel, Sample, Sighting
from kiosk.core.badges import badge_code, token_sha256
from kiosk.core.policy import Policy, TemperatureRule
from kiosk.core.values import Direction, Screen
from kiosk.services.changes import DirectoryChange, NewGuard
from kiosk.services.device_health import HealthKeeper
from kiosk.services.housekeeping import Duties, Housekeeping
from kiosk.services.lane import Lane, Shown
from kiosk.services.pins import hash_pin
from kiosk.services.restart import restore
from kiosk.services.retention import Keep
from kiosk.services.station import KioskStation
from kiosk.services.views import DeviceState
from kiosk.store import decisions, directory, guards
from kiosk.store.database import open_kiosk_database, open_reader
from sync.clock import ManualClock
from sync.protocol.wire import BadgeEntry, BadgeState, Person

ZONE = "Asia/Jakarta"
MEASURED = Policy(direction=Direction.IN, temperature=TemperatureRule())
UNMEASURED = Policy(direction=Direction.IN)
PEPPER = b"p" * 32
PIN = "4829"
PROJECTED = ("arrivals", "holds", "pin_failures", "inside", "evacuations", "evacuation_marks", "duty_log", *decisions.TABLES)
NOISE_C = (0.0, 0.03, -0.02, 0.01, 0.02, -0.01)


def code_of(number: int) -> str:
    """The badge code of person P<number>."""
    return badge_code(number.to_bytes(16, "big"))


def hash_of(number: int) -> str:
    """What a kiosk keeps of that badge."""
    return token_sha256(number.to_bytes(16, "big"))


def staff(count: int) -> DirectoryChange:
    """That many people, P1 and up, each with a badge; and two guards whose PIN is `PIN`."""
    people = [Person(id=f"P{n}", name=f"Orang {n}", unit="Bagian Umum") for n in range(1, count + 1)]
    badges = [BadgeEntry(token_sha256=hash_of(n), person_id=f"P{n}") for n in range(1, count + 1)]
    pin_hash = hash_pin(PIN, PEPPER)
    return DirectoryChange(
        people=people, badges=badges, guards=[NewGuard(g, g.title(), "guard", pin_hash) for g in ("budi", "tri")]
    )


STAFF = staff(9)


def revoked(number: int) -> DirectoryChange:
    """A change that revokes the badge of P<number>."""
    return DirectoryChange(revoke=[hash_of(number)])


def active(number: int, **more: Any) -> BadgeEntry:
    """The badge of P<number>."""
    return BadgeEntry(**{"token_sha256": hash_of(number), "person_id": f"P{number}", "state": BadgeState.ACTIVE, **more})


class Post:
    """A door that is switched on. `restart()` gives the same folder a new program, as after a power cut."""

    def __init__(
        self,
        data: Path,
        *,
        clock: ManualClock | None = None,
        policy: Policy = MEASURED,
        people: DirectoryChange = STAFF,
        **lane: Any,
    ) -> None:
        self.data, self.clock, self.policy = data, clock or ManualClock(), policy
        self._lane_options = lane
        self.stopping = threading.Event()
        random_bytes = Random(str(self.clock.now().mono_ns)).randbytes
        self.database = open_kiosk_database(data / "kiosk.db", device_id="door-1", place_id="lobby", random_bytes=random_bytes)
        with self.database.transaction() as db:
            directory.change_local(db, people.people, people.badges, people.revoke, self.clock.now().claimed_at)
            guards.put(db, [(g.id, g.name, g.role, g.pin_hash) for g in people.guards])
        self.health = HealthKeeper(data, self.clock, camera=DeviceState.OK, thermometer=DeviceState.OK, simulated=True)
        self.station = KioskStation(
            name="Pintu",
            place="lobby",
            time_zone=ZONE,
            database=self.database,
            clock=self.clock,
            health=self.health,
            photos=data / "photos",
            pepper=PEPPER,
            random_bytes=random_bytes,
            stopping=self.stopping,
        )
        self.shown: list[Shown] = []
        self.rows_when_shown: list[int] = []
        self.lane = Lane(
            self.database,
            self.clock,
            policy,
            zone=ZoneInfo(ZONE),
            random_bytes=random_bytes,
            show=self._show,
            committed=self.station.committed,
            simulated=True,
            **lane,
        )
        restore(self.lane, self.database, self.clock.now(), policy)
        self.station.attach(self.lane, None)

    def housekeeping(self, *, free_bytes: Callable[[], int] = lambda: 1 << 40, keep: Keep | None = None) -> Housekeeping:
        """What looks after this door's file; on a disk with that much room."""
        duties = Duties(ZoneInfo(ZONE), keep or Keep(), free_bytes)
        return Housekeeping(self.database, self.clock, duties, health=self.health, stopping=self.stopping)

    def restart(self) -> "Post":
        """Switch it off and on."""
        self.close()
        return Post(self.data, clock=self.clock, policy=self.policy, people=DirectoryChange(), **self._lane_options)

    def close(self) -> None:
        self.stopping.set()
        self.database.close()

    def run(self) -> threading.Thread:
        """Give the lane a thread of its own, until `stopping` is set."""
        thread = threading.Thread(target=self.lane.run, args=(self.stopping,), daemon=True)
        thread.start()
        return thread

    def end(self, lane: threading.Thread) -> None:
        """Stop the lane's thread, without waiting for its next look around, and close."""
        self.stopping.set()
        self.lane.note()
        lane.join()
        self.close()

    def offer(self, item: Any) -> None:
        """One input, taken at once."""
        self.lane.offer(item)
        self.lane.step()

    def badge(self, number: int) -> None:
        self.code(code_of(number))

    def code(self, text: str) -> None:
        self.offer(Sighting(text, self.clock.now().mono_ns))

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.lane.step()

    def forehead(self, object_c: float, samples: int = 10) -> None:
        """Hold a forehead to the sensor, then nothing."""
        for n in range(samples):
            self.sample(object_c + NOISE_C[n % len(NOISE_C)])
        for n in range(6):
            self.sample(25.0 + NOISE_C[n])

    def sample(self, object_c: float) -> None:
        self.clock.advance(0.07)
        self.offer(Sample(Channel.OBJECT, self.clock.now().mono_ns, object_c, 25.0))

    @property
    def screen(self) -> Screen:
        return self.shown[-1].screen

    def rows(self) -> list[dict[str, Any]]:
        """The journal as another program sees it: kind, payload and header of each row."""
        return read_rows(self.data / "kiosk.db")

    def kinds(self) -> list[str]:
        return [row["kind"] for row in self.rows()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of that kind."""
        return [row["payload"] for row in self.rows() if row["kind"] == kind]

    def _show(self, shown: Shown) -> None:
        self.rows_when_shown.append(len(self.rows()))
        self.shown.append(shown)
        self.station.show(shown)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Every journal row, read through a connection of its own."""
    with closing(open_reader(path)) as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute("SELECT * FROM journal ORDER BY position")]
    return [{**row, "payload": msgspec.json.decode(row["payload"])} for row in found]


def tables(db: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every projection's rows."""
    return {name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in PROJECTED}
