"""Runs the Alembic scripts of `migrations/` on an open connection."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from sidecar.errors import Misconfigured


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version inside the connection's transaction.

    Raises:
        Misconfigured: the database is at a version that this program does not know.
    """
    try:
        command.upgrade(configuration(connection), "head")
    except CommandError:
        raise Misconfigured("A newer program wrote this database; run that version, or restore a backup.") from None


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, made in code: there is no alembic.ini with paths in it."""
    config = Config()
    config.set_main_option("script_location", "sidecar.adapters.sql:migrations")
    config.attributes["connection"] = connection
    return config
