"""Calls of hubspot-api-client about associations and definitions, each with what it must say."""

from typing import Any, Final

from tests.contract.hubspot_desk import (
    COMPANY,
    CONTACT,
    DEVICE,
    DEVICES,
    FORBIDDEN,
    INVALID,
    KEY,
    MINE,
    NOT_FOUND,
    OTHER_CONTACT,
    THEIRS,
    TICKET,
    Desk,
    Refusal,
    Table,
    refusal,
)

DEFAULT: Final = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}


def ids(found: Any) -> list[str]:  # noqa: ANN401 - an answer of the client
    """Whom a page of associations names."""
    return [str(one.to_object_id) for one in found.results]


def links(desk: Desk, to: str = "contacts", ticket: str = TICKET) -> list[str]:
    """What a ticket is associated with, by v4."""
    return ids(desk.mira.crm.associations.v4.basic_api.get_page("tickets", ticket, to))


def made_and_ended(desk: Desk) -> list[int]:
    """Associations after the default one was made, and after it ended."""
    api = desk.key.crm.associations.v4.basic_api
    made = api.create_default("tickets", TICKET, "contacts", OTHER_CONTACT)
    seen = [len(made.results), len(links(desk))]
    api.archive("tickets", TICKET, "contacts", OTHER_CONTACT)
    return [*seen, len(links(desk))]


def labelled(desk: Desk) -> tuple[list[str], list[str], list[int]]:
    """A label of the portal's own: put on an association, taken off, renamed and removed."""
    v4 = desk.key.crm.associations.v4
    definitions = v4.schema.definitions_api
    made = definitions.create("tickets", "contacts", {"name": "approver", "label": "Approver"}).results[0]
    spec = {"associationCategory": "USER_DEFINED", "associationTypeId": made.type_id}
    put = v4.basic_api.create("tickets", TICKET, "contacts", OTHER_CONTACT, [spec])
    [other] = [
        one for one in v4.basic_api.get_page("tickets", TICKET, "contacts").results
        if str(one.to_object_id) == OTHER_CONTACT
    ]  # fmt: skip
    labels = [one.label for one in other.association_types if one.label]
    counts = [len(definitions.get_all("tickets", "contacts").results)]
    definitions.update("tickets", "contacts", {"associationTypeId": made.type_id, "label": "Signer"})
    definitions.remove("tickets", "contacts", made.type_id)
    return put.labels, labels, [*counts, len(definitions.get_all("tickets", "contacts").results)]


def renamed(desk: Desk) -> list[str | None]:
    """The labels of a pair after one of the portal's own got another text."""
    api = desk.key.crm.associations.v4.schema.definitions_api
    made = api.create("deals", "contacts", {"name": "payer", "label": "Payer"}).results[0]
    api.update("deals", "contacts", {"associationTypeId": made.type_id, "label": "Buyer"})
    return [one.label for one in api.get_all("deals", "contacts").results if one.type_id == made.type_id]


def batched(desk: Desk) -> list[list[int]]:
    """Batches of v4: made by default, made by type, labels taken off, ended; associations after each."""
    api = desk.key.crm.associations.v4.batch_api
    pairs = [{"from": {"id": TICKET}, "to": {"id": OTHER_CONTACT}}, {"from": {"id": MINE}, "to": {"id": OTHER_CONTACT}}]
    typed = {"inputs": [{**pair, "types": [DEFAULT]} for pair in pairs]}

    def count() -> list[int]:
        read = api.get_page("tickets", "contacts", {"inputs": [{"id": TICKET}, {"id": MINE}]})
        return sorted(sum(str(to.to_object_id) == OTHER_CONTACT for to in one.to) for one in read.results)

    seen = []
    api.create_default("tickets", "contacts", {"inputs": pairs})
    seen.append(count())
    api.archive_labels("tickets", "contacts", typed)
    seen.append(count())
    api.create("tickets", "contacts", typed)
    seen.append(count())
    api.archive("tickets", "contacts", {"inputs": [{"from": pair["from"], "to": [pair["to"]]} for pair in pairs]})
    return [*seen, count()]


