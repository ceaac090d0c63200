"""`gapura central` as it is run: real processes, real HTTP, real signals."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import requests
from click.testing import CliRunner

from sync.clock import SystemClock, utc_datetime, utc_text
from sync.protocol.wire import Batch
from sync.server.app import open_store
from sync.server.cli import central
from sync.server.database import Database
from tests.sync.server.conftest import HASHER
from tests.sync.server.making import EPOCH, KEY, batch, chained, directory, packed, raw, record, signed

PASSWORD = "correct horse battery"
PROGRAM = [sys.executable, "-c", "from sync.server.cli import central; central(prog_name='gapura central')"]


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'central.db'}"


@pytest.fixture
def run(url):
    """Runs one command in this process."""

    def invoke(*words, stdin=None, database=url):
        return CliRunner().invoke(central, [*words, "--database", database], input=stdin)

    return invoke


@pytest.fixture
def door(run, url):
    """A door's id; its key is KEY."""
    run("migrate")
    with contextlib.closing(Database(url)) as database:
        store = open_store(database, HASHER)
        now = "2020-06-10T00:00:00.000000Z"
        return store.devices.add("Pintu utama", place_id="lobby", time_zone="Asia/Jakarta", now=now, public_key=KEY.public).id


@contextlib.contextmanager
def serving(url, *words):
    """The server as a process of its own; gives its address and the process."""
    command = [*PROGRAM, "--database", url, "--bind", "127.0.0.1:0", "--json", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            yield (json.loads(line)["central"] if line else None), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)


def send(address, door, body):
    at = f"/v1/devices/{door}/batches"
    headers = signed(door, "POST", at, body if isinstance(body, bytes) else b"") | {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    return requests.post(address + at, data=body, headers=headers, timeout=10)


def test_the_main_journey(run, url, door, tmp_path):
    """A door reports over HTTP, gets its directory, the page shows the day, and what was stored outlives the process."""
    file = tmp_path / "directory.json"
    file.write_bytes(directory("Ana", photo=b"picture"))
    assert run("directory", "import", str(file)).exit_code == 0
    with serving(url) as (address, process):
        assert send(address, door, packed(batch(door, [1, 2]))).json()["accepted_through"] == 2
        at = f"/v1/devices/{door}/documents?after=0"
        answer = requests.get(address + at, headers=signed(door, "GET", at), timeout=10)
        (document,) = answer.json()["documents"]
        assert [person["name"] for person in json.loads(document["text"])["people"]] == ["Ana"]
        assert requests.get(f"{address}/", timeout=10).status_code == 200
        assert send(address, door, b"x" * 3_000_000).status_code == 413
        assert send(address, door, iter([b"x" * 600_000] * 4)).status_code == 413
        with requests.Session() as open_connection:
            open_connection.get(f"{address}/healthz", timeout=10)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=8) == 0
    with serving(url) as (address, process):
        assert send(address, door, packed(batch(door, [1, 2, 3]))).json()["results"] == [
            {"seq": 1, "outcome": "duplicate"},
            {"seq": 2, "outcome": "duplicate"},
            {"seq": 3, "outcome": "stored"},
        ]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=8) == 0


def test_a_server_that_was_killed_can_start_again(url, door):
    """After kill -9 nothing is left that holds the port, and everything that was answered is there."""
    with serving(url) as (address, process):
        port = address.rpartition(":")[2]
        assert send(address, door, packed(batch(door, [1]))).status_code == 200
        process.kill()
        process.wait(timeout=5)
    gone = False
    for _ in range(100):
        with socket.socket() as probe:
            gone = probe.connect_ex(("127.0.0.1", int(port))) != 0
        if gone:
            break
        time.sleep(0.05)
    assert gone
    with serving(url, "--bind", f"127.0.0.1:{port}") as (address, _):
        assert send(address, door, packed(batch(door, [1]))).json()["results"] == [{"seq": 1, "outcome": "duplicate"}]


