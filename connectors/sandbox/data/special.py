"""The cases written by hand: those of the demo, and the 60-message case of the benchmark with its relatives."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import OrgBuilder
from connectors.sandbox.data.desk import add_draft
from connectors.sandbox.data.hostile import attack_named, infect
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.scenarios import Saying, Tale, Turn
from connectors.sandbox.data.schedule import working_hours
from connectors.sandbox.data.threads import Cast, Frame, write_case
from connectors.sandbox.data.truth import FactKind
from connectors.sandbox.salesforce.values import Row

_MARKED: Final = re.compile(r"\[\[(\w+)(?: (\d{4}-\d\d-\d\d))?\|(.+?)\]\]")
_PACE: Final = tuple(timedelta(hours=hours, minutes=17) for hours in (3, 26, 2, 71, 5, 49, 95, 1, 30))
"""Time between the messages of a case that has no times of its own."""


def build_special(builder: OrgBuilder, staff: Staff, customers: list[Customer], name: str) -> dict[str, Row]:
    """Add the cases of the bank `name`.

    Returns:
        The row of each case by its name in the bank.
    """
    by_name = {customer.name: customer for customer in customers}
    return {spec["name"]: build_case(builder, staff, by_name[spec["account"]], spec) for spec in bank(name)["cases"]}


def parse(text: str) -> tuple[list[str], list[Saying]]:
    """Paragraphs without the fact marks, and the facts that were marked."""
    sayings = [Saying(FactKind(kind), sentence, due or "") for kind, due, sentence in _MARKED.findall(text)]
    plain = _MARKED.sub(lambda match: match[3], text.strip())
    return plain.split("\n\n"), sayings


def scripted(alias: str, spec: Mapping[str, Any]) -> Tale:
    """The conversation that a case of the bank scripts; attacks are those on the org `alias`."""
    moments = zip(spec["messages"], _moments(spec), strict=True)
    turns = [_turn(alias, message, moment) for message, moment in moments]
    turns[0].secrets += [(category, value) for value, category in spec.get("secrets", {}).items()]
    resolution = Saying(FactKind.RESOLUTION, spec["resolution"]) if "resolution" in spec else None
    return Tale(spec["subject"], tuple(turns), resolution, ())


def moment_of(value: str | datetime) -> datetime:
    """A moment of the bank, which is in UTC."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC)


def build_case(builder: OrgBuilder, staff: Staff, customer: Customer, spec: Mapping[str, Any]) -> Row:
    """Add one case of a bank, told by the first contact of `customer`."""
    contact_id, person = customer.contacts[0]
    agents = tuple(staff.agents[key] for key in spec["agents"])
    cast = Cast(customer, contact_id, person, staff.agents[spec["owner"]].id, agents)
    closed = spec["fields"]["Status"] == "Closed"
    tale = scripted(builder.alias, spec)
    case = write_case(builder, staff, cast, Frame(spec["scenario"], "en", closed, spec["fields"]), tale)
    case_id = str(case["Id"])
    for comment in spec.get("comments", ()):
        fields = {"ParentId": case_id, "CommentBody": comment["text"], "IsPublished": False}
        builder.add("CaseComment", moment_of(comment["at"]), agents[comment["who"]].id, fields)
    for who, level in spec.get("share", {}).items():
        builder.share(case_id, staff.group if who == "group" else staff.agents[who].id, level)
    if draft := spec.get("draft"):
        paragraphs = parse(draft["text"])[0]
        add_draft(builder, case, person, agents[draft["who"]], at=moment_of(draft["at"]), paragraphs=paragraphs)
    if spec.get("restricted"):
        builder.restricted.add(case_id)
    return case


def _moments(spec: Mapping[str, Any]) -> list[datetime]:
    """When the messages were sent: as they say, or one after the other from the case's `start` on."""
    if "start" not in spec:
        return [moment_of(message["at"]) for message in spec["messages"]]
    moments = [moment_of(spec["start"])]
    while len(moments) < len(spec["messages"]):
        moments.append(working_hours(moments[-1] + _PACE[len(moments) % len(_PACE)]))
    return moments


def _turn(alias: str, message: Mapping[str, Any], at: datetime) -> Turn:
    paragraphs, sayings = parse(message["text"])
    who = message["who"]
    incoming = who == "customer"
    client = message.get("client", "")
    turn = Turn(incoming, at, paragraphs, sayings, by=0 if incoming else who, client=client)
    if disguise := message.get("hostile"):
        infect(turn, attack_named(alias, disguise))
    return turn
