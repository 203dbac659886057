"""/v1/drafts: draft, look, edit, apply, undo, rate, discard."""

from http import HTTPStatus

from flask import Response

from connectors.interfaces import RecordRef
from sidecar import actions, metrics
from sidecar.api import streams
from sidecar.api.context import principal, services
from sidecar.api.draft_models import (
    DraftBrief,
    DraftIn,
    DraftList,
    DraftOut,
    DraftsIn,
    EditsIn,
    FeedbackIn,
    FeedbackOut,
)
from sidecar.api.routes import Reply, Route, if_match
from sidecar.domain import Progress, unwatched
from sidecar.drafts import Shown


def create(body: DraftIn) -> Reply | Response:
    """Draft an action on a record.

    Accept `text/event-stream` to follow its making: events `progress`, then one `draft` or `problem` with the body.
    """
    click = actions.Click(
        action=body.action,
        record=RecordRef(body.record.crm, body.record.object, body.record.id),
        purpose=body.purpose or "",
        exclude=body.exclude_fields,
        target=body.target,
        idempotency_key=body.idempotency_key or "",
    )
    all_, who = services(), principal()

    def make(progress: Progress) -> DraftOut:
        with metrics.click("draft"):
            shown = actions.draft(all_, who, click, progress)
        return DraftOut.of(shown, all_.feedback.load(shown.draft))

    if streams.wanted():
        return streams.follow(make)
    made = make(unwatched)
    return Reply(made, HTTPStatus.CREATED, etag=made.digest)


def index(query: DraftsIn) -> DraftList:
    """The caller's newest drafts, or those on one record."""
    who = principal()
    found = services().drafts.newest(who.tenant, who.user_id, query.record)
    return DraftList(drafts=tuple(map(DraftBrief.of, found)))


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


def rate(draft_id: str, body: FeedbackIn) -> FeedbackOut:
    """Say what you think of a draft; a later opinion replaces an earlier one."""
    actions.rate(services(), principal(), draft_id, body.opinion())
    metrics.OPINIONS.labels(str(body.rating), str(body.reason), str(body.privacy).lower()).inc()
    return FeedbackOut.of(body.opinion())


def discard(draft_id: str) -> DraftBrief:
    """Throw a draft away."""
    return DraftBrief.of(actions.discard(services(), principal(), draft_id))


def _reply(shown: Shown) -> Reply:
    return Reply(DraftOut.of(shown, services().feedback.load(shown.draft)), etag=shown.digest)


ROUTES = (
    Route(
        "POST",
        "/v1/drafts",
        create,
        "Draft an action on a record",
        DraftOut,
        DraftIn,
        status=HTTPStatus.CREATED,
        streams=True,
    ),
    Route("GET", "/v1/drafts", index, "List your newest drafts", DraftList, query=DraftsIn),
    Route("GET", "/v1/drafts/<draft_id>", show, "A draft as you may see it now", DraftOut),
    Route("PATCH", "/v1/drafts/<draft_id>", edit, "Edit sentences of a draft", DraftOut, EditsIn, if_match=True),
    Route("POST", "/v1/drafts/<draft_id>/apply", apply, "Write what was shown, once", DraftOut, if_match=True),
    Route("POST", "/v1/drafts/<draft_id>/undo", undo, "Put back what stood there", DraftOut),
    Route("POST", "/v1/drafts/<draft_id>/feedback", rate, "Say what you think of a draft", FeedbackOut, FeedbackIn),
    Route("POST", "/v1/drafts/<draft_id>/discard", discard, "Throw a draft away", DraftBrief),
)
