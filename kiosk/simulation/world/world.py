"""One world: three kiosks and a server on one clock; chance decides what happens, the oracles judge it."""

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from kiosk.simulation.disk_files import Image
from kiosk.simulation.world import actions, oracles
from kiosk.simulation.world.central import Central
from kiosk.simulation.world.network import FAIR, Line, Weather
from kiosk.simulation.world.oracles import Ledger
from kiosk.simulation.world.station import Card, Identity, Station
from kiosk.simulation.world.violation import Violation
from sync.clock import ManualClock
from sync.database import DatabaseError
from sync.uploader import IDLE_S

STATIONS = 3
STEPS = 30
_SECOND_NS = 1_000_000_000
_LOOKS_A_WINDOW = 12
_MOST_REQUESTS_AT_ONCE = 200
_PATIENCE_MIN = 45
_AFTER_FAULT_S = 5.0
_MOST_STARTS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a world ended. `trace` is a hash of all that happened: the same for the same seed."""

    violation: str | None
    step: int
    trace: str
    requests: int
    records: int
    world_s: float


@dataclass
class World:
    """What the actions work on."""

    rng: Random
    central: Central
    ledger: Ledger = field(default_factory=Ledger)
    stations: list[Station] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    backups: list[Image] = field(default_factory=list)
    elapsed_ns: int = 0
    step: int = 0
    names: int = 0

    def __post_init__(self) -> None:
        self._trace = hashlib.sha256()
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        """Write into the trace what happened."""
        line = f"{self.step} {self.elapsed_ns // 1_000_000} {text}"
        self._trace.update(line.encode() + b"\n")
        self.lines.append(line)

    def trace(self) -> str:
        """The hash of what happened so far."""
        return self._trace.hexdigest()

    def name(self, what: str) -> str:
        """A name that was not used before."""
        self.names += 1
        return f"{what}-{self.names}"

    def pass_time(self, seconds: float) -> None:
        """Let so much time go by everywhere."""
        self.elapsed_ns += int(seconds * _SECOND_NS)
        for clock in (self.central.clock, *(station.clock for station in self.stations)):
            clock.advance(seconds)

    def add_station(self) -> None:
        """Bring another kiosk in."""
        name = self.name("door")
        rng = Random(self.rng.random())
        station = Station(name, rng, ManualClock(), self.central.public_key, self.ledger.made)
        self.stations.append(station)
        station.line = Line(
            Random(rng.random()),
            station.clock,
            serve=self.central.handle,
            pass_time=self.pass_time,
            note=lambda text: self.note(f"{name} {text}"),
        )
        self.admit(station.identity)
        station.boot()

    def admit(self, identity: Identity) -> None:
        """Let the server know a kiosk."""
        self.central.admit(identity.device_id, identity.key.public)

    def run_for(self, seconds: float) -> None:
        """Let the agents work while so much time goes by."""
        until_ns = self.elapsed_ns + int(seconds * _SECOND_NS)
        look_ns = max(int(IDLE_S * _SECOND_NS), int(seconds * _SECOND_NS) // _LOOKS_A_WINDOW)
        at_once = 0
        while True:
            station = min(self.stations, key=lambda each: each.due_ns)
            if station.due_ns >= until_ns:
                break
            at_once = 0 if station.due_ns > self.elapsed_ns else at_once + 1
            if at_once > _MOST_REQUESTS_AT_ONCE:
                raise Violation(f"{station.name} asks without a pause")
            self.pass_time(max(0, station.due_ns - self.elapsed_ns) / _SECOND_NS)
            self._step_agent(station, look_ns)
        self.pass_time(max(0, until_ns - self.elapsed_ns) / _SECOND_NS)

    def _step_agent(self, station: Station, look_ns: int) -> None:
        asked = station.line.asked
        wait_s = _AFTER_FAULT_S
        with self.survived(station):
            wait_s = station.step_agent()
            if station.line.asked != asked:
                oracles.check_alarm(station)
        if station.line.broke_quiet:
            raise Violation(f"{station.name} asked before the time that the server had asked it to wait for")
        # An agent that finds nothing to send looks again soon; in a long window it is enough if it looks now and then.
        idle = wait_s == IDLE_S and station.line.asked == asked
        station.due_ns = self.elapsed_ns + (look_ns if idle else int(wait_s * _SECOND_NS))

    @contextmanager
    def survived(self, station: Station) -> Iterator[None]:
        """Do something at a kiosk whose power may go meanwhile, or whose disk may fail: then it starts again."""
        try:
            yield
        except DatabaseError as exc:
            self.note(f"{station.name} stops: {type(exc).__name__}")
            self.restart(station)

    def restart(self, station: Station) -> None:
        """Cut the power, or end the programs, and start again, however often it goes once more."""
        trouble = ""
        for _ in range(_MOST_STARTS):
            station.fall_dark()
            try:
                station.boot()
            except DatabaseError as exc:
                trouble = f"{station.name} does not start: {exc}"
                self.note(f"{station.name} stops while it starts")
            else:
                station.due_ns = self.elapsed_ns
                self.note(f"{station.name} started with {len(station.confirmed)} rows")
                return
        raise Violation(trouble)

    def insert_card(self, station: Station, card: Card) -> None:
        """Let a kiosk go on with a copy of a card. Two histories may begin there, and they must not go unseen."""
        station.insert(card)
        self.ledger.parted.add((card.identity.device_id, station.epoch))
        station.due_ns = self.elapsed_ns

    def restore_server(self, image: Image) -> None:
        """Let the server go on with a copy of its database."""
        if not self.central.is_up:
            self.central.start()
        before = oracles.places(self.central)
        self.central.restore(image)
        lost = before - oracles.places(self.central)
        self.ledger.lost |= lost
        self.ledger.set_back |= {epoch for epoch, _ in lost}

    def judge(self) -> None:
        """What must hold at every moment."""
        for station in self.stations:
            with self.survived(station):
                station.check()
        if not self.central.is_up:
            return
        self.ledger.check_server(self.central)
        self.ledger.check_conflicts(self.central)
        there = oracles.places(self.central)
        for station in self.stations:
            with self.survived(station):
                self.ledger.check_acknowledged(there, station)

    def settle(self) -> None:
        """Mend everything, let people come in once more, and see that all there is arrives in time."""
        self.note("mended")
        self.central.start()
        for station in self.stations:
            station.disk.cut_at(None)
            station.disk.fail_at(None, frozenset())
            station.line.weather = Weather(fates=FAIR)
            actions.enrol_if_revoked(self, station)
            actions.tap(self, station)
        for minute in itertools.count():
            left = {each: found for each in self.stations if (found := self.ledger.missing(self.central, each))}
            if not left:
                break
            if minute == _PATIENCE_MIN:
                station, records = next(iter(left.items()))
                raise Violation(f"{station.name}: {len(records)} rows are still not at the server {minute} minutes later")
            self.run_for(60.0)
            if minute % 10 == 5:
                for station in left:
                    actions.tap(self, station)  # an epoch that was asked for begins with the next fact
        self.run_for(60.0)
        self.note(f"settled with {[len(each.confirmed) for each in self.stations]}")


def run_episode(central: Central, seed: int, steps: int = STEPS) -> Outcome:
    """Live the world of that seed to its end."""
    rng = Random(seed)
    central.begin(Random(rng.random()))
    world, violation = World(rng, central), None
    try:
        for _ in range(STATIONS):
            world.add_station()
        for world.step in range(1, steps + 1):
            actions.choose(world)
            world.run_for(_window_s(rng))
            world.judge()
        world.step = steps + 1
        world.settle()
        world.judge()
    except Violation as exc:
        violation = str(exc)
    finally:
        for station in world.stations:
            station.close()
    _raise_unexpected(world)
    return Outcome(
        violation,
        world.step,
        world.trace(),
        sum(station.line.asked for station in world.stations),
        sum(len(station.confirmed) for station in world.stations),
        world.elapsed_ns / _SECOND_NS,
    )


def _raise_unexpected(world: World) -> None:
    for disk in (world.central.disk, *(station.disk for station in world.stations)):
        if disk.unexpected:
            raise disk.unexpected.pop()


def _window_s(rng: Random) -> float:
    kind = rng.random()
    if kind < 0.6:
        return rng.uniform(0.2, 5)
    return rng.uniform(5, 120) if kind < 0.9 else rng.uniform(600, 3600)
