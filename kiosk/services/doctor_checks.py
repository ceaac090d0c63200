"""What `gapura doctor` looks at. Every check only looks: it opens no serial port, takes no lock and writes nothing that stays."""

import fcntl
import os
import shutil
import socket
import stat
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from drivers.printers.base import Condition, ReceiptPrinter
from drivers.speech import EspeakVoice, Voice, check_voice
from kiosk.services.certificates import CertificateProblem, read_certificate
from kiosk.services.device_health import DISK_LOW_MIB
from kiosk.settings import Printer, Settings
from kiosk.store import backup, quarantine
from kiosk.store.database import open_reader
from sync.clock import Moment
from sync.clock import SyncState as ClockState
from sync.database import DatabaseError, database_errors, version_note
from sync.journal import verify_newest
from sync.state import read_link

ROWS_CHECKED = 1000
_DISK_FULL_MIB = 50
_BACKUP_OLD_DAYS = 4
_CONNECT_S = 3.0
_VIDIOC_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("16s32s32sIII12x")
_VIDEO_CAPTURE = 0x00000001
_THIEVES = {
    "brltty": "brltty takes CH340, CP210x and FTDI adapters for Braille displays; run: apt-get purge brltty",
    "ModemManager": "ModemManager talks to new serial ports; run: systemctl disable --now ModemManager",
}
_PRINTER_NEEDS = {
    Condition.PAPER_OUT: "put in a new roll",
    Condition.COVER_OPEN: "close its cover",
    Condition.OFFLINE: "look at its lamps and at its cutter",
    Condition.SILENT: "check its power, printer.baud and the cable; set printer.answers to false for one that never answers",
    Condition.UNPLUGGED: "check its cable, printer.address, and that the unit may reach it: printer.conf.example",
}
_INDONESIA = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Pontianak")


class State(StrEnum):
    """`warn`: the door works, and something about it should be seen to. `fail`: it does not work as it is set up."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do about it (empty when all is well)."""

    check: str
    state: State
    found: str
    do: str = ""


def data_folder(data: Path) -> Check:
    """Whether this user can write the station's folder."""
    try:
        with tempfile.TemporaryFile(dir=data):
            return Check("data", State.OK, f"{data} can be written")
    except OSError as exc:
        do = "make the folder, or run doctor as the user that owns it: sudo -u gapura-kiosk gapura doctor ..."
        return Check("data", State.FAIL, f"{data}: {exc.strerror}", do)


def disk(data: Path) -> Check:
    """Free space where the journal grows."""
    try:
        free_mib = shutil.disk_usage(data).free // (1 << 20)
    except OSError as exc:
        return Check("disk", State.FAIL, f"{data}: {exc.strerror}", "make the folder")
    state = State.OK if free_mib >= DISK_LOW_MIB else State.WARN if free_mib >= _DISK_FULL_MIB else State.FAIL
    do = "" if state is State.OK else f"free some space: below {DISK_LOW_MIB} MiB the screens warn; a full disk stops the door"
    return Check("disk", state, f"{free_mib} MiB free", do)


def sqlite_version() -> Check:
    """Whether this SQLite has the fix for the WAL-reset fault."""
    note = version_note()
    if note is None:
        return Check("sqlite", State.OK, "new enough")
    return Check("sqlite", State.WARN, note, "nothing for now; take the system's updates")


def journal(path: Path) -> Check:
    """Whether the journal can be read, and its newest rows fit their chain."""
    if not path.exists() or path.stat().st_size == 0:
        return Check("journal", State.WARN, f"{path}: no journal yet", "start the kiosk once")
    try:
        with closing(open_reader(path)) as db, database_errors(path):
            found = verify_newest(db, ROWS_CHECKED)
    except DatabaseError as exc:
        return Check("journal", State.FAIL, str(exc), "stop the kiosk, keep a copy of the folder, then start it again")
    except (msgspec.MsgspecError, TypeError, ValueError):
        return Check("journal", State.FAIL, f"{path}: a row holds what no row can hold", "run: gapura journal verify")
    if not found.ok:
        return Check("journal", State.FAIL, f"row {found.first_bad}: {found.reason}", "run: gapura journal verify, and ask why")
    return Check("journal", State.OK, f"the newest {found.rows} rows fit their chain")


