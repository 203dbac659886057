"""Finds connectors by entry point, so that a CRM can be added without touching the sidecar."""

from collections.abc import Callable
from importlib.metadata import entry_points

from connectors.errors import Fatal
from connectors.interfaces import Connector

GROUP = "crm_sidecar.connectors"


def installed() -> tuple[str, ...]:
    """Names of the CRMs that have a connector here, sorted."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


def connector_class(crm: str) -> Callable[..., Connector]:
    """The connector class of a CRM. Its settings are its own; all take `tokens`.

    Raises:
        Fatal: there is none.
    """
    for entry in entry_points(group=GROUP, name=crm):
        connector: Callable[..., Connector] = entry.load()
        return connector
    raise Fatal(f"no connector for this CRM; there are: {', '.join(installed()) or 'none'}", code="no_connector")
