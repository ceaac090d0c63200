"""`gapura doctor` on stations of real files, and each of its checks on what it may find."""

import json
import os
import pty
import shutil
import socket
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drivers.speech import EspeakVoice
from drivers.virtual.printer import Fault, VirtualPrinter
from kiosk.cli.doctor import doctor
from kiosk.services import doctor_checks
from kiosk.services.changes import DirectoryChange, station_lock
from kiosk.services.doctor_checks import State
from kiosk.settings import Settings, parse
from kiosk.wiring import build_printer, submit_change
from sync.clock import Moment, SyncState


def call(*args: object) -> Result:
    return CliRunner().invoke(doctor, [str(arg) for arg in args])


def found(result: Result) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in map(json.loads, result.stdout.splitlines())}


@pytest.fixture
def data(tmp_path) -> Path:
    """A station with a few journal rows, closed to others, that asks for no device."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for _ in range(3):
        submit_change(Settings(data=str(folder)), DirectoryChange(), {})
    (folder / "kiosk.toml").write_text('[camera]\nsource = "off"\n[clock]\nsynced_by = "host"\n[web]\nport = 0\n')
    return folder


def test_a_station_in_order(data):
    """A station that works gives exit code 0; whatever is not ok says what to do."""
    result = call("--data", data, "--json")
    assert result.exit_code == 0, result.output
    rows = found(result)
    assert {rows[name]["state"] for name in ("data", "disk", "journal", "private files", "clock", "time zone")} == {"ok"}
    assert rows["journal"]["found"] == "the newest 3 rows fit their chain"
    assert all(bool(row["do"]) == (row["state"] != "ok") for row in rows.values())
    assert "ok    data" in call("--data", data).stdout


def test_nothing_is_changed(data):
    """Looking leaves the station's files as they are."""
    before = {path: path.read_bytes() for path in data.iterdir() if path.is_file() and path.suffix != ".db-shm"}
    call("--data", data)
    after = {path: path.read_bytes() for path in before}
    assert after == before


def test_wrong_settings(data):
    """A wrong key, in the kiosk's settings or in the agent's, is exit code 2 with its name."""
    (data / "sync.toml").write_text("[intervals]\ndocuments_s = 'often'\n")
    result = call("--data", data)
    assert (result.exit_code, "intervals.documents_s" in result.stderr) == (2, True)
    (data / "kiosk.toml").write_text("[web]\nprot = 1\n")
    result = call("--data", data)
    assert (result.exit_code, "web.prot" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET claimed_at = '2020-06-10T00:00:00.000000Z' WHERE position = 2",
        "UPDATE journal SET payload = '{}' WHERE position = 3",
        "UPDATE journal SET prev_hash = hash WHERE position = 3",
        "UPDATE journal SET seq = 'x' WHERE position = 3",
        "DELETE FROM journal WHERE position = 2",
    ],
)
def test_a_changed_journal_fails(data, change):
    """A row that was changed or taken away makes the doctor fail."""
    db = sqlite3.connect(data / "kiosk.db")
    db.execute(change)
    db.commit()
    db.close()
    result = call("--data", data, "--json")
    assert (result.exit_code, found(result)["journal"]["state"]) == (1, "fail")


def test_a_damaged_file_and_none(tmp_path):
    """A file that is no database fails; no journal yet is only a warning."""
    path = tmp_path / "kiosk.db"
    assert doctor_checks.journal(path).state is State.WARN
    path.touch()
    assert doctor_checks.journal(path).state is State.WARN
    path.write_bytes(b"no database " * 500)
    assert doctor_checks.journal(path).state is State.FAIL


def test_a_folder_that_is_not_there(tmp_path):
    """A data folder that is missing fails, and is not made."""
    result = call("--data", tmp_path / "none", "--json")
    assert (result.exit_code, found(result)["data"]["state"]) == (1, "fail")
    assert not (tmp_path / "none").exists()


def test_files_that_others_can_open(data):
    """An open secret or key fails, people's data that others can reach is a warning, and the repair is named."""
    secret, key = data / "secret", data / "server.key"
    secret.write_bytes(b"x")
    key.write_bytes(b"x")
    secret.chmod(0o600)
    key.chmod(0o644)
    check = doctor_checks.private_files(data, [key])
    assert (check.state, f"chmod 600 {key}" in check.do) == (State.FAIL, True)
    key.chmod(0o600)
    assert doctor_checks.private_files(data, [key]).state is State.OK
    data.chmod(0o755)
    (data / "kiosk.db").chmod(0o644)
    check = doctor_checks.private_files(data, [key])
    assert (check.state, f"chmod o= {data}" in check.do) == (State.WARN, True)


@pytest.mark.parametrize(("state", "expected"), [(SyncState.SYNCED, State.OK), (SyncState.NEVER, State.WARN)])
def test_clock(state, expected):
    """A clock that no time service keeps is a warning: the door works, and says that the time is uncertain."""
    moment = Moment(datetime(2020, 6, 10, tzinfo=UTC), 1, "boot", state)
    assert doctor_checks.clock(moment).state is expected


def test_battery_clock_and_zone(tmp_path):
    """No battery clock, and a zone outside Indonesia, are warnings."""
    assert doctor_checks.battery_clock(tmp_path / "rtc0").state is State.WARN
    (tmp_path / "rtc0").touch()
    assert doctor_checks.battery_clock(tmp_path / "rtc0").state is State.OK
    assert doctor_checks.time_zone("Europe/Paris").state is State.WARN


