"""Doors by their public keys, one-time codes, and documents as the bytes that are signed."""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ALTER TABLE on SQLite too: making the table anew would break what refers to it.
    op.add_column('devices', sa.Column('public_key', sa.Text(), nullable=True))
    op.drop_column('devices', 'key_hash')
    op.create_table('enrolments',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('code_sha256', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('place_id', sa.Text(), nullable=False),
    sa.Column('site', sa.Text(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('created_at', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.Text(), nullable=False),
    sa.Column('revoked_at', sa.Text(), nullable=True),
    sa.Column('used_at', sa.Text(), nullable=True),
    sa.Column('device_id', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['device_id'], ['devices.id'], name=op.f('fk_enrolments_device_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolments')),
    sa.UniqueConstraint('code_sha256', name=op.f('uq_enrolments_code_sha256'))
    )
    op.create_table('enrolment_tries',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('since', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_enrolment_tries'))
    )
    _unwrap_documents()


def _unwrap_documents() -> None:
    """What was handed down was wrapped with its version; what is signed is the directory alone."""
    documents = sa.table('documents', sa.column('kind'), sa.column('version'), sa.column('body'))
    connection = op.get_bind()
    for row in connection.execute(sa.select(documents)).all():
        body = bytes(msgspec.json.decode(row.body, type=dict[str, msgspec.Raw])[row.kind])
        here = (documents.c.kind == row.kind) & (documents.c.version == row.version)
        connection.execute(documents.update().where(here).values(body=body))
