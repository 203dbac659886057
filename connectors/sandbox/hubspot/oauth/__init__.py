"""OAuth 2.0 as HubSpot speaks it: consent, token endpoints of every version, introspection, legacy token paths."""

from connectors.sandbox.hubspot.oauth.apps import App, apps_of
from connectors.sandbox.hubspot.oauth.endpoints import OAuthEndpoints
from connectors.sandbox.hubspot.oauth.grants import AccessToken, Grants

__all__ = ["AccessToken", "App", "Grants", "OAuthEndpoints", "apps_of"]
