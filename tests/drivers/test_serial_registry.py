"""The table of kinds."""

import time

import pytest

from drivers.registry import THERMOMETERS, UnknownKind, build_thermometer
from drivers.virtual.thermometer import KINDS


@pytest.mark.parametrize("kind", THERMOMETERS)
def test_every_kind_is_built_and_can_be_simulated(kind: str) -> None:
    """Building opens nothing; the simulated mark is what the caller says; each kind has its simulator."""
    thermometer = build_thermometer(kind, "/nowhere/port", timeout_s=1, now=time.monotonic_ns, simulated=True)
    assert (thermometer.kind, thermometer.simulated) == (kind, True)
    thermometer.close()
    assert kind in KINDS


def test_an_unknown_kind_is_told_with_the_known_ones() -> None:
    """A misspelt kind gets one sentence that names the kinds there are."""
    with pytest.raises(UnknownKind, match=r"'gy-90614' is no kind of thermometer; known are: gy-mcu90614, mlx90614-text"):
        build_thermometer("gy-90614", "/nowhere/port", timeout_s=1, now=time.monotonic_ns)
