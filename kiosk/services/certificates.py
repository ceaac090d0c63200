"""The certificate that guards' screens on the network see: making one of our own, and reading any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.services.private_files import write_private

LASTS = timedelta(days=730)
EXPIRES_SOON = timedelta(days=30)
_BEFORE = timedelta(days=1)  # a tablet whose clock is a little behind accepts it too
_LONGEST_COMMON_NAME = 64


class CertificateProblem(Exception):
    """A certificate cannot be made or read. The message names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. `fingerprint` is SHA-256 over its DER form, as 64 upper-case hex digits, as browsers show it."""

    fingerprint: str
    names: tuple[str, ...]
    not_after: datetime

    def groups(self) -> tuple[str, ...]:
        """The fingerprint in sixteen groups of four, to be compared by eye."""
        return tuple(self.fingerprint[n : n + 4] for n in range(0, len(self.fingerprint), 4))

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has."""
        return (self.not_after - now).days

    def ends_soon(self, now: datetime) -> bool:
        """True from 30 days before its end on."""
        return self.not_after - now <= EXPIRES_SOON


def make_certificate(names: Sequence[str], now: datetime, certificate: Path, key: Path) -> Certificate:
    """A key (EC P-256, mode 0600) and a certificate of its own for two years, for host names and IP addresses alike.

    Both files are replaced. Browsers trust it by its fingerprint alone.

    Raises:
        CertificateProblem: a name that no certificate can hold, or no names.
        OSError
    """
    if not names:
        raise CertificateProblem("name at least one host name or address that screens will open, such as gapura.kantor.local")
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_LONGEST_COMMON_NAME])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    write_private(key, private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    write_private(certificate, made.public_bytes(serialization.Encoding.PEM))
    return _said(made)


def read_certificate(path: Path) -> Certificate:
    """What the certificate in a PEM file says (the first, where it holds a chain).

    Raises:
        CertificateProblem
    """
    try:
        return _said(x509.load_pem_x509_certificate(path.read_bytes()))
    except OSError as exc:
        raise CertificateProblem(f"{path}: {exc.strerror}; make one with `gapura lan certificate`") from exc
    except ValueError as exc:
        raise CertificateProblem(f"{path} is no certificate in PEM form; name another in lan.certificate") from exc


def _said(certificate: x509.Certificate) -> Certificate:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names: tuple[str, ...] = ()
    else:
        addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
        names = (*found.get_values_for_type(x509.DNSName), *addresses)
    return Certificate(certificate.fingerprint(hashes.SHA256()).hex().upper(), names, certificate.not_valid_after_utc)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError as exc:
        raise CertificateProblem(f"{name!r} is no host name; use letters, digits, dots and dashes, or an IP address") from exc
