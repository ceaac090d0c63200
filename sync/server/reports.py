"""What administrators ask of the database: the day, the troubles, and the export."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from sync.clock import utc_text
from sync.names_option import NAMES
from sync.protocol.events import NAMING, DataClass, Kind, data_class
from sync.server.database import Database
from sync.server.impossible import Impossible, Seen, impossible
from sync.server.schema import badges, datings, devices, event_conflicts, events, people, unreadable
from sync.server.today import JUDGEMENTS, TAPS, Door, Entry, Fact, Names, denied, entries, moment, payload_fields, window

_DATING = (datings.c.dated_at, datings.c.dated_width_s)
_FACT = tuple(events.c[name] for name in Fact.__dataclass_fields__ if name in events.c)
_DATED = events.outerjoin(
    datings,
    and_(datings.c.device_id == events.c.device_id, datings.c.epoch == events.c.epoch, datings.c.seq == events.c.seq),
)
_EXPORTED = tuple(events.c[name] for name in ("device_id", "epoch", "seq", "id", "kind", "claimed_at", "payload", "hash"))
_HEALTH_KINDS = tuple(kind.value for kind in Kind if data_class(kind) is DataClass.HEALTH)
_KNOWN_KINDS = tuple(kind.value for kind in Kind)
_BADGE_TAPS = (Kind.ATTENDANCE_TAPPED.value, Kind.BADGE_UNMATCHED.value)
_IMPOSSIBLE_SINCE = timedelta(days=7)
_MAX_FACTS = 20_000
_PAGE = 1000
_MAX_TROUBLES = 200


@dataclass(frozen=True, slots=True)
class Trouble:
    """A record that could not be taken as it was: "conflict" or "unreadable", and why."""

    what: str
    device: str
    epoch: str
    seq: int
    reason: str
    received_at: str


class Reports:
    """Questions to `database`; every answer is one consistent view."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def today(self, now: datetime) -> list[Entry]:
        """Today's entries at every door, the newest first."""
        with self._database.reading() as connection:
            doors = [Door(*row) for row in connection.execute(select(devices.c.id, devices.c.name, devices.c.time_zone))]
            first, last = (utc_text(edge) for edge in window(doors, now))
            of_the_day = or_(
                events.c.claimed_at.between(first, last),
                and_(events.c.received_at.between(first, last), events.c.clock_state != "synced"),
            )
            query = select(*_FACT, *_DATING).select_from(_DATED).where(of_the_day, events.c.kind.in_([*TAPS, *JUDGEMENTS]))
            newest = query.order_by(events.c.received_at.desc(), events.c.seq.desc()).limit(_MAX_FACTS)
            facts = [Fact(*row) for row in connection.execute(newest)]
            names = _names(connection)
        return entries(facts, doors, names, now)

    def last_received(self, device_id: str) -> str | None:
        """When the newest record of this door came in; None before the first."""
        with self._database.reading() as connection:
            found: str | None = connection.scalar(select(func.max(events.c.received_at)).where(events.c.device_id == device_id))
        return found

    def trouble_counts(self) -> tuple[int, int]:
        """How many conflicting and how many unreadable records are kept."""
        with self._database.reading() as connection:
            conflicting = connection.scalar(select(func.count()).select_from(event_conflicts)) or 0
            odd = connection.scalar(select(func.count()).select_from(unreadable)) or 0
        return conflicting, odd

    def troubles(self) -> list[Trouble]:
        """The newest conflicts and unreadable records."""
        found: list[Trouble] = []
        with self._database.reading() as connection:
            for what, table in (("conflict", event_conflicts), ("unreadable", unreadable)):
                reason = table.c.reason if what == "unreadable" else "hash " + func.substr(table.c.hash, 1, 12)
                query = select(devices.c.name, table.c.epoch, table.c.seq, reason, table.c.received_at).join(
                    devices, devices.c.id == table.c.device_id
                )
                rows = connection.execute(query.order_by(table.c.received_at.desc()).limit(_MAX_TROUBLES))
                found += [Trouble(what, *row) for row in rows]
        return sorted(found, key=lambda trouble: trouble.received_at, reverse=True)

    def impossible(self, now: datetime, within: timedelta) -> list[Impossible]:
        """One person or badge at two places too soon, in the last days, by doors whose clocks were synced."""
        since = utc_text(now - _IMPOSSIBLE_SINCE)
        query = (
            select(events.c.id, events.c.payload, events.c.claimed_at, events.c.place_id, devices.c.name)
            .join(devices, devices.c.id == events.c.device_id)
            .where(events.c.claimed_at >= since, events.c.kind.in_(_BADGE_TAPS), events.c.clock_state == "synced")
            .order_by(events.c.claimed_at.desc())
            .limit(_MAX_FACTS)
        )
        with self._database.reading() as connection:
            rows, names = connection.execute(query).all(), _names(connection)
        return impossible((seen for row in rows if (seen := _seen(row, names)) is not None), within)[:_MAX_TROUBLES]

    def export(self, *, first: datetime | None, last: datetime | None, health: bool, names: bool) -> Iterator[dict[str, Any]]:
        """Stored events in the order of device, epoch and seq; `first` and `last` bound the door's time, `last` excluded.

        Kinds of the health class, and kinds this version does not know, are left out unless `health`. Where the server's own
        estimate denies the door's time by more than a minute it stands beside it: `dated_at`, give or take `dated_width_s`.
        Payloads that may say who a visitor is are left out unless `names`, and `left_out` says so.
        """
        query = select(*_EXPORTED, *_DATING).select_from(_DATED).order_by(events.c.device_id, events.c.epoch, events.c.seq)
        if first is not None:
            query = query.where(events.c.claimed_at >= utc_text(first))
        if last is not None:
            query = query.where(events.c.claimed_at < utc_text(last))
        if not health:
            query = query.where(events.c.kind.in_(_KNOWN_KINDS), events.c.kind.not_in(_HEALTH_KINDS))
        with self._database.reading() as connection:
            for row in connection.execution_options(yield_per=_PAGE).execute(query):
                yield _exported(dict(row._mapping), names=names)


