"""Alembic scripts. `open_database` runs them; there is no alembic.ini."""
