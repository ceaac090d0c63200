"""The attendance sheet (daftar hadir) of a day: who was here first and last, and how that is known. It needs no network."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import guards, inside
from kiosk.store.presence import KEPT_DAYS
from sync.clock import utc_datetime, utc_text
from sync.journal import Event
from sync.protocol.events import Kind

DAYS_BACK = min(30, KEPT_DAYS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of somebody. `by` is the name of the guard who typed it, "" for a tap."""

    at: datetime
    trusted: bool
    direction: str
    by: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A person's day. `came` is the first entry that is none out, `went` the last one out; `typed_by` are guards' names."""

    person_id: str
    name: str
    unit: str
    came: Entry | None
    went: Entry | None
    typed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DaySheet:
    """The sheet of one local day as it was known at `made_at`."""

    day: date
    made_at: datetime
    clock_trusted: bool
    rows: tuple[SheetRow, ...]


class Sheets:
    """The attendance sheets of one station."""

    def __init__(self, tools: StationTools) -> None:
        self._tools = tools

    def days(self) -> list[date]:
        """The days that there can be a sheet of, newest first."""
        return [self._tools.today() - timedelta(days=n) for n in range(DAYS_BACK)]

    def of(self, day: date) -> DaySheet:
        """The sheet of a day, by unit and name.

        Raises:
            DatabaseError
        """
        start, end = self._tools.day(day)
        with self._tools.reading() as db:
            found = db.execute(
                "SELECT person_id, at, clock_state = 'synced', direction, by, kind FROM presence WHERE at >= ? AND at < ?"
                " ORDER BY person_id, at, position",
                (utc_text(start), utc_text(end)),
            ).fetchall()
            people = inside.people(db)
            names = {row[0]: row[1] for row in guards.everyone(db)}
        entries: dict[str, list[Entry]] = {}
        for person_id, at, trusted, direction, by, kind in found:
            typed = names.get(by or "", by or "?") if kind == Kind.ATTENDANCE_MANUAL else ""
            entries.setdefault(person_id, []).append(Entry(utc_datetime(at), bool(trusted), direction, typed))
        rows = [_row(who, people.get(who, (who, "", None)), of_one) for who, of_one in entries.items()]
        rows.sort(key=lambda row: (row.unit.casefold(), row.name.casefold(), row.person_id))
        return DaySheet(day, self._tools.now().wall, self._tools.clock_is_trusted(), tuple(rows))

    def exported(self, by: Guard, what: str, form: str, rows: int) -> None:
        """Journal that somebody took a list away.

        Raises:
            DatabaseError, TimeoutError
        """
        self._tools.journal(Event(Kind.EXPORT_MADE, {"what": what, "format": form, "rows": rows, "by": by.id}))


def _row(person_id: str, who: tuple[str, str, str | None], entries: Iterable[Entry]) -> SheetRow:
    entries = list(entries)
    came = next((each for each in entries if each.direction != "out"), None)
    last = entries[-1]
    unstated_again = last.direction == "unstated" and last is not came
    outs = [each for each in entries if each.direction == "out"]
    went = last if unstated_again else (outs[-1] if outs else None)
    typed_by = tuple(dict.fromkeys(each.by for each in (came, went) if each is not None and each.by))
    return SheetRow(person_id, who[0], who[1], came, went, typed_by)
