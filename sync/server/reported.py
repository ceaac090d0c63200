"""Badges that guards reported lost or shared: remembered by their hash for ever, whatever a directory says later."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from sync.protocol.events import Kind, Record
from sync.server.schema import reported_badges

BLOCKING = ("lost", "shared")
_HASHES_A_REPORT = 64
_HEX = frozenset("0123456789abcdef")


class _Report(msgspec.Struct):
    what: str
    token_sha256: list[str]


def is_report(kind: str) -> bool:
    """True for the kind of event that may report a badge."""
    return kind == Kind.BADGE_REPORTED


def note_reports(connection: Connection, device_id: str, fresh: Iterable[Record], now: str) -> None:
    """Remember what new records of an enrolled door report. What is no report of a badge is only an event."""
    rows = [
        {"token_sha256": token, "what": report.what, "device_id": device_id, "reported_at": now}
        for record in fresh
        if is_report(record.kind) and (report := _read(record)) is not None
        for token in report.token_sha256[:_HASHES_A_REPORT]
        if len(token) == 64 and _HEX.issuperset(token)
    ]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(reported_badges).on_conflict_do_nothing(), rows)


def revoked(connection: Connection, badges: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The directory's badges as they must go down to the doors: those that were reported are revoked."""
    reported = set(connection.scalars(select(reported_badges.c.token_sha256)))
    return [{**badge, "state": "revoked"} if badge["token_sha256"] in reported else badge for badge in badges]


def _read(record: Record) -> _Report | None:
    try:
        report = msgspec.json.decode(bytes(record.payload or b"{}"), type=_Report)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return report if report.what in BLOCKING else None
