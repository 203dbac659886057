"""The tables. Times are epoch seconds (UTC); CRM ids of people and records appear as keyed hashes, content sealed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0004"
"""The newest migration; a test compares it with the scripts."""

HASH = String(64)
NAME = String(64)
TENANT = String(128)

metadata = MetaData()

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("owner", HASH, nullable=False),
    Column("idempotency", HASH),
    Column("record", HASH, nullable=False),
    Column("state", NAME, nullable=False),
    Column("digest", HASH, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("kept", NAME, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "owner", "idempotency", name="uq_drafts_idempotency"),
    Index("ix_drafts_owner", "tenant", "owner", "created"),
    Index("ix_drafts_state", "state", "changed"),
)

own_writes = Table(
    "own_writes",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("record", HASH, primary_key=True),
    Column("written", HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
    Column("hash", HASH, nullable=False),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", HASH, nullable=False),
    Column("mac", HASH, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Double, nullable=False),
    Column("seen", Double, nullable=False),
    Index("ix_sessions_seen", "seen"),
)

logins = Table(
    "logins",
    metadata,
    Column("state", HASH, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", Double, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("object", String(128), primary_key=True),
    Column("covered", Double),
    Column("cursor", Text, nullable=False, server_default=""),
    Column("owner", String(128), nullable=False, server_default=""),
    Column("until", Double, nullable=False, server_default="0"),
)

rate_windows = Table(
    "rate_windows",
    metadata,
    Column("bucket", String(200), primary_key=True),
    Column("calls", Text, nullable=False, server_default="[]"),
    Column("paused_until", Double, nullable=False, server_default="0"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("draft", String(64), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("template", String(128), nullable=False),
    Column("reasoner", String(128), nullable=False),
    Column("rating", NAME, nullable=False),
    Column("reason", NAME, nullable=False),
    Column("privacy", Integer, nullable=False),
    Column("changed", Double, nullable=False),
    Index("ix_feedback_tenant", "tenant", "template"),
)
"""What agents thought of their drafts: nobody's name, no record, no text."""

open_fields = Table(
    "open_fields",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("asker", HASH, primary_key=True),
    Column("fields", Text, nullable=False, server_default=""),
    Column("asked", Double, nullable=False, server_default="0"),
)
"""Which fields everyone reads who reads the record (JSON: object -> names) in the row without an asker; the others say
who asked when."""
