"""Alembic's way in: runs the steps over the connection it is handed, in that connection's transaction."""

from alembic import context

from sync.server.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
