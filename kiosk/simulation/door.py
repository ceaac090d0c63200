"""A whole simulated door: central server, kiosk and sync agent as processes of their own, over simulated devices and network."""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

from kiosk import settings
from kiosk.services import pins
from kiosk.services.changes import DirectoryChange, NewGuard, write_durably
from kiosk.services.private_files import write_private
from kiosk.services.station_secret import station_secret
from kiosk.simulation import people, visitors
from kiosk.simulation.relay import Relay
from kiosk.simulation.simulator import Simulator
from kiosk.wiring import submit_change
from sync.clock import Moment, SystemClock
from sync.identity import KEY_NAME, DeviceKey, Identity, write_identity
from sync.server.app import open_store
from sync.server.database import Database
from sync.server.documents import read_import
from sync.server.serving import CannotListen, free_port
from sync.server.store import Device

GUARD_ID, GUARD_NAME, GUARD_PIN = "satpam", "Petugas Jaga", "2580"
_CHILD_STOPS_WITHIN_S = 10


class DidNotStart(Exception):
    """One of the programs ended before it was ready; it has said why on standard error."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a simulated door keeps its things. `site` is the folder of the door whose server it uses, None for its own."""

    data: Path
    site: Path | None = None

    @property
    def name(self) -> str:
        return "Pintu utama" if self.site is None else "Pintu samping"

    @property
    def station(self) -> Path:
        return self.data / "station"

    @property
    def central(self) -> Path:
        return (self.site or self.data) / "central"

    @property
    def badges(self) -> Path:
        return self.data / "badges" / "demo.json"

    @property
    def cards(self) -> Path:
        return self.data / "badges" / "cards.json"

    @property
    def central_database(self) -> str:
        return f"sqlite:///{self.central.absolute() / 'central.db'}"


class SimulatedDoor:
    """Everything at one door and behind it. Use as a context; leaving it ends every process."""

    def __init__(
        self,
        place: Place,
        *,
        port: int = 0,
        kind: str = "gy-mcu90614",
        station: Mapping[str, object] | None = None,
        beside: "SimulatedDoor | None" = None,
    ) -> None:
        """`port` is the panel's, the server's is three above; 0 takes free ones. `kind` is a thermometer's, or "off".

        `station` overrides keys of the kiosk's [station] settings. With `beside` it is another door of that one's site, whose
        folder is `place.site`.
        """
        self._place, self._port, self._kind, self._station = place, port, kind, dict(station or {})
        self._beside = beside
        self._stack = ExitStack()
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.addresses: dict[str, str] = {}
        self._commands: dict[str, tuple[str, ...]] = {}

    def kill(self, name: str) -> None:
        """End a program as a pulled plug would, without a word (SIGKILL)."""
        self.processes[name].kill()
        _end(self.processes[name])

    def restart(self, name: str) -> None:
        """Start a program that has ended again, as it was; the server is at the same address, a kiosk perhaps at another.

        Raises:
            DidNotStart
        """
        if name == "central":
            _until_free(int(self.addresses["central"].rstrip("/").rpartition(":")[2]))
        if name == "sync":
            self._spawn(name, *self._commands[name])
        else:
            self.addresses |= self._ready(name, *self._commands[name])

    def __enter__(self) -> "SimulatedDoor":
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        place = self._place
        for folder in (place.station, place.central, place.badges.parent):
            folder.mkdir(parents=True, exist_ok=True)
        device_id, codes = prepare(place)
        central_url = self._serve() if self._beside is None else self._beside.addresses["central"]
        address = central_url.rstrip("/").rpartition("/")[2]
        relay = Relay("127.0.0.1", int(address.rpartition(":")[2]))
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gapura-")))
        simulated_kind = "gy-mcu90614" if self._kind == "off" else self._kind
        self.simulator = self._stack.enter_context(
            closing(Simulator(folder, relay=relay, people=codes, now=time.monotonic_ns, kind=simulated_kind))
        )
        self.simulator.wait_ready()
        self._write_settings(device_id, relay.port)
        found = self._ready("kiosk", "--config", str(place.station / "kiosk.toml"), "--json")
        self._spawn("sync", "--config", str(place.station / "sync.toml"))
        self.addresses = {**found, "central": central_url, "data": str(place.data)}

    def _serve(self) -> str:
        """Start the server; gives its address."""
        database, bind = self._place.central_database, f"127.0.0.1:{self._port + 3 if self._port else 0}"
        url = self._ready("central", "--database", database, "--bind", bind, "--json")["central"]
        self._commands["central"] = ("--database", database, "--bind", url.rstrip("/").rpartition("/")[2], "--json")
        return url

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "kiosk", name, *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._stack.callback(_end, process)
        self.processes[name], self._commands[name] = process, arguments
        return process

    def _ready(self, name: str, *arguments: str) -> dict[str, str]:
        process = self._spawn(name, *arguments)
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line.strip():
            raise DidNotStart(f"`gapura {name}` did not start; it has said why above")
        found: dict[str, str] = json.loads(line)
        return found

    def _write_settings(self, device_id: str, relay_port: int) -> None:
        station = {"name": "Kantor Bupati (demo)", "place": self._place.name, "device_id": device_id, **self._station}
        kiosk: dict[str, Mapping[str, object]] = {
            "station": station,
            "web": {"port": self._port},
            "camera": {"source": f"virtual:{self.simulator.camera.socket_path}"},
            "thermometer": {"kind": self._kind, "port": self.simulator.thermometer.port, "simulated": True},
            "printer": {"kind": "network", "address": self.simulator.printer.address, "timeout_s": 1.0},
            "clock": {"synced_by": "host"},
        }
        sync: dict[str, Mapping[str, object]] = {
            "server": {"url": f"http://127.0.0.1:{relay_port}"},
            "intervals": {"documents_s": 3, "retry_cap_s": 5},
        }
        for name, tables in (("kiosk.toml", kiosk), ("sync.toml", sync)):
            write_durably(self._place.station / name, _toml(str(self._place.station), tables).encode())


