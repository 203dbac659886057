"""Which fields everyone reads, as the CRM said last."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "open_fields",
        sa.Column("tenant", sa.String(128), primary_key=True),
        sa.Column("asker", sa.String(64), primary_key=True),
        sa.Column("fields", sa.Text, nullable=False, server_default=""),
        sa.Column("asked", sa.Double, nullable=False, server_default="0"),
    )
