"""What must survive a crash, in SQL: SQLite by default, PostgreSQL at scale. What goes in is sealed first."""

from sidecar.adapters.sql.audit import SqlAuditLog
from sidecar.adapters.sql.checkpoints import SqlCheckpoints
from sidecar.adapters.sql.drafts import SqlDraftStore
from sidecar.adapters.sql.engine import open_database
from sidecar.adapters.sql.feedback import SqlFeedback
from sidecar.adapters.sql.limiter import SqlLimiter
from sidecar.adapters.sql.open_fields import SqlOpenFields
from sidecar.adapters.sql.sessions import SqlSessions
from sidecar.adapters.sql.tokens import SqlTokenStore

__all__ = [
    "SqlAuditLog",
    "SqlCheckpoints",
    "SqlDraftStore",
    "SqlFeedback",
    "SqlLimiter",
    "SqlOpenFields",
    "SqlSessions",
    "SqlTokenStore",
    "open_database",
]
