"""The site of the race: a central server, and two doors of a room of one place, each a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from kiosk.simulation.racer import Answer
from sync.clock import SystemClock
from sync.identity import KEY_NAME, DeviceKey, Identity, write_identity
from sync.protocol.rooms import PassKind, Room
from sync.server.app import open_store
from sync.server.database import Database
from sync.server.room_setup import RoomSetup, Setup

ROOM_ID, DOORS = "satu", ("Pintu utama", "Pintu samping")
_ENDS_WITHIN_S = 10
# Doors that ask as soon as they can ask oftener than a door may.
_SERVER = 'database = "{database}"\nbind = "127.0.0.1:0"\nrequests_per_s = 10000\nrequests_at_once = 10000\n'


class HasEnded(Exception):
    """One of the programs is gone; it has said why on standard error."""


class DoorProcess:
    """A door of the race: commands go in, answers come out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def tell(self, command: str) -> None:
        """Give a command; `answer` must be asked for before the next.

        Raises:
            HasEnded
        """
        if self._process.stdin is None or self._process.poll() is not None:
            raise HasEnded("a door has ended")
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def answer(self) -> Answer:
        """What the door answers.

        Raises:
            HasEnded
        """
        line = "" if self._process.stdout is None else self._process.stdout.readline()
        if not line:
            raise HasEnded("a door has ended")
        return msgspec.json.decode(line, type=Answer)

    def do(self, command: str) -> Answer:
        """Give a command and wait for its answer.

        Raises:
            HasEnded
        """
        self.tell(command)
        return self.answer()


@dataclass(frozen=True, slots=True)
class Site:
    """The two doors, and the server's settings file."""

    doors: tuple[DoorProcess, DoorProcess]
    central: Path

    def listed(self) -> dict[str, Any]:
        """The room as `gapura central rooms list` tells it."""
        return _json_lines("central", "rooms", "list", "--json", "--config", str(self.central))[0]

    def entered(self) -> int:
        """Visits that the server has heard of."""
        events = _json_lines("central", "export", "--json", "--config", str(self.central))
        return sum(event["kind"] == "visitor.entered" for event in events)


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Server and doors over loopback, in a folder of their own; they end with the block.

    Raises:
        HasEnded: one of them did not start.
    """
    central, database = folder / "central.toml", f"sqlite:///{(folder / 'central.db').absolute()}"
    central.write_text(_SERVER.format(database=database), encoding="utf-8")
    places = [folder / str(number) for number in range(len(DOORS))]
    with ExitStack() as stack:
        server = stack.enter_context(_process("kiosk", "central", "--config", str(central), "--json"))
        line = "" if server.stdout is None else server.stdout.readline()
        if not line.strip():
            raise HasEnded("`gapura central` did not start")
        _set_up(database, json.loads(line)["central"], places)
        arguments = ("kiosk.simulation.racer", "--room", ROOM_ID, "--data")
        one, other = (DoorProcess(stack.enter_context(_process(*arguments, str(each)))) for each in places)
        yield Site((one, other), central)


def _set_up(database: str, url: str, places: Sequence[Path]) -> None:
    """The doors as the server knows them, each door's own key and identity, and the room of one place."""
    now = SystemClock().now().claimed_at
    with closing(Database(database)) as opened:
        store, ids = open_store(opened), []
        for name, data in zip(DOORS, places, strict=True):
            data.mkdir()
            key, place_id = DeviceKey.create(data / KEY_NAME), name.lower().replace(" ", "-")
            device = store.devices.add(
                name, place_id=place_id, time_zone="Asia/Jakarta", now=now, site="race", public_key=key.public
            )
            identity = Identity(
                device_id=device.id,
                name=name,
                place_id=place_id,
                site=device.site,
                time_zone=device.time_zone,
                server_url=url.rstrip("/"),
                server_key=store.keys.public,
            )
            write_identity(data, identity)
            ids.append(device.id)
        room = Room(id=ROOM_ID, name="Ruang satu", max_people=1, pass_kind=PassKind.PAPER, doors=ids)
        RoomSetup(opened).put(Setup(rooms=(room,)), now=now)


@contextmanager
def _process(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _json_lines(*arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-m", "kiosk", *arguments], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
