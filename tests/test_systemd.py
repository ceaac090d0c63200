"""What `tools/install` puts on a machine, checked without a running systemd."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
from pathlib import Path

import msgspec
import pytest

import kiosk.settings
import sync.server.settings
import sync.settings

REPO = Path(__file__).parents[1]
SHIPPED = REPO / "systemd"
UNITS = ("gapura-kiosk", "gapura-sync", "gapura-central", "gapura-panel")
MOST_EXPOSURE = {"gapura-kiosk": 17, "gapura-sync": 15, "gapura-central": 15, "gapura-panel": 26}
"""Tenths, as `systemd-analyze security` counts: 0 is shut, 100 open. The panel's browser needs namespaces, run-time code and the
graphics device for a sandbox and a screen of its own."""
OF_OTHER_PACKAGES = ("usr/bin/cage", "usr/bin/chromium", "usr/bin/touch", "usr/bin/systemd-tmpfiles")
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="acts as two users, which only root can")


def tool(name: str) -> str:
    """A program of systemd's; a machine without it cannot say that the units are right."""
    found = shutil.which(name)
    assert found, f"{name} is missing; run: apt-get install systemd"
    return found


def install(root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([REPO / "tools/install", "--root", root, *more], capture_output=True, text=True, check=True)


@pytest.fixture(scope="module")
def staged(tmp_path_factory) -> Path:
    """A root folder after `tools/install --root`, with stand-ins for what other Debian packages bring."""
    root = tmp_path_factory.mktemp("staged")
    install(root)
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True, dirs_exist_ok=True)
    for name in OF_OTHER_PACKAGES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return root


@pytest.fixture(scope="module")
def peopled(staged) -> Path:
    """The staged root with its users and folders made."""
    subprocess.run([tool("systemd-sysusers"), f"--root={staged}", "gapura.conf"], check=True, capture_output=True)
    return staged


