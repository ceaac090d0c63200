from datetime import time
from pathlib import Path

import pytest

from drivers.printers.base import Condition
from kiosk.settings import Printer, SettingsError, load, parse
from kiosk.wiring import build_policy, build_printer

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[stationn]\nname = 'x'", "stationn: no such setting"),
        ("[station]\ncolour = 1", "station.colour: no such setting"),
        ("data = 3", "data: expected `str`, got `int`"),
        ("station = 3", "station: expected `object`, got `int`"),
        ("[station]\nname = ''", "station.name: expected `str` of length >= 1"),
        ("[station]\ndevice_id = 'a b'", "station.device_id: expected `str` matching regex"),
        ("[station]\ndirection = 'up'", "station.direction: invalid enum value 'up'"),
        ("[station]\nunattended = 'yes'", "station.unattended: expected `bool`, got `str`"),
        ("[station]\nrepeat_window_s = -1", "station.repeat_window_s: expected `int` >= 0"),
        ("[station]\ntime_zone = 'Asia/Bandung'", "station.time_zone: no such zone; use Asia/Jakarta"),
        ("[station]\ntime_zone = '../../etc/passwd'", "station.time_zone: no such zone"),
        ("[station]\ntime_zone = 'Asia'", "station.time_zone: no such zone"),
        ("[station]\ntime_zone = ''", "station.time_zone: no such zone"),
        ("[web]\nport = '8080'", "web.port: expected `int`, got `str`"),
        ("[web]\nport = 70000", "web.port: expected `int` <= 65535"),
        ("[web]\nhost = '0.0.0.0'", "web.host: invalid enum value '0.0.0.0'"),
        ("[camera]\nsource = 'webcam'", "camera.source: expected `str` matching regex"),
        ("[camera]\nframes_per_s = 29.97", "camera.frames_per_s: expected `int`"),
        ("[thermometer]\ntimeout_s = 0", "thermometer.timeout_s: expected `float` > 0.0"),
        ("[thermometer]\ntimeout_s = nan", "thermometer.timeout_s: expected `float` > 0.0"),
        ("[thermometer]\noffset_c = 0.4", "thermometer.offset_name: an offset needs a name"),
        ("[temperature]\nlimit_c = nan", "temperature.limit_c: expected `float` >= 36.0"),
        ("[temperature]\nlimit_c = 41", "temperature.limit_c: expected `float` <= 39.0"),
        ("[temperature]\nlimit_c = 36\nplausible_min_c = 36.5", "temperature.plausible_min_c: must be below temperature.limit_c"),
        ("[temperature]\nlimit_c = 39\nplausible_max_c = 38.5", "temperature.plausible_max_c: must be above temperature.limit_c"),
        ("[clock]\nsynced_by = 'ntp'", "clock.synced_by: invalid enum value 'ntp'"),
        ("[speech]\nenabled = 1", "speech.enabled: expected `bool`, got `int`"),
        ("[speech]\nreading = 'letters'", "speech.reading: invalid enum value 'letters'"),
        ("[speech]\nvolume_percent = 101", "speech.volume_percent: expected `int` <= 100"),
        ("[speech]\nspeed_wpm = 79", "speech.speed_wpm: expected `int` >= 80"),
        ("[speech]\nquiet_from = '24.00'", "speech.quiet_from: expected `str` matching regex"),
        ("[speech]\nquiet_from = '9.00'", "speech.quiet_from: expected `str` matching regex"),
        ("[speech]\nquiet_from = 21:00:00", "speech.quiet_from: expected `str`, got `time`"),
        ("[speech]\nquiet_from = '21.00'", "speech.quiet_until: goes together with speech.quiet_from"),
        ("[speech]\nquiet_until = '06.00'", "speech.quiet_until: goes together with speech.quiet_from"),
        (
            "[speech]\nquiet_from = '21.00'\nquiet_until = '21:00'",
            "speech.quiet_until: must not be the same as speech.quiet_from",
        ),
        ("[printer]\nkind = 'file'", "printer.address: name the printer"),
        ("[printer]\nkind = 'network'\naddress = '/dev/usb/lp0'", "printer.address: must be a host and a port"),
        ("[printer]\nkind = 'usb'", "printer.kind: invalid enum value 'usb'"),
        ("[printer]\nbaud = 12345", "printer.baud: invalid enum value 12345"),
        ("[printer]\ncolumns = 0", "printer.columns: expected `int` >= 24"),
        ("station.name", "not valid TOML"),
        ("[station]\nname = 'a'\nname = 'b'", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(text: str, complaint: str) -> None:
    """One line: the file, the key, and what belongs there."""
    with pytest.raises(SettingsError) as told:
        parse(text, "door.toml")
    assert str(told.value).startswith(f"door.toml: {complaint}")
    assert "\n" not in str(told.value)


def test_nothing_set_works_on_a_bench() -> None:
    """An empty file is a whole set of settings, and a policy can be made of it."""
    settings = parse("", "door.toml")
    assert (settings.web.host, settings.station.time_zone) == ("127.0.0.1", "Asia/Jakarta")
    assert build_policy(settings).temperature is None


def test_quiet_hours_are_local_times() -> None:
    """With a dot or a colon, over midnight too; none where none are set."""
    told = parse("[speech]\nquiet_from = '21.30'\nquiet_until = '06:00'", "door.toml").speech
    assert told.quiet == (time(21, 30), time(6))
    assert parse("", "door.toml").speech.quiet is None


def test_the_settings_file_is_found_in_the_data_folder(tmp_path: Path) -> None:
    """`--data` alone is enough where the folder has its kiosk.toml; `--config` names another; `--data` wins over its key."""
    (tmp_path / "kiosk.toml").write_text("data = '/elsewhere'\n[station]\nname = 'Utara'\n")
    (tmp_path / "other.toml").write_text("[station]\nname = 'Selatan'\n")
    assert load(None, tmp_path).station.name == "Utara"
    assert load(None, tmp_path).data_dir == tmp_path
    assert load(tmp_path / "other.toml", tmp_path).station.name == "Selatan"
    assert load(None, tmp_path / "new").station.name == "Gapura"


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """No such file, or a folder."""
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / name, None)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """UTF-16, as Windows editors write it, is told apart from bad TOML."""
    (tmp_path / "kiosk.toml").write_bytes("[station]".encode("utf-16"))
    with pytest.raises(SettingsError, match="cannot be read"):
        load(None, tmp_path)