def by_name(desk: Desk) -> list[int]:
    """Batches of v3: made, read, ended."""
    api = desk.key.crm.associations.batch_api
    pair = {"from": {"id": TICKET}, "to": {"id": OTHER_CONTACT}, "type": "ticket_to_contact"}
    ask = {"inputs": [{"id": TICKET}]}
    seen = [len(api.create("tickets", "contacts", {"inputs": [pair]}).results)]
    seen.append(len(api.read("tickets", "contacts", ask).results[0].to))
    api.archive("tickets", "contacts", {"inputs": [pair]})
    return [*seen, len(api.read("0-5", "0-1", ask).results[0].to)]


ASSOCIATIONS: Final[Table] = {
    "v4 get_page": (links, [CONTACT]),
    "v4 get_page of e-mails": (
        lambda d: len(d.mira.crm.associations.v4.basic_api.get_page("0-5", TICKET, "0-49", limit=5).results), 5,
    ),
    "v4 next page": (
        lambda d: len(d.mira.crm.associations.v4.basic_api.get_page(
            "tickets", TICKET, "emails", limit=500,
            after=d.mira.crm.associations.v4.basic_api.get_page("tickets", TICKET, "emails", limit=5).paging.next.after
        ).results), 9,
    ),
    "v4 types": (
        lambda d: [(one.category, one.type_id) for one in d.mira.crm.associations.v4.basic_api.get_page(
            "tickets", TICKET, "contacts").results[0].association_types],
        [("HUBSPOT_DEFINED", 16)],
    ),
    "v4 of a hidden ticket": (lambda d: refusal(lambda: links(d, ticket=THEIRS)), NOT_FOUND),
    "v4 create_default and archive": (made_and_ended, [2, 2, 1]),
    "v4 batches": (batched, [[1, 1], [0, 0], [1, 1], [0, 0]]),
    "v4 batch of unknown ids": (
        lambda d: d.key.crm.associations.v4.batch_api.get_page("tickets", "contacts", {
            "inputs": [{"id": TICKET}, {"id": "7"}]}).num_errors,
        1,
    ),
    "v4 labels": (labelled, (["Approver"], ["Approver"], [2, 1])),
    "v4 label renamed": (renamed, ["Buyer"]),
    "v4 primary company": (
        lambda d: sorted(one.label or "" for one in d.mira.crm.associations.v4.schema.definitions_api.get_all(
            "contacts", "companies").results),
        ["", "Primary"],
    ),
    "v4 device to company": (
        lambda d: d.key.crm.associations.v4.basic_api.create_default(
            DEVICES, DEVICE, "companies", COMPANY).status,
        "COMPLETE",
    ),
    "v3 batches": (by_name, [1, 2, 1]),
    "v3 types": (
        lambda d: [one.name for one in d.mira.crm.associations.schema.types_api.get_all("tickets", "contacts").results],
        ["ticket_to_contact"],
    ),
    "v3 nonsense type": (
        lambda d: refusal(lambda: d.key.crm.associations.batch_api.create("tickets", "contacts", {"inputs": [
            {"from": {"id": TICKET}, "to": {"id": CONTACT}, "type": "ticket_to_moon"}]})).status,
        400,
    ),
}  # fmt: skip


PROPERTY: Final = {
    "name": "hall", "label": "Hall", "type": "string", "fieldType": "text", "groupName": "ticketinformation",
}  # fmt: skip


def defined(desk: Desk) -> list[object]:
    """A property made, used, renamed and archived."""
    api = desk.key.crm.properties.core_api
    made = api.create("tickets", PROPERTY)
    desk.mira.crm.tickets.basic_api.update(TICKET, {"properties": {"hall": "B"}})
    found = desk.mira.crm.tickets.basic_api.get_by_id(TICKET, properties=["hall"]).properties["hall"]
    label = api.update("tickets", "hall", {"label": "Room"}).label
    api.archive("tickets", "hall")
    gone = refusal(lambda: api.get_by_name("tickets", "hall")).status
    return [made.has_unique_value, found, label, gone, api.get_by_name("tickets", "hall", archived=True).archived]


