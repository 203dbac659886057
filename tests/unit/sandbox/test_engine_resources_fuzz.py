"""Anything in, the vendor's answer out: files, bulk jobs, searches and Chatter."""

import json
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.salesforce.api import ApiRequest, handle
from tests.unit.sandbox.engine_world import ADMIN, ANN, BASE, CASE_ANN, V, World

_WORLD = World()
_PIECES = st.sampled_from(
    ["FIND", "{pump}", "{a* OR (b", "IN", "ALL", "FIELDS", "RETURNING", "Case", "(", ")", ",", "Id", "WHERE", "LIMIT",
     "9", "ORDER BY", "Subject", "'", '"', "\\", "NOT", "AND", "*", "OFFSET", "User(Id)", "{", "}"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([CASE_ANN, ANN, "query", "queryAll", "CSV", "SELECT Id FROM Case", "FeedItem", "pump", "Case",
                       "Text", "Mention", "Aborted", "me", "eA==", "a.txt"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["operation", "query", "columnDelimiter", "lineEnding", "contentType", "state", "q", "in",
                         "fields", "sobjects", "name", "where", "limit", "orderBy", "overallLimit", "body",
                         "messageSegments", "type", "text", "id", "subjectId", "feedElementType", "Title",
                         "PathOnClient", "VersionData", "FirstPublishLocationId", "ContentDocumentId"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
_PATHS = st.sampled_from(
    ["/jobs/query", "/jobs/query/750", "/jobs/query/7505e0000000001AAA", "/jobs/query/7505e0000000001AAA/results",
     "/search", "/parameterizedSearch", "/chatter/feed-elements", "/chatter/users/me", "/chatter/users/x",
     f"/chatter/feeds/record/{CASE_ANN}/feed-elements", "/chatter/feeds/record/x/feed-elements",
     "/sobjects/ContentVersion", "/sobjects/ContentDocument", "/sobjects/ContentDocumentLink", "/sobjects/FeedItem",
     "/sobjects/ContentVersion/0685e0000000001AAA/VersionData", f"/sobjects/Case/{CASE_ANN}/VersionData"]
)  # fmt: skip


def _answered(user: str, request: ApiRequest) -> None:
    snapshot = _WORLD.org.snapshot()
    answer = handle(_WORLD.org, user, BASE, request)
    _WORLD.org.restore(snapshot)
    assert answer.status < 500, (request, answer.body)
    assert b"Traceback" not in answer.body


@settings(max_examples=250, deadline=None)
@given(st.lists(_PIECES, max_size=14), st.text(max_size=10))
def test_no_search_breaks_the_engine(pieces: list[str], noise: str) -> None:
    """Shuffled SOSL and noise get an answer below 500."""
    for text in (" ".join(pieces), "".join(["FIND {pump} RETURNING ", *pieces, noise])):
        _answered(ADMIN, ApiRequest("GET", f"{V}/search", {"q": text}))


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["POST", "PATCH"]), _PATHS, _VALUES)
def test_no_json_breaks_the_resources(method: str, path: str, value: object) -> None:
    """Well-formed JSON of any shape gets an answer below 500."""
    _answered(ANN, ApiRequest(method, V + path, {}, {}, json.dumps(value).encode()))


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE", "HEAD"]),
    _PATHS,
    st.dictionaries(
        st.sampled_from(["q", "locator", "maxRecords", "queryLocator", "page", "pageSize", "sobject", "Case.limit"]),
        st.text(max_size=12),
        max_size=3,
    ),
    st.sampled_from(["application/json", 'multipart/form-data; boundary="b"', "multipart/form-data", "", "é/;="]),
    st.binary(max_size=40) | st.lists(st.sampled_from([b"--b", b"\r\n", b"{}", b"--", b": ", b"x"])).map(b"".join),
)
def test_no_request_breaks_the_resources(
    method: str, path: str, query: dict[str, str], content_type: str, body: bytes
) -> None:
    """Any method, parameters, content type and body get an answer below 500."""
    _answered(ANN, ApiRequest(method, V + path, query, {"content-type": content_type}, body, urlencode(query)))
