"""`gapura demo`: a kiosk, its sync agent and a central server on this machine, as the processes they really are.

Only the light and the warmth are simulated: a virtual camera and a virtual thermometer stand where devices would be plugged in.
"""

import json
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from kiosk import logs
from kiosk.cli.options import fail
from kiosk.simulation.door import GUARD_NAME, GUARD_PIN, DidNotStart, Place, SimulatedDoor
from kiosk.simulation.web import create_simulator_app
from kiosk.web.serve import KioskServer

_SIMULATOR_THREADS = 8


@click.command("demo")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-data"), show_default=True)
@click.option("--port", type=click.IntRange(0, 65000), default=8080, show_default=True, help="The panel's; 0 picks free ports.")
@click.option("--json", "as_json", is_flag=True, help="When ready, print the addresses as one JSON line.")
@click.option("--thermometer", "kind", default="gy-mcu90614", show_default=True, help="The kind to simulate, or off.")
def demo(data: Path, port: int, as_json: bool, kind: str) -> None:
    """Run a whole door on this machine, with simulated devices and demonstration staff. Ctrl-C stops it."""
    logs.set_up(verbose=False)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with SimulatedDoor(Place(data.absolute()), port=port, kind=kind) as door, _simulator_page(door, port) as simulator:
            addresses = {**door.addresses, "simulator": simulator}
            click.echo(json.dumps(addresses) if as_json else _welcome(addresses))
            _watch(door, stop)
    except DidNotStart as exc:
        raise fail(str(exc)) from exc
    except OSError as exc:
        raise fail(f"{data}: {exc.strerror or exc}; the demonstration needs a data folder it can write, and free ports") from exc


@contextmanager
def _simulator_page(door: SimulatedDoor, port: int) -> Iterator[str]:
    links = {name: door.addresses[name] for name in ("panel", "guard", "central")}
    hosts = frozenset({"localhost", "127.0.0.1"})
    app = create_simulator_app(door.simulator, secret_key=secrets.token_bytes(32), allowed_hosts=hosts, links=links)
    server = KioskServer(app, "127.0.0.1", port + 2 if port else 0, _SIMULATOR_THREADS)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()


def _watch(door: SimulatedDoor, stop: threading.Event) -> None:
    """Wait for the end; a program that ends by itself ends the demonstration."""
    while not stop.wait(0.5):
        for name, process in door.processes.items():
            if process.poll() is not None:
                raise DidNotStart(f"`gapura {name}` ended by itself with code {process.returncode}; it has said why above")


def _welcome(addresses: dict[str, str]) -> str:
    return (
        "The door is open. All of it is real but the light and the warmth.\n"
        f"  panel      {addresses['panel']}\n"
        f"  simulator  {addresses['simulator']}   hold a badge to the camera, a forehead to the sensor\n"
        f"  guard      {addresses['guard']}   sign in as {GUARD_NAME}, PIN {GUARD_PIN}\n"
        f"  desk       {addresses['desk']}   who is inside, who waits; the same sign-in\n"
        f"  display    {addresses['display']}   for visitors: places left, numbers called and spoken\n"
        f"  server     {addresses['central']}\n"
        f"  data       {addresses['data']}\n"
        "Ctrl-C stops it."
    )
