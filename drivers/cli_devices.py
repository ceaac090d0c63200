"""`gapura devices`: what is plugged in, what it speaks, live readings."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import count as counting

import click

from drivers.base import Sample
from drivers.errors import DeviceError
from drivers.probe import LISTEN_S, Finding, probe
from drivers.registry import THERMOMETERS, build_thermometer
from drivers.serial_link import STANDARD_BAUDS, is_pseudo_terminal, serial_ports

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group()
def devices() -> None:
    """What is plugged in, what it speaks, live readings."""


@devices.command("list", short_help="Serial ports of this machine, and kinds that can be read.")
@_as_json
def list_command(as_json: bool) -> None:
    """List this machine's serial ports, and the kinds of thermometers that can be read.

    The name given first is the one to configure: it stays the same when the device is plugged in again.
    """
    for port in serial_ports():
        details = asdict(port)
        text = "  ".join(detail for detail in (port.port, port.device, port.usb_id, port.description) if detail)
        click.echo(json.dumps(details) if as_json else text)
    for kind in THERMOMETERS.values():
        details = {"kind": kind.name, "baud": kind.baud, "channel": kind.channel}
        click.echo(json.dumps(details) if as_json else f"kind {kind.name}  {kind.baud} baud  measures {kind.channel}")
    if not serial_ports():
        click.echo("No serial port is there; plug a device in, or look at its cable.", err=True)


@devices.command("probe", short_help="Find out what speaks on a port.")
@click.option("--port", metavar="PORT", help="Listen to this port only. Without it: to every serial port of this machine.")
@click.option("--quick", is_flag=True, help="Listen once and briefly; a board that is still starting is missed.")
@_as_json
def probe_command(port: str | None, quick: bool, as_json: bool) -> None:
    """Find out what speaks on a port. It only listens, for up to 8 seconds a silent port, and changes no setting.

    Exit code 1: nothing was recognised.
    """
    ports = [port] if port is not None else [found.port for found in serial_ports()]
    listen_s = LISTEN_S[:1] if quick else LISTEN_S
    findings = [finding for name in ports if (finding := _probe_one(name, listen_s, as_json)) is not None]
    if not ports:
        click.echo("No serial port is there; plug a device in, or look at its cable.", err=True)
    if not any(finding.kind for finding in findings):
        raise SystemExit(1)


def _probe_one(port: str, listen_s: Sequence[float], as_json: bool) -> Finding | None:
    """Probe and print. None when the port cannot be listened to."""
    try:
        finding = probe(port, now=time.monotonic_ns, listen_s=listen_s)
    except DeviceError as exc:
        click.echo(str(exc), err=True)
        return None
    if as_json:
        click.echo(json.dumps(asdict(finding)))
    elif finding.kind is not None:
        click.echo(f"{port}: {finding.kind} at {finding.baud} baud")
    if finding.kind is None:
        click.echo(f"{port}: nothing known speaks here; check power, wiring and that the device sends by itself", err=True)
    return finding


@devices.command("read", short_help="Print live readings.")
@click.option("--port", metavar="PORT", required=True, help="The port's name, best one that `gapura devices list` gives.")
@click.option("--kind", metavar="KIND", type=click.Choice(list(THERMOMETERS)), required=True,
              help=f"What is plugged in there: {', '.join(THERMOMETERS)}.")  # fmt: skip
@click.option("--count", metavar="N", type=click.IntRange(min=1), help="Stop after N readings. Without it: at Ctrl-C.")
@click.option("--baud", metavar="N", type=click.Choice([str(baud) for baud in STANDARD_BAUDS]),
              help="Only for a device that was set to another rate.")  # fmt: skip
@click.option("--timeout", "timeout_s", metavar="S", type=click.FloatRange(min=0.1), default=3.0, show_default=True,
              help="Give up after S seconds without a reading.")  # fmt: skip
@_as_json
def read_command(port: str, kind: str, count: int | None, baud: str | None, timeout_s: float, as_json: bool) -> None:
    """Print readings as the device gives them: nothing is rounded, corrected or judged.

    A number that the device itself calls invalid is "nan", and null under --json.
    """
    simulated = is_pseudo_terminal(port)
    if simulated:
        click.echo(f"SIMULATED: {port} is a pseudo-terminal, no real warmth is measured", err=True)
    thermometer = build_thermometer(
        kind, port, timeout_s=timeout_s, now=time.monotonic_ns, simulated=simulated, baud=_number(baud)
    )
    with _one_sentence_errors(), closing(thermometer):
        for _ in counting() if count is None else range(count):
            sample = thermometer.read()
            click.echo(json.dumps(_as_object(kind, sample)) if as_json else _as_text(sample))


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


@contextmanager
def _one_sentence_errors() -> Iterator[None]:
    """Device trouble ends the command with one sentence and code 1; Ctrl-C is how to end live readings, and no error."""
    try:
        yield
    except DeviceError as exc:
        click.echo(str(exc), err=True)
        raise SystemExit(1) from exc
    except KeyboardInterrupt:
        click.echo("", err=True)


def _numbers(sample: Sample) -> dict[str, float]:
    numbers = {"object_c": sample.object_c, "ambient_c": sample.ambient_c, "body_c": sample.body_c}
    return {name: value for name, value in numbers.items() if value is not None}


def _as_object(kind: str, sample: Sample) -> dict[str, object]:
    # JSON has no NaN.
    numbers = {name: None if math.isnan(value) else value for name, value in _numbers(sample).items()}
    return {"kind": kind, "channel": sample.channel, **numbers}


def _as_text(sample: Sample) -> str:
    return "  ".join(f"{name.removesuffix('_c')} {value:.2f} °C" for name, value in _numbers(sample).items())
