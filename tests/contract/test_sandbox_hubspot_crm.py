"""hubspot-api-client takes the engine for a portal; it rejects answers that lack what the specification requires."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations import ApiException as AssociationsException
from hubspot.crm.contacts import ApiException as ContactsException
from hubspot.crm.objects import ApiException

from connectors.sandbox.client import SandboxOrg
from connectors.sandbox.process import SandboxProcess

ALIAS = "harbourlight"
NOTE_TO_TICKET = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}
_OTHER = {"contacts": {"email": "other@calls.example"}}
NOTE = {"hs_timestamp": "2026-11-24T08:00:00Z", "hs_note_body": "<p>Called back</p>"}


@pytest.fixture
def portal(hubspot: SandboxProcess) -> SandboxOrg:
    """The example portal."""
    return hubspot.orgs[ALIAS]


@pytest.fixture
def api(portal: SandboxOrg) -> Any:  # noqa: ANN401 - the client's generated namespaces have no types
    """The client with an account-level key."""
    return HubSpot(access_token=portal.service_key, host=portal.http, base_url=portal.http).crm


@pytest.mark.parametrize(
    ("call", "status", "category"),
    [
        (lambda api: api.tickets.basic_api.get_by_id("99"), 404, None),
        (lambda api: api.tickets.basic_api.get_by_id("x-1"), 404, "OBJECT_NOT_FOUND"),
        (lambda api: api.objects.basic_api.get_page("boats"), 400, "VALIDATION_ERROR"),
        (lambda api: api.tickets.basic_api.get_page(limit=101), 400, "VALIDATION_ERROR"),
        (lambda api: api.tickets.basic_api.create({"properties": {"subject": "no stage"}}), 400, "VALIDATION_ERROR"),
        (lambda api: api.contacts.basic_api.create({"properties": {"email": "nobody"}}), 400, "VALIDATION_ERROR"),
        (lambda api: api.tickets.search_api.do_search({"filterGroups": [], "limit": 201}), 400, "VALIDATION_ERROR"),
        (
            lambda api: api.tickets.search_api.do_search({"filterGroups": [], "limit": 1, "after": "10000"}),
            400,
            "VALIDATION_ERROR",
        ),
        (lambda api: api.owners.owners_api.get_by_id(1), 404, None),
    ],
)
def test_refusals_carry_the_vendors_categories(
    api: Any,  # noqa: ANN401 - see `api`
    call: Callable[[Any], object],
    status: int,
    category: str | None,
) -> None:
    """The client turns each refusal into its exception, with HubSpot's body."""
    with pytest.raises(Exception, match=str(status)) as caught:
        call(api)
    body = json.loads(caught.value.body)  # type: ignore[attr-defined]  # an ApiException of some module
    assert (body["status"], body.get("category")) == ("error", category)


def test_one_record_at_a_time(api: Any) -> None:  # noqa: ANN401 - see `api`
    """Create, read, change, archive; the recycle bin; values come back as text."""
    basic = api.tickets.basic_api
    made = basic.create({"properties": {"subject": "Torn sail", "hs_pipeline_stage": "1"}, "associations": []})
    assert made.properties["hs_object_source"] == "INTEGRATION"
    read = basic.get_by_id(made.id, properties=["subject", "nothing"], properties_with_history=["subject"])
    assert read.properties["subject"] == "Torn sail"
    assert "nothing" not in read.properties
    assert read.properties_with_history["subject"][0].value == "Torn sail"
    changed = basic.update(made.id, {"properties": {"hs_ticket_priority": "HIGH"}})
    assert changed.updated_at >= made.updated_at
    basic.archive(made.id)
    basic.archive(made.id)
    with pytest.raises(Exception, match="404"):
        basic.get_by_id(made.id)
    assert basic.get_by_id(made.id, archived=True).archived_at
    assert made.id in [row.id for row in basic.get_page(limit=100, archived=True).results]


