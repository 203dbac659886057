"""Anything in, the vendor's answer out: no request breaks the HubSpot engine, and a refused one changes nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sandbox.hubspot_world import ADA, ANN, Desk

DESK = Desk()
_START = DESK.portal.snapshot()
_SEGMENTS = st.sampled_from(
    [
        "objects", "associations", "properties", "pipelines", "owners", "schemas", "v3", "v4", "2025-09", "2026-03",
        "2026-09", "2026-09-beta", "2027-03", "tickets", "0-5", "TICKET", "notes", "contacts", "boats",
        "2-777001", "p_boats", "users", "feedback_submissions", "nothing", "101", "201", "0101", "-1", "x", "batch",
        "read", "create",
        "update", "upsert", "archive", "search", "merge", "gdpr-delete", "default", "labels", "16", "types", "groups",
        "stages", "associate", "\u0663", "%", "..", "a" * 300,
    ]
)  # fmt: skip
_PATHS = st.lists(_SEGMENTS, max_size=8).map(lambda parts: "/crm/" + "/".join(parts))
_KNOWN = st.sampled_from(
    [
        "/crm/v3/objects/tickets", "/crm/v3/objects/tickets/101", "/crm/objects/2026-03/notes/batch/create",
        "/crm/objects/2026-09/notes/batch/upsert", "/crm/v3/objects/contacts/batch/read",
        "/crm/v3/objects/contacts/batch/update", "/crm/v3/objects/contacts/batch/archive",
        "/crm/v3/objects/tickets/search", "/crm/v3/objects/tickets/merge", "/crm/v3/objects/contacts/gdpr-delete",
        "/crm/v4/objects/tickets/101/associations/contacts", "/crm/v4/objects/tickets/101/associations/contacts/202",
        "/crm/v4/objects/tickets/101/associations/default/contacts/202",
        "/crm/v4/associations/tickets/contacts/batch/read", "/crm/v4/associations/tickets/contacts/batch/create",
        "/crm/associations/2026-03/tickets/contacts/batch/archive",
        "/crm/v4/associations/tickets/contacts/batch/associate/default",
        "/crm/v4/associations/tickets/contacts/batch/labels/archive", "/crm/v4/associations/tickets/contacts/labels",
        "/crm/v3/associations/tickets/contacts/batch/create", "/crm/v3/associations/tickets/contacts/batch/read",
        "/crm/v3/associations/tickets/contacts/batch/archive", "/crm/v3/properties/tickets",
        "/crm/v3/properties/tickets/risk", "/crm/v3/properties/tickets/batch/create",
        "/crm/v3/properties/tickets/groups", "/crm/v3/owners", "/crm/v3/owners/5011",
        "/crm/v3/pipelines/tickets", "/crm/v3/pipelines/tickets/0", "/crm/v3/pipelines/tickets/0/stages",
        "/crm/v3/pipelines/tickets/0/stages/1", "/crm/v3/properties/tickets/groups/ticketinformation",
    ]
)  # fmt: skip
_METHODS = st.sampled_from(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "FOO"])
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(
        ["101", "201", "subject", "hs_object_id", "email", "key", "risk", "EQ", "IN", "BETWEEN", "CONTAINS_TOKEN",
         "HAS_PROPERTY", "HUBSPOT_DEFINED", "USER_DEFINED", "associations.contact", "enumeration", "select", "1e999"]
    ),
)  # fmt: skip
_KEYS = st.sampled_from(
    [
        "inputs", "properties", "propertiesWithHistory", "idProperty", "id", "from", "to", "types", "type",
        "associations", "associationCategory", "associationTypeId", "objectWriteTraceId", "filterGroups",
        "filters", "propertyName",
        "operator", "value", "values", "highValue", "sorts", "direction", "query", "limit", "after", "primaryObjectId",
        "objectIdToMerge", "objectId", "name", "label", "fieldType", "groupName", "options", "hasUniqueValue",
        "subject", "hs_pipeline_stage", "hs_timestamp", "stages",
        "metadata", "displayOrder", "email", "hubspot_owner_id", "hs_email_headers", "description",
    ]
)  # fmt: skip
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=25,
)
_BODIES = st.one_of(
    st.just(b""), st.binary(max_size=30), st.just(b'{"a":"\\ud800"}'), _JSON.map(lambda one: json.dumps(one).encode())
)
_QUERIES = st.one_of(
    st.just(""),
    st.lists(
        st.tuples(
            st.sampled_from(["limit", "after", "properties", "propertiesWithHistory", "associations", "archived",
                             "idProperty", "email"]),
            st.sampled_from(["1", "0", "-1", "abc", "subject,nope", "contacts", "contacts,boats", "true", "TRUE", "x",
                             "email", "9" * 30, "%ff%fe", "\u0661"]),
        ),
        max_size=4,
    ).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)),
)  # fmt: skip


@given(_METHODS, st.one_of(_PATHS, _KNOWN), _QUERIES, _BODIES, st.sampled_from([None, ANN, ADA, "404"]))
@settings(max_examples=700, deadline=None)
def test_no_request_breaks_the_engine(method: str, path: str, query: str, body: bytes, user_id: str | None) -> None:
    """Every answer is HubSpot's: JSON or nothing, never a traceback; what is refused leaves no trace."""
    DESK.portal.restore(_START)
    before = DESK.portal.snapshot()
    desk = DESK if user_id is None else DESK.as_user(user_id)
    response = desk.raw(method, f"{path}?{query}", body)
    assert response.status < 500, (method, path, query, body)
    if response.body:
        json.loads(response.body)
    after = DESK.portal.snapshot()
    if response.status >= 400 or method in {"GET", "HEAD"}:
        assert after.store == before.store
        assert after.events == before.events
        assert after.schema == before.schema


@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b'{"a":', b"\xff", b"[" * 100_000, b"NaN", b'{"inputs":1}'])
def test_bodies_that_are_no_objects_are_named(body: bytes) -> None:
    """Malformed JSON is a VALIDATION_ERROR."""
    response = Desk().raw("POST", "/crm/v3/objects/tickets/batch/read", body)
    assert (response.status, json.loads(response.body)["category"]) == (400, "VALIDATION_ERROR")


def test_an_oversized_body_is_refused_unread() -> None:
    """More than ten MiB."""
    response = Desk().raw("POST", "/crm/v3/objects/tickets", b" " * (10 * 1024 * 1024 + 1))
    assert response.status == 413


def test_paths_methods_and_versions_that_do_not_exist() -> None:
    """Each has the vendor's own refusal."""
    desk = Desk()
    assert desk.refused("GET", "/crm/objects/2026-09-beta/tickets")[0] == 404
    assert desk.refused("GET", "/crm/v5/objects/tickets")[0] == 404
    assert desk.refused("GET", "/crm/v4/objects/tickets/101")[0] == 404
    assert desk.refused("PUT", "/crm/v3/objects/tickets/101")[0] == 405
    status, category, message = desk.refused("GET", "/crm/v3/objects/boots")
    assert (status, category, message) == (400, "VALIDATION_ERROR", "Unable to infer object type from: boots")


def test_every_answer_names_its_correlation_id() -> None:
    """The header and, for refusals, the body."""
    desk = Desk()
    assert desk.raw("GET", "/crm/v3/objects/tickets").headers["x-hubspot-correlation-id"]
    refused = desk.raw("GET", "/crm/v3/objects/tickets/9")
    assert json.loads(refused.body)["correlationId"] == refused.headers["x-hubspot-correlation-id"]
    assert refused.headers["content-type"] == "application/json;charset=utf-8"
