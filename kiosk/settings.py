"""A kiosk's settings: one TOML file, read once, checked whole, each key named by its path when wrong.

Every key is described in systemd/kiosk.toml.example.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

CONFIG_NAME = "kiosk.toml"
_PRINTER_PORT = 9100

Seconds = Annotated[float, Meta(gt=0, le=3600)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Text = Annotated[str, Meta(min_length=1, max_length=80)]


class SettingsError(Exception):
    """The settings cannot be used. The message names the file and the key."""


class Station(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which door this is. `device_id` names it only until it is enrolled. `direction` is what a tap here means; `unattended` says
    that no guard watches this door.
    """

    name: Text = "Gapura"
    place: Text = "Pintu utama"
    device_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "kiosk-1"
    time_zone: str = "Asia/Jakarta"
    direction: Literal["in", "out", "unstated"] = "in"
    unattended: bool = False
    repeat_window_s: Annotated[int, Meta(ge=0, le=3600)] = 60


class Web(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the screens are served. Loopback only until the LAN is opened. `port` 0 takes a free one."""

    host: Literal["127.0.0.1", "::1"] = "127.0.0.1"
    port: Port = 8080
    stream_cap: Annotated[int, Meta(ge=2, le=200)] = 24


HostName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,253}$")]


class Lan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Guards' screens on the network, over TLS. `names` are the host names and addresses that browsers may use.

    `certificate` and `key` are files in PEM form; relative ones are in the data folder.
    """

    enabled: bool = False
    host: Annotated[str, Meta(min_length=1, max_length=64)] = "0.0.0.0"
    port: Port = 8443
    names: tuple[HostName, ...] = ()
    certificate: Annotated[str, Meta(min_length=1)] = "lan.crt"
    key: Annotated[str, Meta(min_length=1)] = "lan.key"


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other doors of this building, asked over the LAN who is inside. `doors` are their addresses; all share one secret.

    `secret_file` is 32 random bytes that only its owner may read, the same at every door; "" for a site of one door. `ca_file`
    holds the certificates, or their issuer's, of doors with an https address; "" for those the machine trusts.
    """

    secret_file: str = ""
    doors: tuple[Annotated[str, Meta(pattern=r"^https?://[^/\s]+$")], ...] = ()
    ca_file: str = ""


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`source` is "v4l2:/dev/gapura-camera", "virtual:SOCKET", "file:VIDEO" or "off"."""

    source: Annotated[str, Meta(pattern=r"^(v4l2:.+|virtual:.+|file:.+|off)$")] = "v4l2:/dev/gapura-camera"
    width: Annotated[int, Meta(ge=160, le=4096)] = 640
    height: Annotated[int, Meta(ge=120, le=2160)] = 480
    frames_per_s: Annotated[int, Meta(ge=1, le=60)] = 30


class Thermometer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kind` as in `gapura devices list`, or "off". `offset_c` is a named, local calibration that is shown and recorded apart.

    `simulated` must be true for a port that a simulator feeds: every screen then says so.
    """

    kind: Text = "off"
    port: Text = "/dev/gapura-thermometer"
    timeout_s: Seconds = 3.0
    offset_c: Annotated[float, Meta(ge=-5, le=5)] = 0.0
    offset_name: Text = "none"
    simulated: bool = False


class Temperature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The office's own rule, used while no circular states one. `asked` false: nobody is measured."""

    asked: bool = True
    limit_c: Annotated[float, Meta(ge=36.0, le=39.0)] = 37.3
    comparison: Literal["gt", "ge"] = "gt"
    wait_min: Annotated[int, Meta(ge=1, le=60)] = 5
    plausible_min_c: Annotated[float, Meta(ge=25, le=37)] = 35.0
    plausible_max_c: Annotated[float, Meta(ge=38, le=45)] = 42.0
    measure_timeout_s: Seconds = 3.0
    on_unmeasured: Literal["admit", "hold"] = "admit"


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`synced_by`: "kernel" asks the kernel whether a time service keeps its clock; "host" trusts it (virtual machines, demo)."""

    synced_by: Literal["kernel", "host"] = "kernel"


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many days the door keeps what an entry says, counted from the server's acknowledgement. What is not sent stays."""

    health_days: Annotated[int, Meta(ge=1, le=365)] = 7
    ordinary_days: Annotated[int, Meta(ge=1, le=3650)] = 35


class Printer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paper for visitors. `address` is "host:9100", a serial port or a device file, as `kind` says. `answers` false: the printer,
    or its wire, cannot be asked how it is.
    """

    kind: Literal["off", "network", "serial", "file"] = "off"
    address: Annotated[str, Meta(max_length=253)] = ""
    baud: Literal[4800, 9600, 19200, 38400, 57600, 115200] = 9600
    timeout_s: Annotated[float, Meta(gt=0, le=30)] = 3.0
    answers: bool = True
    qr: Literal["native", "image"] = "native"
    columns: Annotated[int, Meta(ge=24, le=64)] = 32

    @property
    def host_port(self) -> tuple[str, int] | None:
        """`address` as a host and a port (9100 where none is named); None if it is no such thing."""
        named = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?", self.address)
        return None if named is None else (named[1].strip("[]"), int(named[2] or _PRINTER_PORT))


LocalTime = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3])[.:][0-5][0-9])?$")]


class Speech(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How waiting numbers are called aloud. From `quiet_from` to `quiet_until`, local times such as "21.00", nothing is spoken;
    "" for both: there are no quiet hours. `speed_wpm` is in words per minute.
    """

    enabled: bool = True
    reading: Literal["words", "digits"] = "words"
    volume_percent: Annotated[int, Meta(ge=0, le=100)] = 80
    quiet_from: LocalTime = ""
    quiet_until: LocalTime = ""
    speed_wpm: Annotated[int, Meta(ge=80, le=300)] = 140

    @property
    def quiet(self) -> tuple[time, time] | None:
        """The local times between which nothing is spoken; None without quiet hours."""
        if not self.quiet_from:
            return None
        return _local_time(self.quiet_from), _local_time(self.quiet_until)


def _local_time(text: str) -> time:
    return time(int(text[:2]), int(text[3:]))


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a kiosk can be told. Every key has a default that works on a bench."""

    data: str = "/var/lib/gapura"
    station: Station = Station()
    web: Web = Web()
    lan: Lan = Lan()
    site: Site = Site()
    camera: Camera = Camera()
    thermometer: Thermometer = Thermometer()
    temperature: Temperature = Temperature()
    clock: Clock = Clock()
    retention: Retention = Retention()
    speech: Speech = Speech()
    printer: Printer = Printer()

    @property
    def data_dir(self) -> Path:
        """The folder that holds kiosk.db, sync.db, inbox/ and photos/."""
        return Path(self.data)

    @property
    def database(self) -> Path:
        return self.data_dir / "kiosk.db"

    @property
    def photos(self) -> Path:
        return self.data_dir / "photos"

    @property
    def lan_certificate(self) -> Path:
        return self.data_dir / self.lan.certificate

    @property
    def lan_key(self) -> Path:
        return self.data_dir / self.lan.key


def load(config: Path | None, data: Path | None) -> Settings:
    """The settings of `config`, or of `kiosk.toml` in `data`, or the defaults with `data` as the data folder.

    Raises:
        SettingsError: no such file, not TOML, or a key that is wrong.
    """
    if config is None and data is not None and (data / CONFIG_NAME).exists():
        config = data / CONFIG_NAME
    settings = Settings() if config is None else parse(_read(config), str(config))
    return settings if data is None else msgspec.structs.replace(settings, data=str(data))


def parse(text: str, name: str) -> Settings:
    """Settings from TOML text; `name` stands before the key in every complaint.

    Raises:
        SettingsError
    """
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
        ZoneInfo(settings.station.time_zone)
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{name}: not valid TOML: {exc}") from exc
    except msgspec.ValidationError as exc:
        raise SettingsError(f"{name}: {path_first(str(exc))}") from exc
    except (KeyError, ValueError, OSError) as exc:
        raise SettingsError(f"{name}: station.time_zone: no such zone; use Asia/Jakarta, Asia/Makassar or Asia/Jayapura") from exc
    for key, holds, message in _together(settings):
        if not holds:
            raise SettingsError(f"{name}: {key}: {message}")
    return settings


def _together(settings: Settings) -> Iterator[tuple[str, bool, str]]:
    """What must hold between keys that are each right by themselves: key, whether it does, what to say where it does not."""
    rule, device = settings.temperature, settings.thermometer
    named = device.offset_c == 0 or device.offset_name not in ("", "none")
    yield "thermometer.offset_name", named, "an offset needs a name, such as the day and place it was measured at"
    yield "temperature.plausible_min_c", rule.plausible_min_c < rule.limit_c, "must be below temperature.limit_c"
    yield "temperature.plausible_max_c", rule.plausible_max_c > rule.limit_c, "must be above temperature.limit_c"
    speech = settings.speech
    yield "speech.quiet_until", bool(speech.quiet_from) == bool(speech.quiet_until), "goes together with speech.quiet_from"
    differ = speech.quiet is None or speech.quiet[0] != speech.quiet[1]
    yield "speech.quiet_until", differ, "must not be the same as speech.quiet_from; for silence set speech.volume_percent to 0"
    yield "printer.address", bool(settings.printer.address) or settings.printer.kind == "off", "name the printer"
    reached = settings.printer.kind != "network" or settings.printer.host_port is not None
    yield "printer.address", reached, 'must be a host and a port, such as "192.168.1.40:9100"'
    longest = settings.retention.health_days <= settings.retention.ordinary_days
    yield "retention.health_days", longest, "must not be above retention.ordinary_days"
    yield "site.secret_file", bool(settings.site.secret_file) or not settings.site.doors, "name the file that all doors share"
    yield "lan.names", bool(settings.lan.names) or not settings.lan.enabled, "name the hosts or addresses that screens will open"
    yield "lan.host", _is_address(settings.lan.host), "must be an IP address of this machine, or 0.0.0.0 for all of them"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def path_first(message: str) -> str:
    """msgspec's "Expected `int`, got `str` - at `$.web.port`" as "web.port: expected `int`, got `str`"."""
    what, _, where = message.partition(" - at `$")
    if what.startswith("Object contains unknown field "):
        key = what.removeprefix("Object contains unknown field ").strip("`")
        path = f"{where.strip('.`')}.{key}" if where.strip(".`") else key
        return f"{path}: no such setting"
    path = where.strip(".`")
    return f"{path}: {what[:1].lower()}{what[1:]}" if path else what


def _read(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{config}: cannot be read: {exc}") from exc