def test_pages_end_without_paging(api: Any) -> None:  # noqa: ANN401 - see `api`
    """`get_all` of the client walks all pages; the last one has no `paging`."""
    everything = api.tickets.get_all()
    page = api.tickets.basic_api.get_page(limit=1)
    assert page.paging.next.after == everything[0].id
    last = api.tickets.basic_api.get_page(limit=1, after=everything[-2].id)
    assert (last.results[0].id, last.paging) == (everything[-1].id, None)


def test_batches(api: Any) -> None:  # noqa: ANN401 - see `api`
    """Create, read, change, archive many at once; what is missing is told beside what is there."""
    batch = api.objects.notes.batch_api
    made = batch.create({"inputs": [{"properties": NOTE, "associations": []}] * 2})
    assert (made.status, len(made.results)) == ("COMPLETE", 2)
    ids = [{"id": row.id} for row in made.results]
    read = batch.read({"inputs": [*ids, {"id": "7"}], "properties": ["hs_note_body"], "propertiesWithHistory": []})
    assert (len(read.results), read.num_errors, read.errors[0].category) == (2, 1, "OBJECT_NOT_FOUND")
    assert read.errors[0].context == {"ids": ["7"]}
    changed = batch.update({"inputs": [{**one, "properties": {"hs_note_body": "b"}} for one in ids]})
    assert {row.properties["hs_note_body"] for row in changed.results} == {"b"}
    batch.archive({"inputs": ids})
    assert batch.read({"inputs": ids, "properties": [], "propertiesWithHistory": []}).num_errors == 1


def test_upsert_by_a_unique_property(api: Any) -> None:  # noqa: ANN401 - see `api`
    """A property made unique is a key: the first upsert makes a note, the second one changes it."""
    wish = {
        "name": "sidecar_key",
        "label": "Key",
        "type": "string",
        "fieldType": "text",
        "groupName": "note",
    }
    assert api.properties.core_api.create("notes", {**wish, "hasUniqueValue": True}).has_unique_value
    batch = api.objects.notes.batch_api
    seen = []
    for text in ("one", "two"):
        given = {"idProperty": "sidecar_key", "id": "k-1", "properties": {**NOTE, "hs_note_body": text}}
        seen.append(batch.upsert({"inputs": [given]}).results[0])
    assert [row.new for row in seen] == [True, False]
    assert seen[0].id == seen[1].id
    api.properties.core_api.archive("notes", "sidecar_key")


def test_search(api: Any, hubspot: SandboxProcess) -> None:  # noqa: ANN401 - see `api`
    """Filters, sorting and paging; what was just written is found a moment later."""
    made = api.tickets.basic_api.create({"properties": {"subject": "Zebra ropes", "hs_pipeline_stage": "1"}})
    wish = {
        "filterGroups": [{"filters": [{"propertyName": "subject", "operator": "CONTAINS_TOKEN", "value": "zebra"}]}],
        "sorts": ["hs_object_id"],
        "properties": ["subject"],
        "limit": 10,
        "after": "0",
    }
    assert api.tickets.search_api.do_search(wish).total == 0
    hubspot.control.advance(3)
    found = api.tickets.search_api.do_search(wish)
    assert (found.total, found.results[0].id, found.paging) == (1, made.id, None)
    everything = api.tickets.search_api.do_search({"filterGroups": [], "limit": 1})
    assert everything.paging.next.after == "1"


def test_associations_v4(api: Any) -> None:  # noqa: ANN401 - see `api`
    """By default, by label, in batches, and back again."""
    ticket = api.tickets.basic_api.get_page(limit=1).results[0].id
    note = api.objects.notes.basic_api.create(
        {"properties": NOTE, "associations": [{"to": {"id": ticket}, "types": [NOTE_TO_TICKET]}]}
    ).id
    v4 = api.associations.v4
    page = v4.basic_api.get_page("tickets", ticket, "notes", limit=500)
    assert note in [str(row.to_object_id) for row in page.results]
    v4.basic_api.archive("notes", note, "tickets", ticket)
    assert v4.basic_api.get_page("notes", note, "tickets").results == []
    assert v4.basic_api.create_default("notes", note, "tickets", ticket).status == "COMPLETE"
    pair = {"from": {"id": note}, "to": {"id": ticket}}
    assert v4.batch_api.create("notes", "tickets", {"inputs": [{**pair, "types": [NOTE_TO_TICKET]}]}).results
    assert v4.batch_api.create_default("notes", "tickets", {"inputs": [pair]}).results
    read = v4.batch_api.get_page("notes", "tickets", {"inputs": [{"id": note}]})
    assert read.results[0].to[0].association_types[0].type_id == NOTE_TO_TICKET["associationTypeId"]
    v4.batch_api.archive("notes", "tickets", {"inputs": [{"from": {"id": note}, "to": [{"id": ticket}]}]})
    assert v4.basic_api.get_page("notes", note, "tickets").results == []
    labels = api.associations.v4.schema.definitions_api.get_all("tickets", "companies").results
    assert {row.label for row in labels} == {None, "Primary"}


