"""`gapura bench offer`: somebody waits at one door, and at the other a place comes free. How soon is their number called?"""

import random
import re
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from kiosk.bench.feed import AGENT, sign_in
from kiosk.bench.figures import Figure, report
from kiosk.core.room_book import Book
from kiosk.core.room_codes import FreeReason, TicketState
from kiosk.simulation.door import Place, SimulatedDoor
from kiosk.store import room_books, room_documents
from kiosk.store.database import open_reader
from sync.clock import SystemClock
from sync.identity import read_identity
from sync.protocol.events import Kind
from sync.protocol.rooms import PassKind, Room
from sync.server.database import Database
from sync.server.room_setup import RoomSetup, Setup

ROOM_ID, TIMES = "penuh", 8
_LIMIT_S, _GIVEN_UP_S, _LOOK_S, _SPREAD_S = 2.0, 30.0, 0.01, 1.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@click.command("offer")
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
def bench_offer(as_json: bool) -> None:
    """Seconds from the desk's press that frees a place at one door until a number is called for it at another, online."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Place(Path(folder) / "a"), Place(Path(folder) / "b", site=Path(folder) / "a")
        with SimulatedDoor(first, kind="off") as one, SimulatedDoor(second, kind="off", beside=one) as other:
            report([measure(Desk(one, first), Desk(other, second))], as_json)


class Desk:
    """The desk of one door, driven as a browser does, and what the door's own journal says of the room."""

    def __init__(self, door: SimulatedDoor, place: Place) -> None:
        self._base, self._place = door.addresses["panel"], place
        self._headers = {"Cookie": sign_in(door.addresses["guard"]), "User-Agent": AGENT}

    @property
    def database(self) -> str:
        """The server's."""
        return self._place.central_database

    @property
    def device_id(self) -> str:
        """What the server calls this door."""
        identity = read_identity(self._place.station)
        if identity is None:
            raise click.ClickException("the simulated door was not enrolled")
        return identity.device_id

    def book(self) -> Book:
        """The room as this door's journal has it."""
        with closing(open_reader(self._place.station / "kiosk.db")) as db:
            return room_books.load(db, ROOM_ID)

    def is_open(self) -> bool:
        """True once the server has told this door of the room."""
        with closing(open_reader(self._place.station / "kiosk.db")) as db:
            return room_documents.read(db).room(ROOM_ID) is not None

    def wanted(self) -> int:
        """Rights that the server wants of this door, as far as it has heard."""
        with closing(open_reader(self._place.station / "kiosk.db")) as db:
            state = room_documents.read(db).states.get(ROOM_ID)
        return 0 if state is None else state.wanted

    def called_after(self, position: int) -> bool:
        """True once a right was granted here and a number called, both behind that row."""
        query = "SELECT DISTINCT kind FROM journal WHERE position > ? AND kind IN (?, ?)"
        wanted = (str(Kind.RIGHTS_GRANTED), str(Kind.VISITOR_CALLED))
        with closing(open_reader(self._place.station / "kiosk.db")) as db:
            return len(db.execute(query, (position, *wanted)).fetchall()) == len(wanted)

    def position(self) -> int:
        """The journal's last row."""
        with closing(open_reader(self._place.station / "kiosk.db")) as db:
            return int(db.execute("SELECT max(position) FROM journal").fetchone()[0])

    def press(self, page: str, path: str, **fields: str) -> "Press":
        """A button of that page, ready to be pressed."""
        with urllib.request.urlopen(self._request(f"{page}?room={ROOM_ID}"), timeout=10) as answer:
            token = _TOKEN.search(answer.read().decode())
        if token is None:
            raise click.ClickException(f"{page} has no form")
        form = {"csrf_token": token[1], "room": ROOM_ID, **fields}
        return Press(self._request(path, urllib.parse.urlencode(form).encode()))

    def register(self) -> None:
        """Somebody comes in, or gets a number."""
        self.press("desk/register", "desk/register", people="1").now()

    def free_one(self) -> "Press":
        """The button that frees somebody's place."""
        visit = f"desk/visits/{next(iter(self.book().visits))}"
        return self.press(visit, f"{visit}/free", reason=str(FreeReason.SEEN_LEAVING))

    def let_called_in(self) -> None:
        """Whoever is called comes in."""
        for each in self.book().tickets.values():
            if each.state is TicketState.CALLED:
                self.press("desk", f"desk/numbers/{each.id}/enter").now()

    def _request(self, path: str, form: bytes | None = None) -> urllib.request.Request:
        return urllib.request.Request(f"{self._base}{path}", form, self._headers)


@dataclass(frozen=True, slots=True)
class Press:
    """A form that is filled in."""

    request: urllib.request.Request

    def now(self) -> None:
        """Send it, and read the page that comes."""
        with urllib.request.urlopen(self.request, timeout=10) as answer:
            answer.read()


def measure(one: Desk, other: Desk) -> Figure:
    """The slowest of some: the first door is full, somebody waits at the other, and a place comes free at the first."""
    _fill(one, other)
    chance, pause, took = random.Random(TIMES), threading.Event(), []
    for _ in range(TIMES):
        other.register()
        _until(lambda: one.wanted() > 0, "the full door was not told that somebody waits")
        pause.wait(chance.uniform(0.0, _SPREAD_S))  # wherever each program is in its turns
        took.append(_offered_s(one, other))
        other.let_called_in()
    return Figure("offer", max(took), "s", _LIMIT_S, f"fixed; slowest of {TIMES}, median {sorted(took)[TIMES // 2]:.2f}")


def _offered_s(one: Desk, other: Desk) -> float:
    press, position = one.free_one(), other.position()
    start = time.perf_counter()
    press.now()
    _until(lambda: other.called_after(position), "a place came free, and no number was called at the other door")
    return time.perf_counter() - start


def _fill(one: Desk, other: Desk) -> None:
    """A room whose every place was taken at the first door."""
    room = Room(
        id=ROOM_ID, name="Ruang penuh", max_people=TIMES, pass_kind=PassKind.SCREEN, doors=[one.device_id, other.device_id]
    )
    with closing(Database(one.database)) as database:
        RoomSetup(database).put(Setup(rooms=(room,)), now=SystemClock().now().claimed_at)
    _until(lambda: one.is_open() and other.is_open(), "the doors were not told of the room")
    for _ in range(TIMES):
        one.register()

    def is_full() -> bool:
        one.let_called_in()
        return len(one.book().visits) == TIMES

    _until(is_full, "the room could not be filled")


def _until(is_so: Callable[[], bool], otherwise: str) -> None:
    pause, ends = threading.Event(), time.perf_counter() + _GIVEN_UP_S
    while not is_so():
        if time.perf_counter() > ends:
            raise click.ClickException(otherwise)
        pause.wait(_LOOK_S)
