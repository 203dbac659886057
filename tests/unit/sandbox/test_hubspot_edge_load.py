"""Somebody's own data for a HubSpot portal: what is refused, and what a folder becomes."""

import json
from pathlib import Path

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.load import LoadError
from connectors.sandbox.serve import build_sites
from connectors.sandbox.wire import JSON
from tests.unit.sandbox.hubspot_edge_world import EXAMPLE

PORTAL: JSON = {"portal": {"id": "123", "name": "Mine"}, "users": [{"id": "7", "email": "a@b.example"}]}
TICKET: JSON = {"id": "5", "properties": {"subject": "SECRET WORDS"}, "createdAt": "2026-01-01T00:00:00Z"}


def folder(root: Path, portal: object, **files: object) -> Path:
    """A folder with a `portal.json` and one-line files."""
    made = root / "Mine"
    made.mkdir()
    (made / "portal.json").write_text(portal if isinstance(portal, str) else json.dumps(portal))
    for name, line in files.items():
        (made / f"{name}.jsonl").write_text(line if isinstance(line, str) else json.dumps(line))
    return made


@pytest.mark.parametrize(
    ("portal", "files"),
    [
        ("{", {}),
        ("[]", {}),
        ({"users": []}, {}),
        ({"portal": 1}, {}),
        ({"portal": {"name": "no id"}}, {}),
        ({"portal": {"id": "letters"}}, {}),
        ({"portal": {"id": "123", "tier": "gold"}}, {}),
        (PORTAL | {"users": [{"id": "7"}]}, {}),
        (PORTAL | {"users": [{"id": "7", "email": "a@b.example", "permissions": {"tickets": {"view": "most"}}}]}, {}),
        (PORTAL | {"users": 7}, {}),
        (PORTAL | {"teams": ["x"]}, {}),
        (PORTAL, {"tickets": "{"}),
        (PORTAL, {"tickets": "[]"}),
        (PORTAL, {"unicorns": TICKET}),
        (PORTAL, {"tickets": {"properties": {}}}),
        (PORTAL, {"tickets": TICKET | {"id": "letters"}}),
        (PORTAL, {"tickets": TICKET, "associations": {"from": ["tickets"], "to": ["contacts", "1"]}}),
    ],
)
def test_a_folder_that_cannot_be_used_stops_the_start(tmp_path: Path, portal: object, files: dict[str, object]) -> None:
    """With a reason that quotes no record."""
    made = folder(tmp_path, portal, **files)
    with pytest.raises(LoadError) as caught:
        build_sites(made, 7, Clock())
    assert "SECRET" not in str(caught.value)


def test_a_portal_is_named_after_its_folder(tmp_path: Path) -> None:
    """`portal.json` alone is enough; the name may be given."""
    [site] = build_sites(folder(tmp_path, PORTAL, tickets=TICKET), 7, Clock())
    assert site.alias == "mine"
    assert [row["subject"] for row in site.records("tickets", {})] == ["SECRET WORDS"]


def test_orgs_and_portals_may_lie_side_by_side() -> None:
    """A folder of folders: one Salesforce org and one HubSpot portal."""
    sites = build_sites(EXAMPLE.parent, 7, Clock())
    assert [site.alias for site in sites] == ["harbourlight", "tidewater"]
    assert [site.describe({})["vendor"] for site in sites] == ["hubspot", "salesforce"]
