"""Run the scripts on the connection, and in the transaction, that `open_database` hands over."""

from alembic import context

from sidecar.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
