"""The sync agent's settings: one TOML file, read once, checked whole, every wrong key named by its path."""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

CONFIG_NAME = "sync.toml"
URL_PATTERN = r"^https?://[^\s/]+[^\s]*$"

_Seconds = Annotated[float, Meta(gt=0, le=3600)]


class SettingsError(Exception):
    """The settings cannot be used. The message names the file and the key."""


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the central server is now, if not where this station was enrolled. `ca_file` is the authority that signed the
    server's certificate, where it is not one that the system knows. Whose answers are believed was settled at enrolment.
    """

    url: Annotated[str, Meta(pattern=URL_PATTERN)] | None = None
    ca_file: str | None = None


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds: between two looks for documents, the longest pause after a lost connection, and the patience with one request."""

    documents_s: _Seconds = 30.0
    retry_cap_s: _Seconds = 60.0
    connect_timeout_s: _Seconds = 5.0
    read_timeout_s: _Seconds = 30.0


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `gapura sync` runs with. Every key is described in `systemd/sync.toml.example`."""

    data: Annotated[str, Meta(min_length=1)] = "/var/lib/gapura"
    server: Server = Server()
    intervals: Intervals = Intervals()

    @property
    def data_dir(self) -> Path:
        """The station's folder: kiosk.db, sync.db, inbox/."""
        return Path(self.data)


def load(config: Path | None, data: Path | None) -> Settings:
    """The settings of `config`, or of `sync.toml` in `data`, or the defaults; `data`, if given, is the station's folder.

    Raises:
        SettingsError: no such file, not TOML, or a key that is wrong.
    """
    if config is None and data is not None and (data / CONFIG_NAME).exists():
        config = data / CONFIG_NAME
    values = {} if config is None else _read(config)
    if data is not None:
        values["data"] = str(data)
    return parse(values, "sync.toml" if config is None else config.name)


def parse(values: dict[str, object], where: str) -> Settings:
    """The settings that `values` give; `where` names them in messages.

    Raises:
        SettingsError
    """
    try:
        return msgspec.convert(values, Settings)
    except msgspec.ValidationError as exc:
        what, _, path = str(exc).partition(" - at `$")
        raise SettingsError(f"{where}: {path.strip('.`') + ': ' if path else ''}{what}") from exc


def data_dir(config: Path) -> Path:
    """The station's folder that a station's TOML file names, be it the kiosk's or the sync agent's.

    Raises:
        SettingsError: no such file, not TOML, or `data` is no text.
    """
    found = _read(config).get("data", Settings().data)
    if not isinstance(found, str) or not found:
        raise SettingsError(f"{config.name}: data: must be the path of a folder")
    return Path(found)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError(f"{path}: cannot be read ({exc.strerror})") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{path}: not TOML: {exc}") from exc