def _seen(row: Row[*tuple[Any, ...]], names: Names) -> Seen | None:
    event_id, payload, claimed_at, place_id, door = row
    at, fields = moment(claimed_at), payload_fields(payload)
    token = fields.get("token_sha256")
    person_id = fields.get("person_id") or names.badges.get(str(token), "")
    keys = tuple(key for key in (f"person {person_id}" if person_id else "", f"badge {token}" if token else "") if key)
    if at is None or not keys:
        return None
    return Seen(event_id, keys, names.people.get(str(person_id), (str(person_id), ""))[0], door, place_id, at)


def _exported(row: dict[str, Any], *, names: bool) -> dict[str, Any]:
    if not names and row["kind"] in NAMING and row["payload"] is not None:
        row |= {"payload": None, "left_out": NAMES}
    at, width_s = row.pop("dated_at"), row.pop("dated_width_s")
    return row | {"dated_at": at, "dated_width_s": width_s} if at and denied(row["claimed_at"], at, width_s) else row


def ago(then: datetime, now: datetime) -> tuple[str, int]:
    """How long ago, in the largest fitting unit: ("seconds" | "minutes" | "hours" | "days", count)."""
    passed = max(now - then, timedelta())
    for unit, size in (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if passed >= size:
            return unit, passed // size
    return "seconds", int(passed.total_seconds())


def _names(connection: Connection) -> Names:
    known = {row.id: (row.name, row.unit) for row in connection.execute(select(people.c.id, people.c.name, people.c.unit))}
    tokens = {row.token_sha256: row.person_id for row in connection.execute(select(badges.c.token_sha256, badges.c.person_id))}
    return Names(known, tokens)
