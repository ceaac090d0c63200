"""PostgreSQL keeps events in 16 parts by device. SQLite's table stays as it is."""

from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_PARTS = 16
_COLUMNS = """
    device_id TEXT NOT NULL, epoch TEXT NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    claimed_at TEXT NOT NULL, boot_id TEXT NOT NULL, mono_ns BIGINT NOT NULL, clock_state TEXT NOT NULL,
    place_id TEXT NOT NULL, directory_version BIGINT NOT NULL, simulated BOOLEAN NOT NULL, payload TEXT, salt TEXT,
    payload_digest TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL, received_at TEXT NOT NULL
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    op.execute('ALTER TABLE events RENAME TO events_before')
    op.execute('ALTER TABLE events_before RENAME CONSTRAINT pk_events TO pk_events_before')
    op.execute('ALTER TABLE events_before RENAME CONSTRAINT fk_events_device_id TO fk_events_before_device_id')
    op.execute('DROP INDEX ix_events_claimed_at, ix_events_received_at')
    op.execute(f"""
        CREATE TABLE events ({_COLUMNS},
            CONSTRAINT pk_events PRIMARY KEY (device_id, epoch, seq),
            CONSTRAINT fk_events_device_id FOREIGN KEY (device_id) REFERENCES devices (id)
        ) PARTITION BY HASH (device_id)
    """)
    for part in range(_PARTS):
        op.execute(
            f'CREATE TABLE events_part_{part:02} PARTITION OF events FOR VALUES WITH (MODULUS {_PARTS}, REMAINDER {part})'
        )
    op.execute("""
        INSERT INTO events SELECT device_id, epoch, seq, id, kind, claimed_at, boot_id, mono_ns, clock_state, place_id,
            directory_version, simulated, payload, salt, payload_digest, prev_hash, hash, received_at
        FROM events_before
    """)
    op.execute('DROP TABLE events_before')
    op.execute('CREATE INDEX ix_events_claimed_at ON events (claimed_at)')
    op.execute('CREATE INDEX ix_events_received_at ON events USING brin (received_at)')
