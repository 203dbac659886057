"""What can go wrong at a CRM, sorted by what the caller does next.

    ConnectorError
    ├── Unauthorized   the user's grant is gone: show "reconnect"
    ├── Forbidden      the CRM says no to this user: tell her, do not retry
    ├── NotFound       no such record for this user (missing and hidden look the same, on purpose)
    ├── Stale          the record moved on since it was read: draft again
    ├── Retriable      try again after `retry_after` seconds; nothing was written
    ├── Resync         what was deleted since the checkpoint is no longer known: read everything again
    ├── Ambiguous      a write was sent and no answer came: read back, never send again
    └── Fatal          a bug, a wrong configuration, or an answer we do not understand

No error carries a record, a token or a response body: messages end up in logs (style.md, 1.4).
"""


class ConnectorError(Exception):
    """Base of all connector errors. `code` is the vendor's error code, never its text."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Unauthorized(ConnectorError):
    """The grant is missing, expired beyond refresh, or revoked."""


class Forbidden(ConnectorError):
    """The CRM refuses this user."""


class NotFound(ConnectorError):
    """The record does not exist for this user."""


class Stale(ConnectorError):
    """A conditional write found a newer version."""


class Retriable(ConnectorError):
    """A passing condition. Nothing was written."""

    def __init__(self, message: str, *, code: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Resync(ConnectorError):
    """The CRM has forgotten what happened since the checkpoint."""


class Ambiguous(ConnectorError):
    """A write was sent and its result is not known."""


class Fatal(ConnectorError):
    """Not to be retried and not the user's fault."""
