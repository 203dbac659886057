"""What there is to choose from: the scoped buttons, and the caller's own newest records, read live as her."""

from sidecar.api.context import principal, services
from sidecar.api.models import ActionList, ActionOut, RecordLine, RecordList, RecordsIn
from sidecar.api.routes import Route
from sidecar.crm import crm_errors, open_session

LINE_FIELDS = ("CaseNumber", "Subject", "Status", "Priority")


def actions() -> ActionList:
    """All buttons, in their newest version."""
    principal()
    templates, policy = services().templates, services().policy
    return ActionList(
        actions=tuple(ActionOut.of(templates.get(name), policy.purposes(name)) for name in templates.actions())
    )


def records(query: RecordsIn) -> RecordList:
    """The caller's newest records of one object."""
    session = open_session(services(), principal())
    with crm_errors():
        found = session.recent(query.object, LINE_FIELDS, query.limit)
    return RecordList(records=tuple(RecordLine.of(record, session.link(record.ref)) for record in found))


ROUTES = (
    Route("GET", "/v1/actions", actions, "The scoped buttons", ActionList),
    Route("GET", "/v1/records", records, "Your newest records, live from the CRM", RecordList, query=RecordsIn),
)
