"""What Alembic runs: the steps, on the connection that `tierline.serving.store.version` gives."""

from alembic import context

from tierline.serving.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
