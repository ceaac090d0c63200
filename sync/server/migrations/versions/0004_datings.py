"""Times as the server estimates them, beside those that doors claimed."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('boots',
    sa.Column('device_id', sa.Text(), nullable=False),
    sa.Column('boot_id', sa.Text(), nullable=False),
    sa.Column('mono_ns', sa.BigInteger(), nullable=False),
    sa.Column('anchored_at', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['devices.id'], name=op.f('fk_boots_device_id')),
    sa.PrimaryKeyConstraint('device_id', 'boot_id', name=op.f('pk_boots'))
    )
    op.create_table('datings',
    sa.Column('device_id', sa.Text(), nullable=False),
    sa.Column('epoch', sa.Text(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('dated_at', sa.Text(), nullable=False),
    sa.Column('dated_width_s', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('device_id', 'epoch', 'seq', name=op.f('pk_datings'))
    )
