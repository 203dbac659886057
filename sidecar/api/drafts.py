"""/v1/drafts: draft, look, edit, apply, undo, discard."""

from http import HTTPStatus

from connectors.interfaces import RecordRef
from sidecar import actions, metrics
from sidecar.api.context import principal, services
from sidecar.api.draft_models import DraftBrief, DraftIn, DraftList, DraftOut, EditsIn
from sidecar.api.routes import Reply, Route, if_match
from sidecar.drafts import Shown


def create(body: DraftIn) -> Reply:
    """Draft an action on a record."""
    click = actions.Click(
        action=body.action,
        record=RecordRef(body.record.crm, body.record.object, body.record.id),
        purpose=body.purpose or "",
        exclude=body.exclude_fields,
        target=body.target,
        idempotency_key=body.idempotency_key or "",
    )
    with metrics.click("draft"):
        return _reply(actions.draft(services(), principal(), click), HTTPStatus.CREATED)


def index() -> DraftList:
    """The caller's newest drafts."""
    who = principal()
    return DraftList(drafts=tuple(map(DraftBrief.of, services().drafts.newest(who.tenant, who.user_id))))


def show(draft_id: str) -> Reply:
    """A draft as the caller may see it now."""
    return _reply(actions.show(services(), principal(), draft_id))


def edit(draft_id: str, body: EditsIn) -> Reply:
    """Save the agent's own words."""
    edits = {edit.claim: edit.text for edit in body.edits}
    return _reply(actions.edit(services(), principal(), draft_id, if_match(), edits))


def apply(draft_id: str) -> Reply:
    """Write what was shown, once."""
    with metrics.click("apply"):
        return _reply(actions.apply(services(), principal(), draft_id, if_match()))


def undo(draft_id: str) -> Reply:
    """Put back what stood there."""
    with metrics.click("undo"):
        return _reply(actions.undo(services(), principal(), draft_id))


def discard(draft_id: str) -> DraftBrief:
    """Throw a draft away."""
    return DraftBrief.of(actions.discard(services(), principal(), draft_id))


def _reply(shown: Shown, status: int = HTTPStatus.OK) -> Reply:
    return Reply(DraftOut.of(shown), status, etag=shown.digest)


ROUTES = (
    Route("POST", "/v1/drafts", create, "Draft an action on a record", DraftOut, DraftIn, status=HTTPStatus.CREATED),
    Route("GET", "/v1/drafts", index, "List your newest drafts", DraftList),
    Route("GET", "/v1/drafts/<draft_id>", show, "A draft as you may see it now", DraftOut),
    Route("PATCH", "/v1/drafts/<draft_id>", edit, "Edit sentences of a draft", DraftOut, EditsIn, if_match=True),
    Route("POST", "/v1/drafts/<draft_id>/apply", apply, "Write what was shown, once", DraftOut, if_match=True),
    Route("POST", "/v1/drafts/<draft_id>/undo", undo, "Put back what stood there", DraftOut),
    Route("POST", "/v1/drafts/<draft_id>/discard", discard, "Throw a draft away", DraftBrief),
)