def clock(moment: Moment) -> Check:
    """Whether the time can be trusted."""
    if moment.sync_state is ClockState.SYNCED:
        return Check("clock", State.OK, "a time service keeps it")
    do = "give it a network with a time server, and run: timedatectl set-ntp true; until then taps say their time is uncertain"
    return Check("clock", State.WARN, f"not kept by a time service ({moment.clock_state})", do)


def battery_clock(rtc: Path) -> Check:
    """Whether the time survives a power cut."""
    if rtc.exists():
        return Check("rtc", State.OK, f"{rtc} is there")
    do = "fit a battery-backed clock (on a Pi 5: its battery); without one, a power cut without a network leaves the time wrong"
    return Check("rtc", State.WARN, f"no {rtc}", do)


def time_zone(name: str) -> Check:
    """Whether the door's zone is one of Indonesia's."""
    if name in _INDONESIA:
        return Check("time zone", State.OK, name)
    return Check("time zone", State.WARN, f"{name} is not in Indonesia", "set station.time_zone, for example to Asia/Jakarta")


def camera(source: str) -> Check:
    """Whether the camera that the settings name is there and gives pictures. It may be asked while a kiosk reads it."""
    how, _, where = source.partition(":")
    if how == "off":
        return Check("camera", State.WARN, "off", "set camera.source, unless this door reads no badges")
    if how != "v4l2":
        there = Path(where).exists()
        found = f"{source} stands in for a camera" if there else f"{where} is not there"
        return Check("camera", State.WARN if there else State.FAIL, found, "set camera.source to v4l2:/dev/gapura-camera")
    try:
        handle = os.open(where, os.O_RDWR | os.O_NONBLOCK)
    except OSError as exc:
        do = "check the cable, and that this user is in the group video; `ls /dev/v4l/by-id` shows what is there"
        return Check("camera", State.FAIL, f"{where}: {exc.strerror}", do)
    try:
        answer = fcntl.ioctl(handle, _VIDIOC_QUERYCAP, bytes(_CAPABILITY.size))
    except OSError as exc:
        return Check("camera", State.FAIL, f"{where} is no camera ({exc.strerror})", "set camera.source to a V4L2 device")
    finally:
        os.close(handle)
    _, card, _, _, _, device_caps = _CAPABILITY.unpack(answer)
    name = card.split(b"\0")[0].decode(errors="replace")
    if device_caps & _VIDEO_CAPTURE:
        return Check("camera", State.OK, f"{where}: {name}")
    return Check(
        "camera", State.FAIL, f"{where}: {name} gives no pictures", "name the device's other node; index 0 gives pictures"
    )


def thermometer(kind: str, port: str) -> Check:
    """Whether the port is there and may be used. It is not opened: that would reset an Arduino, or disturb a kiosk that reads."""
    if kind == "off":
        return Check("thermometer", State.WARN, "off: nobody is measured", "set thermometer.kind; see gapura devices probe")
    try:
        is_device = stat.S_ISCHR(Path(port).stat().st_mode)
    except OSError as exc:
        do = "check the cable and thermometer.port; `gapura devices list` shows what is there"
        return Check("thermometer", State.FAIL, f"{port}: {exc.strerror}", do)
    if not is_device:
        return Check("thermometer", State.FAIL, f"{port} is no serial port", "set thermometer.port")
    if not os.access(port, os.R_OK | os.W_OK):
        return Check("thermometer", State.FAIL, f"{port} may not be opened by this user", "add the user to the group dialout")
    return Check("thermometer", State.OK, f"{port} is there ({Path(port).resolve()})")


def printer(wanted: Printer, built: ReceiptPrinter | None) -> Check:
    """How the receipt printer says it is. One on a serial port is not asked: the kiosk may be printing."""
    if built is None:
        return Check("printer", State.OK, "off: numbers and passes are shown on the screen")
    if wanted.kind == "serial":
        there = os.access(wanted.address, os.R_OK | os.W_OK)
        found = f"{wanted.address} {'is there' if there else 'is not there, or may not be opened by this user'}"
        do = "" if there else "check the cable and printer.address; add the user to the group dialout"
        return Check("printer", State.OK if there else State.FAIL, found, do)
    state = built.state()
    if not state.ready:
        is_for_a_hand = state.condition in (Condition.PAPER_OUT, Condition.COVER_OPEN)
        found = f"{wanted.address}: {state.condition.replace('_', ' ')}; what it would print is shown on the screen"
        return Check("printer", State.WARN if is_for_a_hand else State.FAIL, found, _PRINTER_NEEDS[state.condition])
    if state.paper_near_end:
        return Check("printer", State.WARN, f"{wanted.address}: paper near its end", "have a new roll ready")
    return Check("printer", State.OK, f"{wanted.address} is {'ready' if wanted.answers else 'there, and cannot be asked more'}")


