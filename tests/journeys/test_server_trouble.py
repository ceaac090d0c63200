"""A real door whose server is killed and whose disk fills: every tap is at the server once, in order, with its own time."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests

from kiosk.simulation.door import Place, SimulatedDoor
from sync import journal
from sync.database import open_reader
from tests.journeys.demo import eventually

ROOM_KIB = 8 * 1024


class Trouble:
    """A simulated door, and how what it recorded stands against what the server has."""

    def __init__(self, place: Place, door: SimulatedDoor) -> None:
        self.place, self.door = place, door
        self.codes = dict(door.simulator.badges())

    def recorded(self) -> list[tuple[str, int, str, str]]:
        with closing(open_reader(self.place.station / "kiosk.db")) as db:
            rows = [entry.record for entry in journal.read(db)]
        return [(row.epoch, row.seq, row.claimed_at, row.hash) for row in rows]

    def stored(self) -> list[tuple[str, int, str, str]]:
        with closing(open_reader(self.place.central / "central.db")) as db:
            return db.execute("SELECT epoch, seq, claimed_at, hash FROM events ORDER BY epoch, seq").fetchall()

    def knows_the_staff(self) -> bool:
        with closing(open_reader(self.place.station / "kiosk.db")) as db:
            return db.execute("SELECT count(*) FROM people").fetchone()[0] > 0

    def taps(self) -> int:
        with closing(open_reader(self.place.station / "kiosk.db")) as db:
            return db.execute("SELECT count(*) FROM journal WHERE kind = 'attendance.tapped'").fetchone()[0]

    def tap(self, name: str) -> None:
        """Somebody holds a badge up until the door has it in its journal."""
        before = self.taps()
        self.show(name)
        eventually(lambda: self.taps() > before, what=f"a tap of {name} in the journal")

    def show(self, name: str) -> None:
        self.door.simulator.present(self.codes[name], 36.4, 27.0, 4.0)

    def all_at_the_server(self) -> None:
        """Row by row, in order, with the door's own times, each once."""
        eventually(lambda: self.stored() == self.recorded(), within_s=40, what="the whole journal at the server")


@contextmanager
def trouble(folder: Path) -> Iterator[Trouble]:
    place = Place(folder)
    with SimulatedDoor(place, kind="off") as door:
        here = Trouble(place, door)
        eventually(here.knows_the_staff, what="the staff at the door")
        yield here


def test_the_server_is_killed_and_started_again(tmp_path: Path) -> None:
    """SIGKILL before, between and after uploads: taps go on at the door, and in the end each is at the server once."""
    with trouble(tmp_path) as here:
        names = iter(here.codes)
        here.tap(next(names))
        here.door.kill("central")
        here.tap(next(names))
        here.tap(next(names))
        here.door.restart("central")
        here.all_at_the_server()
        here.show(next(names))
        here.door.kill("central")
        here.door.kill("sync")
        here.door.restart("central")
        here.door.restart("sync")
        here.tap(next(names))
        here.all_at_the_server()
        assert len(here.stored()) == len(set(here.stored()))


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of a few MiB at `folder`, where this user may mount one."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_KIB}k", "tmpfs", str(folder)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(here: Trouble, *, is_small: bool) -> Callable[[], None]:
    """Leave no room for the journal; gives what makes room again. Where no small disk is to be had, files may not grow."""
    if is_small:
        ballast = here.place.station / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        return ballast.unlink
    resource.prlimit(here.door.processes["kiosk"].pid, resource.RLIMIT_FSIZE, (4096, 4096))
    return lambda: None


def test_the_disk_fills(tmp_path: Path) -> None:
    """A door that cannot record says that it is out of service and ends; with room and a new start it goes on, nothing lost."""
    with small_disk(tmp_path / "station") as is_small, trouble(tmp_path) as here:
        names = iter(here.codes)
        here.tap(next(names))
        before = here.recorded()
        panel = here.door.addresses["panel"].rstrip("/")
        make_room = fill(here, is_small=is_small)
        here.show(next(names))
        said = eventually(lambda: out_of_service(panel), what="the door's word that it is out of service")
        assert said
        assert here.door.processes["kiosk"].wait(15) != 0
        assert here.recorded()[: len(before)] == before
        make_room()
        here.door.restart("kiosk")
        here.tap(next(names))
        here.all_at_the_server()


def out_of_service(panel: str) -> bool:
    """True when the door says so."""
    answer = requests.get(f"{panel}/readyz", timeout=5)
    return answer.status_code == 503 and "out of service" in answer.text
