"""The pages about the sandbox name everything that is there."""

from pathlib import Path

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.control import control_app
from connectors.sandbox.faults import ACTIONS
from connectors.sandbox.load import load
from connectors.sandbox.salesforce.mutations import Mutations
from connectors.sandbox.salesforce.oauth import Grants, OAuthEndpoints
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.server import Sandbox

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "connectors/sandbox/examples/tidewater"


@pytest.fixture(scope="module")
def org() -> Org:
    """The example, which the page tells people to copy."""
    [(document, records)] = load(EXAMPLE)
    return Org.load(document, records, Clock())


@pytest.fixture(scope="module")
def page() -> str:
    """The manual."""
    return (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")


def test_every_fault_action_and_mutation_is_documented(org: Org, page: str) -> None:
    """No action without a line."""
    grants = Grants(org.id, Clock(), {})
    names = ACTIONS | Mutations(org, grants).names
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_control_route_is_documented(page: str) -> None:
    """No route without a line."""
    paths = {route.path for route in control_app(Sandbox([], Clock(), {})).routes if hasattr(route, "path")}
    documented = page.replace("{id}", "{id:int}")
    assert [path for path in sorted(paths) if path not in documented] == []


def test_every_oauth_endpoint_has_a_level_of_fidelity(org: Org) -> None:
    """The fidelity page says of each endpoint how far to trust it."""
    fidelity = (ROOT / "connectors/sandbox/FIDELITY.md").read_text(encoding="utf-8")
    endpoints = OAuthEndpoints(org, Grants(org.id, Clock(), {}), Clock())
    assert [path for path in endpoints.paths if f"`{path}`" not in fidelity] == []