def port_thieves(port: str, proc: Path) -> Check:
    """Programs that are known to take serial ports, and a login prompt on this one. `proc` is the kernel's view of processes."""
    tty = Path(port).resolve().name
    found = {}
    for process in proc.glob("[0-9]*"):
        try:
            name = (process / "comm").read_text(errors="replace").strip()
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if name in _THIEVES:
            found[name] = _THIEVES[name]
        elif name.endswith("getty") and {tty.encode(), f"/dev/{tty}".encode()} & set(arguments):
            found[f"a login prompt on {tty}"] = (
                f"run: systemctl disable --now serial-getty@{tty}, and end the console in cmdline.txt"
            )
    if not found:
        return Check("port thieves", State.OK, "none runs")
    return Check("port thieves", State.FAIL, ", ".join(sorted(found)), "; ".join(found[name] for name in sorted(found)))


def link(path: Path) -> Check:
    """How the sync agent last said the server stands."""
    found = read_link(path)
    if found is None:
        return Check(
            "sync agent", State.WARN, "has not run here", "run: systemctl enable --now gapura-sync; the door works without"
        )
    seen = f"server last seen {found.server_seen_at or 'never'}"
    if found.problem is not None:
        do = "see `journalctl -u gapura-sync`; entries are kept and sent later"
        return Check("sync agent", State.WARN, f"{found.problem}; {seen}", do)
    if not found.online:
        return Check("sync agent", State.WARN, f"not online; {seen}", "run: systemctl enable --now gapura-sync")
    return Check("sync agent", State.OK, f"online; {seen}")


def server(url: str | None) -> Check:
    """Whether something listens at the central server's address. Neither its certificate nor the key is tried."""
    if url is None:
        return Check("server", State.WARN, "none is set", "name it in sync.toml; until then entries stay on this machine")
    try:
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        socket.create_connection(address, timeout=_CONNECT_S).close()
    except (OSError, ValueError) as exc:
        why = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        return Check("server", State.WARN, f"{url}: {why}", "check the address, the network and the server")
    return Check("server", State.OK, f"something listens at {url}")


def quarantined(data: Path) -> Check:
    """Whether files were set aside as damaged, and wait for somebody."""
    found = quarantine.folders(data)
    if not found:
        return Check("quarantine", State.OK, "nothing was set aside")
    size_mib = sum(file.stat().st_size for folder in found for file in folder.iterdir()) / (1 << 20)
    do = (
        f"look what can be saved (`gapura journal verify --data {data / quarantine.FOLDER}/...`), then remove the folders: "
        "they hold what people's entries say, and nothing is erased in them"
    )
    return Check("quarantine", State.WARN, f"{', '.join(folder.name for folder in found)} ({size_mib:.1f} MiB)", do)


def backups(data: Path, moment: Moment) -> Check:
    """Whether there is a backup of these days. A backup has its name only once it was checked."""
    found = backup.kept(data)
    if not found:
        return Check("backups", State.WARN, "none yet", "leave the kiosk running over night, or see its log")
    days = (moment.wall.timestamp() - found[-1].stat().st_mtime) / 86_400
    told = f"{len(found)}, the newest {max(0.0, days):.1f} days old"
    if days <= _BACKUP_OLD_DAYS:
        return Check("backups", State.OK, told)
    return Check("backups", State.WARN, told, "see the kiosk's log for why none is made; mostly the disk is too full")


def private_files(data: Path, keys: Sequence[Path]) -> Check:
    """Whether files with secrets, `keys` among them, and people's data are closed to strangers on this machine."""
    secrets = [data / "secret", data / "device.key", *keys]
    wrong = {path: f"chmod 600 {path}" for path in secrets if _mode(path) & 0o077 and not _is_credential(path)}
    state = State.FAIL if wrong else State.WARN
    if _mode(data) & 0o001:
        people = (data / name for name in ("kiosk.db", "kiosk.db-wal", "sync.db"))
        wrong |= {path: f"chmod o= {data}" for path in people if _mode(path) & 0o007}
    if not wrong:
        return Check("private files", State.OK, "closed to others")
    do = "run: " + "; ".join(dict.fromkeys(wrong.values()))
    return Check("private files", state, f"others can open {', '.join(path.name for path in wrong)}", do)