def test_cameras(tmp_path):
    """No camera, and a device that is none, fail; a stand-in for one is a warning."""
    assert doctor_checks.camera(f"v4l2:{tmp_path}/none").state is State.FAIL
    assert doctor_checks.camera("v4l2:/dev/null").state is State.FAIL
    assert doctor_checks.camera("off").state is State.WARN
    (tmp_path / "video.mp4").touch()
    assert doctor_checks.camera(f"file:{tmp_path}/video.mp4").state is State.WARN
    assert doctor_checks.camera(f"virtual:{tmp_path}/none").state is State.FAIL


@pytest.mark.pty
def test_thermometer_ports(tmp_path):
    """A port that is there is ok; a missing one and a plain file fail."""
    near, far = pty.openpty()
    try:
        link = tmp_path / "gapura-thermometer"
        link.symlink_to(os.ttyname(far))
        check = doctor_checks.thermometer("gy-mcu90614", str(link))
        assert (check.state, os.ttyname(far) in check.found) == (State.OK, True)
    finally:
        os.close(near)
        os.close(far)
    assert doctor_checks.thermometer("gy-mcu90614", str(tmp_path / "none")).state is State.FAIL
    (tmp_path / "file").touch()
    assert doctor_checks.thermometer("gy-mcu90614", str(tmp_path / "file")).state is State.FAIL
    assert doctor_checks.thermometer("off", "").state is State.WARN


@pytest.mark.parametrize(("name", "expected"), [("brltty", "brltty"), ("ModemManager", "ModemManager"), ("agetty", "ttyGAPURA")])
def test_port_thieves(tmp_path, name, expected):
    """Programs that take ports are found among those that run, a login prompt on this very port only, with the remedy."""
    program, port, proc = tmp_path / name, tmp_path / "ttyGAPURA", Path("/proc")
    shutil.copy(shutil.which("cat") or "/bin/cat", program)
    os.mkfifo(port)
    assert expected not in doctor_checks.port_thieves(str(port), proc).found
    with subprocess.Popen([program, port.name], cwd=tmp_path) as running:
        with port.open("wb"):  # opens once the program reads: before that it may still bear our name
            check = doctor_checks.port_thieves(str(port), proc)
            other = doctor_checks.port_thieves("/dev/ttyOTHER", proc)
        running.wait(10)
    assert (check.state, expected in check.found, bool(check.do)) == (State.FAIL, True, True)
    assert (expected in other.found, "login prompt" in other.found) == (name != "agetty", False)


def test_screens(data):
    """A taken port fails while no kiosk runs; a port that does not answer fails while one runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert doctor_checks.screens("127.0.0.1", port, kiosk_runs=True).state is State.FAIL
        taken.listen()
        assert doctor_checks.screens("127.0.0.1", port, kiosk_runs=False).state is State.FAIL
        assert doctor_checks.screens("127.0.0.1", port, kiosk_runs=True).state is State.OK
    assert doctor_checks.screens("127.0.0.1", 0, kiosk_runs=False).state is State.WARN


def test_a_running_kiosk_is_noticed(data):
    """The station's lock is seen without being taken."""
    lock, locks = data / "kiosk.lock", Path("/proc/locks")
    assert not doctor_checks.kiosk_runs(lock, locks)
    with station_lock(data):
        assert doctor_checks.kiosk_runs(lock, locks)
    assert not doctor_checks.kiosk_runs(data / "none", locks)


def test_server(tmp_path):
    """A server that listens is ok; none set, none there and a port that makes no sense are warnings, as the door goes on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        assert doctor_checks.server(f"http://127.0.0.1:{port}/").state is State.WARN
        listening.listen()
        assert doctor_checks.server(f"http://127.0.0.1:{port}/").state is State.OK
    assert doctor_checks.server("http://127.0.0.1:99999/").state is State.WARN
    assert doctor_checks.server(None).state is State.WARN


def test_a_voice_that_is_missing(data, tmp_path):
    """The voice is tried without a sound; a station without one is warned, and works; switched off, nothing is missing."""
    assert found(call("--data", data, "--json"))["speech"]["state"] == "ok"
    missing = doctor_checks.speech(EspeakVoice(program=str(tmp_path / "none")))
    assert (missing.state, "apt-get install espeak-ng" in missing.found, bool(missing.do)) == (State.WARN, True, True)
    off = doctor_checks.speech(None)
    assert (off.state, off.do) == (State.OK, "")
    with (data / "kiosk.toml").open("a") as file:
        file.write("[speech]\nenabled = false\n")
    assert found(call("--data", data, "--json"))["speech"]["found"] == off.found


def test_a_printer(data, tmp_path):
    """The printer is asked how it is, and each answer says what to do; what people can mend is a warning."""
    assert found(call("--data", data, "--json"))["printer"]["found"].startswith("off")
    printer = VirtualPrinter()
    try:
        with (data / "kiosk.toml").open("a") as file:
            file.write(f"[printer]\nkind = 'network'\naddress = '{printer.address}'\ntimeout_s = 1\n")
        expected = ((Fault.NONE, "ok", ""), (Fault.PAPER_OUT, "warn", "put in a new roll"), (Fault.UNPLUG, "fail", "cable"))
        for fault, state, do in expected:
            printer.set_fault(fault)
            check = found(call("--data", data, "--json"))["printer"]
            assert (check["state"], do in check["do"]) == (state, True), check
        printer.set_fault(Fault.NONE)
        printer.load(5)
        assert "near its end" in found(call("--data", data, "--json"))["printer"]["found"]
    finally:
        printer.close()


@pytest.mark.parametrize(("name", "state"), [("there", State.OK), ("none", State.FAIL)])
def test_a_printer_on_a_serial_port(tmp_path, name, state):
    """It is not asked, because the kiosk may be printing: its port is there, or not."""
    (tmp_path / "there").touch()
    settings = parse(f"[printer]\nkind = 'serial'\naddress = '{tmp_path / name}'", "door.toml")
    assert doctor_checks.printer(settings.printer, build_printer(settings)).state is state
