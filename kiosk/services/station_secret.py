"""The one secret of a station that no other machine has."""

import errno
import secrets
from contextlib import suppress
from pathlib import Path

from kiosk.services.changes import sync_folder
from kiosk.services.private_files import write_private

_SECRET_BYTES = 32


def station_secret(data: Path) -> bytes:
    """This station's own secret, for sessions and as the PINs' pepper: 32 bytes in a file only its owner can read.

    Whoever asks first makes it; it is there whole or not at all.

    Raises:
        OSError
    """
    path = data / "secret"
    if not path.exists():
        own = data / f"secret-{secrets.token_hex(8)}"
        try:
            write_private(own, secrets.token_bytes(_SECRET_BYTES))
            with suppress(FileExistsError):  # another program was first: its secret is the station's
                path.hardlink_to(own)
        finally:
            own.unlink(missing_ok=True)
        sync_folder(data)
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise OSError(errno.EINVAL, "damaged; remove it and give every guard a new PIN", str(path))
    return secret
