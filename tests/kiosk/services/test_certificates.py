from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from kiosk.services import doctor_checks
from kiosk.services.certificates import LASTS, CertificateProblem, make_certificate, read_certificate
from kiosk.services.lan import LanProblem, lan_state
from kiosk.settings import Lan, Settings, SettingsError, parse
from sync.clock import ManualClock

NOW = datetime(2020, 6, 10, tzinfo=UTC)
NAMES = ["gapura.kantor.local", "192.168.1.5", "fd00::5"]


def test_a_certificate_of_ones_own(tmp_path: Path) -> None:
    """It holds names and addresses, lasts two years, and its key is its owner's alone."""
    made = make_certificate(NAMES, NOW, tmp_path / "lan.crt", tmp_path / "lan.key")
    assert (made.names, made.not_after) == (tuple(NAMES), NOW + LASTS)
    assert read_certificate(tmp_path / "lan.crt") == made
    assert (tmp_path / "lan.key").stat().st_mode & 0o777 == 0o600
    loaded = x509.load_pem_x509_certificate((tmp_path / "lan.crt").read_bytes())
    assert loaded.public_key().curve.name == "secp256r1"
    assert not loaded.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_fingerprint_is_read_by_eye(tmp_path: Path) -> None:
    """Sixteen groups of four, which together are SHA-256 of the certificate."""
    made = make_certificate(NAMES, NOW, tmp_path / "a", tmp_path / "b")
    assert [len(group) for group in made.groups()] == [4] * 16
    assert "".join(made.groups()) == made.fingerprint == made.fingerprint.upper()


@pytest.mark.parametrize("names", [[], ["kantör.local"]])
def test_names_that_no_certificate_holds(tmp_path: Path, names: list[str]) -> None:
    """They are refused with a sentence, and nothing is written."""
    with pytest.raises(CertificateProblem):
        make_certificate(names, NOW, tmp_path / "a", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_files_that_are_no_certificate(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty or damaged: the sentence names the file."""
    if content is not None:
        (tmp_path / "lan.crt").write_bytes(content)
    with pytest.raises(CertificateProblem, match=r"lan\.crt"):
        read_certificate(tmp_path / "lan.crt")


@pytest.mark.parametrize(
    ("days", "state"),
    [(0, "ok"), (699, "ok"), (701, "warn"), (729, "warn"), (731, "fail")],
)
def test_doctor_sees_the_end_coming(tmp_path: Path, days: int, state: str) -> None:
    """From 30 days before the end on doctor warns, and after it says that screens cannot be opened."""
    settings = Settings(data=str(tmp_path), lan=Lan(enabled=True, names=tuple(NAMES)))
    make_certificate(NAMES, ManualClock().now().wall, settings.lan_certificate, settings.lan_key)
    clock = ManualClock()
    clock.advance(timedelta(days=days).total_seconds())
    found = doctor_checks.network_screens(settings, clock.now())
    assert (found.state, bool(found.do)) == (state, state != "ok")


def test_doctor_sees_a_name_that_is_missing(tmp_path: Path) -> None:
    """A name in the settings that the certificate does not hold is told; off, nothing is."""
    settings = Settings(data=str(tmp_path), lan=Lan(enabled=True, names=("other.local",)))
    now = ManualClock().now()
    assert doctor_checks.network_screens(settings, now).state == "fail"
    make_certificate(NAMES, now.wall, settings.lan_certificate, settings.lan_key)
    assert "other.local" in doctor_checks.network_screens(settings, now).found
    assert doctor_checks.network_screens(Settings(data=str(tmp_path)), now).state == "ok"


def test_how_the_door_stands_on_the_network(tmp_path: Path) -> None:
    """Off by default; on without a certificate it cannot be opened; with one, each name is an address."""
    assert lan_state(Settings(data=str(tmp_path))).problem is LanProblem.OFF
    settings = Settings(data=str(tmp_path), lan=Lan(enabled=True, names=("a.local", "fd00::5")))
    assert lan_state(settings).problem is LanProblem.CERTIFICATE
    make_certificate(NAMES, NOW, settings.lan_certificate, settings.lan_key)
    assert lan_state(settings).problem is None
    assert lan_state(settings).addresses == ("https://a.local:8443/guard", "https://[fd00::5]:8443/guard")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("enabled = true", "lan.names"),
        ('host = "lan"', "lan.host"),
        ('names = ["a b"]', "lan.names"),
        ("port = 70000", "lan.port"),
    ],
)
def test_wrong_settings_name_their_key(text: str, key: str) -> None:
    """Nothing is opened by half a setting."""
    with pytest.raises(SettingsError, match=key):
        parse(f"[lan]\n{text}\n", "kiosk.toml")
