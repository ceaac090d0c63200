"""Who is asking: the one place that knows how a door proves itself. See `sync.protocol.signing`."""

from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Request

from sync.protocol import signing
from sync.protocol.signing import SignatureRefused
from sync.server.body import read_sent
from sync.server.store import Device, DeviceStore


class NotAuthenticated(Exception):
    """The request does not prove which door it is from."""


class NotAllowed(Exception):
    """The door is known, and may not do this: it was revoked."""


class DeviceAuthenticator:
    """Proves doors by the signatures on their requests, with the public keys of `devices`."""

    def __init__(self, devices: DeviceStore) -> None:
        self._devices = devices

    def authenticate(self, request: Request) -> Device:
        """The door that made the request: the one its address names. The whole body is read, and bounded.

        Raises:
            NotAuthenticated, NotAllowed, RequestEntityTooLarge, StoreUnavailable
        """
        device_id = (request.view_args or {}).get("device_id", "")
        known = self._devices.find(device_id)
        if known is None or known.public_key is None:
            raise NotAuthenticated
        check_signature(request, device_id, known.public_key)
        if known.device.revoked_at is not None:
            raise NotAllowed
        return known.device


def check_signature(request: Request, owner: str, public_key: str) -> None:
    """Nothing, if the request was signed by this key as `owner`'s.

    Raises:
        NotAuthenticated, RequestEntityTooLarge
    """
    try:
        key, name = signing.public_key(public_key), signing.key_id(owner, public_key)
        signing.check_request(_as_sent(request), lambda asked: _only(asked, name, key))
    except SignatureRefused as exc:
        raise NotAuthenticated(str(exc)) from exc


def _only(asked: str, name: str, key: Ed25519PublicKey) -> Ed25519PublicKey | None:
    return key if asked == name else None


def _as_sent(request: Request) -> signing.Request:
    # The path of every address under /v1 is of characters that nobody escapes, so what was sent is what was decoded.
    query = request.query_string.decode("latin-1")
    target = quote(request.root_path + request.path) + (f"?{query}" if query else "")
    return signing.Request(request.method, target, dict(request.headers), read_sent(request))
