"""What the first page shows: counts, the table as it was asked to be sorted and filtered, and the doors. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sync.server.reports import ago
from sync.server.store import Device
from sync.server.today import Entry, Standing, moment

ROWS = 200
ALL_ROWS = 5000
_QUIET_AFTER = timedelta(minutes=5)

SORTS: dict[str, Any] = {
    "time": lambda entry: (entry.at, entry.id),
    "name": lambda entry: (entry.name == "", entry.name.casefold(), entry.at),
    "door": lambda entry: (entry.door.name.casefold(), entry.at),
    "standing": lambda entry: (list(Standing).index(entry.standing), entry.at),
    "received": lambda entry: (entry.received_at or entry.at, entry.id),
}


class Contact(StrEnum):
    """How a door stands with the server."""

    HEARD = "heard"
    QUIET = "quiet"
    NEVER = "never"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class DoorLine:
    """A door on the page. `ago` is ("minutes", 3), or None for never."""

    device: Device
    contact: Contact
    ago: tuple[str, int] | None
    clock_trusted: bool
    entries: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures at the top."""

    entries: int
    people: int
    held: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page. `rows` are the first of `matching` entries; `sort` and `door` are what was asked for."""

    now: datetime
    counts: Counts
    rows: list[Entry]
    matching: int
    sort: str
    descending: bool
    door: str
    all_rows: bool
    doors: list[DoorLine]
    conflicting: int
    unreadable: int
    simulated: bool

    def asking(self, **changed: str) -> dict[str, str]:
        """The query of this page with `changed` in it, for links."""
        asked = {
            "sort": self.sort,
            "dir": "desc" if self.descending else "asc",
            "door": self.door,
            "rows": "all" if self.all_rows else "",
        }
        return {key: value for key, value in (asked | changed).items() if value}


def overview(
    entries: Sequence[Entry],
    devices: Sequence[Device],
    troubles: tuple[int, int],
    *,
    wanted: Mapping[str, str],
    now: datetime,
    zone: ZoneInfo,
) -> Overview:
    """The page for a query such as {"sort": "name", "dir": "asc", "door": id}; what is not understood is left out."""
    sort = wanted.get("sort", "time") if wanted.get("sort", "time") in SORTS else "time"
    descending = wanted.get("dir", "desc" if sort in ("time", "received") else "asc") == "desc"
    door = wanted.get("door", "") if wanted.get("door", "") in {device.id for device in devices} else ""
    all_rows = wanted.get("rows") == "all"
    matching = sorted((entry for entry in entries if door in ("", entry.door.id)), key=SORTS[sort], reverse=descending)
    per_door = Counter(entry.door.id for entry in entries)
    return Overview(
        now=now.astimezone(zone),
        counts=_counts(entries),
        rows=matching[: ALL_ROWS if all_rows else ROWS],
        matching=len(matching),
        sort=sort,
        descending=descending,
        door=door,
        all_rows=all_rows,
        doors=[_door_line(device, per_door[device.id], now) for device in devices],
        conflicting=troubles[0],
        unreadable=troubles[1],
        simulated=any(entry.simulated for entry in entries),
    )


def _counts(entries: Sequence[Entry]) -> Counts:
    return Counts(
        entries=len(entries),
        people=len({entry.person_id for entry in entries if entry.person_id}),
        held=sum(entry.standing is Standing.HELD for entry in entries),
        unknown=sum(not entry.person_id for entry in entries),
    )


def _door_line(device: Device, entries: int, now: datetime) -> DoorLine:
    heard = moment(device.last_contact_at)
    if device.revoked_at is not None:
        contact = Contact.REVOKED
    elif heard is None:
        contact = Contact.NEVER
    else:
        contact = Contact.QUIET if now - heard > _QUIET_AFTER else Contact.HEARD
    trusted = device.last_clock_state in (None, "synced")
    return DoorLine(device, contact, ago(heard, now) if heard else None, trusted, entries)
