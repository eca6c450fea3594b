"""What Alembic runs: the migrations, on the connection and in the transaction that ``upgrade`` was given."""

from alembic import context

from server.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite rolls back the making of tables too; Alembic does not count on it unless told.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
