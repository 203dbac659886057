"""What admins decided about an app and about who may log in; a mutation sets it, the OAuth endpoints obey it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from joserfc.jwk import RSAKey

from connectors.sandbox.wire import Refused

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANT_TYPES: Final = ("authorization_code", "refresh_token", JWT_BEARER)
BLOCKS: Final = {
    "OAUTH_APP_BLOCKED": "this app is blocked by admin",
    "OAUTH_APPROVAL_ERROR_GENERIC": "An unexpected error has occured during authentication. Please try again.",
}
"""The errors with which the authorization endpoint may turn an app away."""


@dataclass(frozen=True, slots=True)
class AppPolicy:
    """One app. `certificate` checks its assertions; `users` are pre-authorised; `blocked` is a key of `BLOCKS` or "".

    With `admin_approved`, nobody but the pre-authorised users gets in. `grant_types` are the flows it may use.
    """

    certificate: RSAKey | None = field(default=None, repr=False)
    users: frozenset[str] = frozenset()
    admin_approved: bool = False
    blocked: str = ""
    grant_types: frozenset[str] = frozenset(GRANT_TYPES)

    def admits(self, user_id: str) -> bool:
        """Whether the admins let this user use the app."""
        return not self.admin_approved or user_id in self.users

    def changed(self, wish: Mapping[str, Any], user_id_of: Callable[[str], str]) -> "AppPolicy":
        """The policy after a wish for `certificate` (PEM or JWK), `users`, `admin_approved`, `blocked`, `grant_types`.

        Raises:
            Refused: an unknown error or grant type, or not a key.
        """
        new = self
        if "certificate" in wish:
            new = replace(new, certificate=_key(wish["certificate"]))
        if "users" in wish:
            new = replace(new, users=frozenset(map(user_id_of, wish["users"])))
        if "admin_approved" in wish:
            new = replace(new, admin_approved=bool(wish["admin_approved"]))
        if "blocked" in wish:
            new = replace(new, blocked=_one_of(wish["blocked"] or "", ("", *BLOCKS)))
        if "grant_types" in wish:
            new = replace(new, grant_types=frozenset(_one_of(kind, GRANT_TYPES) for kind in wish["grant_types"]))
        return new


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """The whole org: locked by Salesforce, closed to this network, or curt (no `error_description`)."""

    locked: bool = False
    ip_restricted: bool = False
    terse_errors: bool = False

    def changed(self, wish: Mapping[str, Any]) -> "OrgPolicy":
        """The policy after a wish for some of its fields."""
        known = {name: bool(wish[name]) for name in ("locked", "ip_restricted", "terse_errors") if name in wish}
        return replace(self, **known)


def _key(given: object) -> RSAKey | None:
    """A public key from a PEM certificate, a PEM key or a JWK; None for nothing."""
    if not given:
        return None
    if not isinstance(given, str | dict):
        raise Refused("certificate must be PEM text or a JWK")
    try:
        return RSAKey.import_key(given)
    except ValueError:
        raise Refused("certificate is neither an RSA key nor a certificate of one") from None


def _one_of(value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Refused(f"{value!r} is none of {', '.join(allowed)}")
    return str(value)
