"""The one place where a kiosk is put together. Everything below is handed what it needs; nobody else sees the settings."""

import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.base import Scanner, Thermometer
from drivers.printers.base import ReceiptPrinter
from drivers.printers.escpos_printer import EscposPrinter, Paper
from drivers.printers.links import FileLink, Link, NetworkLink
from drivers.registry import build_thermometer
from drivers.scanners.camera import FileSource, V4L2Source
from drivers.scanners.camera_scanner import CameraScanner
from drivers.scanners.frames import FrameSource
from drivers.serial_link import SerialLink
from drivers.speech import EspeakVoice
from drivers.virtual.camera_source import SocketSource
from kiosk.core.badges import badge_token
from kiosk.core.passes import read_pass
from kiosk.core.policy import Comparison, OnUnmeasured, Policy, TemperatureRule
from kiosk.core.spoken import NumberReading
from kiosk.core.values import Direction
from kiosk.services import changes
from kiosk.services.announcer import Announcer, Manner, QuietHours
from kiosk.services.changes import DirectoryChange, Submitted
from kiosk.services.device_health import HealthKeeper
from kiosk.services.duties import GuardDuties, build_duties
from kiosk.services.housekeeping import Duties, Housekeeping
from kiosk.services.lane import Lane
from kiosk.services.neighbours import PATH as NEIGHBOURS_PATH
from kiosk.services.neighbours import Neighbours, SiteKey, read_secret
from kiosk.services.printing import Printing
from kiosk.services.restart import restore
from kiosk.services.retention import Keep
from kiosk.services.room_context import RoomContext
from kiosk.services.rooms import StationRooms
from kiosk.services.slip_desk import SlipDesk
from kiosk.services.station import KioskStation
from kiosk.services.station_secret import station_secret
from kiosk.services.tools import StationTools
from kiosk.services.views import DeviceState
from kiosk.settings import Settings
from kiosk.store import backup, quarantine
from kiosk.store.database import KioskDatabase
from kiosk.web.slip_words import both_languages
from sync import peer_client
from sync.clock import Clock, SystemClock
from sync.identity import IdentityError, read_identity
from sync.journal import Verification

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A kiosk that is put together and not started. `scanner` and `thermometer` are None where the settings say "off"."""

    settings: Settings
    clock: Clock
    database: KioskDatabase
    lane: Lane
    station: KioskStation
    health: HealthKeeper
    scanner: Scanner | None
    thermometer: Thermometer | None
    housekeeping: Housekeeping
    stopping: threading.Event
    secret_key: bytes
    duties: GuardDuties
    rooms: StationRooms
    policy: Policy
    announcer: Announcer | None
    printing: Printing


def build_clock(settings: Settings) -> Clock:
    """The machine's clock, trusted as the settings say."""
    return SystemClock((lambda: True) if settings.clock.synced_by == "host" else None)


