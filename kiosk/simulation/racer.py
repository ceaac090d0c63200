"""One door of the race as a process of its own: a kiosk without camera and screens, with its sync agent, told line by line.

    python -m kiosk.simulation.racer --data DIR --room ROOM

Each line on standard input is a command, and one JSON object on standard output, an `Answer`, follows:

    ask NS   a visitor is at the desk as soon as this machine's monotonic clock says NS
    enter    whoever waits here comes in, if their number was called
    skip     whoever waits here goes away
    leave    whoever is inside leaves, and the desk sees it
    state    nothing happens

Agent and kiosk look for news as soon as they can instead of at their ordinary pace; all else is theirs as it is at a door.
"""

import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import msgspec

from kiosk import settings
from kiosk.core.room_codes import FreeReason, Said
from kiosk.services.changes import apply_inbox, station_lock
from kiosk.services.room_views import Done, Visitor
from kiosk.services.views import Guard
from kiosk.store.database import open_reader
from kiosk.wiring import Kiosk, build_kiosk
from sync import progress
from sync.agent import open_state
from sync.backlog import Backlog
from sync.client import RequestSigner, ServerClient, ServerLink, Timeouts
from sync.handover import NewEpoch, ask_for_epoch
from sync.identity import KEY_NAME, DeviceKey, read_identity
from sync.journal import Event
from sync.protocol.events import Kind
from sync.rooms_inbox import RoomsInbox
from sync.uploader import Uploader

_DESK = Guard("desk", "Desk", "desk")
_LOOK_S, _ASK_S = 0.01, 0.1
"""Between two looks for new rows, and between two questions to the server."""
_AWAKE_NS = 2_000_000
"""So long before its time an asker no longer sleeps."""
_SWITCH_S = 0.0005
"""No thread keeps the others from running for longer: who asks must not come late."""
_ADDED = {
    str(Kind.RIGHTS_GRANTED): ("amount", 1),
    str(Kind.RIGHTS_RELEASED): ("amount", -1),
    str(Kind.VISITOR_ENTERED): ("spent", -1),
    str(Kind.VISITOR_LEFT): ("minted", 1),
}
"""What each kind of row adds to the rights of a door: the field that says it, and its sign."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a command ended. `said` is a code of `Said`, "" where there was nobody to do it; `began_ns` is when an asker asked.

    `held` are the rights here by the journal's rows alone: for an asker just before the row of the answer, else now. `inside` is
    what screens show. `entered` visits have begun here so far. `is_sent`: the server has confirmed every row.
    `is_open`: the server has told of the room.
    """

    said: str = ""
    began_ns: int = 0
    held: int = 0
    inside: int = 0
    entered: int = 0
    is_sent: bool = False
    is_open: bool = False


class Tally:
    """The rights at this door counted from its journal, and by nothing that decides."""

    def __init__(self, journal: Path) -> None:
        self._journal, self._position, self._entered, self._held, self._change = journal, 0, 0, 0, 0

    def held_before(self, subject: str) -> int:
        """Rights just before the first row that names this visit or number."""
        for payload in self._rows():
            if subject in (payload.get("visit_id"), payload.get("ticket_id")):
                return self._held - self._change
        return self._held

    def now(self) -> tuple[int, int, int]:
        """Rights held, visits begun, and the last row's number."""
        for _ in self._rows():
            pass
        return self._held, self._entered, self._position

    def _rows(self) -> Iterator[dict[str, object]]:
        query = "SELECT position, kind, payload FROM journal WHERE position > ? ORDER BY position"
        with closing(open_reader(self._journal)) as db:
            for position, kind, text in db.execute(query, (self._position,)).fetchall():
                payload = msgspec.json.decode(text or "{}", type=dict[str, object])
                field, sign = _ADDED.get(kind, ("", 0))
                self._change = sign * int(str(payload.get(field, 0)))
                self._position, self._held = position, self._held + self._change
                self._entered += kind == Kind.VISITOR_ENTERED
                yield payload


class Racer:
    """Does what it is told, at the one room there is. At most one visitor is inside, and one waits."""

    def __init__(self, kiosk: Kiosk, room_id: str, is_sent: Callable[[int], bool]) -> None:
        self._kiosk, self._room_id, self._is_sent = kiosk, room_id, is_sent
        self._tally = Tally(kiosk.database.path)
        self._visit_id: str | None = None
        self._ticket_id: str | None = None

    def do(self, line: str) -> Answer:
        """Obey one line."""
        command, _, number = line.strip().partition(" ")
        if command == "ask":
            return self._ask(int(number))
        rooms, done = self._kiosk.rooms, None
        if command == "enter" and self._ticket_id is not None:
            done = self._kept(rooms.enter_called(self._ticket_id, by=_DESK))
        elif command == "skip" and self._ticket_id is not None:
            done, self._ticket_id = rooms.skip(self._ticket_id, by=_DESK), None
        elif command == "leave" and self._visit_id is not None:
            done, self._visit_id = rooms.free(self._visit_id, FreeReason.SEEN_LEAVING, by=_DESK), None
        return self._state("" if done is None else str(done.said))

    def _ask(self, at_ns: int) -> Answer:
        clock, pause = self._kiosk.clock, threading.Event()
        pause.wait(max(0.0, (at_ns - _AWAKE_NS - clock.now().mono_ns) / 1e9))
        while (began_ns := clock.now().mono_ns) < at_ns:
            pass
        done = self._kept(self._kiosk.rooms.arrive(self._room_id, Visitor(), by=_DESK))
        return Answer(str(done.said), began_ns, self._tally.held_before(done.visit_id or done.ticket_id or ""))

    def _kept(self, done: Done) -> Done:
        """Remember who came in, or waits."""
        if done.said is Said.ENTERED:
            self._visit_id, self._ticket_id = done.visit_id, None
        elif done.said is Said.WAITING:
            self._ticket_id = done.ticket_id
        return done

    def _state(self, said: str) -> Answer:
        held, entered, last = self._tally.now()
        rooms = self._kiosk.rooms.view().rooms
        inside = sum(each.inside for each in rooms)
        return Answer(said, held=held, inside=inside, entered=entered, is_sent=self._is_sent(last), is_open=bool(rooms))