def test_the_units_are_right(staged):
    """systemd finds no unknown word, no missing program and no bad value in any unit."""
    found = subprocess.run(
        [tool("systemd-analyze"), "verify", f"--root={staged}", "--man=no", "--recursive-errors=no"]
        + [f"{unit}.service" for unit in UNITS],
        env={"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_the_network_is_let_in_by_a_drop_in(tmp_path):
    """The example beside the unit verifies with it, opens one network to the kiosk and nothing else, and is off until copied."""
    example = (SHIPPED / "gapura-kiosk.service.d/lan.conf.example").read_text()
    settings = [line for line in example.splitlines() if line and not line.startswith("#")]
    assert settings == ["[Service]", "IPAddressAllow=192.168.1.0/24"]
    unit = tmp_path / "gapura-kiosk.service"
    shutil.copy(SHIPPED / unit.name, unit)
    unit.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    (tmp_path / "gapura-kiosk.service.d").mkdir()
    (tmp_path / "gapura-kiosk.service.d/lan.conf").write_text(example)
    found = subprocess.run(
        [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", unit],
        env={"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stderr) == (0, "")
    broken = example.replace("192.168.1.0/24", "the office")
    (tmp_path / "gapura-kiosk.service.d/lan.conf").write_text(broken)
    again = subprocess.run(found.args, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert "lan.conf:7: Address prefix is invalid" in again.stderr


def test_a_printer_is_let_in_by_a_drop_in(tmp_path):
    """The example verifies with the unit, opens one address and the USB device files, and is off until copied."""
    example = (SHIPPED / "gapura-kiosk.service.d/printer.conf.example").read_text()
    settings = [line for line in example.splitlines() if line and not line.startswith("#")]
    assert settings == ["[Service]", "IPAddressAllow=192.168.1.40", "DeviceAllow=char-usb rw", "SupplementaryGroups=lp"]
    unit = tmp_path / "gapura-kiosk.service"
    shutil.copy(SHIPPED / unit.name, unit)
    unit.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    (tmp_path / "gapura-kiosk.service.d").mkdir()
    (tmp_path / "gapura-kiosk.service.d/printer.conf").write_text(example)
    found = subprocess.run(
        [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", unit],
        env={"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_are_shut(unit):
    """No unit is more exposed than is published here."""
    found = subprocess.run(
        [
            tool("systemd-analyze"),
            "security",
            "--offline=true",
            f"--threshold={MOST_EXPOSURE[unit]}",
            SHIPPED / f"{unit}.service",
        ],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout[-200:]


def test_nobody_weakens_the_browsers_sandbox():
    """Chromium runs with its sandbox, under a user without a shell, and its policy opens the panel and nothing else."""
    unit = (SHIPPED / "gapura-panel.service").read_text()
    assert "--no-sandbox" not in unit
    assert "--autoplay-policy=no-user-gesture-required" in unit
    policy = json.loads((SHIPPED / "chromium-policy.json").read_text())
    assert ("*" in policy["URLBlocklist"], policy["URLAllowlist"]) == (True, ["http://127.0.0.1:8080"])
    assert f"--app={policy['URLAllowlist'][0]}/" in unit
    assert policy["DeveloperToolsAvailability"] == 2


@pytest.mark.parametrize("unit", ["gapura-kiosk", "gapura-sync", "gapura-central"])
def test_programs_run_under_their_filter(unit, under_filter):
    """Under a unit's filter the libraries load, the clock's state can be asked for, and no memory is both written and run."""
    code = (
        "import ctypes, mmap\n"
        "import argon2, cv2, granian, numpy, sqlalchemy, zxingcpp\n"
        "assert ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) != -1, 'clock'\n"
        "assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == -1, 'ptrace'\n"
        "try: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "except PermissionError: print('shut')\n"
    )
    found = subprocess.run([*under_filter(unit), sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("shut\n", "")


def test_the_kiosk_opens_under_its_filter(tmp_path, under_filter):
    """The kiosk starts, serves its screens and ends by SIGTERM under the filter of its unit."""
    (tmp_path / "kiosk.toml").write_text('[camera]\nsource = "off"\n[web]\nport = 0\n')
    call = [*under_filter("gapura-kiosk"), sys.executable, "-m", "kiosk", "kiosk", "--data", tmp_path, "--json"]
    with subprocess.Popen(call, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        addresses = json.loads(program.stdout.readline())
        with urllib.request.urlopen(addresses["panel"], timeout=5) as page:
            assert page.status == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
        assert program.stderr is not None
        assert "Traceback" not in program.stderr.read()


@pytest.fixture
def under_filter():
    """Makes the beginning of a command line that runs the rest under a unit's filter."""
    tool("systemd-analyze")
    return lambda unit: [sys.executable, REPO / "tests/under_filter.py", SHIPPED / f"{unit}.service"]


def test_users(peopled):
    """Each program has a user of its own without a shell; only the kiosk may use serial ports, and only two share the folder."""
    passwd = [line.split(":") for line in (peopled / "etc/passwd").read_text().splitlines()]
    assert {user[0] for user in passwd} >= set(UNITS)
    assert {user[6] for user in passwd if user[0] in UNITS} == {"/usr/sbin/nologin"}
    groups = {line.split(":")[0]: set(filter(None, line.split(":")[3].split(","))) for line in _lines(peopled / "etc/group")}
    assert groups["gapura"] == {"gapura-kiosk", "gapura-sync"}
    assert groups["dialout"] == {"gapura-kiosk"}


@ROOT_ONLY
def test_folders(peopled):
    """Folders and secrets get their owners and modes, and those of a database that a stranger made are put right."""
    data = peopled / "var/lib/gapura"
    data.mkdir(parents=True)
    (data / "kiosk.db").touch(mode=0o600)
    made = subprocess.run(
        [tool("systemd-tmpfiles"), f"--root={peopled}", "--create", "gapura.conf"], capture_output=True, text=True
    )
    assert (made.returncode, made.stderr) == (0, "")
    ids = {line.split(":")[0]: int(line.split(":")[2]) for line in _lines(peopled / "etc/passwd")}
    group = next(int(line.split(":")[2]) for line in _lines(peopled / "etc/group") if line.startswith("gapura:"))
    assert _standing(data) == (0, group, 0o2770)
    assert _standing(data / "inbox") == (ids["gapura-kiosk"], group, 0o2770)
    assert _standing(data / "kiosk.db") == (ids["gapura-kiosk"], group, 0o660)
    assert _standing(peopled / "etc/gapura/kiosk.toml") == (0, group, 0o640)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _standing(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


KIOSK_UID, SYNC_UID, GROUP = 61001, 61002, 61000
WRITE = (
    "db = database.open_database(path)\n"
    "db.execute('CREATE TABLE IF NOT EXISTS rows (x)')\n"
    "db.execute('INSERT INTO rows VALUES (1)')\n"
)
READ = "db = database.open_reader(path)\nprint(db.execute('SELECT count(*) FROM rows').fetchone()[0])\n"


@ROOT_ONLY
def test_two_users_share_a_database():
    """The kiosk writes on after the sync agent, another user, made -wal and -shm by reading; also after each of them crashed."""
    with tempfile.TemporaryDirectory(prefix="gapura-two-users-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(REPO / "sync/database.py", folder / "database.py")
        (folder / "database.py").chmod(0o644)
        data = folder / "data"
        data.mkdir()
        os.chown(data, 0, GROUP)
        data.chmod(0o2770)
        path = data / "kiosk.db"
        _as_user(KIOSK_UID, folder, ["/usr/bin/touch", str(path)])

        def python(uid: int, code: str) -> str:
            start = f"from pathlib import Path\nimport database, os\npath = Path({str(path)!r})\n"
            program = os.path.realpath("/usr/bin/python3") if Path("/usr/bin/python3").exists() else sys.executable
            return _as_user(uid, folder, [program, "-c", start + code])

        python(KIOSK_UID, WRITE + "db.close()")
        assert python(SYNC_UID, READ) == "1\n"
        assert (data / "kiosk.db-shm").stat().st_uid == SYNC_UID
        python(KIOSK_UID, WRITE + "os._exit(0)")
        assert python(SYNC_UID, READ) == "2\n"
        python(KIOSK_UID, WRITE + "db.close()")
        assert python(SYNC_UID, READ) == "3\n"


def _as_user(uid: int, folder: Path, call: list[str]) -> str:
    found = subprocess.run(call, user=uid, group=GROUP, extra_groups=[], umask=0o007, cwd=folder, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout


RULE = re.compile(r'^[A-Z_]+(\{[^}]+\})?(==|!=|\+=|-=|:=|=)"[^"]*"$')


def test_device_names(staged):
    """The rules are written as udev reads them, and give the names that the settings have as defaults."""
    path = staged / "usr/lib/udev/rules.d/70-gapura.rules"
    rules = [line for line in _lines(path) if line and not line.startswith("#")]
    assert [part for line in rules for part in line.split(", ") if not RULE.match(part)] == []
    names = {f"/dev/{name}" for name in re.findall(r'SYMLINK\+="([^"]+)"', "\n".join(rules))}
    defaults = kiosk.settings.Settings()
    assert names == {defaults.thermometer.port, defaults.camera.source.removeprefix("v4l2:")}
    udevadm = shutil.which("udevadm")
    if udevadm and "verify" in subprocess.run([udevadm, "--help"], capture_output=True, text=True).stdout:  # from systemd 254 on
        subprocess.run([udevadm, "verify", path], check=True, capture_output=True)


def test_installing_again_keeps_settings(tmp_path):
    """A second installation changes no settings, and says so; a dry run changes nothing at all."""
    assert "tools/install" not in install(tmp_path / "dry", "--dry-run").stderr
    assert not (tmp_path / "dry").exists()
    install(tmp_path)
    mine = tmp_path / "etc/gapura/kiosk.toml"
    mine.write_text('[station]\nname = "Gedung B"\n')
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert "/etc/gapura/kiosk.toml is kept" in install(tmp_path).stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_wrong_call():
    """An argument that the installer does not know is exit code 2 and one sentence."""
    found = subprocess.run([REPO / "tools/install", "--rot", "x"], capture_output=True, text=True)
    assert found.returncode == 2
    assert "--rot" in found.stderr


def keys_of(struct: type[msgspec.Struct]) -> dict[str, object]:
    """The keys that a settings file may hold, as nested dictionaries."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(struct):
        tables = [kind for kind in getattr(field.type, "__args__", (field.type,)) if hasattr(kind, "__struct_fields__")]
        found[field.name] = keys_of(tables[0]) if tables else None
    return found


def keys_in(table: dict[str, object]) -> dict[str, object]:
    return {key: keys_in(value) if isinstance(value, dict) else None for key, value in table.items()}


def uncommented(text: str) -> str:
    """An example with the settings that it shows as comments set."""
    return re.sub(r"^#\s?(\[\w+\]|\w+ = .+)$", r"\1", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "struct"),
    [
        ("kiosk.toml.example", kiosk.settings.Settings),
        ("sync.toml.example", sync.settings.Settings),
        ("central.toml.example", sync.server.settings.Settings),
    ],
)
def test_examples_name_every_key(name, struct):
    """Every setting stands in the example, and nothing that is none."""
    assert keys_in(tomllib.loads(uncommented((SHIPPED / name).read_text()))) == keys_of(struct)


def test_examples_are_the_defaults():
    """The settings that are installed are read by the programs, and say what the programs do without any."""
    assert kiosk.settings.load(SHIPPED / "kiosk.toml.example", None) == kiosk.settings.Settings()
    assert sync.settings.load(SHIPPED / "sync.toml.example", None) == sync.settings.Settings()
    central = SHIPPED / "central.toml.example"
    assert sync.server.settings.load_settings(central) == sync.server.settings.Settings()
