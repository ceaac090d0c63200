"""Badges that guards reported lost or shared."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('reported_badges',
    sa.Column('token_sha256', sa.Text(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('device_id', sa.Text(), nullable=False),
    sa.Column('reported_at', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['devices.id'], name=op.f('fk_reported_badges_device_id')),
    sa.PrimaryKeyConstraint('token_sha256', name=op.f('pk_reported_badges'))
    )