def open_database(settings: Settings) -> KioskDatabase:
    """This station's database, made if it is not there, set aside and begun anew if damaged. Only under the station's lock.

    Raises:
        DatabaseError
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    device_id, place_id = _whose(settings)
    return quarantine.open_station(
        settings.database,
        device_id=device_id,
        place_id=place_id,
        random_bytes=os.urandom,
        now=build_clock(settings).now,
        backups=lambda: backup.kept(settings.data_dir),
    )


def restore_backup(settings: Settings, file: Path) -> Verification:
    """Put the backup `file` in the place of this station's journal. Only under the station's lock.

    Raises:
        BackupFailed, DatabaseError
    """
    device_id, place_id = _whose(settings)
    return backup.restore(
        file,
        settings.database,
        device_id=device_id,
        place_id=place_id,
        random_bytes=os.urandom,
        moment=build_clock(settings).now(),
    )


def _whose(settings: Settings) -> tuple[str, str]:
    """The device and the place that rows are of: as enrolled, or before that as the settings say."""
    try:
        identity = read_identity(settings.data_dir)
    except IdentityError as exc:
        _log.error("%s; until then entries are kept under the name in the settings", exc)
        identity = None
    if identity is None:
        return settings.station.device_id, settings.station.place
    return identity.device_id, identity.place_id


def submit_change(settings: Settings, change: DirectoryChange, photos: dict[str, Path]) -> Submitted:
    """Hand a change over to this station: applied at once, or queued for the kiosk that runs on it.

    Raises:
        OSError, DatabaseError
    """
    return changes.submit(
        settings.data_dir,
        change,
        photos,
        name=secrets.token_hex(8),
        open_database=lambda: open_database(settings),
        now=build_clock(settings).now,
    )


def build_policy(settings: Settings) -> Policy:
    """What the settings ask for at this door."""
    wanted, station = settings.temperature, settings.station
    rule = None
    if wanted.asked and settings.thermometer.kind != "off":
        rule = TemperatureRule(
            limit_c=wanted.limit_c,
            comparison=Comparison(wanted.comparison),
            wait_min=wanted.wait_min,
            plausible_min_c=wanted.plausible_min_c,
            plausible_max_c=wanted.plausible_max_c,
            offset_c=settings.thermometer.offset_c,
            offset_name=settings.thermometer.offset_name,
        )
    return Policy(
        direction=Direction(station.direction),
        temperature=rule,
        measure_timeout_ms=int(wanted.measure_timeout_s * 1000),
        repeat_window_ms=station.repeat_window_s * 1000,
        on_unmeasured=OnUnmeasured(wanted.on_unmeasured),
        unattended=station.unattended,
    )


def build_kiosk(settings: Settings) -> Kiosk:
    """Put a kiosk together. The caller holds the station's lock.

    Raises:
        DatabaseError: the database cannot be used.
        UnknownKind: there is no such thermometer.
    """
    clock, stopping = build_clock(settings), threading.Event()
    thermometer = build_station_thermometer(settings, _now_ns(clock))
    database = open_database(settings)
    changes.apply_inbox(settings.data_dir, database, clock.now())
    printing = Printing(SlipDesk(build_printer(settings), both_languages(settings.station.time_zone)), clock)
    simulated = settings.camera.source.startswith("virtual:") or settings.thermometer.simulated
    health = HealthKeeper(
        settings.data_dir,
        clock,
        camera=DeviceState.OFF if settings.camera.source == "off" else DeviceState.OK,
        thermometer=DeviceState.OFF if thermometer is None else DeviceState.OK,
        simulated=simulated,
        printer=printing.sign,
    )
    health.refresh()
    secret = station_secret(settings.data_dir)
    station = KioskStation(
        name=settings.station.name,
        place=settings.station.place,
        time_zone=settings.station.time_zone,
        database=database,
        clock=clock,
        health=health,
        photos=settings.photos,
        pepper=secret,
        random_bytes=os.urandom,
        stopping=stopping,
    )
    policy = build_policy(settings)
    lane = Lane(
        database,
        clock,
        policy,
        zone=ZoneInfo(settings.station.time_zone),
        random_bytes=os.urandom,
        show=station.show,
        committed=station.committed,
        simulated=simulated,
    )
    restore(lane, database, clock.now(), policy)
    scanner = build_scanner(settings, _now_ns(clock))
    station.attach(lane, scanner)
    tools = StationTools(
        name=settings.station.name,
        place=settings.station.place,
        device_id=database.journal.origin.device_id,
        data=settings.data_dir,
        photos=settings.photos,
        database=settings.database,
        clock=clock,
        zone=ZoneInfo(settings.station.time_zone),
        journal=lane.journal,
        ask=lane.ask,
        random_bytes=os.urandom,
        repeat_window_s=settings.station.repeat_window_s,
    )
    rooms = build_rooms(tools, database, lane, health, policy.direction)
    duties = build_duties(tools, build_neighbours(settings, clock), rooms)
    return Kiosk(
        duties=duties,
        rooms=rooms,
        policy=policy,
        announcer=build_announcer(settings, clock),
        printing=printing,
        settings=settings,
        clock=clock,
        database=database,
        lane=lane,
        station=station,
        health=health,
        scanner=scanner,
        thermometer=thermometer,
        housekeeping=build_housekeeping(settings, database, clock, health, stopping),
        stopping=stopping,
        secret_key=secret,
    )


def build_rooms(
    tools: StationTools, database: KioskDatabase, lane: Lane, health: HealthKeeper, direction: Direction
) -> StationRooms:
    """The rooms of this station; none until the office or the server has set some up."""
    context = RoomContext(
        zone=tools.zone,
        random_bytes=tools.random_bytes,
        origin=lambda: database.journal.origin,
        is_online=lambda: health.health.online,
    )
    rooms = StationRooms(tools, context, lane.decide, direction)
    lane.attach_passes(rooms.pass_seen)
    lane.attach_rooms(rooms.staff_admitted)
    return rooms


def build_announcer(settings: Settings, clock: Clock) -> Announcer | None:
    """The voice of the displays, as the settings want it; None where they are to be silent."""
    wanted = settings.speech
    if not wanted.enabled:
        return None
    manner = Manner(
        reading=NumberReading(wanted.reading),
        volume_percent=wanted.volume_percent,
        words_per_minute=wanted.speed_wpm,
        quiet=None if wanted.quiet is None else QuietHours(*wanted.quiet),
    )
    voice = EspeakVoice(words_per_minute=wanted.speed_wpm)
    return Announcer(clock, voice, ZoneInfo(settings.station.time_zone), manner)


def build_neighbours(settings: Settings, clock: Clock) -> Neighbours:
    """The other doors of the site, asked over the LAN. Without a usable secret none is asked, and none gets an answer."""
    site, key = settings.site, None
    try:
        key = SiteKey(read_secret(Path(site.secret_file))) if site.secret_file else None
    except OSError as exc:
        _log.error("the other doors are not asked who is inside: %s: %s", exc.filename, exc.strerror)

    def fetch(address: str, headers: dict[str, str]) -> bytes:
        return peer_client.get(address, NEIGHBOURS_PATH, headers, clock, ca_file=site.ca_file or None)

    return Neighbours(settings.data_dir, clock, key, site.doors, fetch)


def build_housekeeping(
    settings: Settings, database: KioskDatabase, clock: Clock, health: HealthKeeper, stopping: threading.Event
) -> Housekeeping:
    """What looks after this station's file."""
    keep = Keep(settings.retention.health_days, settings.retention.ordinary_days)
    data = settings.data_dir
    duties = Duties(ZoneInfo(settings.station.time_zone), keep, free_bytes=lambda: shutil.disk_usage(data).free)
    return Housekeeping(database, clock, duties, health=health, stopping=stopping)