def unique(desk: Desk) -> tuple[bool, str]:
    """A property made unique is a key at once."""
    desk.key.crm.properties.core_api.create("tickets", {**PROPERTY, "hasUniqueValue": True})
    basic = desk.mira.crm.tickets.basic_api
    basic.update(TICKET, {"properties": {"hall": "B"}})
    return (
        desk.key.crm.properties.core_api.get_by_name("tickets", "hall").has_unique_value,
        basic.get_by_id("b", id_property="hall").id,
    )


def properties_in_batches(desk: Desk) -> list[object]:
    """Two properties made, read beside an unknown one, archived."""
    api = desk.key.crm.properties.batch_api
    made = api.create("tickets", {"inputs": [{**PROPERTY, "name": name} for name in ("hall_a", "hall_b")]})
    names = [{"name": name} for name in ("hall_a", "hall_b", "hall_c")]
    read = api.read("tickets", {"inputs": names, "archived": False})
    api.archive("tickets", {"inputs": names})
    after = api.read("tickets", {"inputs": names, "archived": False})
    return [len(made.results), len(read.results), read.num_errors, len(after.results)]


def grouped(desk: Desk) -> list[str]:
    """A new group of properties, by name and in the list."""
    api = desk.key.crm.properties.groups_api
    api.create("tickets", {"name": "halls", "label": "Halls", "displayOrder": 2})
    return [api.get_by_name("tickets", "halls").name, *(one.name for one in api.get_all("tickets").results)]


def regrouped(desk: Desk) -> tuple[str, int]:
    """A group's new label; whether it is gone after it was archived."""
    api = desk.key.crm.properties.groups_api
    api.create("tickets", {"name": "halls", "label": "Halls"})
    label = api.update("tickets", "halls", {"label": "Rooms"}).label
    api.archive("tickets", "halls")
    return label, refusal(lambda: api.get_by_name("tickets", "halls")).status


STAGES: Final = [
    {"label": label, "displayOrder": place, "metadata": {"ticketState": state}}
    for place, (label, state) in enumerate((("Heard", "OPEN"), ("Done", "CLOSED")))
]


def piped(desk: Desk) -> list[object]:
    """A pipeline made, used, renamed, replaced and archived."""
    api = desk.key.crm.pipelines.pipelines_api
    made = api.create("tickets", {"label": "Audits", "displayOrder": 5, "stages": STAGES})
    stage = {"hs_pipeline": made.id, "hs_pipeline_stage": made.stages[0].id}
    desk.mira.crm.tickets.basic_api.update(TICKET, {"properties": stage})
    used = refusal(lambda: api.archive("tickets", made.id, validate_references_before_delete=True)).status
    desk.mira.crm.tickets.basic_api.update(TICKET, {"properties": {"hs_pipeline": "0", "hs_pipeline_stage": "1"}})
    label = api.update("tickets", made.id, {"label": "Checks"}).label
    other = api.replace("tickets", made.id, {"label": "Tests", "displayOrder": 6, "stages": STAGES[:1]})
    api.archive("tickets", made.id)
    return [used, label, len(other.stages), refusal(lambda: api.get_by_id("tickets", made.id)).status]


def staged(desk: Desk) -> list[object]:
    """A stage made, changed, replaced and archived; one that tickets are in stays."""
    api = desk.key.crm.pipelines.pipeline_stages_api
    made = api.create("tickets", "0", {**STAGES[0], "displayOrder": 9})
    label = api.update("tickets", "0", made.id, {"label": "Listened", "metadata": {"ticketState": "OPEN"}}).label
    state = api.replace("tickets", "0", made.id, {**STAGES[1], "displayOrder": 9}).metadata["ticketState"]
    api.archive("tickets", "0", made.id)
    gone = refusal(lambda: api.get_by_id("tickets", "0", made.id)).status
    return [label, state, gone, refusal(lambda: api.archive("tickets", "0", "4")).status]


