"""Rooms: their rules and ledgers, services, doors' letters, cards, and how far doors' events are settled."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rooms',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('site', sa.Text(), nullable=False),
    sa.Column('config', sa.Text(), nullable=False),
    sa.Column('ledger', sa.Text(), nullable=False),
    sa.Column('connected', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rooms'))
    )
    op.create_table('services',
    sa.Column('site', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('config', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('site', 'position', name=op.f('pk_services'))
    )
    op.create_table('door_letters',
    sa.Column('device_id', sa.Text(), nullable=False),
    sa.Column('letter', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['devices.id'], name=op.f('fk_door_letters_device_id')),
    sa.PrimaryKeyConstraint('device_id', name=op.f('pk_door_letters'))
    )
    op.create_table('room_cards',
    sa.Column('site', sa.Text(), nullable=False),
    sa.Column('token_sha256', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('room_id', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('site', 'token_sha256', name=op.f('pk_room_cards'))
    )
    op.create_table('room_versions',
    sa.Column('site', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('site', name=op.f('pk_room_versions'))
    )
    op.create_table('room_cursors',
    sa.Column('device_id', sa.Text(), nullable=False),
    sa.Column('epoch', sa.Text(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['devices.id'], name=op.f('fk_room_cursors_device_id')),
    sa.PrimaryKeyConstraint('device_id', 'epoch', name=op.f('pk_room_cursors'))
    )
