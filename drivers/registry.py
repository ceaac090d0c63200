"""The kinds of serial thermometers this library speaks, and how each is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.base import Channel, MonotonicNs, Thermometer
from drivers.serial_link import SerialLink
from drivers.thermometers import gy_mcu90614
from drivers.thermometers.decoding import Decoder
from drivers.thermometers.gy_mcu90614 import GyMcu90614Decoder
from drivers.thermometers.mlx90614_text import Mlx90614TextDecoder
from drivers.thermometers.serial_thermometer import SerialThermometer


class UnknownKind(ValueError):
    """There is no such kind of device. The message names those there are."""


@dataclass(frozen=True, slots=True)
class ThermometerKind:
    """One kind: its baud rate out of the box, what its main number is, its decoder, and what is sent once its port is open."""

    name: str
    baud: int
    channel: Channel
    decoder: Callable[[], Decoder]
    greeting: bytes = b""


THERMOMETERS: Mapping[str, ThermometerKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            # Boards that were set to wait for queries speak by themselves again after the greeting, until their power is cut.
            ThermometerKind("gy-mcu90614", 9600, Channel.OBJECT, GyMcu90614Decoder, gy_mcu90614.COMMANDS["continuous"]),
            ThermometerKind("mlx90614-text", 9600, Channel.OBJECT, Mlx90614TextDecoder),
        )
    }
)
"""Every kind by its name."""


def thermometer_kind(name: str) -> ThermometerKind:
    """The kind of that name.

    Raises:
        UnknownKind
    """
    try:
        return THERMOMETERS[name]
    except KeyError:
        raise UnknownKind(f"{name!r} is no kind of thermometer; known are: {', '.join(THERMOMETERS)}") from None


def build_thermometer(
    kind: str,
    port: str,
    *,
    timeout_s: float,
    now: MonotonicNs,
    simulated: bool = False,
    baud: int | None = None,
) -> Thermometer:
    """A thermometer on that port, not opened yet. `baud` is only for a device that was set to another rate than its kind's.

    Raises:
        UnknownKind; ValueError for a `baud` that is no standard rate
    """
    spec = thermometer_kind(kind)
    return SerialThermometer(
        SerialLink(port, baud=baud or spec.baud, timeout_s=timeout_s),
        spec.decoder(),
        kind=spec.name,
        channel=spec.channel,
        timeout_s=timeout_s,
        now=now,
        greeting=spec.greeting,
        simulated=simulated,
    )
