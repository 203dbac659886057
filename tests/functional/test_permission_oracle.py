"""The sandbox's permission engines against models written from the contract by somebody else, on random worlds."""

import os

from hypothesis import HealthCheck, Phase, given, settings

from tests.functional import (
    hubspot_world,
    oracle_hubspot,
    oracle_salesforce,
    oracle_salesforce_worlds,
    salesforce_world,
)

WORLDS = int(os.environ.get("PROOF_WORLDS", "200"))
"""Random worlds for each CRM. 5,000 take about four minutes each."""

random_worlds = settings(
    max_examples=WORLDS,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@random_worlds
@given(oracle_salesforce_worlds.worlds())
def test_salesforce_shows_exactly_what_sharing_and_field_security_allow(world: oracle_salesforce.World) -> None:
    """Describe, SOQL, GET by id, parents' fields and `UserRecordAccess`, for each user, record and field."""
    found, compared = salesforce_world.differences(world)
    assert not found, f"{len(found)} of {compared} verdicts differ, first: {found[0]}"


@random_worlds
@given(oracle_hubspot.worlds())
def test_hubspot_shows_exactly_what_owners_and_teams_allow(world: oracle_hubspot.World) -> None:
    """List, GET, batch read, search and associations, for each user, record and property, and for a whole account."""
    found, compared = hubspot_world.differences(world)
    assert not found, f"{len(found)} of {compared} verdicts differ, first: {found[0]}"
