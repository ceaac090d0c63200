"""Who this station is: a key that never leaves it (`device.key`), and what the server said at enrolment (`identity.json`).

The key is for the sync agent's user alone. `identity.json` holds no secret: the kiosk reads its own name there.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sync.files import write_whole
from sync.protocol import signing

KEY_NAME = "device.key"
IDENTITY_NAME = "identity.json"


class IdentityError(Exception):
    """The key or the identity cannot be used. The message names the file and says what to do."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What enrolment gave: this device, its place, and the server with the public key it is known by from then on."""

    device_id: str
    name: str
    place_id: str
    site: str
    time_zone: str
    server_url: str
    server_key: str
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """This station's private key. It is never shown."""

    _key: Ed25519PrivateKey

    @classmethod
    def load(cls, path: Path) -> "DeviceKey":
        """The key in `path`.

        Raises:
            IdentityError: no such file, not such a key, or others on this machine may read it.
        """
        try:
            content, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
            key = load_pem_private_key(content, None)
        except OSError as exc:
            raise IdentityError(
                f"{path}: cannot be read ({exc.strerror}); run this as the user who enrolled the station, or enrol it again"
            ) from exc
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise IdentityError(f"{path}: is no key; move it away and enrol this station again") from exc
        if not isinstance(key, Ed25519PrivateKey):
            raise IdentityError(f"{path}: is no Ed25519 key; move it away and enrol this station again")
        if mode & 0o077:
            raise IdentityError(f"{path}: others can read it (mode {mode:o}); run: chmod 600 {path}")
        return cls(key)

    @classmethod
    def create(cls, path: Path) -> "DeviceKey":
        """A new key, durable in `path` (mode 0600) when this returns.

        Raises:
            OSError
        """
        key = Ed25519PrivateKey.generate()
        write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
        return cls(key)

    @property
    def public(self) -> str:
        """The public half as text."""
        return signing.public_text(self._key.public_key())

    def request_headers(self, owner: str, method: str, target: str, body: bytes) -> dict[str, str]:
        """The headers that sign a request as `owner`, which is the device's id. `target` is path and query as they are sent."""
        return signing.request_headers(method, target, body, self._key, signing.key_id(owner, self.public))

    def __repr__(self) -> str:
        return "DeviceKey(...)"


def read_identity(data: Path) -> Identity | None:
    """Who the station in `data` is; None before it was enrolled.

    Raises:
        IdentityError: the file is damaged.
    """
    path = data / IDENTITY_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Identity)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise IdentityError(f"{path}: cannot be read ({exc.strerror}); check the folder's permissions") from exc
    except (msgspec.DecodeError, ValueError) as exc:
        raise IdentityError(f"{path}: is damaged; enrol this station again") from exc


def write_identity(data: Path, identity: Identity) -> None:
    """Remember who the station in `data` is.

    Raises:
        OSError
    """
    write_whole(data / IDENTITY_NAME, msgspec.json.format(msgspec.json.encode(identity)), mode=0o644)
