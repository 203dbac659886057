"""Who calls the CRM: the user and the app behind an access token."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`user_level`: the token has the user's own rights; otherwise it sees the whole account within its scopes."""

    user_id: str
    app_id: str
    user_level: bool
    scopes: frozenset[str]
