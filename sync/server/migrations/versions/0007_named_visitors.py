"""What may still say who a visitor is, by when it came in: so that it is found without reading everything."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_NAMED = "payload IS NOT NULL AND kind IN ('dropoff.received', 'visitor.named')"


def upgrade() -> None:
    named = sa.text(_NAMED)
    op.create_index('ix_events_named', 'events', ['received_at'], sqlite_where=named, postgresql_where=named)
