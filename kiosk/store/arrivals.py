"""Arrivals and holds: what the screens at the door read."""

# ruff: noqa: ARG001  # the handlers share one signature; not each of them needs all of it

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kiosk.core.values import Reason
from kiosk.store.projection import Handler, Projection
from sync.clock import utc_datetime, utc_text
from sync.journal import Entry
from sync.protocol.events import Kind

_ABOUT_BADGE = frozenset({Reason.BADGE_UNKNOWN, Reason.BADGE_REVOKED, Reason.BADGE_EXPIRED, Reason.NOT_THE_PERSON})
_ARRIVALS = (Kind.ATTENDANCE_TAPPED, Kind.ATTENDANCE_MANUAL, Kind.BADGE_UNMATCHED, Kind.BADGE_REFUSED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One row of the feed. `reasons` are codes; `sent` is for the caller to work out from `epoch` and `seq`."""

    position: int
    tap_id: str
    at: datetime
    clock_state: str
    epoch: str
    seq: int
    mono_ns: int
    boot_id: str
    kind: str
    person_id: str | None
    token_sha256: str | None
    direction: str
    verdict: str | None
    reasons: tuple[str, ...]
    shown_temperature_c: float | None
    hold_id: str | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that nobody has closed yet."""

    hold_id: str
    tap_id: str
    person_id: str | None
    token_sha256: str | None
    opened_at: datetime
    reasons: tuple[str, ...]
    recheck_after_min: int | None
    shown_temperature_c: float | None
    unattended: bool
    rechecks: int


def newest_arrivals(db: sqlite3.Connection, limit: int) -> list[Arrival]:
    """The newest arrivals, newest first."""
    return [_arrival(row) for row in db.execute("SELECT * FROM arrivals ORDER BY position DESC LIMIT ?", (limit,))]


def people_since(db: sqlite3.Connection, start: datetime) -> int:
    """How many different people tapped since `start`."""
    kinds = (Kind.ATTENDANCE_TAPPED, Kind.ATTENDANCE_MANUAL)
    row = db.execute(
        "SELECT count(DISTINCT person_id) FROM arrivals WHERE at >= ? AND kind IN (?, ?)", (utc_text(start), *kinds)
    ).fetchone()
    return int(row[0])


def open_holds(db: sqlite3.Connection) -> list[OpenHold]:
    """Holds nobody has closed, oldest first."""
    rows = db.execute(
        "SELECT hold_id, tap_id, person_id, token_sha256, opened_at, reasons, recheck_after_min, shown_temperature_c, unattended,"
        " rechecks FROM holds WHERE closed_at IS NULL ORDER BY opened_at, hold_id"
    )
    return [_open_hold(row) for row in rows]


def forget_before(db: sqlite3.Connection, now: datetime, keep_days: int) -> None:
    """Drop arrivals and closed holds that no screen shows any more. The journal keeps the facts."""
    limit = utc_text(now - timedelta(days=keep_days))
    db.execute("DELETE FROM arrivals WHERE at < ?", (limit,))
    db.execute("DELETE FROM holds WHERE closed_at < ?", (limit,))


def forget_health(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop what arrivals and holds show of the temperatures of people who came up to and with the row `through` of `epoch`."""
    theirs = (epoch, through, Kind.ATTENDANCE_TAPPED, Kind.ATTENDANCE_MANUAL)
    db.execute(
        "UPDATE arrivals SET shown_temperature_c = NULL, reasons = CASE WHEN kind IN (?3, ?4) THEN '[]' ELSE reasons END"
        " WHERE epoch = ?1 AND seq <= ?2",
        theirs,
    )
    # A hold whose arrival is forgotten is older than any that is kept.
    db.execute(
        "UPDATE holds SET shown_temperature_c = NULL, reasons = CASE WHEN closed_at IS NULL THEN reasons ELSE '[]' END"
        " WHERE tap_id NOT IN"
        " (SELECT tap_id FROM arrivals WHERE epoch != ? OR seq > ?)",
        (epoch, through),
    )


def forget_rows(db: sqlite3.Connection, epoch: str, through: int) -> None:
    """Drop the arrivals up to and with the row `through` of `epoch`, and closed holds of them. Open holds wait for somebody."""
    db.execute("DELETE FROM arrivals WHERE epoch = ? AND seq <= ?", (epoch, through))
    db.execute("DELETE FROM holds WHERE closed_at IS NOT NULL AND tap_id NOT IN (SELECT tap_id FROM arrivals)")


def _arrival(row: tuple[Any, ...]) -> Arrival:
    values = dict(zip(Arrival.__slots__, row, strict=True))
    return Arrival(**{**values, "at": utc_datetime(values["at"]), "reasons": tuple(json.loads(values["reasons"]))})


def _open_hold(row: tuple[Any, ...]) -> OpenHold:
    values = dict(zip(OpenHold.__slots__, row, strict=True))
    values |= {"opened_at": utc_datetime(values["opened_at"]), "reasons": tuple(json.loads(values["reasons"]))}
    return OpenHold(**{**values, "unattended": bool(values["unattended"])})


def _arrived(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    record = entry.record
    values = (
        entry.position,
        payload.get("tap_id", record.id),
        record.claimed_at,
        record.clock_state,
        record.epoch,
        record.seq,
        record.mono_ns,
        record.boot_id,
        record.kind,
        payload.get("person_id"),
        payload.get("token_sha256"),
        payload.get("direction", "unstated"),
        json.dumps([payload["reason"]] if "reason" in payload else []),
    )
    db.execute(
        "INSERT INTO arrivals (position, tap_id, at, clock_state, epoch, seq, mono_ns, boot_id, kind, person_id, token_sha256,"
        " direction, reasons) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )


def _judged(verdict: str) -> Handler:
    def handler(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
        _on_arrival(
            db,
            payload,
            "verdict = ?, reasons = ?, hold_id = coalesce(?, hold_id)",
            (verdict, json.dumps(payload.get("reasons", [])), payload.get("hold_id")),
        )

    return handler


def _measured(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    skin_c, body_c = payload.get("skin_temperature_c"), payload.get("body_temperature_c")
    shown = body_c if skin_c is None else skin_c
    _on_arrival(db, payload, "shown_temperature_c = ?", (shown,))
    db.execute("UPDATE holds SET shown_temperature_c = ? WHERE tap_id = ? AND closed_at IS NULL", (shown, payload.get("tap_id")))


def _abandoned(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    # Whoever was held and left the second measurement is held for the reasons they were held for.
    changes = "reasons = CASE WHEN coalesce(verdict, 'abandoned') = 'abandoned' THEN ? ELSE reasons END"
    _on_arrival(db, payload, f"{changes}, verdict = coalesce(verdict, 'abandoned')", (json.dumps([payload.get("reason")]),))


def _hold_opened(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    arrival = db.execute(
        "SELECT token_sha256, shown_temperature_c FROM arrivals WHERE tap_id = ? ORDER BY position DESC LIMIT 1",
        (payload["tap_id"],),
    ).fetchone()
    token_sha256, shown = arrival or (None, None)
    values = (
        payload["hold_id"],
        payload["tap_id"],
        payload.get("person_id"),
        token_sha256,
        entry.record.claimed_at,
        json.dumps(payload.get("reasons", [])),
        payload.get("recheck_after_min"),
        shown,
        int(payload.get("unattended", False)),
    )
    db.execute("INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL)", values)


def _hold_rechecked(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    before = _hold_reasons(db, "hold_id", payload["hold_id"])
    # A temperature does not change what a hold about a badge is about.
    reasons = before if _ABOUT_BADGE.intersection(before) else payload.get("reasons", [])
    db.execute(
        "UPDATE holds SET rechecks = rechecks + 1, reasons = ? WHERE hold_id = ?", (json.dumps(reasons), payload["hold_id"])
    )


def mark_hold(db: sqlite3.Connection, tap_id: str, reason: str) -> None:
    """Add a reason to the open hold of a tap, if there is one."""
    reasons = _hold_reasons(db, "closed_at IS NULL AND tap_id", tap_id)
    if reasons and reason not in reasons:
        changed = json.dumps([*reasons, reason])
        db.execute("UPDATE holds SET reasons = ? WHERE tap_id = ? AND closed_at IS NULL", (changed, tap_id))


def _hold_reasons(db: sqlite3.Connection, where: str, value: str) -> list[str]:
    row = db.execute(f"SELECT reasons FROM holds WHERE {where} = ?", (value,)).fetchone()
    return [] if row is None else list(json.loads(row[0]))


def _hold_closed(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    db.execute("UPDATE holds SET closed_at = ? WHERE hold_id = ?", (entry.record.claimed_at, payload["hold_id"]))
    _on_arrival(db, payload, "decision = ?", (payload.get("decision"),))


def _hold_reopened(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    reasons = json.dumps(payload.get("reasons", []))
    # A typed temperature was counted as another measurement; it is taken back with the decision.
    typed = int(payload.get("undone") == "typed_temperature")
    db.execute(
        "UPDATE holds SET closed_at = NULL, reasons = ?, rechecks = max(0, rechecks - ?) WHERE hold_id = ?",
        (reasons, typed, payload["hold_id"]),
    )
    _on_arrival(db, payload, "decision = NULL, verdict = 'hold', reasons = ?", (reasons,))


def _on_arrival(db: sqlite3.Connection, payload: dict[str, Any], changes: str, values: tuple[Any, ...]) -> None:
    """Change the arrival of a tap. It is among the newest rows: finding it by position spares an index on every tap's write."""
    tap_id = payload.get("tap_id")
    row = db.execute("SELECT position FROM arrivals WHERE tap_id = ? ORDER BY position DESC LIMIT 1", (tap_id,)).fetchone()
    if row is not None:
        db.execute(f"UPDATE arrivals SET {changes} WHERE position = ?", (*values, row[0]))


def _attempted(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    guard_id = str(payload.get("guard_id"))
    db.execute("INSERT INTO pin_failures VALUES (?, 1) ON CONFLICT (guard_id) DO UPDATE SET count = count + 1", (guard_id,))


def _signed_in(db: sqlite3.Connection, entry: Entry, payload: dict[str, Any]) -> None:
    db.execute("DELETE FROM pin_failures WHERE guard_id = ?", (str(payload.get("guard_id")),))


_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_ARRIVALS, _arrived),
    Kind.VERDICT_ADMIT: _judged("admit"),
    Kind.VERDICT_HOLD: _judged("hold"),
    Kind.SCREENING_MEASURED: _measured,
    Kind.SCREENING_ABANDONED: _abandoned,
    Kind.HOLD_OPENED: _hold_opened,
    Kind.HOLD_RECHECKED: _hold_rechecked,
    Kind.HOLD_CLOSED: _hold_closed,
    Kind.HOLD_REOPENED: _hold_reopened,
    Kind.GUARD_ATTEMPTED: _attempted,
    Kind.GUARD_SIGNED_IN: _signed_in,
}

PROJECTION = Projection(("arrivals", "holds", "pin_failures"), _HANDLERS)