@contextmanager
def running(data: Path, room_id: str) -> Iterator[Racer]:
    """A door that is open: lane, rooms and agent run, each in its thread.

    Raises:
        StationBusy, DatabaseError, IdentityError
    """
    wanted = settings.Settings(
        data=str(data),
        camera=settings.Camera(source="off"),
        thermometer=settings.Thermometer(kind="off"),
        clock=settings.Clock(synced_by="host"),
    )
    with station_lock(data):
        kiosk = build_kiosk(wanted)
        agent = Agent(data, kiosk)
        kiosk.lane.note(Event(Kind.STATION_STARTED, {"boot_id": kiosk.clock.now().boot_id}))
        loops = (kiosk.lane.run, kiosk.rooms.run, agent.send, agent.fetch)
        threads = [threading.Thread(target=loop, args=(kiosk.stopping,)) for loop in loops]
        for thread in threads:
            thread.start()
        try:
            yield Racer(kiosk, room_id, agent.is_sent)
        finally:
            kiosk.stopping.set()
            kiosk.rooms.changed()
            for thread in threads:
                thread.join()
            agent.close()
            kiosk.database.close()


class Agent:
    """The sync agent's own uploader and inbox of rooms, at a quicker pace, and what the kiosk does with what comes."""

    def __init__(self, data: Path, kiosk: Kiosk) -> None:
        identity = read_identity(data)
        if identity is None:
            raise click.ClickException(f"{data}: this door was not enrolled")
        key, clock, chance = DeviceKey.load(data / KEY_NAME), kiosk.clock, random.SystemRandom().random

        def client() -> ServerClient:
            auth = RequestSigner(key, identity.device_id)
            link = ServerLink(identity.server_url, auth, clock, ca_file=None, timeouts=Timeouts())
            return ServerClient(link, identity.device_id, identity.server_key)

        def new_epoch(after: str, reason: str) -> None:
            ask_for_epoch(data, NewEpoch(after=after, device_id=identity.device_id, place_id=identity.place_id, reason=reason))

        self._data, self._kiosk = data, kiosk
        self._clients, self._backlogs = [client() for _ in range(2)], [Backlog(data / "kiosk.db") for _ in range(2)]
        self._state = open_state(data / "sync.db", clock)
        self._inbox = RoomsInbox(data, self._backlogs[0], self._state, self._clients[0], clock=clock, chance=chance)
        self._uploader = Uploader(
            self._backlogs[1],
            self._state,
            self._clients[1],
            new_epoch=new_epoch,
            chance=chance,
            clock=clock,
            on_rooms=self._inbox.newer,
        )

    def send(self, stop: threading.Event) -> None:
        """Upload what is journaled, until stopped."""
        while not stop.is_set():
            wait_s = self._uploader.step()
            stop.wait(min(wait_s, _LOOK_S))

    def fetch(self, stop: threading.Event) -> None:
        """Fetch what the server says of rooms and apply it, until stopped."""
        while not stop.is_set():
            self._inbox.step()
            if apply_inbox(self._data, self._kiosk.database, self._kiosk.clock.now()).applied:
                self._kiosk.rooms.changed()
            if not self._kiosk.health.health.online:
                self._kiosk.health.refresh()
            self._inbox.wait(_ASK_S)

    def is_sent(self, last: int) -> bool:
        """True once the server has confirmed every row through `last`."""
        return progress.through(self._state.acked(self._kiosk.database.journal.origin.epoch)) >= last

    def close(self) -> None:
        """Let everything go. The threads must have ended."""
        for link, backlog in zip(self._clients, self._backlogs, strict=True):
            link.close()
            backlog.close()
        self._state.close()


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="The door's folder.")
@click.option("--room", "room_id", required=True, help="The room of the race.")
def main(data: Path, room_id: str) -> None:
    """Be one door of the race until standard input ends."""
    sys.setswitchinterval(_SWITCH_S)
    with running(data, room_id) as racer:
        for line in sys.stdin:
            click.echo(msgspec.json.encode(racer.do(line)))


if __name__ == "__main__":
    main()
