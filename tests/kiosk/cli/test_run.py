import socket
import urllib.request
from pathlib import Path

import pytest

from sync.clock import SystemClock
from tests.kiosk.cli.programs import BENCH, gapura, kiosk
from tests.kiosk.services.post import read_rows


def one_sentence(text: str) -> str:
    """What was said, if it is one error and no traceback."""
    lines = [line for line in text.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert "Traceback" not in text
    return lines[0]


def test_a_kiosk_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """Ready with one line of JSON, its pages answer, a second kiosk is refused, and SIGTERM ends it cleanly within 5 s."""
    clock = SystemClock()
    with kiosk(tmp_path / "door") as (process, found):
        with urllib.request.urlopen(found["panel"], timeout=5) as answer:
            assert answer.status == 200
        second = gapura("kiosk", "--data", str(tmp_path / "door"))
        assert (second.returncode, second.stdout) == (1, "")
        assert "already running" in one_sentence(second.stderr)
        taken = gapura("journal", "rebuild", "--data", str(tmp_path / "door"))
        assert taken.returncode == 1
        assert "already running" in one_sentence(taken.stderr)
        began_ns = clock.now().mono_ns
        process.terminate()
        assert process.wait(10) == 0
        assert clock.now().mono_ns - began_ns < 5_000_000_000
    kinds = [row["kind"] for row in read_rows(tmp_path / "door" / "kiosk.db")]
    assert kinds == ["station.started", "station.stopped"]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """It names the address and what to do; nothing of the door's journal is lost or made up."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "kiosk.toml").write_text(BENCH.replace("port = 0", f"port = {port}"))
        done = gapura("kiosk", "--data", str(tmp_path))
    assert done.returncode == 1
    assert one_sentence(done.stderr).startswith(f"Error: 127.0.0.1:{port} cannot be used")
    assert "could not be journaled" not in done.stderr
    assert read_rows(tmp_path / "kiosk.db") == []


@pytest.mark.parametrize("where", ["/proc/gapura", "file/in/the/way"])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, where: str) -> None:
    """Wherever it is, the folder is named, with exit code 1."""
    (tmp_path / "file").write_text("")
    data = tmp_path / where
    (tmp_path / "kiosk.toml").write_text(BENCH)
    done = gapura("kiosk", "--config", str(tmp_path / "kiosk.toml"), "--data", str(data))
    assert done.returncode == 1
    assert str(data) in one_sentence(done.stderr)


def test_a_damaged_journal_is_kept(tmp_path: Path) -> None:
    """A journal that is no database is set aside byte for byte, is named on standard error, and is never overwritten."""
    (tmp_path / "kiosk.toml").write_text(BENCH)
    (tmp_path / "kiosk.db").write_bytes(b"\xff" * 9000)
    done = gapura("journal", "rebuild", "--data", str(tmp_path))
    assert "Traceback" not in done.stderr
    assert "damaged" in done.stderr
    [kept] = tmp_path.glob("quarantine/*/kiosk.db")
    assert kept.read_bytes() == b"\xff" * 9000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[web]\nport = 'x'", "web.port: expected `int`, got `str`"),
        ("[thermometer]\nkind = 'magic'", "thermometer.kind: 'magic' is no kind of thermometer; known are: gy-mcu90614"),
        ("[thermometer]\noffset_c = 1.0", "thermometer.offset_name: an offset needs a name"),
        ("[station", "not valid TOML"),
    ],
)
def test_wrong_settings_are_the_callers_fault(tmp_path: Path, text: str, complaint: str) -> None:
    """Exit code 2, the key by its path, and no data folder is touched."""
    (tmp_path / "kiosk.toml").write_text(text)
    done = gapura("kiosk", "--config", str(tmp_path / "kiosk.toml"), "--data", str(tmp_path / "new"))
    assert done.returncode == 2
    assert complaint in one_sentence(done.stderr)
    assert not (tmp_path / "new" / "kiosk.db").exists()


def test_a_missing_settings_file(tmp_path: Path) -> None:
    """Named, with exit code 2."""
    done = gapura("kiosk", "--config", str(tmp_path / "kiosk.toml"))
    assert done.returncode == 2
    assert "kiosk.toml: cannot be read" in one_sentence(done.stderr)


def test_devices_that_are_not_there_stop_nobody(tmp_path: Path) -> None:
    """A kiosk whose camera and thermometer are missing is in service, and says so in its journal."""
    settings = '[web]\nport = 0\n[camera]\nsource = "v4l2:/dev/none"\n[thermometer]\nkind = "gy-mcu90614"\nport = "/dev/none"\n'
    with kiosk(tmp_path / "door", settings) as (process, found):
        with urllib.request.urlopen(found["guard"], timeout=5) as answer:
            assert answer.status == 200
        assert process.poll() is None
    rows = read_rows(tmp_path / "door" / "kiosk.db")
    lost = {row["payload"]["device"] for row in rows if row["kind"] == "device.lost"}
    assert "thermometer" in lost
    assert rows[-1]["kind"] == "station.stopped"