def _mode(path: Path) -> int:
    """The permission bits; 0 for what is not there, or may not be looked at, which is private enough."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _is_credential(path: Path) -> bool:
    """systemd's credentials show the mask of an access list where others see a group; the folder is the unit's alone."""
    return path.is_relative_to("/run/credentials")


def screens(host: str, port: int, *, kiosk_runs: bool) -> Check:
    """Whether the kiosk's port answers while it runs, or is free while it does not."""
    where = f"{host}:{port}"
    if kiosk_runs:
        try:
            socket.create_connection((host, port), timeout=_CONNECT_S).close()
        except OSError as exc:
            do = "see `journalctl -u gapura-kiosk`"
            return Check("screens", State.FAIL, f"the kiosk runs, and {where} does not answer ({exc.strerror or exc})", do)
        return Check("screens", State.OK, f"served at {where}")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            do = f"stop what listens there (`ss -ltnp 'sport = :{port}'` names it), or set web.port"
            return Check("screens", State.FAIL, f"{where}: {exc.strerror}, and no kiosk runs here", do)
    return Check("screens", State.WARN, f"{where} is free: no kiosk runs here", "run: systemctl enable --now gapura-kiosk")


def network_screens(settings: Settings, moment: Moment) -> Check:
    """Whether guards' screens on the network can be opened: the certificate is there, holds the names, and is not over."""
    if not settings.lan.enabled:
        return Check("lan", State.OK, "off: nothing listens beyond this machine")
    again = "run: sudo -u gapura-kiosk gapura lan certificate --replace --names " + ",".join(settings.lan.names)
    try:
        held = read_certificate(settings.lan_certificate)
    except CertificateProblem as exc:
        return Check("lan", State.FAIL, str(exc), again)
    days = held.days_left(moment.wall)
    if days < 0:
        return Check("lan", State.FAIL, f"{settings.lan_certificate} is over since {held.not_after:%Y-%m-%d}", again)
    if held.ends_soon(moment.wall):
        return Check("lan", State.WARN, f"{settings.lan_certificate} ends in {days} days", again)
    missing = [name for name in settings.lan.names if name not in held.names]
    if missing and not any(name.startswith("*.") for name in held.names):
        return Check("lan", State.WARN, f"{settings.lan_certificate} does not hold {', '.join(missing)}", again)
    return Check("lan", State.OK, f"port {settings.lan.port}, certificate for {days} more days")


def speech(voice: Voice | None) -> Check:
    """Whether calls can be heard; None: speech is switched off. A display without a voice still shows them: nothing fails."""
    if voice is None:
        return Check("speech", State.OK, "off: calls are shown, not spoken")
    heard = check_voice(voice)
    return Check("speech", State.WARN if heard.do else State.OK, heard.found, heard.do)


def kiosk_runs(lock: Path, locks: Path) -> bool:
    """Whether somebody holds the station's lock, from the kernel's list `locks`: trying it would turn a starting kiosk away."""
    try:
        inode = lock.stat().st_ino
        held = locks.read_text()
    except OSError:
        return False
    return any("FLOCK" in line.split() and f":{inode} " in line for line in held.splitlines())


def all_checks(
    settings: Settings, moment: Moment, *, server_url: str | None, keys: Sequence[Path], receipts: ReceiptPrinter | None
) -> Iterator[Check]:
    """Look at everything, one by one. `server_url` and `keys` are what the sync agent's settings name, `receipts` the printer."""
    data, proc = settings.data_dir, Path("/proc")
    yield data_folder(data)
    yield disk(data)
    yield sqlite_version()
    yield journal(settings.database)
    yield quarantined(data)
    yield backups(data, moment)
    yield private_files(data, [*keys, settings.lan_key])
    yield clock(moment)
    yield battery_clock(Path("/dev/rtc0"))
    yield time_zone(settings.station.time_zone)
    yield camera(settings.camera.source)
    yield thermometer(settings.thermometer.kind, settings.thermometer.port)
    if settings.thermometer.kind != "off":
        yield port_thieves(settings.thermometer.port, proc)
    yield printer(settings.printer, receipts)
    yield screens(settings.web.host, settings.web.port, kiosk_runs=kiosk_runs(data / "kiosk.lock", proc / "locks"))
    yield network_screens(settings, moment)
    yield speech(EspeakVoice() if settings.speech.enabled else None)
    yield link(data / "sync.db")
    yield server(server_url)
