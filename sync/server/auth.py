"""Who is asking: the one place that knows how a door proves itself (a bearer key today, signatures later)."""

from flask import Request

from sync.server.store import Device, DeviceStore


class NotAuthenticated(Exception):
    """The request does not prove which door it is from."""


class NotAllowed(Exception):
    """The door is known, and may not do this: it was revoked."""


class DeviceAuthenticator:
    """Proves doors by the bearer key of `devices`."""

    def __init__(self, devices: DeviceStore) -> None:
        self._devices = devices

    def authenticate(self, request: Request) -> Device:
        """The door that made the request: the one its address names.

        Raises:
            NotAuthenticated, NotAllowed, StoreUnavailable
        """
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        device_id = (request.view_args or {}).get("device_id", "")
        device = self._devices.with_key(device_id, key.strip()) if scheme.lower() == "bearer" else None
        if device is None:
            raise NotAuthenticated
        if device.revoked_at is not None:
            raise NotAllowed
        return device
