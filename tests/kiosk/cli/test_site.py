import json
import secrets
import threading
from pathlib import Path

import pytest

from kiosk.services.neighbours import Answer
from tests.kiosk.cli.programs import BENCH, kiosk

_PAUSE = threading.Event()


def settings(key: Path, name: str, *doors: str) -> str:
    listed = ", ".join(f'"{door}"' for door in doors)
    return f'{BENCH}[station]\nplace = "{name}"\n[site]\nsecret_file = "{key}"\ndoors = [{listed}]\n'


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "site.key"
    path.write_bytes(secrets.token_bytes(32))
    path.chmod(0o600)
    return path


def test_two_kiosks_of_a_site_know_of_each_other(tmp_path: Path, key: Path) -> None:
    """Two programs with one secret and no server: what one says of who is inside is with the other at once."""
    with kiosk(tmp_path / "east", settings(key, "Pintu Timur")) as (_, east):
        door = east["panel"].rstrip("/")
        with kiosk(tmp_path / "west", settings(key, "Pintu Barat", door)):
            kept = tmp_path / "west" / "neighbours.json"
            for _ in range(100):
                if kept.exists():
                    break
                _PAUSE.wait(0.1)
            found = json.loads(kept.read_bytes())
    assert list(found) == [door]
    assert found[door]["answer"].keys() == set(Answer.__struct_fields__)
    assert (found[door]["answer"]["door"], found[door]["answer"]["people"]) == ("Pintu Timur", [])
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_cannot_be_used_does_not_shut_the_door(tmp_path: Path) -> None:
    """A missing secret is one line in the log; the door opens."""
    with kiosk(tmp_path / "door", settings(tmp_path / "none.key", "Pintu")) as (process, found):
        assert "panel" in found
        process.terminate()
        assert process.stderr is not None
        said = [line for line in process.stderr.read().splitlines() if "other doors" in line]
    assert len(said) == 1
    assert "none.key" in said[0]