DEFINITIONS: Final[Table] = {
    "properties get_all": (
        lambda d: [one.name for one in d.key.crm.properties.core_api.get_all("notes").results if one.has_unique_value],
        [KEY],
    ),
    "properties get_by_name": (
        lambda d: [one.value for one in d.mira.crm.properties.core_api.get_by_name(
            "tickets", "hs_ticket_priority").options],
        ["LOW", "MEDIUM", "HIGH", "URGENT"],
    ),
    "properties that are hidden": (
        lambda d: refusal(lambda: d.mira.crm.properties.core_api.get_by_name("tickets", "refund_amount")).status, 404,
    ),
    "properties that nobody knows": (
        lambda d: refusal(lambda: d.mira.crm.properties.core_api.get_by_name("tickets", "x")),
        Refusal("NotFoundException", 404, "OBJECT_NOT_FOUND"),
    ),
    "properties life": (defined, [False, "B", "Room", 404, True]),
    "properties unique": (unique, (True, TICKET)),
    "properties twice": (
        lambda d: refusal(lambda: d.key.crm.properties.core_api.create("tickets", {**PROPERTY, "name": "severity"})),
        Refusal("ApiException", 409, "OBJECT_ALREADY_EXISTS"),
    ),
    "properties of HubSpot's own": (
        lambda d: refusal(lambda: d.key.crm.properties.core_api.archive("tickets", "subject")).status, 400,
    ),
    "properties without the scope": (
        lambda d: refusal(lambda: d.mira.crm.properties.core_api.create("notes", {**PROPERTY, "groupName": "note"})),
        FORBIDDEN,
    ),
    "properties in batches": (properties_in_batches, [2, 2, 1, 0]),
    "groups": (grouped, ["halls", "ticketinformation", "halls"]),
    "groups life": (regrouped, ("Rooms", 404)),
    "groups that nobody knows": (
        lambda d: refusal(lambda: d.key.crm.properties.groups_api.get_by_name("tickets", "x")).status, 404,
    ),
    "pipelines get_all": (
        lambda d: [one.label for one in d.mira.crm.pipelines.pipelines_api.get_all("tickets").results],
        ["Support Pipeline", "Returns and Refunds"],
    ),
    "pipelines get_by_id": (
        lambda d: d.key.crm.pipelines.pipelines_api.get_by_id("deals", "default").stages[2].label, "Closed won",
    ),
    "pipelines that nobody knows": (
        lambda d: refusal(lambda: d.mira.crm.pipelines.pipelines_api.get_by_id("0-5", "77")).status, 404,
    ),
    "stages get_all": (
        lambda d: [one.metadata["ticketState"] for one in d.mira.crm.pipelines.pipeline_stages_api.get_all(
            "tickets", "0").results],
        ["OPEN"] * 4 + ["CLOSED"],
    ),
    "stages get_by_id": (
        lambda d: d.mira.crm.pipelines.pipeline_stages_api.get_by_id("tickets", "0", "4").label, "Escalated",
    ),
    "pipelines life": (piped, [400, "Checks", 1, 404]),
    "pipelines of the same name": (
        lambda d: refusal(lambda: d.key.crm.pipelines.pipelines_api.create(
            "tickets", {"label": "Support Pipeline", "displayOrder": 5, "stages": STAGES})).status, 409,
    ),
    "stages life": (staged, ["Listened", "CLOSED", 404, 400]),
    "schemas get_all": (
        lambda d: [(one.object_type_id, one.name) for one in d.mira.crm.schemas.core_api.get_all().results],
        [(DEVICES, "devices")],
    ),
    "schemas get_by_id": (
        lambda d: (found := d.mira.crm.schemas.core_api.get_by_id("devices")).labels.plural
        + " by " + found.primary_display_property,
        "Devices by serial_number",
    ),
    "schemas by type id": (
        lambda d: d.mira.crm.schemas.core_api.get_by_id(DEVICES).fully_qualified_name, "p48210377_devices",
    ),
    "schemas that nobody knows": (
        lambda d: refusal(lambda: d.key.crm.schemas.core_api.get_by_id("2-99")), INVALID,
    ),
}  # fmt: skip
