"""OAuth 2.0 as Salesforce speaks it: web-server flow with PKCE, rotation, introspection, identity."""

from connectors.sandbox.salesforce.oauth.endpoints import OAuthEndpoints
from connectors.sandbox.salesforce.oauth.grants import Client, Grants, Session

__all__ = ["Client", "Grants", "OAuthEndpoints", "Session"]
