"""`gapura demo`: a kiosk, its sync agent and a central server on this machine, as the processes they really are.

Only the light and the warmth are simulated: a virtual camera and a virtual thermometer stand where devices would be plugged in.
"""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import click

from kiosk import logs, settings
from kiosk.cli.options import fail
from kiosk.services import pins
from kiosk.services.changes import DirectoryChange, NewGuard, write_durably
from kiosk.simulation import people
from kiosk.simulation.relay import Relay
from kiosk.simulation.simulator import Simulator
from kiosk.simulation.web import create_simulator_app
from kiosk.web.serve import KioskServer
from kiosk.wiring import station_secret, submit_change
from sync.clock import SystemClock
from sync.server.app import open_store
from sync.server.database import Database
from sync.server.documents import read_import

GUARD_ID, GUARD_NAME, GUARD_PIN = "satpam", "Petugas Jaga", "2580"
_CHILD_STOPS_WITHIN_S = 10
_SIMULATOR_THREADS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a demonstration keeps its things."""

    data: Path

    @property
    def station(self) -> Path:
        return self.data / "station"

    @property
    def central(self) -> Path:
        return self.data / "central"

    @property
    def badges(self) -> Path:
        return self.data / "badges" / "demo.json"

    @property
    def central_database(self) -> str:
        return f"sqlite:///{self.central.absolute() / 'central.db'}"


@click.command("demo")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-data"), show_default=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The panel's port; 0 picks free ones."
)
@click.option("--json", "as_json", is_flag=True, help="When ready, print the addresses as one JSON line.")
@click.option("--thermometer", "kind", default="gy-mcu90614", show_default=True, help="The kind to simulate, or off.")
def demo(data: Path, port: int, as_json: bool, kind: str) -> None:
    """Run a whole door on this machine, with simulated devices and demonstration staff. Ctrl-C stops it."""
    logs.set_up(verbose=False)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with ExitStack() as stack:
            _run(Place(data.absolute()), port, kind, as_json, stack, stop)
    except OSError as exc:
        raise fail(f"{data}: {exc.strerror or exc}; the demonstration must be able to write its data folder") from exc


def _run(place: Place, port: int, kind: str, as_json: bool, stack: ExitStack, stop: threading.Event) -> None:
    for folder in (place.station, place.central, place.badges.parent):
        folder.mkdir(parents=True, exist_ok=True)
    device_id, codes = prepare(place)
    central = _child(
        stack, "central", "--database", place.central_database, "--bind", f"127.0.0.1:{port + 3 if port else 0}", "--json"
    )
    central_url = _ready(central, "central")["central"]
    relay = Relay("127.0.0.1", int(central_url.rstrip("/").rpartition(":")[2]))
    run_folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gapura-")))
    simulator = stack.enter_context(
        closing(Simulator(run_folder, relay=relay, people=codes, now=time.monotonic_ns, kind=_sim_kind(kind)))
    )
    simulator.wait_ready()
    _write_settings(place, device_id, port, relay.port, simulator, kind)
    kiosk = _child(stack, "kiosk", "--config", str(place.station / "kiosk.toml"), "--json")
    addresses = _ready(kiosk, "kiosk")
    sync = _child(stack, "sync", "--config", str(place.station / "sync.toml"))
    server = _serve_simulator(simulator, addresses, central_url, port + 2 if port else 0)
    stack.callback(server.stop)
    everything = {
        "panel": addresses["panel"],
        "guard": addresses["guard"],
        "simulator": f"http://127.0.0.1:{server.port}",
        "central": central_url,
        "data": str(place.data),
    }
    click.echo(json.dumps(everything) if as_json else _welcome(everything))
    _watch({"central": central, "kiosk": kiosk, "sync": sync}, stop)


def prepare(place: Place) -> tuple[str, list[tuple[str, str]]]:
    """Staff, badges, a guard and this door at the server; made once, found again later. Gives the device id and the codes."""
    known = place.data / "demo.json"
    if known.exists():
        kept = json.loads(known.read_text(encoding="utf-8"))
        return kept["device_id"], [tuple(pair) for pair in kept["codes"]]
    staff = people.make_staff(os.urandom)
    directory = json.loads(json.dumps({"version": 1}))
    directory["people"] = [{f: getattr(p, f) for f in p.__struct_fields__} for p in staff.directory.people]
    directory["badges"] = [{f: getattr(b, f) for f in b.__struct_fields__} for b in staff.directory.badges]
    directory["photos"] = {sha256: base64.b64encode(content).decode() for sha256, content in staff.photos.items()}
    now = SystemClock().now().claimed_at
    with closing(Database(place.central_database)) as database:
        database.migrate()
        store = open_store(database)
        device, key = store.devices.add("Pintu utama", place_id="pintu-utama", time_zone="Asia/Jakarta", now=now, site="demo")
        store.documents.replace_directory(read_import(json.dumps(directory).encode()), now=now, progress=lambda: None)
    _write_private(place.station / "server.key", key + "\n")
    _write_private(place.badges, json.dumps(dict(staff.codes), ensure_ascii=False, indent=1))
    guard = NewGuard(GUARD_ID, GUARD_NAME, "guard", pins.hash_pin(GUARD_PIN, station_secret(place.station)))
    station = settings.Settings(data=str(place.station), station=settings.Station(device_id=device.id))
    submit_change(station, DirectoryChange(guards=[guard]), {})
    write_durably(known, json.dumps({"device_id": device.id, "codes": staff.codes}).encode())
    return device.id, staff.codes


def _write_settings(place: Place, device_id: str, port: int, relay_port: int, simulator: Simulator, kind: str) -> None:
    q = json.dumps  # a JSON string is a TOML basic string
    kiosk = f"""data = {q(str(place.station))}
