import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli.guard import guard
from kiosk.services.changes import station_lock
from kiosk.services.pins import pin_is_right
from kiosk.services.station_secret import station_secret
from kiosk.store import guards
from kiosk.store.database import open_reader

PIN = "4829"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def call(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(guard, [*arguments, "--data", str(tmp_path / "door")], input=stdin)

    return call


def test_added_listed_removed(run: Callable[..., Result], tmp_path: Path) -> None:
    """A guard is added by a PIN from standard input or typed twice, listed, and removed."""
    assert run("add", "budi", "--name", "Budi S.", "--pin-stdin", stdin=f"{PIN}\n").exit_code == 0
    assert run("add", "tri", "--role", "head", stdin=f"{PIN}\n{PIN}\n").exit_code == 0
    assert run("list").stdout == "budi\tBudi S.\tguard\ntri\ttri\thead\n"
    secret = station_secret(tmp_path / "door")
    db = open_reader(tmp_path / "door" / "kiosk.db")
    try:
        hashed = str(guards.pin_hash(db, "budi"))
    finally:
        db.close()
    assert pin_is_right(hashed, PIN, secret)
    assert run("remove", "budi").exit_code == 0
    assert run("list").stdout == "tri\ttri\thead\n"


@pytest.mark.parametrize("pin", ["", "123", "1234", "7777", "abcd", "12345678901234"])
def test_weak_pins_are_refused(run: Callable[..., Result], tmp_path: Path, pin: str) -> None:
    """Exit code 1, one sentence, and the PIN itself is not repeated."""
    done = run("add", "budi", "--pin-stdin", stdin=f"{pin}\n")
    assert done.exit_code == 1
    assert done.stderr == "Error: a PIN has 4 to 12 digits, not all the same and not a straight run\n"
    assert not (tmp_path / "door").exists()


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "budi\n"])
def test_wrong_ids_are_the_callers_fault(run: Callable[..., Result], name: str) -> None:
    """Exit code 2."""
    assert run("add", "--pin-stdin", "--", name, stdin=PIN).exit_code == 2


def test_nobody_yet(run: Callable[..., Result], tmp_path: Path) -> None:
    """Without a station the list is an error; without guards it says how to add one."""
    assert run("list").exit_code == 1
    with station_lock(tmp_path / "door"):
        pass
    run("remove", "nobody")
    listed = run("list")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "gapura guard add" in listed.stderr


def test_beside_a_running_kiosk(run: Callable[..., Result], tmp_path: Path) -> None:
    """The change is handed over, and the message says that it takes a moment; no PIN is in the file."""
    with station_lock(tmp_path / "door"):
        done = run("add", "budi", "--pin-stdin", stdin=f"{PIN}\n")
    assert done.exit_code == 0
    assert "as soon as the running kiosk" in done.stderr
    [queued] = (tmp_path / "door" / "inbox").glob("change-*.json")
    assert json.loads(queued.read_text())["guards"][0]["pin_hash"].startswith("$argon2id$")


def test_the_secret_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    """Whoever asks at the same time gets the same 32 bytes; others cannot read the file, and nothing else is left."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(station_secret, [tmp_path] * 32))
    [secret] = found
    assert len(secret) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_damaged_secret_is_named(run: Callable[..., Result], tmp_path: Path) -> None:
    """An empty secret would make every PIN guessable: it is refused, and the file named."""
    (tmp_path / "door").mkdir()
    (tmp_path / "door" / "secret").write_bytes(b"")
    done = run("add", "budi", "--pin-stdin", stdin=f"{PIN}\n")
    assert done.exit_code == 1
    assert str(tmp_path / "door" / "secret") in done.stderr
    assert os.listdir(tmp_path / "door") == ["secret"]  # noqa: PTH208
