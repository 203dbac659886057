"""/v1/sync: one step of bringing the index up to date, as the caller and with her rights.

It runs in the serving process because embedded Chroma belongs to one process.
"""

from sidecar import sync, trail
from sidecar.api.context import principal, services
from sidecar.api.models import SyncIn, SyncOut
from sidecar.api.routes import Route
from sidecar.crm import open_session
from sidecar.errors import Invalid
from sidecar.vocabulary import VOCABULARIES


def step(body: SyncIn) -> SyncOut:
    """Index up to `limit` changes. The policy says who may."""
    who = principal()
    if body.object not in VOCABULARIES[who.crm].indexed:
        raise Invalid("Your CRM has no such object in the index.")
    with trail.refusals(services(), who, kind="sync", action="sync"):
        services().policy.authorize(who, action="sync", purpose=sync.INDEX_PURPOSE, record=None)
    session = open_session(services(), who, urgent=False)
    report = sync.sync(services(), session, body.object, full=body.full, limit=body.limit)
    return SyncOut(object=report.object, indexed=report.indexed, removed=report.removed, finished=report.finished)


ROUTES = (Route("POST", "/v1/sync", step, "One step of bringing the index up to date", SyncOut, SyncIn),)
