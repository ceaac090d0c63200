"""`gapura backup` and `gapura restore`."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli.backup import backup, restore
from kiosk.store import quarantine
from sync import journal
from sync.database import open_database, open_reader
from tests.kiosk.cli.programs import gapura, kiosk
from tests.kiosk.services.post import Post


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """The folder of a door that is switched off, with a few entries."""
    (tmp_path / "door").mkdir()
    post = Post(tmp_path / "door")
    for number in (1, 2, 3):
        post.badge(number)
        post.forehead(36.4)
        post.wait(10)
    post.close()
    (post.data / "kiosk.toml").write_text("[station]\ndevice_id = 'door-1'\nplace = 'lobby'\n")
    return post.data


def hashes(path: Path) -> list[str]:
    with closing(open_reader(path)) as db:
        return [entry.record.hash for entry in journal.read(db)]


def call(command, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def test_out_and_back(door: Path, tmp_path: Path) -> None:
    """What was written out comes back hash by hash, and the alarm row stands behind it under a new epoch."""
    before = hashes(door / "kiosk.db")
    copied = call(backup, "--data", door, "--out", tmp_path / "copy.db", "--json")
    said = json.loads(copied.stdout)
    assert (copied.exit_code, said["ok"], said["rows"], said["head"]) == (0, True, len(before), before[-1])
    assert hashes(tmp_path / "copy.db") == before
    done = call(restore, tmp_path / "copy.db", "--data", door)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"{len(before)} rows" in done.stderr
    assert hashes(door / "kiosk.db")[:-1] == before
    assert len(quarantine.folders(door)) == 1


def test_into_a_folder(door: Path, tmp_path: Path) -> None:
    """A file of its own, named by door and time, in a folder that is made if need be."""
    assert call(backup, "--data", door, "--folder", tmp_path / "usb" / "gapura").exit_code == 0
    [made] = (tmp_path / "usb" / "gapura").iterdir()
    assert made.name.startswith("door-1-2")
    assert hashes(made) == hashes(door / "kiosk.db")


def test_beside_a_running_kiosk(tmp_path: Path) -> None:
    """A backup needs no pause of the door; a restore refuses one that is open."""
    data = tmp_path / "door"
    with kiosk(data):
        assert gapura("backup", "--data", str(data), "--out", str(tmp_path / "copy.db")).returncode == 0
        refused = gapura("restore", str(tmp_path / "copy.db"), "--data", str(data))
    assert refused.returncode == 1
    assert "systemctl stop gapura-kiosk" in refused.stderr
    assert not (data / "quarantine").exists()


def test_a_changed_row_is_told(door: Path, tmp_path: Path) -> None:
    """The copy is made, since it is all there is, and the exit code says that something is wrong with it."""
    with closing(open_database(door / "kiosk.db")) as db:
        db.execute("UPDATE journal SET kind = 'station.stopped' WHERE position = 2")
    done = call(backup, "--data", door, "--out", tmp_path / "copy.db")
    assert done.exit_code == 1
    assert "row 2 does not fit" in done.stderr
    assert (tmp_path / "copy.db").exists()
    refused = call(restore, tmp_path / "copy.db", "--data", door)
    assert (refused.exit_code, len(quarantine.folders(door))) == (1, 0)
    assert "row 2 does not fit" in refused.stderr


@pytest.mark.parametrize("arguments", [(), ("--out", "a", "--folder", "b")])
def test_where_to_must_be_said_once(door: Path, arguments: tuple[str, ...]) -> None:
    """Neither, or both, is a wrong call."""
    assert call(backup, "--data", door, *arguments).exit_code == 2


def test_what_cannot_be_done_is_one_sentence(door: Path, tmp_path: Path) -> None:
    """No journal there, no room there, no backup: exit code 1 and what to do, and the door as it was."""
    nowhere = call(backup, "--data", tmp_path / "typo", "--out", tmp_path / "copy.db")
    assert (nowhere.exit_code, "no journal here" in nowhere.stderr) == (1, True)
    unwritable = call(backup, "--data", door, "--out", "/dev/null/copy.db")
    assert unwritable.exit_code == 1
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam " * 100)
    before = hashes(door / "kiosk.db")
    no_backup = call(restore, tmp_path / "letter.txt", "--data", door)
    assert (no_backup.exit_code, "nothing was restored" in no_backup.stderr) == (1, True)
    assert hashes(door / "kiosk.db") == before