def test_associations_v3(api: Any) -> None:  # noqa: ANN401 - see `api`
    """By name; the wrong direction is refused."""
    ticket = api.tickets.basic_api.get_page(limit=1).results[0].id
    note = api.objects.notes.basic_api.create({"properties": NOTE, "associations": []}).id
    given = {"from": {"id": note}, "to": {"id": ticket}, "type": "note_to_ticket"}
    batch = api.associations.batch_api
    assert batch.create("notes", "tickets", {"inputs": [given]}).results[0].type == "note_to_ticket"
    assert batch.read("notes", "tickets", {"inputs": [{"id": note}]}).results[0].to[0].id == ticket
    with pytest.raises(AssociationsException, match="400"):
        batch.create("notes", "tickets", {"inputs": [{**given, "type": "ticket_to_note"}]})
    batch.archive("notes", "tickets", {"inputs": [given]})
    assert batch.read("notes", "tickets", {"inputs": [{"id": note}]}).results == []


def test_merge_and_erase(api: Any) -> None:  # noqa: ANN401 - see `api`
    """The survivor has a new id to which both old ones lead; an erased contact is gone."""
    basic = api.contacts.basic_api
    ids = [basic.create({"properties": {"email": f"m{n}@merge.example"}}).id for n in range(2)]
    survivor = basic.merge({"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})
    assert survivor.id not in ids
    assert [basic.get_by_id(old).id for old in ids] == [survivor.id] * 2
    assert survivor.properties["hs_merged_object_ids"] == ";".join(ids)
    basic.purge({"objectId": survivor.id})
    with pytest.raises(ContactsException, match="404"):
        basic.get_by_id(ids[0])


@pytest.mark.parametrize(
    ("path", "values", "changes"),
    [
        ("companies", {"name": "Rope Works"}, {"domain": "rope.example"}),
        ("deals", {"dealname": "Ropes", "dealstage": "closedwon"}, {"amount": "12.5"}),
        ("contacts", {"email": "all@calls.example"}, {"firstname": "All"}),
        ("tickets", {"subject": "All calls", "hs_pipeline_stage": "1"}, {"content": "c"}),
        ("objects.tasks", {"hs_timestamp": "2026-11-24", "hs_task_subject": "Call"}, {"hs_task_status": "COMPLETED"}),
        ("objects.calls", {"hs_timestamp": "2026-11-24", "hs_call_title": "Call"}, {"hs_call_duration": "1000"}),
        ("objects.emails", {"hs_timestamp": "2026-11-24", "hs_email_subject": "Mail"}, {"hs_email_text": "t"}),
        ("objects.meetings", {"hs_timestamp": "2026-11-24", "hs_meeting_title": "Met"}, {"hs_meeting_location": "l"}),
    ],
)
def test_every_call_of_a_type(api: Any, path: str, values: dict[str, str], changes: dict[str, str]) -> None:  # noqa: ANN401 - see `api`
    """The generated namespaces of the client, ten calls each."""
    space = api
    for part in path.split("."):
        space = getattr(space, part)
    made = space.basic_api.create({"properties": values, "associations": []})
    assert (values.keys() | {"hs_object_id", "hs_object_source"}) <= made.properties.keys()
    changed = space.basic_api.update(made.id, {"properties": changes})
    assert changes.items() <= changed.properties.items()
    assert space.basic_api.get_by_id(made.id, properties=list(changes)).properties[next(iter(changes))]
    assert space.basic_api.get_page(limit=100, associations=["contacts"]).results
    assert space.search_api.do_search({"filterGroups": [], "sorts": [], "properties": [], "limit": 1, "after": "0"})
    [second] = space.batch_api.create({"inputs": [{"properties": {**values, **_OTHER.get(path, {})}}]}).results
    both = [{"id": made.id}, {"id": second.id}]
    read = space.batch_api.read({"inputs": both, "properties": list(values), "propertiesWithHistory": []})
    assert {row.id for row in read.results} == {made.id, second.id}
    assert space.batch_api.update({"inputs": [{**one, "properties": changes} for one in both]}).status == "COMPLETE"
    space.batch_api.archive({"inputs": both[1:]})
    space.basic_api.archive(made.id)
    assert space.batch_api.read({"inputs": both, "properties": [], "propertiesWithHistory": []}).num_errors == 1


def test_definitions(api: Any) -> None:  # noqa: ANN401 - see `api`
    """Owners, pipelines, properties, groups, schemas."""
    owners = api.owners.owners_api.get_page(limit=100).results
    assert owners
    user = next(owner.user_id for owner in owners if owner.user_id)
    assert api.owners.owners_api.get_by_id(user, id_property="userId").user_id == user
    pipelines = api.pipelines.pipelines_api.get_all("tickets").results
    stages = api.pipelines.pipeline_stages_api.get_all("tickets", pipelines[0].id).results
    assert stages[0].metadata["ticketState"] == "OPEN"
    assert api.pipelines.pipelines_api.get_by_id("tickets", pipelines[0].id).label == pipelines[0].label
    names = {item.name for item in api.properties.core_api.get_all("tickets").results}
    assert {"subject", "hs_pipeline_stage", "hs_lastmodifieddate"} <= names
    assert api.properties.core_api.get_by_name("contacts", "email").type == "string"
    assert api.properties.groups_api.get_all("tickets").results
    read = api.properties.batch_api.read("tickets", {"inputs": [{"name": "subject"}], "archived": False})
    assert read.results[0].name == "subject"
    with pytest.raises(ApiException, match="400"):
        api.objects.basic_api.get_page("2-404")


def test_changing_definitions(api: Any) -> None:  # noqa: ANN401 - see `api`
    """Groups, properties and labels from making to archiving; schemas."""
    core, groups = api.properties.core_api, api.properties.groups_api
    assert groups.create("tickets", {"name": "sidecar", "label": "Sidecar"}).name == "sidecar"
    assert groups.get_by_name("tickets", "sidecar").archived is False
    wish = {"label": "A", "type": "string", "fieldType": "text", "groupName": "sidecar"}
    batch = api.properties.batch_api
    assert batch.create("tickets", {"inputs": [{**wish, "name": name} for name in ("aa", "bb")]}).status == "COMPLETE"
    assert core.update("tickets", "aa", {"label": "Changed"}).label == "Changed"
    batch.archive("tickets", {"inputs": [{"name": "aa"}, {"name": "bb"}]})
    assert "aa" not in {item.name for item in core.get_all("tickets").results}
    labels = api.associations.v4.schema.definitions_api
    made = labels.create("tickets", "contacts", {"label": "Skipper", "name": "skipper"}).results[0]
    labels.update("tickets", "contacts", {"associationTypeId": made.type_id, "label": "Owner"})
    assert "Owner" in {row.label for row in labels.get_all("tickets", "contacts").results}
    labels.remove("tickets", "contacts", made.type_id)
    assert "Owner" not in {row.label for row in labels.get_all("tickets", "contacts").results}
    stage = api.pipelines.pipeline_stages_api.get_by_id("tickets", "0", "1")
    assert stage.write_permissions == "CRM_PERMISSIONS_ENFORCEMENT"
    assert isinstance(api.schemas.core_api.get_all().results, list)
    assert api.schemas.core_api.get_by_id("tickets").labels.plural == "Tickets"
    types = api.associations.schema.types_api.get_all("tickets", "contacts").results
    assert types[0].name == "ticket_to_contact"
