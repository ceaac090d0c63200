"""The tables of kiosk.db, as migrations: each step and its record in one transaction."""

from sqlite_utils import Database, Migrations

from kiosk.store import decisions, desk_rows, pass_cards, room_books, room_documents, search
from sync import journal

migrations = Migrations("kiosk")

TABLES = {
    "journal": "position, epoch, seq, payload, salt, hash",
    "station": "device_id, epoch",
    "people": "id, name, unit, post, photo, source",
    "badges": "token_sha256, person_id, state, valid_until, source",
    "revoked_here": "token_sha256",
    "directory_state": "version, applied_at",
    "guards": "id, name, role, pin_hash",
    "arrivals": "position, tap_id, epoch, seq, reasons, shown_temperature_c",
    "holds": "hold_id, tap_id, closed_at, shown_temperature_c",
    "pin_failures": "guard_id, count",
    "upkeep": "name, value",
    "presence": "person_id, position, at, direction, source, by",
    "corrections": "correction_id, person_id, decision",
    "people_search": "person_id, line",
    "inside": "key, position, epoch, seq, direction, is_manual, by_whom",
    "evacuations": "evacuation_id, position, epoch, seq",
    "evacuation_marks": "evacuation_id, person_id, state, position, epoch, seq",
    "duty_log": "position, note_id, epoch, seq, kind, text, follows",
    "decisions": "hold_id, tap_id, decision, by_whom, epoch, seq",
    "steps_seen": "tap_id, step, state, by_whom, epoch, seq",
    "door_modes": "name, is_on, by_whom",
    "pass_cards": "token_sha256, number, room_id, retired_at, source",
    "room_documents": "source, version, body",
    "room_books": "room_id, body",
    "room_visits": "visit_id, room_id, epoch, seq, body",
    "room_tickets": "ticket_id, room_id, epoch, seq, body",
    "drop_offs": "receipt, count, service_id, day, name, epoch, seq",
    "checklists": "room_id, day, missing",
    "room_days": "room_id, day, entered, departed, waited",
}
"""Every table, and the columns without which a file is none of ours."""


@migrations()
def journal_and_station(db: Database) -> None:
    db.execute(journal.SCHEMA)
    db.execute(
        "CREATE TABLE station (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), device_id TEXT NOT NULL, epoch TEXT NOT NULL)"
    )


@migrations()
def directory(db: Database) -> None:
    db.execute(
        "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, post TEXT NOT NULL, photo TEXT,"
        " source TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE badges (token_sha256 TEXT PRIMARY KEY, person_id TEXT NOT NULL, state TEXT NOT NULL, valid_until TEXT,"
        " source TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE revoked_here (token_sha256 TEXT PRIMARY KEY) WITHOUT ROWID")
    db.execute(
        "CREATE TABLE directory_state (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL,"
        " applied_at TEXT)"
    )
    db.execute("INSERT INTO directory_state VALUES (1, 0, NULL)")
    db.execute("CREATE TABLE guards (id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, pin_hash TEXT NOT NULL)")


@migrations()
def projections(db: Database) -> None:
    db.execute(
        "CREATE TABLE arrivals (position INTEGER PRIMARY KEY, tap_id TEXT NOT NULL, at TEXT NOT NULL, clock_state TEXT NOT NULL,"
        " epoch TEXT NOT NULL, seq INTEGER NOT NULL, mono_ns INTEGER NOT NULL, boot_id TEXT NOT NULL,"
        " kind TEXT NOT NULL, person_id TEXT, token_sha256 TEXT, direction TEXT NOT NULL, verdict TEXT, reasons TEXT NOT NULL,"
        " shown_temperature_c REAL, hold_id TEXT, decision TEXT)"
    )
    db.execute(
        "CREATE TABLE holds (hold_id TEXT PRIMARY KEY, tap_id TEXT NOT NULL, person_id TEXT, token_sha256 TEXT,"
        " opened_at TEXT NOT NULL, reasons TEXT NOT NULL, recheck_after_min INTEGER, shown_temperature_c REAL,"
        " unattended INTEGER NOT NULL, rechecks INTEGER NOT NULL, closed_at TEXT) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE pin_failures (guard_id TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID")


@migrations()
def upkeep(db: Database) -> None:
    db.execute("CREATE TABLE upkeep (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")


@migrations()
def presence_of_people(db: Database) -> None:
    db.execute(
        # Keyed by person: a tap still writes one page, and nobody's entries are looked for among everybody's.
        "CREATE TABLE presence (person_id TEXT NOT NULL, position INTEGER NOT NULL, tap_id TEXT NOT NULL, at TEXT NOT NULL,"
        " clock_state TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, direction TEXT NOT NULL,"
        " source TEXT NOT NULL, by TEXT, reason TEXT, note TEXT, typed INTEGER NOT NULL, PRIMARY KEY (person_id, position))"
        " WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE corrections (correction_id TEXT PRIMARY KEY, person_id TEXT NOT NULL, what TEXT NOT NULL,"
        " date TEXT NOT NULL, time TEXT NOT NULL, note TEXT NOT NULL, asked_at TEXT NOT NULL, epoch TEXT NOT NULL,"
        " seq INTEGER NOT NULL, decision TEXT, decided_by TEXT, decided_at TEXT, answer TEXT) WITHOUT ROWID"
    )
    db.execute(search.SCHEMA)
    search.rebuild(db.conn)


@migrations()
def inside_and_duty_log(db: Database) -> None:
    db.execute(
        "CREATE TABLE inside (key TEXT PRIMARY KEY, position INTEGER NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
        " at TEXT NOT NULL, clock_state TEXT NOT NULL, boot_id TEXT NOT NULL, mono_ns INTEGER NOT NULL, direction TEXT NOT NULL,"
        " is_manual INTEGER NOT NULL, by_whom TEXT) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE evacuations (evacuation_id TEXT PRIMARY KEY, position INTEGER NOT NULL, epoch TEXT NOT NULL,"
        " seq INTEGER NOT NULL, at TEXT NOT NULL, clock_state TEXT NOT NULL, boot_id TEXT NOT NULL, mono_ns INTEGER NOT NULL,"
        " by_whom TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE evacuation_marks (evacuation_id TEXT, person_id TEXT, state TEXT NOT NULL, by_whom TEXT NOT NULL,"
        " position INTEGER NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (evacuation_id, person_id))"
        " WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE duty_log (position INTEGER PRIMARY KEY, note_id TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
        " kind TEXT NOT NULL, at TEXT NOT NULL, clock_state TEXT NOT NULL, by_whom TEXT NOT NULL, other TEXT, text TEXT NOT NULL,"
        " follows TEXT)"
    )


@migrations()
def decisions_of_guards(db: Database) -> None:
    for statement in decisions.SCHEMA:
        db.execute(statement)


@migrations()
def cards_of_visitors(db: Database) -> None:
    db.execute(pass_cards.SCHEMA)


@migrations()
def rooms(db: Database) -> None:
    for statement in (*room_documents.SCHEMA, *room_books.SCHEMA, *desk_rows.SCHEMA):
        db.execute(statement)
