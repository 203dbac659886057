"""The tickets written by hand: the stories of the demo and of the 60-message case, in the portal's own words."""

import re
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.hubspot.builder import PortalBuilder
from connectors.sandbox.data.hubspot.portal import Crew, stage_id
from connectors.sandbox.data.hubspot.threads import Call, Cast, Frame, Todo, write_note, write_task, write_ticket
from connectors.sandbox.data.special import moment_of, scripted
from connectors.sandbox.salesforce.values import Row

_STAGES = {"Escalated": "escalated", "Working": "working", "Closed": "closed"}
_PRIORITIES = {"High": "HIGH", "Medium": "MEDIUM", "Low": "LOW"}


def build_special(builder: PortalBuilder, crew: Crew, customers: list[Customer], name: str) -> dict[str, str]:
    """Add the tickets that retell the bank `name`.

    Returns:
        The id of each ticket by its case's name in the bank.
    """
    by_name = {customer.name: customer for customer in customers}
    script = retold(bank(name), bank("hubspot")["retold"])
    return {
        spec["name"]: str(_ticket(builder, crew, by_name[spec["account"]], spec)["hs_object_id"])
        for spec in script["cases"]
    }


def retold(story: Any, words: Mapping[str, str]) -> Any:  # noqa: ANN401 - a bank of any shape
    """A bank with whole words replaced in all its texts, keys included; the longest of several that fit wins."""
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")\b")

    def tell(item: Any) -> Any:  # noqa: ANN401 - as above
        if isinstance(item, str):
            return pattern.sub(lambda match: words[match[0]], item)
        if isinstance(item, dict):
            return {tell(key): tell(value) for key, value in item.items()}
        return [tell(value) for value in item] if isinstance(item, list) else item

    return tell(story)


def _ticket(builder: PortalBuilder, crew: Crew, customer: Customer, spec: Mapping[str, Any]) -> Row:
    contact_id, person = customer.contacts[0]
    agents = tuple(crew.members[key] for key in spec["agents"])
    cast = Cast(customer, contact_id, person, crew.spec["owners"][spec["name"]], agents, spec.get("restricted", False))
    extras = crew.spec["extras"].get(spec["name"], {})
    calls = [Call(**{**call, "at": moment_of(call["at"])}) for call in extras.get("calls", ())]
    closed = spec["fields"]["Status"] == "Closed"
    frame = Frame(spec["scenario"], "en", closed, _properties(crew, spec["fields"]))
    spec = {**spec, "secrets": {**spec.get("secrets", {}), **extras.get("secrets", {})}}
    ticket = write_ticket(builder, crew, cast, frame, scripted(builder.alias, spec), calls=calls)
    for comment in spec.get("comments", ()):
        at, author = moment_of(comment["at"]), agents[comment["who"]]
        write_note(builder, crew, ticket, cast, at=at, author=author, markup=f"<p>{comment['text']}</p>")
    for task in extras.get("tasks", ()):
        todo = Todo(**{**task, "at": moment_of(task["at"]), "due": moment_of(task["due"])})
        write_task(builder, crew, ticket, cast, todo)
    if spec.get("restricted"):
        builder.restricted.add(str(ticket["hs_object_id"]))
    return ticket


def _properties(crew: Crew, fields: Mapping[str, Any]) -> dict[str, str | None]:
    """The ticket's values from the fields of the case whose story it tells."""
    refund = fields.get("Refund_Amount__c")
    return {
        "hs_pipeline": crew.spec["pipelines"]["support"]["id"],
        "hs_pipeline_stage": stage_id("support", _STAGES[fields["Status"]]),
        "hs_ticket_priority": _PRIORITIES[fields["Priority"]],
        "hs_ticket_category": crew.spec["categories"]["gateway"],
        "severity": fields["Severity__c"],
        "product": fields["Product__c"],
        "refund_amount": None if refund is None else f"{refund:g}",
        "internal_risk_note": fields.get("Internal_Risk_Note__c"),
    }
