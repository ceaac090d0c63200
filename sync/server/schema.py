"""The tables. Times are `sync.clock.utc_text`, so they sort; hashes are lower-case hex SHA-256.

A change here needs a migration beside it: a test compares what the migrations build with this file.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("place_id", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("public_key", Text),  # None for a door of before keys were signed with: it must enrol anew
    Column("created_at", Text, nullable=False),
    Column("revoked_at", Text),
    Column("last_contact_at", Text),
    Column("last_clock_state", Text),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code_sha256", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("place_id", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("revoked_at", Text),
    Column("used_at", Text),
    Column("device_id", Text, ForeignKey("devices.id")),
)

enrolment_tries = Table(
    "enrolment_tries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("since", Text, nullable=False),
)

epochs = Table(
    "epochs",
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("epoch", Text, nullable=False),
    Column("held", Text, nullable=False),  # ranges of seq, in ledger's text form
    Column("first_seen_at", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "epoch"),
)

NAMED = "payload IS NOT NULL AND kind IN ('dropoff.received', 'visitor.named')"
"""Rows that may still say who a visitor is, worded as their index is: only then is the index used."""

events = Table(
    "events",
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("claimed_at", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("clock_state", Text, nullable=False),
    Column("place_id", Text, nullable=False),
    Column("directory_version", BigInteger, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("payload", Text),
    Column("salt", Text),
    Column("payload_digest", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "epoch", "seq"),
    Index("ix_events_claimed_at", "claimed_at"),
    Index("ix_events_received_at", "received_at", postgresql_using="brin"),  # rows come in its order, so a sketch is enough
    Index("ix_events_named", "received_at", sqlite_where=text(NAMED), postgresql_where=text(NAMED)),
    postgresql_partition_by="HASH (device_id)",  # in 16 parts: see migration 0003
)

boots = Table(
    "boots",  # of a door, as far as it has sent something in them: what ties its monotonic clock to our time
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("anchored_at", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "boot_id"),
)

datings = Table(
    "datings",  # our estimate for an event whose own time cannot be right, or could not be checked; beside it, never over it
    metadata,
    Column("device_id", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("dated_at", Text, nullable=False),
    Column("dated_width_s", Float, nullable=False),
    PrimaryKeyConstraint("device_id", "epoch", "seq"),
)

event_conflicts = Table(
    "event_conflicts",
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("received_at", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "epoch", "seq", "hash"),
)

unreadable = Table(
    "unreadable",
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("raw_sha256", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "epoch", "seq", "raw_sha256"),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("post", Text, nullable=False),
    Column("photo", Text),
)

badges = Table(
    "badges",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("valid_until", Text),
)

reported_badges = Table(
    "reported_badges",  # by guards, lost or shared: they stay revoked, whatever a directory says later
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("reported_at", Text, nullable=False),
)

photos = Table(
    "photos",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the very bytes that are signed and go down to the doors
    Column("created_at", Text, nullable=False),
    PrimaryKeyConstraint("kind", "version"),
)

rooms = Table(
    "rooms",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("config", Text, nullable=False),  # JSON of protocol.rooms.Room
    Column("ledger", Text, nullable=False),  # JSON of room_book.Ledger
    Column("connected", Text, nullable=False),  # device ids that the rights were last shared out to, with a space between
)

services = Table(
    "services",
    metadata,
    Column("site", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("config", Text, nullable=False),  # JSON of protocol.rooms.Service
    PrimaryKeyConstraint("site", "position"),
)

door_letters = Table(
    "door_letters",
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), primary_key=True),
    Column("letter", Text, nullable=False),
)

room_cards = Table(
    "room_cards",
    metadata,
    Column("site", Text, nullable=False),
    Column("token_sha256", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("room_id", Text),
    PrimaryKeyConstraint("site", "token_sha256"),
)

room_versions = Table(
    "room_versions",  # of what the doors of a site are told of rooms: counts up with every change
    metadata,
    Column("site", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)

room_cursors = Table(
    "room_cursors",  # how far a door's events have gone into the ledgers of its site's rooms
    metadata,
    Column("device_id", Text, ForeignKey("devices.id"), nullable=False),
    Column("epoch", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("device_id", "epoch"),
)

users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Text, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
