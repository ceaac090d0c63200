"""`gapura rooms` as people and scripts call it, on a station's real files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli.rooms import rooms

BACA = '[[room]]\nid = "baca"\nname = "Ruang Baca"\nmax_people = 10\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rooms.toml"


def call(*args: object) -> Result:
    return CliRunner().invoke(rooms, [str(arg) for arg in args])


def take(file: Path, text: str, data: Path, *more: str) -> Result:
    """What the import of such a file says."""
    file.write_text(text)
    return call("import", file, "--letter", "A", "--data", data, *more)


def listed(data: Path) -> list[str]:
    return [json.loads(line)["room_id"] for line in call("list", "--json", "--data", data).stdout.splitlines()]


def test_the_example_can_be_taken_as_it_is(file, data):
    """What `example` prints is in order, and is there afterwards."""
    assert take(file, call("example").stdout, data).exit_code == 0
    assert listed(data) == ["baca"]


WRONG = {
    "misspelt": (
        BACA + 'max_minuts = 60\ncloses = "15:30"',
        ["room[0].closes: no such field", "room[0].max_minuts: no such field"],
    ),
    "misspelt service": ('[[service]]\nid = "a"\nname = "A"\nquotta = 5', ["service[0].quotta: no such field"]),
    "a wrong type": ('[[room]]\nid = "baca"\nname = "B"\nmax_people = "x"', ["room[0].max_people: Expected `int`, got `str`"]),
    "no list": ("room = 5", ["room: must be a list"]),
    "a list of the server's": ("[[card]]\nnumber = 1", ["Object contains unknown field `card`"]),
    "several faults": (
        BACA.replace("10", "0") + 'closes_at = "late"',
        ["max_people must be 1 to 5000", 'closes_at "late" must be'],
    ),
    "no TOML": ("room = ", ["Invalid value"]),
    "too deep": ("room = " + "[" * 5000, ["recursion"]),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_wrong_is_refused(file, data, text, said):
    """Every wrong entry is named with the file, by its place, and nothing is changed; exit code 2, and where a good file is."""
    take(file, BACA, data)
    refused = take(file, text, data)
    assert refused.exit_code == 2
    assert all(each in refused.stderr for each in said), refused.stderr
    assert refused.stderr.count(f"{file}: ") == len(said)
    assert refused.stderr.endswith("`gapura rooms example` prints a good file\n")
    assert listed(data) == ["baca"]


def test_a_file_without_rooms_takes_none_away_unasked(file, data):
    """Which rooms would go is said; they go only with a flag that says so. A room that is left out is named."""
    take(file, BACA + BACA.replace("baca", "anak"), data)
    for dry in ([], ["--dry-run"]):
        refused = take(file, "", data, *dry)
        assert refused.exit_code == 2
        assert "no rooms are in it, and these would go: anak, baca; with --remove-all they do" in refused.stderr
    assert listed(data) == ["baca", "anak"]
    assert "not in the file, would go: anak" in take(file, BACA, data, "--dry-run").stderr
    assert "not in the file, removed: anak" in take(file, BACA, data).stderr
    assert listed(data) == ["baca"]
    assert take(file, "", data, "--remove-all").exit_code == 0
    assert listed(data) == []


def test_no_rooms_to_list(data):
    """A folder that is not there is an error; a station without rooms says so, beside an output that is empty."""
    nowhere = call("list", "--data", data)
    assert (nowhere.exit_code, "no station here" in nowhere.stderr) == (1, True)
    data.mkdir()
    empty = call("list", "--json", "--data", data)
    assert (empty.exit_code, empty.stdout, "no rooms yet" in empty.stderr) == (0, "", True)
