"""`gapura devices`, as scripts and people use it."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drivers.cli import commands
from drivers.cli_devices import devices
from drivers.registry import THERMOMETERS
from drivers.serial_link import SerialLink
from drivers.virtual.pty_port import PtyPort
from drivers.virtual.thermometer import Fault, VirtualThermometer

pytestmark = pytest.mark.pty


@pytest.fixture(params=list(THERMOMETERS))
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VirtualThermometer]:
    device = VirtualThermometer(tmp_path, kind=request.param, now=time.monotonic_ns, rng=random.Random(1), rate_hz=40)
    device.start()
    yield device
    device.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(devices, words)


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_group_is_contributed() -> None:
    """`gapura` gets the group from this package."""
    assert devices in commands


@pytest.mark.parametrize("words", [(), ("list",), ("probe",), ("read",)])
def test_help_reads_well(words: tuple[str, ...]) -> None:
    """Each command says in a sentence what it does, and each option what it is for."""
    result = run(*words, "--help")
    assert result.exit_code == 0
    _usage, about, *_rest = result.stdout.split("\n\n")
    assert about.endswith(".")
    options = [line for line in result.stdout.splitlines() if line.startswith("  --")]
    assert options
    assert all(len(line.split("  ")) > 2 for line in options)


def test_read_gives_the_fixed_keys(device: VirtualThermometer) -> None:
    """`read --json` prints one object a reading, with the keys that scripts rely on; what is not measured is absent."""
    result = run("read", "--port", device.port, "--kind", device.kind, "--count", "3", "--json")
    assert result.exit_code == 0
    found = objects(result)
    assert len(found) == 3
    for each in found:
        assert list(each) == ["kind", "channel", "object_c", "ambient_c"]
        assert (each["kind"], each["channel"]) == (device.kind, "object")


def test_read_says_that_it_is_simulated(device: VirtualThermometer) -> None:
    """Readings of a pseudo-terminal are marked, outside of the output for scripts."""
    result = run("read", "--port", device.port, "--kind", device.kind, "--count", "1")
    assert result.stderr.startswith("SIMULATED")
    assert "object" in result.stdout
    assert "°C" in result.stdout


def test_nan_is_null_in_json(tmp_path: Path) -> None:
    """A number the device calls invalid is null, because JSON has no NaN."""
    device = VirtualThermometer(tmp_path, kind="mlx90614-text", now=time.monotonic_ns, rng=random.Random(1), rate_hz=40)
    device.present(float("nan"), 27, 60)
    device.start()
    result = run("read", "--port", device.port, "--kind", device.kind, "--count", "1", "--json")
    device.close()
    assert objects(result)[0]["object_c"] is None


@pytest.mark.parametrize(
    ("fault", "says"), [(Fault.SILENT, "no reading"), (Fault.GARBAGE, "damaged"), (Fault.UNPLUG, "no such port")]
)
def test_trouble_is_one_sentence(device: VirtualThermometer, fault: Fault, says: str) -> None:
    """Silence, noise and an absent port each end with one sentence on stderr, nothing on stdout, and code 1."""
    device.set_fault(fault)
    result = run("read", "--port", device.port, "--kind", device.kind, "--timeout", "0.3", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    message = result.stderr.splitlines()[-1]
    assert message.startswith(device.port)
    assert says in message


def test_a_busy_port_is_told(device: VirtualThermometer) -> None:
    """A port that another program holds is told by `read` and by `probe`, with code 1."""
    link = SerialLink(device.port, baud=9600, timeout_s=0.1)
    link.open()
    for words in (("read", "--kind", device.kind), ("probe",)):
        result = run(*words, "--port", device.port)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "another program holds it" in result.stderr
    link.close()


def test_an_unknown_kind_is_a_wrong_call() -> None:
    """A misspelt kind ends with code 2 and the kinds there are."""
    result = run("read", "--port", "/nowhere", "--kind", "gy-90614")
    assert result.exit_code == 2
    assert all(kind in result.stderr for kind in THERMOMETERS)


def test_an_odd_baud_rate_is_a_wrong_call(device: VirtualThermometer) -> None:
    """A rate that no port knows ends with code 2; one that the device was set to is taken."""
    words = ("read", "--port", device.port, "--kind", device.kind, "--count", "1", "--baud")
    assert run(*words, "12345").exit_code == 2
    assert run(*words, "115200").exit_code == 0


def test_probe_gives_the_fixed_keys(device: VirtualThermometer) -> None:
    """`probe --json` names the kind and how sure it is."""
    result = run("probe", "--port", device.port, "--json")
    assert result.exit_code == 0
    (found,) = objects(result)
    assert list(found) == ["port", "kind", "baud", "good_frames"]
    assert (found["port"], found["kind"], found["baud"]) == (device.port, device.kind, 9600)


def test_probe_of_a_silent_port(tmp_path: Path) -> None:
    """A port on which nothing known speaks is told as such: null for scripts, a sentence for people, code 1."""
    port = PtyPort(tmp_path / "port")
    port.plug()
    result = run("probe", "--quick", "--port", str(port.name), "--json")
    port.unplug()
    assert result.exit_code == 1
    assert objects(result) == [{"port": str(port.name), "kind": None, "baud": 9600, "good_frames": 0}]
    assert "nothing known speaks here" in result.stderr


def test_list_names_the_kinds_and_no_simulator(device: VirtualThermometer) -> None:
    """`list` tells which kinds can be read, and never offers a simulator as a port."""
    result = run("list", "--json")
    assert result.exit_code == 0
    found = objects(result)
    assert [each["kind"] for each in found if "kind" in each] == list(THERMOMETERS)
    assert device.port not in [each.get("port") for each in found]
    assert all(kind in run("list").stdout for kind in THERMOMETERS)