def test_a_signal_to_the_whole_group_is_a_clean_stop(url):
    """Ctrl-C in a terminal, and a service manager, signal the workers too."""
    command = [*PROGRAM, "--database", url, "--bind", "127.0.0.1:0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_a_port_in_use(url):
    """It ends at once with exit code 1 and one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [*PROGRAM, "--database", url, "--bind", f"127.0.0.1:{taken.getsockname()[1]}"]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert "cannot listen" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_workers_on_sqlite(run):
    """SQLite has one writer: more workers are a wrong call."""
    assert run("--workers", "2").exit_code == 2


def test_open_to_others_without_a_user(run):
    """Nobody is let onto the network before somebody can sign in; the sentence names the command."""
    ended = run("--bind", "0.0.0.0:0")
    assert ended.exit_code == 2
    assert "gapura central user add" in ended.stderr


@pytest.mark.parametrize("words", [["migrate"], ["devices", "list"], ["--bind", "127.0.0.1:0"]])
def test_a_database_that_cannot_be_written(run, tmp_path, words):
    """Exit code 1 and one sentence."""
    ended = run(*words, database=f"sqlite:///{tmp_path}/no/such/folder/central.db")
    assert ended.exit_code == 1
    assert len(ended.stderr.splitlines()) == 1


def test_a_wrong_settings_file(run, tmp_path):
    """Exit code 2, and the key is named."""
    file = tmp_path / "central.toml"
    file.write_text("wrkers = 1")
    ended = run("migrate", "--config", str(file))
    assert ended.exit_code == 2
    assert "wrkers" in ended.stderr


def test_users(run, url):
    """A password is read from standard input; a short one is refused."""
    assert run("user", "add", "Ana", "--password-stdin", stdin=PASSWORD + "\n").exit_code == 0
    assert run("user", "add", "Ana", stdin=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert run("user", "add", "Ana", "--password-stdin", stdin="short\n").exit_code == 2


def test_devices(run, door):
    """Doors are listed and can be revoked; an unknown one is said."""
    assert run("devices", "revoke", door).exit_code == 0
    assert run("devices", "revoke", "nobody").exit_code == 1
    (listed,) = [json.loads(line) for line in run("devices", "list", "--json").stdout.splitlines()]
    assert (listed["name"], listed["revoked_at"] is None) == ("Pintu utama", False)


def test_a_lost_door(run, url, door):
    """A lost door is refused from now on, and the hours since its last record are named: that is what only its card knew."""
    with contextlib.closing(Database(url)) as database:
        received = utc_text(SystemClock().now().wall - timedelta(hours=30))
        open_store(database, HASHER).sink.take(door, batch(door, [1]), received)
    found = json.loads(run("devices", "lost", door, "--json").stdout)
    assert (found["device_id"], found["uncovered_from"], found["hours"]) == (door, received, 30.0)
    assert "30.0 hours" in run("devices", "lost", door).stdout
    assert json.loads(run("devices", "list", "--json").stdout)["revoked_at"]
    assert run("devices", "lost", "nobody").exit_code == 1


@pytest.fixture
def second_door(door, url):
    """Another door's id."""
    with contextlib.closing(Database(url)) as database:
        now = "2020-06-10T00:00:00.000000Z"
        store = open_store(database, HASHER)
        return store.devices.add("Pintu B", place_id="b", time_zone="Asia/Jakarta", now=now, public_key=KEY.public).id


def test_rooms_by_hand(run, door, second_door):
    """A room is added, shown, changed and removed; what is wrong is said, and ends with 1 or 2."""
    assert run("rooms", "list").exit_code == 0
    assert run("rooms", "add", "baca").exit_code == 2
    added = run("rooms", "add", "baca", "--max-people", "10", "--door", door, "--door", "Pintu B", "--max-minutes", "120")
    assert (added.exit_code, added.stderr) == (0, "Room baca (baca) holds 10.\n")
    assert run("rooms", "add", "baca", "--max-people", "10", "--door", door).exit_code == 1
    assert "Pintu Z" in run("rooms", "add", "anak", "--max-people", "10", "--door", "Pintu Z").stderr
    assert run("rooms", "set", "baca", "--name", "Ruang Baca", "--max-minutes", "0", "--closes-at", "15:30").exit_code == 0
    assert run("rooms", "set", "nowhere", "--max-people", "1").exit_code == 1
    assert run("rooms", "list").stdout == "baca     0/10, 0 waiting, 10 free  Ruang Baca  (A Pintu utama, B Pintu B)\n"
    (told,) = [json.loads(line) for line in run("rooms", "list", "--json").stdout.splitlines()]
    assert (told["room_id"], told["free"], sorted(each["letter"] for each in told["doors"])) == ("baca", 10, ["A", "B"])
    assert run("rooms", "remove", "baca").exit_code == 0
    assert run("rooms", "remove", "baca").exit_code == 1


def test_rooms_from_a_file(run, door, tmp_path):
    """A file is checked without a change, taken whole, and refused with every wrong entry named."""
    good, bad = tmp_path / "rooms.toml", tmp_path / "bad.json"
    good.write_text(f'[[room]]\nid = "baca"\nname = "Ruang Baca"\nmax_people = 2\ndoors = ["{door}"]\n')
    bad.write_text('{"room": [{"id": 5}], "service": [{"id": "a"}]}')
    assert "Nothing was changed" in run("rooms", "import", str(good), "--dry-run").stderr
    assert run("rooms", "list").stdout == ""
    assert run("rooms", "import", str(good)).stderr == "Set: 1 rooms, 0 services, 0 cards.\n"
    assert "0/2" in run("rooms", "list").stdout
    refused = run("rooms", "import", str(bad))
    assert refused.exit_code == 2
    assert f"{bad}: room[0].id" in refused.stderr
    assert f"{bad}: service[0]" in refused.stderr
    assert refused.stderr.endswith("`gapura central rooms example` prints a good file\n")
    good.write_text('[[room]]\nid = "baca"\nname = "Ruang Baca"\nmax_people = -3\n')
    refused = run("rooms", "import", str(good))
    assert (refused.exit_code, "it has no door" in refused.stderr, "max_people must be" in refused.stderr) == (2, True, True)


def test_the_example_of_rooms(run, door, second_door, tmp_path):
    """With the names of one's own doors in it, what `rooms example` prints can be taken."""
    file = tmp_path / "rooms.toml"
    file.write_text(CliRunner().invoke(central, ["rooms", "example"]).stdout.replace("Pintu A", "Pintu utama"))
    assert run("rooms", "import", str(file)).stderr == "Set: 1 rooms, 1 services, 0 cards.\n"
    assert run("rooms", "list").stdout == "baca     0/10, 0 waiting, 10 free  Ruang Baca  (A Pintu utama, B Pintu B)\n"


def test_visits_of_a_room_that_there_is_not(run, door):
    """They are no empty file: the rooms there are are named. A room that nobody came to is an empty file."""
    run("rooms", "add", "baca", "--max-people", "5", "--door", door)
    refused = run("visits", "export", "--room", "bacaa")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "there is no room bacaa here, and no visit of one on these days; there are: baca" in refused.stderr
    assert run("visits", "export", "--room", "baca").exit_code == 0


def test_more_inside_than_a_new_limit(run, url, door, second_door):
    """Lowering a limit below those inside is done, and said, and shown; a door that is lost then names its room."""
    run("rooms", "add", "baca", "--max-people", "5", "--door", door, "--door", second_door)
    granted = record(
        door, 1, kind="rights.granted", payload={"room_id": "baca", "generation": "000001@", "serial": 0, "amount": 4}
    )
    entered = record(
        door,
        2,
        kind="visitor.entered",
        payload={"room_id": "baca", "generation": "000001@", "visit_id": "v", "people": 4},
        prev_hash=granted.hash,
    )
    with contextlib.closing(Database(url)) as database:
        now = utc_text(SystemClock().now().wall)
        open_store(database, HASHER).sink.take(door, Batch(EPOCH, [raw(granted), raw(entered)]), now)
    assert "melebihi 2" in run("rooms", "set", "baca", "--max-people", "2").stderr
    assert run("rooms", "list").stdout.startswith("baca     4/2, melebihi 2, 0 waiting, 0 free")
    assert "Room baca (baca) needs a head count" in run("devices", "lost", door).stdout
    assert json.loads(run("devices", "lost", door, "--json").stdout)["rooms_to_count"] == ["baca"]
    assert "1 tied up: count heads" in run("rooms", "list").stdout


def test_enrolment_codes(run, tmp_path):
    """A code is shown once, listed without being shown, and can be revoked."""
    made = json.loads(run("enrolments", "new", "--place", "lobby", "--name", "Pintu utama", "--json").stdout)
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", made["code"])
    assert made["server_key_id"].startswith("central:")
    listed = run("enrolments", "list", "--json").stdout
    assert made["code"] not in listed
    assert json.loads(listed)["id"] == made["id"]
    assert run("enrolments", "revoke", made["id"]).exit_code == 0
    assert run("enrolments", "revoke", "nothing").exit_code == 1
    assert "revoked" in run("enrolments", "list").stdout
    assert run("enrolments", "new", "--place", "a", "--name", "b", "--zone", "Asia/Nowhere").exit_code == 2


def test_a_batch_of_codes(run, tmp_path):
    """A roll-out's codes are on a sheet for its owner alone, each for a door of its own, and never written over another."""
    sheet = tmp_path / "codes.txt"
    words = ["enrolments", "batch", "--site", "setda", "--count", "3", "--out", str(sheet)]
    assert run(*words).exit_code == 0
    assert sheet.stat().st_mode & 0o777 == 0o600
    codes = re.findall(r"(?m)^((?:[A-Z2-7]{4}-){3}[A-Z2-7]{4})   (setda-\d\d)", sheet.read_text())
    assert len({code for code, _ in codes}) == 3
    assert [name for _, name in codes] == ["setda-01", "setda-02", "setda-03"]
    listed = [json.loads(line) for line in run("enrolments", "list", "--json").stdout.splitlines()]
    assert {(each["site"], each["place_id"]) for each in listed} == {("setda", f"setda-0{n}") for n in (1, 2, 3)}
    days = {utc_datetime(each["expires_at"]) - utc_datetime(each["created_at"]) for each in listed}
    assert days == {timedelta(days=7)}
    assert run(*words).exit_code == 1


def test_export(run, url, door, clock):
    """Stored events come out in the fixed keys, by day, health only when asked for."""
    facts = [
        record(door, 1),
        record(door, 2, kind="screening.measured", payload={"skin_temperature_c": 36.5}),
        record(door, 3, kind="kind.of.tomorrow"),
        record(door, 4, claimed_at="2020-06-11T17:00:00.000000Z"),
    ]
    with contextlib.closing(Database(url)) as database:
        open_store(database, HASHER).sink.take(
            door, Batch(EPOCH, [raw(each) for each in chained(*facts)]), clock.now().claimed_at
        )

    def exported(*words):
        return [json.loads(line) for line in run("export", "--json", *words).stdout.splitlines()]

    assert list(exported()[0]) == ["device_id", "epoch", "seq", "id", "kind", "claimed_at", "payload", "hash"]
    assert exported()[0]["payload"]["person_id"] == "P1"
    assert [each["seq"] for each in exported()] == [1, 4]
    assert [each["seq"] for each in exported("--health")] == [1, 2, 3, 4]
    assert [each["seq"] for each in exported("--to", "2020-06-11")] == [1]
    assert [each["seq"] for each in exported("--from", "2020-06-12")] == [4]
    assert run("export", "--from", "yesterday").exit_code == 2


@pytest.mark.parametrize("form", [("--json",), ()])
@pytest.mark.parametrize("kind", ["visitor.named", "dropoff.received"])
def test_an_export_names_no_visitor_unless_asked(run, url, door, clock, kind, form):
    """Who a visitor is is not printed by the way: the row says that it was left out, and --names shows it."""
    named = record(door, 1, kind=kind, payload={"name": "Siti Rahayu"})
    with contextlib.closing(Database(url)) as database:
        open_store(database, HASHER).sink.take(door, Batch(EPOCH, [raw(named)]), clock.now().claimed_at)
    (line,) = run("export", "--health", *form).stdout.splitlines()
    assert "Siti" not in line
    assert "names" in line
    assert "Siti Rahayu" in run("export", "--names", *form).stdout
    if form:
        assert (json.loads(line)["payload"], json.loads(line)["left_out"]) == (None, "names")


def test_a_dry_run_changes_nothing(run, tmp_path):
    """A directory can be checked first; one that is wrong is refused with exit code 1."""
    file = tmp_path / "directory.json"
    file.write_bytes(directory("Ana"))
    assert "Nothing was changed" in run("directory", "import", str(file), "--dry-run").stderr
    assert "version 1" in run("directory", "import", str(file)).stderr
    file.write_text("{")
    assert run("directory", "import", str(file)).exit_code == 1
