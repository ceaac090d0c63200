"""The server's settings: one TOML file, read once, checked whole, every wrong key named by its path."""

import ipaddress
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sync.server.errors import BadSettings

DEFAULT_DATABASE = "sqlite:///central.db"
DEFAULT_BIND = "127.0.0.1:8480"

_Count = Annotated[int, msgspec.Meta(ge=1, le=64)]


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days after they came in the server keeps what visitors said of themselves."""

    visitor_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 35


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `gapura central` runs with. Every key is described in `systemd/central.toml.example`.

    `bind` is HOST:PORT. `hosts` are names browsers and doors may use besides IP addresses and localhost.
    `secure_cookies` None means: yes, unless the server listens on loopback only.
    """

    database: str = DEFAULT_DATABASE
    bind: str = DEFAULT_BIND
    workers: _Count = 1
    threads: _Count = 8
    requests_per_s: Annotated[float, msgspec.Meta(ge=0.1, le=10_000)] = 20.0
    requests_at_once: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 40
    hosts: list[str] = []
    time_zone: str = "Asia/Jakarta"
    impossible_interval_min: Annotated[int, msgspec.Meta(ge=1, le=240)] = 3
    tls_certificate: str | None = None
    tls_key: str | None = None
    trusted_proxies: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    secure_cookies: bool | None = None
    retention: Retention = Retention()

    @property
    def host(self) -> str:
        """The address to listen on, without brackets."""
        return split_bind(self.bind)[0]

    @property
    def port(self) -> int:
        """The port to listen on; 0 picks a free one."""
        return split_bind(self.bind)[1]

    @property
    def loopback_only(self) -> bool:
        """True when nobody outside this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def cookies_are_secure(self) -> bool:
        """Whether cookies carry the Secure attribute."""
        return not self.loopback_only if self.secure_cookies is None else self.secure_cookies


def load_settings(path: Path | None, **overrides: object) -> Settings:
    """The settings of `path` (None: all defaults), with every override that is not None put over them.

    Raises:
        BadSettings: no such file, not TOML, or a key that is unknown, of the wrong type or out of its range.
    """
    return _checked(_read(path) | _given(overrides), str(path) if path else "the command line")


def override(settings: Settings, **overrides: object) -> Settings:
    """`settings` with every override that is not None put over them.

    Raises:
        BadSettings
    """
    return _checked(msgspec.to_builtins(settings) | _given(overrides), "the command line")


def _given(overrides: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in overrides.items() if value is not None}


def _checked(values: dict[str, object], where: str) -> Settings:
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as exc:
        raise BadSettings(f"{where}: {exc}") from exc
    split_bind(settings.bind)
    check_time_zone(settings.time_zone)
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise BadSettings(f"{where}: tls_certificate and tls_key go together; give both or neither")
    return settings


def _read(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, object])
    except OSError as exc:
        raise BadSettings(f"{path}: cannot be read: {exc.strerror}") from exc
    except (msgspec.MsgspecError, ValueError) as exc:
        raise BadSettings(f"{path}: not TOML: {exc}") from exc


def split_bind(bind: str) -> tuple[str, int]:
    """HOST:PORT in two; an IPv6 host stands in brackets.

    Raises:
        BadSettings: not of that form.
    """
    host, _, port = bind.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise BadSettings(f"bind: {bind!r} is not HOST:PORT, for example {DEFAULT_BIND}")
    return host.strip("[]"), int(port)


def check_time_zone(name: str) -> None:
    """Nothing, for an IANA name that is known here.

    Raises:
        BadSettings: no such zone.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadSettings(f"time zone {name!r} is not known; use an IANA name such as Asia/Jakarta") from exc


def is_loopback(host: str) -> bool:
    """True for localhost and for loopback addresses."""
    if host == "localhost":
        return True
    address = as_address(host)
    return address is not None and address.is_loopback


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that `host` is, or None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