[station]
name = "Kantor Bupati (demo)"
place = "Pintu utama"
device_id = {q(device_id)}
[web]
port = {port}
[camera]
source = {q(f"virtual:{simulator.camera.socket_path}")}
[thermometer]
kind = {q(kind)}
port = {q(simulator.thermometer.port)}
simulated = true
[clock]
synced_by = "host"
"""
    sync = f"""data = {q(str(place.station))}
[server]
url = "http://127.0.0.1:{relay_port}"
key_file = {q(str(place.station / "server.key"))}
[intervals]
documents_s = 3
retry_cap_s = 5
"""
    write_durably(place.station / "kiosk.toml", kiosk.encode())
    write_durably(place.station / "sync.toml", sync.encode())


def _serve_simulator(simulator: Simulator, addresses: dict[str, str], central_url: str, port: int) -> KioskServer:
    links = {"panel": addresses["panel"], "guard": addresses["guard"], "central": central_url}
    app = create_simulator_app(
        simulator, secret_key=secrets.token_bytes(32), allowed_hosts=frozenset({"localhost", "127.0.0.1"}), links=links
    )
    server = KioskServer(app, "127.0.0.1", port, _SIMULATOR_THREADS)
    server.start()
    return server


def _child(stack: ExitStack, *arguments: str) -> subprocess.Popen[str]:
    """A Gapura program of its own, ended with the demonstration."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_CHILD_STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _ready(process: subprocess.Popen[str], name: str) -> dict[str, str]:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line.strip():
        raise fail(f"the {name} did not start; it has said why above")
    found: dict[str, str] = json.loads(line)
    return found


def _watch(children: dict[str, subprocess.Popen[str]], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        for name, process in children.items():
            if process.poll() is not None:
                raise fail(f"the {name} ended by itself with code {process.returncode}; it has said why above")


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _sim_kind(kind: str) -> str:
    return "gy-mcu90614" if kind == "off" else kind


def _welcome(addresses: dict[str, str]) -> str:
    return (
        f"The door is open. Everything here is simulated but the software.\n"
        f"  panel      {addresses['panel']}\n"
        f"  simulator  {addresses['simulator']}   hold a badge to the camera, a forehead to the sensor\n"
        f"  guard      {addresses['guard']}   sign in as {GUARD_NAME}, PIN {GUARD_PIN}\n"
        f"  server     {addresses['central']}\n"
        f"  data       {addresses['data']}\n"
        f"Ctrl-C stops it."
    )
