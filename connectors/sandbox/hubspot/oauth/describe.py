"""What the token endpoints say about a token: introspection of the dated versions and the legacy `GET` by path."""

import hashlib
from typing import Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.oauth.grants import AccessToken, Grant
from connectors.sandbox.hubspot.oauth.people import People
from connectors.sandbox.wire import JSON

HUBLET: Final = "na1"


class TokenFacts:
    """Describes the tokens of one portal."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock

    def access(self, token: AccessToken) -> JSON:
        """An access token, with `signed_access_token`: its `isUserLevel` says whose rights the token has."""
        return {
            "token": token.text,
            "token_type": "bearer",
            "token_use": "access_token",
            "client_id": token.app.client_id,
            "app_id": token.app.id,
            **self._holder(token.user_id),
            "scopes": list(token.scopes),
            "expires_in": self._left(token),
            "is_private_distribution": True,
            "signed_access_token": self._signed(token),
        }

    def refresh(self, grant: Grant) -> JSON:
        """A refresh token."""
        return {
            "token": grant.refresh_token,
            "token_type": "bearer",
            "token_use": "refresh_token",
            "client_id": grant.app.client_id,
            **self._holder(grant.user_id),
            "scopes": list(grant.scopes),
        }

    def legacy_access(self, token: AccessToken) -> JSON:
        """`GET /oauth/v1/access-tokens/{token}`."""
        return {
            "token": token.text,
            **self._holder(token.user_id),
            "scopes": list(token.scopes),
            "signed_access_token": self._signed(token),
            "app_id": token.app.id,
            "expires_in": self._left(token),
            "token_type": "access",
            "is_private_distribution": True,
        }

    def legacy_refresh(self, grant: Grant) -> JSON:
        """`GET /oauth/v1/refresh-tokens/{token}`."""
        return {
            "token": grant.refresh_token,
            **self._holder(grant.user_id),
            "client_id": grant.app.client_id,
            "scopes": list(grant.scopes),
            "token_type": "refresh",
        }

    def _holder(self, user_id: str) -> JSON:
        portal: JSON = {"hub_id": int(self._people.hub_id), "hub_domain": self._people.hub_domain}
        person = self._people.person(user_id)
        return {"user": person.email, "user_id": int(person.id), **portal} if person else portal

    def _left(self, token: AccessToken) -> int:
        return max(int(token.expires - self._clock.time()), 0)

    def _signed(self, token: AccessToken) -> JSON:
        user_id = int(token.user_id or 0)
        seal = hashlib.sha256(token.text.encode()).hexdigest()
        return {
            "expiresAt": int(token.expires * 1000),
            "scopes": " ".join(token.scopes),
            "hubId": int(self._people.hub_id),
            "userId": user_id,
            "appId": token.app.id,
            "signature": seal[:40],
            "scopeToScopeGroupPks": "",
            "newSignature": seal[24:],
            "hublet": HUBLET,
            "trialScopes": "",
            "trialScopeToScopeGroupPks": "",
            "isUserLevel": token.app.user_level,
            "installingUserId": user_id,
            "isServiceAccount": token.grant is None,
        }
