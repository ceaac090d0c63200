"""What the sync agent asks of the kiosk, the only writer of kiosk.db: a file in the station's inbox."""

from pathlib import Path

import msgspec

from sync.files import write_whole

NEW_EPOCH_NAME = "new-epoch.json"


class NewEpoch(msgspec.Struct, frozen=True, kw_only=True):
    """Begin another epoch for this device and place, if `after` is still the one that goes on. `reason` is a code."""

    after: str
    device_id: str
    place_id: str
    reason: str


def ask_for_epoch(data: Path, wanted: NewEpoch) -> None:
    """Hand the wish over; asking again while the kiosk has not seen it changes nothing.

    Raises:
        OSError
    """
    path = data / "inbox" / NEW_EPOCH_NAME
    content = msgspec.json.encode(wanted)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)
