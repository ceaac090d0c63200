"""Decoders of thermometer protocols against the vectors of their makers and of people who own them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.framing import sum8
from drivers.thermometers.decoding import Decoded, Reading
from drivers.thermometers.gy_mcu90614 import COMMANDS, GyMcu90614Decoder
from drivers.thermometers.mlx90614_text import Mlx90614TextDecoder
from drivers.virtual.thermometer import gy_mcu90614_bytes, mlx90614_text_bytes

VENDOR = bytes.fromhex("5A5A45040C780D19A7")
MADE_UP = bytes.fromhex("5A5A45040E4409E941")
SKETCH = (
    b"Adafruit MLX90614 test\r\nEmissivity = 0.98\r\n================================================\r\n"
    b"Ambient = 25.37*C\tObject = 36.51*C\r\nAmbient = 77.67*F\tObject = 97.72*F\r\n\r\n"
)
HUNDREDTHS = st.integers(-32768, 32767)


@pytest.mark.parametrize(
    ("frame", "object_c", "ambient_c"),
    [
        pytest.param(VENDOR, 31.92, 33.53, id="maker's example"),
        pytest.param(MADE_UP, 36.52, 25.37, id="made up"),
        pytest.param(bytes.fromhex("5A5A4504954D954DC1"), -273.15, -273.15, id="sentinel"),
        pytest.param(bytes.fromhex("5A5A4504FF3806A4DE"), -2.0, 17.0, id="below zero"),
    ],
)
def test_gy_mcu90614_vectors(frame: bytes, object_c: float, ambient_c: float) -> None:
    """A frame gives its two temperatures, signed, and unaltered even when they are nonsense."""
    assert GyMcu90614Decoder().feed(frame) == Decoded((Reading(object_c=object_c, ambient_c=ambient_c),))


@pytest.mark.parametrize("frame_type", ["25", "35"])
def test_gy_mcu90614_frames_of_other_types_are_ignored(frame_type: str) -> None:
    """An answer to a setting is neither a temperature nor damage."""
    head = bytes.fromhex(f"5A5A{frame_type}0162")
    decoded = GyMcu90614Decoder().feed(head + bytes([sum(head) & 0xFF]) + VENDOR)
    assert (len(decoded.readings), decoded.damage) == (1, 0)


def test_gy_mcu90614_boards_with_ten_bytes_are_read_too() -> None:
    """The byte that some boards add after the sum is skipped in silence."""
    decoded = GyMcu90614Decoder().feed((VENDOR + b"\x07") * 3)
    assert (len(decoded.readings), decoded.damage) == (3, 0)


def test_gy_mcu90614_a_wrong_sum_is_damage() -> None:
    """A frame whose sum is wrong gives no number."""
    decoded = GyMcu90614Decoder().feed(VENDOR[:-1] + b"\x00")
    assert decoded.readings == ()
    assert decoded.damage > 0


@given(object_=HUNDREDTHS, ambient=HUNDREDTHS, step=st.integers(1, 12))
def test_gy_mcu90614_every_value_survives(object_: int, ambient: int, step: int) -> None:
    """Whatever 16 bits can carry arrives as it was sent, however it is cut."""
    stream = gy_mcu90614_bytes(object_ / 100, ambient / 100)
    decoder = GyMcu90614Decoder()
    readings = [r for at in range(0, len(stream), step) for r in decoder.feed(stream[at : at + step]).readings]
    assert readings == [Reading(object_c=object_ / 100, ambient_c=ambient / 100)]


@pytest.mark.parametrize(("name", "hexed"), [
    ("continuous", "A545EA"), ("query", "A515BA"), ("baud_9600", "A5AE53"),
    ("baud_115200", "A5AF54"), ("speak_at_power_up", "A551F6"), ("silent_at_power_up", "A552F7"),
])  # fmt: skip
def test_gy_mcu90614_commands(name: str, hexed: str) -> None:
    """The table holds the maker's bytes, and each sum is right."""
    assert COMMANDS[name] == bytes.fromhex(hexed)
    assert sum8()(COMMANDS[name])


@pytest.mark.parametrize("step", [1, 3, 10, 1000])
def test_text_gives_the_celsius_line_only(step: int) -> None:
    """Banner, Fahrenheit and empty lines are neither readings nor damage."""
    decoder = Mlx90614TextDecoder()
    parts = [decoder.feed(SKETCH[at : at + step]) for at in range(0, len(SKETCH), step)]
    assert [r for part in parts for r in part.readings] == [Reading(object_c=36.51, ambient_c=25.37)]
    assert sum(part.damage for part in parts) == 0


@pytest.mark.parametrize("value", ["1037.55", "-273.15", "-273.01", "54.67", "-115.00"])
def test_text_sentinels_pass_raw(value: str) -> None:
    """What a sensor says when it is disconnected is handed on as it is; judging it is not the driver's."""
    decoded = Mlx90614TextDecoder().feed(f"Ambient = {value}*C\tObject = {value}*C\r\n".encode())
    assert decoded.readings == (Reading(object_c=float(value), ambient_c=float(value)),)


def test_text_nan_passes_as_nan() -> None:
    """`nan` is a reading that is no number, not a line to skip."""
    (reading,) = Mlx90614TextDecoder().feed(b"Ambient = nan*C\tObject = nan*C\r\n").readings
    assert reading.object_c is not None
    assert math.isnan(reading.object_c)


@pytest.mark.parametrize(
    "line",
    [
        b"7*C\tObject = 36.51*C",
        b"36.Ambient = 25.37*C\tObject = 36.51*C",
        b"Ambient = 25.37*C\tObject = 36.51*C\tAmbient = 2",
        b"Ambient = 25.37*C\tObject = 36.5*C",
        b"Ambient = 25.37*C\tObject = 36.51",
        b"Ambient = 25.37*CObject = 36.51*C",
        b"Ambient = 25.37*F\tObject = 36.51*C",
        b"\xff\xfe\x00garbage",
    ],
)
def test_text_a_line_of_another_form_is_damage(line: bytes) -> None:
    """There is no checksum, so a line in which anything is missing gives no number."""
    assert Mlx90614TextDecoder().feed(line + b"\r\n") == Decoded(damage=1)


def test_text_a_missing_sensor_is_a_complaint() -> None:
    """The sketch's own error is told in words that say what to do."""
    decoded = Mlx90614TextDecoder().feed(b"Error connecting to MLX sensor. Check wiring.\r\n")
    assert "wiring" in decoded.complaint


@given(object_=st.integers(-99999, 199999), ambient=st.integers(-99999, 199999))
def test_text_every_value_survives(object_: int, ambient: int) -> None:
    """Whatever the sketch prints in Celsius arrives as printed, and only that."""
    decoded = Mlx90614TextDecoder().feed(mlx90614_text_bytes(object_ / 100, ambient / 100))
    assert decoded == Decoded((Reading(object_c=object_ / 100, ambient_c=ambient / 100),))
