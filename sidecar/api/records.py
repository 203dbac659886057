"""What there is to choose from: the scoped buttons, and the caller's own newest records, read live as her."""

from sidecar.api.context import principal, services
from sidecar.api.models import ActionList, ActionOut, RecordLine, RecordList, RecordsIn
from sidecar.api.routes import Route
from sidecar.crm import crm_errors, open_session
from sidecar.errors import Invalid
from sidecar.vocabulary import VOCABULARIES


def actions() -> ActionList:
    """All buttons for the caller's CRM, in their newest version."""
    crm, templates, policy = principal().crm, services().templates, services().policy
    return ActionList(
        actions=tuple(
            ActionOut.of(templates.get(name, crm=crm), policy.purposes(name))
            for name in policy.in_order(templates.actions(crm))
        )
    )


def records(query: RecordsIn) -> RecordList:
    """The caller's newest records of one kind; cases (tickets) unless she asks for another."""
    who = principal()
    words = VOCABULARIES[who.crm]
    object_ = query.object or words.case
    kind = words.kinds.get(object_)
    if kind is None:
        raise Invalid("No button stands on such an object. GET /v1/me lists them.", field="object")
    fields = [name for name in (*kind.title, kind.status, kind.priority) if name]
    session = open_session(services(), who)
    with crm_errors():
        found = session.recent(object_, fields, query.limit)
    return RecordList(records=tuple(RecordLine.of(record, kind, session.link(record.ref)) for record in found))


ROUTES = (
    Route("GET", "/v1/actions", actions, "The scoped buttons", ActionList),
    Route("GET", "/v1/records", records, "Your newest records, live from the CRM", RecordList, query=RecordsIn),
)
