"""What a desk notes beside visits: files that are dropped off, and the opening checklist."""

import sqlite3

from kiosk.core import receipts
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Draft, Here
from kiosk.services.room_context import RoomContext
from kiosk.services.room_view import service_view
from kiosk.services.room_views import CHECKLIST_ITEMS, Done
from kiosk.store import desk_rows
from kiosk.store.room_documents import RoomsHere
from sync.clock import Moment
from sync.protocol.events import Kind
from sync.protocol.rooms import ServiceMode

_REFUSED = {ServiceMode.SUSPENDED: Said.CLOSED, ServiceMode.ONLINE_ONLY: Said.ONLINE_ONLY}


def drop_off(
    db: sqlite3.Connection, known: RoomsHere, context: RoomContext, moment: Moment, service_id: str, name: str
) -> tuple[tuple[Draft, ...], Done]:
    """A receipt number that no other kiosk gives, and that this one never gives again: see `kiosk.core.receipts`."""
    service = next((each for each in known.services if each.id == service_id), None)
    if service is None:
        return (), Done(Said.NO_SUCH_ROOM)
    today = moment.wall.astimezone(context.zone).date()
    refused = _REFUSED.get(service_view(service, known, today, 0).mode)
    if refused is not None:
        return (), Done(refused)
    epoch = context.origin().epoch
    series = receipts.series(context.letter(known), epoch)
    count = desk_rows.next_count(db, epoch, series)
    receipt = receipts.number(series, count)
    told = {"receipt": receipt, "count": count, "service_id": service_id, "day": today.isoformat()}
    draft = Draft(Kind.DROPOFF_RECEIVED, told | ({"name": name} if name else {}))
    return (draft,), Done(Said.RECEIVED, receipt=receipt)


def accept(db: sqlite3.Connection, receipt: str, by: str) -> tuple[tuple[Draft, ...], Done]:
    """The officer has the file."""
    if not desk_rows.is_open(db, receipt):
        return (), Done(Said.NO_SUCH_NUMBER, receipt=receipt)
    return (Draft(Kind.DROPOFF_ACCEPTED, {"receipt": receipt, "by": by}),), Done(Said.ACCEPTED, receipt=receipt)


def check(here: Here, missing: tuple[str, ...], by: str) -> tuple[tuple[Draft, ...], Done]:
    """The day's checklist was gone through; of what is `missing` only known items count."""
    told = {"room_id": here.room.id, "day": here.day, "missing": [each for each in CHECKLIST_ITEMS if each in missing], "by": by}
    return (Draft(Kind.CHECKLIST_DONE, told),), Done(Said.CHECKED, here.room.id)
