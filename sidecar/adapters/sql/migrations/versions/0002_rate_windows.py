"""Calls to the CRMs, counted for all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rate_windows",
        sa.Column("bucket", sa.String(200), primary_key=True),
        sa.Column("calls", sa.Text, nullable=False, server_default="[]"),
        sa.Column("paused_until", sa.Double, nullable=False, server_default="0"),
    )
