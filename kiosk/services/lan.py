"""How the door stands on the network: the addresses its guards' screens open, and the certificate they see there."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.services.certificates import Certificate, CertificateProblem, read_certificate
from kiosk.settings import Settings


class LanProblem(StrEnum):
    """Why no other screen can be opened."""

    OFF = "off"
    CERTIFICATE = "certificate"
    LISTEN = "listen"


@dataclass(slots=True)
class LanState:
    """`addresses` as people type them; `problem` is None while the door listens."""

    addresses: tuple[str, ...] = ()
    certificate: Certificate | None = None
    problem: LanProblem | None = LanProblem.OFF


def lan_state(settings: Settings) -> LanState:
    """As the settings ask for it. Nobody has tried to listen yet."""
    lan = settings.lan
    try:
        certificate = read_certificate(settings.lan_certificate)
    except CertificateProblem:
        certificate = None
    problem = LanProblem.OFF if not lan.enabled else LanProblem.CERTIFICATE if certificate is None else None
    return LanState(tuple(address_of(name, lan.port) for name in lan.names), certificate, problem)


def address_of(name: str, port: int) -> str:
    """`https://gapura.kantor.local:8443/guard`."""
    host = f"[{name}]" if ":" in name else name
    return f"https://{host}/guard" if port == 443 else f"https://{host}:{port}/guard"