def prepare(place: Place) -> tuple[str, list[tuple[str, str]]]:
    """Staff, badges, rooms, a guard and this door at the server: made once, found again later. Gives device id and codes."""
    known = place.data / "demo.json"
    if known.exists():
        kept = json.loads(known.read_text(encoding="utf-8"))
        return kept["device_id"], [(name, code) for name, code in kept["codes"]]
    moment = SystemClock().now()
    with closing(Database(place.central_database)) as database:
        database.migrate()
        device, server_key = _joined(place, database, moment)
        badges, cards = _another(place, database, device, moment) if place.site else _first(database, device, moment)
    identity = Identity(
        device_id=device.id,
        name=device.name,
        place_id=device.place_id,
        site=device.site,
        time_zone=device.time_zone,
        server_url="http://127.0.0.1",  # a free port each time: sync.toml names it
        server_key=server_key,
    )
    write_identity(place.station, identity)
    write_private(place.badges, json.dumps(badges, ensure_ascii=False, indent=1).encode())
    write_private(place.cards, json.dumps(cards, indent=1).encode())
    guard = NewGuard(GUARD_ID, GUARD_NAME, "guard", pins.hash_pin(GUARD_PIN, station_secret(place.station)))
    door = settings.Settings(data=str(place.station), station=settings.Station(device_id=device.id))
    submit_change(door, DirectoryChange(guards=[guard]), {})
    codes = [*badges.items(), *((f"Kartu tamu {number}", code) for number, code in cards.items())]
    write_durably(known, json.dumps({"device_id": device.id, "codes": codes}).encode())
    return device.id, codes


def _joined(place: Place, database: Database, moment: Moment) -> tuple[Device, str]:
    """This door as the server knows it, and the server's key."""
    store, key = open_store(database), DeviceKey.create(place.station / KEY_NAME)
    place_id = place.name.lower().replace(" ", "-")
    device = store.devices.add(
        place.name, place_id=place_id, time_zone="Asia/Jakarta", now=moment.claimed_at, site="demo", public_key=key.public
    )
    return device, store.keys.public


def _first(database: Database, device: Device, moment: Moment) -> tuple[dict[str, str], dict[int, str]]:
    """Badges by name and visitors' cards by number, made for a new site."""
    staff = people.make_staff(os.urandom)
    store = open_store(database)
    store.documents.replace_directory(read_import(_export(staff)), now=moment.claimed_at, progress=lambda: None)
    today = moment.wall.date()
    cards = visitors.set_up(database, device.id, today=today, now=moment.claimed_at, random_bytes=os.urandom)
    return dict(staff.codes), cards


def _another(place: Place, database: Database, device: Device, moment: Moment) -> tuple[dict[str, str], dict[int, str]]:
    """The same, of the site that this door joins."""
    visitors.add_door(database, device.id, now=moment.claimed_at)
    first = Place(place.site or place.data)
    return json.loads(first.badges.read_text(encoding="utf-8")), json.loads(first.cards.read_text(encoding="utf-8"))


def _export(staff: people.Staff) -> bytes:
    """The staff as `gapura staff export` writes them."""
    photos = {sha256: base64.b64encode(content).decode() for sha256, content in staff.photos.items()}
    return msgspec.json.encode({**msgspec.structs.asdict(staff.directory), "photos": photos})


def _toml(data: str, tables: Mapping[str, Mapping[str, object]]) -> str:
    lines = [f"data = {json.dumps(data)}"]  # a JSON string, number or boolean is a TOML one too
    for name, values in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _until_free(port: int) -> None:
    """Wait until nobody listens there: a killed server's workers notice a moment later."""
    pause = threading.Event()
    for _ in range(_CHILD_STOPS_WITHIN_S * 10):
        try:
            free_port("127.0.0.1", port)
            return
        except CannotListen:
            pause.wait(0.1)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_CHILD_STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
