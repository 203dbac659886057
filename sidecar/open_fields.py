"""Which fields everyone reads who reads the record: the CRM's own word, asked during a sync, narrows audience.yaml.

It only ever narrows (`Policy.audience`). While nothing is known of a tenant or an object, the administrator's word in
`config/audience.yaml` stands.
"""

from collections.abc import Sequence
from datetime import timedelta

from connectors.interfaces import Finding, Session
from sidecar.crm import crm_errors
from sidecar.interfaces import Services
from sidecar.policy import Policy
from sidecar.templates import TemplateSet

EVERY = timedelta(minutes=10)
"""How long an answer is used before a sync asks again."""


def promised(policy: Policy, templates: TemplateSet, crm: str) -> tuple[str, ...]:
    """The objects of one CRM of which `audience.yaml` lists fields."""
    return tuple(sorted(policy.promises().keys() & templates.objects(crm)))


def refresh(services: Services, session: Session, crm: str) -> None:
    """Ask the CRM again when it is time to, as the user who runs the sync; no answer leaves what is known as it is.

    Raises:
        Unavailable: the CRM, or the database, cannot be asked.
    """
    tenant, now = session.user.tenant, services.clock()
    asker = services.keys.hasher(tenant)(session.user.id)
    if not services.open_fields.claim(tenant, asker, now, EVERY):
        return
    with crm_errors():
        found = session.open_fields(promised(services.policy, services.templates, crm))
    if found is not None:
        services.open_fields.save(tenant, found, now)


def compare(policy: Policy, templates: TemplateSet, crm: str, session: Session) -> Sequence[Finding]:
    """Does the CRM agree with `audience.yaml`? One finding for each field that it hides from somebody.

    Raises:
        ConnectorError: the CRM cannot be asked.
    """
    objects = promised(policy, templates, crm)
    facts = session.open_fields(objects)
    if facts is None:
        detail = "audience.yaml cannot be checked: the CRM does not tell this user who may view which field"
        advice = "check it by hand, or sync as somebody who may view the setup (Salesforce); until then it is believed"
        return [Finding("audience", ok=True, detail=detail, advice=advice)]
    hidden = [
        f"{name}.{field}"
        for name in objects
        for field in sorted(policy.promises()[name])
        if facts.get(name) and field not in facts[name]
    ]
    advice = "take it out of config/audience.yaml; until then it counts as hidden"
    found = [
        Finding("audience", ok=True, detail=f"{field} is hidden from some profiles", advice=advice) for field in hidden
    ]
    agreed = Finding("audience", ok=True, detail="everyone who reads a record reads the fields in audience.yaml")
    return found or [agreed]