def test_the_policy_says_what_the_settings_say() -> None:
    """Seconds become milliseconds, and the rule carries the offset with its name."""
    text = """
    [station]
    direction = "out"
    repeat_window_s = 90
    unattended = true
    [thermometer]
    kind = "gy-mcu90614"
    offset_c = 0.4
    offset_name = "pintu utama 2020-06-01"
    [temperature]
    limit_c = 37.5
    comparison = "ge"
    measure_timeout_s = 2.5
    on_unmeasured = "hold"
    """
    policy = build_policy(parse(text, "door.toml"))
    rule = policy.temperature
    assert rule is not None
    assert (rule.limit_c, rule.comparison, rule.offset_c, rule.offset_name) == (37.5, "ge", 0.4, "pintu utama 2020-06-01")
    assert (policy.direction, policy.repeat_window_ms, policy.measure_timeout_ms) == ("out", 90_000, 2500)
    assert (policy.unattended, policy.on_unmeasured) == (True, "hold")


def test_a_door_that_does_not_ask_has_no_rule() -> None:
    """With a thermometer plugged in and nothing in force, nobody is measured."""
    text = "[thermometer]\nkind = 'gy-mcu90614'\n[temperature]\nasked = false"
    assert build_policy(parse(text, "door.toml")).temperature is None


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.168.1.40", ("192.168.1.40", 9100)),
        ("struk.lan:9101", ("struk.lan", 9101)),
        ("[fe80::1]:9100", ("fe80::1", 9100)),
        ("http://struk.lan", None),
        ("struk.lan:", None),
    ],
)
def test_where_a_printer_listens(address: str, found: tuple[str, int] | None) -> None:
    """A printer's address is a name or a number, with a port where it is not the usual one."""
    assert Printer(address=address).host_port == found


@pytest.mark.parametrize("how", ["network", "serial", "file"])
def test_a_printer_is_built_as_it_is_set(how: str) -> None:
    """Each kind of wire is built without being opened: a printer that is missing at the start keeps no door shut."""
    printer = build_printer(parse(f"[printer]\nkind = '{how}'\naddress = '127.0.0.1:9'\ntimeout_s = 0.2", "door.toml"))
    assert printer is not None
    assert printer.state().condition is Condition.UNPLUGGED
    assert build_printer(parse("", "door.toml")) is None
