"""What a view may use: the services and settings of this app, and who is calling."""

from flask import current_app, g, request

from sidecar.domain import Principal
from sidecar.identity import Caller, authenticate
from sidecar.interfaces import Services
from sidecar.settings import Settings


def services() -> Services:
    """The services that `create_app` built."""
    found: Services = current_app.extensions["crm-sidecar"]
    return found


def settings() -> Settings:
    """The settings of this process."""
    found: Settings = current_app.extensions["crm-sidecar-settings"]
    return found


def caller() -> Caller:
    """Who calls; looked up once per request.

    Raises:
        Unauthenticated, Refused: see `sidecar.identity`.
    """
    if "caller" not in g:
        g.caller = authenticate(services(), request, settings().public_url)
    found: Caller = g.caller
    return found


def principal() -> Principal:
    """The caller's principal."""
    return caller().principal