def build_scanner(settings: Settings, now: Callable[[], int]) -> CameraScanner | None:
    """The camera that the settings name, capturing; None for "off"."""
    how, _, where = settings.camera.source.partition(":")
    if how == "off":
        return None
    source: FrameSource
    if how == "v4l2":
        source = V4L2Source(where, width=settings.camera.width, height=settings.camera.height, fps=settings.camera.frames_per_s)
    elif how == "virtual":
        source = SocketSource(where)
    else:
        source = FileSource(where)
    return CameraScanner(source, now=now, is_badge=_is_ours, simulated=how != "v4l2")


def _is_ours(text: str) -> bool:
    return badge_token(text) is not None or read_pass(text) is not None


def build_station_thermometer(settings: Settings, now: Callable[[], int]) -> Thermometer | None:
    """The thermometer that the settings name, not opened yet; None for "off".

    Raises:
        UnknownKind
    """
    wanted = settings.thermometer
    if wanted.kind == "off":
        return None
    return build_thermometer(wanted.kind, wanted.port, timeout_s=wanted.timeout_s, now=now, simulated=wanted.simulated)


def build_printer(settings: Settings) -> ReceiptPrinter | None:
    """The receipt printer that the settings name, not opened yet; None for "off"."""
    wanted = settings.printer
    link: Link
    if wanted.kind == "off":
        return None
    if wanted.kind == "network" and wanted.host_port is not None:
        link = NetworkLink(*wanted.host_port, timeout_s=wanted.timeout_s)
    elif wanted.kind == "serial":
        link = SerialLink(wanted.address, baud=wanted.baud, timeout_s=wanted.timeout_s)
    else:
        link = FileLink(wanted.address, timeout_s=wanted.timeout_s, two_way=wanted.answers)
    return EscposPrinter(
        link,
        name=wanted.address,
        paper=Paper(wanted.columns, native_qr=wanted.qr == "native"),
        timeout_s=wanted.timeout_s,
        now=_now_ns(build_clock(settings)),
        answers=wanted.answers,
    )


def local_today(settings: Settings, clock: Clock) -> date:
    """Today's date at the door."""
    return clock.now().wall.astimezone(ZoneInfo(settings.station.time_zone)).date()


def _now_ns(clock: Clock) -> Callable[[], int]:
    return lambda: clock.now().mono_ns
