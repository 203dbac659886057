"""What there is to choose from: the scoped buttons, and the caller's own newest records, read live as her."""

from sidecar.api.context import principal, services
from sidecar.api.models import ActionList, ActionOut, RecordLine, RecordList, RecordsIn
from sidecar.api.routes import Route
from sidecar.crm import crm_errors, open_session
from sidecar.vocabulary import VOCABULARIES


def actions() -> ActionList:
    """All buttons for the caller's CRM, in their newest version."""
    crm, templates, policy = principal().crm, services().templates, services().policy
    return ActionList(
        actions=tuple(
            ActionOut.of(templates.get(name, crm=crm), policy.purposes(name)) for name in templates.actions(crm)
        )
    )


def records(query: RecordsIn) -> RecordList:
    """The caller's newest cases (tickets)."""
    who = principal()
    words = VOCABULARIES[who.crm]
    session = open_session(services(), who)
    with crm_errors():
        found = session.recent(words.case, (words.number, words.subject, words.status, words.priority), query.limit)
    return RecordList(records=tuple(RecordLine.of(record, words, session.link(record.ref)) for record in found))


ROUTES = (
    Route("GET", "/v1/actions", actions, "The scoped buttons", ActionList),
    Route("GET", "/v1/records", records, "Your newest records, live from the CRM", RecordList, query=RecordsIn),
)
