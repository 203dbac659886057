"""Whatever arrives at a vendor port is answered in the vendor's way: no input makes the site raise."""

import contextlib
import json
from functools import cache
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.clock import Clock
from connectors.sandbox.faults import Faults
from connectors.sandbox.requestlog import RequestLog
from connectors.sandbox.salesforce.oauth.grants import s256
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.site import SalesforceSite
from connectors.sandbox.wire import Refused, Request

BASE = "https://127.0.0.1:1"
PATHS = st.sampled_from(
    [
        "/services/oauth2/authorize",
        "/services/oauth2/token",
        "/services/oauth2/introspect",
        "/services/oauth2/revoke",
        "/services/oauth2/userinfo",
        "/id/x/y",
        "/id/",
        "/services/data/v66.0/query",
        "/services/data/v66.0/composite",
        "/lightning/r/Case/x/view",
        "/",
        "",
    ]
) | st.text(max_size=40).map(lambda text: "/" + text)
WORDS = (
    "grant_type client_id client_secret code redirect_uri refresh_token token scope state as response_type "
    "code_challenge code_challenge_method decision user q oauth_token version"
)
NAMES = st.sampled_from(WORDS.split())
VALUES = st.sampled_from(
    ["authorization_code", "refresh_token", "code", "allow", "http://[", s256("x"), "{0}"]
) | st.text(max_size=30)
_ARGUMENTS = (
    "record", "user", "object", "client", "into", "fields", "field", "targetEntity", "userCriteria", "recordFilter",
    "condition", "message", "owner", "count", "seconds", "daily_calls", "times", "on", "group",
)  # fmt: skip
FIELDS = st.dictionaries(NAMES, VALUES, max_size=8)


@cache
def site() -> SalesforceSite:
    """An org with one administrator."""
    clock = Clock()
    return SalesforceSite(Org.load({}, [], clock), clock, {})


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request, half of them with a registered client and a live token."""
    client = next(iter(site().grants.clients.values()))
    form = draw(FIELDS) | draw(st.sampled_from([{}, {"client_id": client.id, "client_secret": client.secret}]))
    body = draw(st.binary(max_size=40) | st.just(urlencode(form, errors="replace").encode()))
    authorization = draw(st.sampled_from(["", "Bearer x", "Basic Og==", "Basic /w==", "OAuth", "\xe9 \xe9"]))
    headers = {"authorization": authorization} if authorization else {}
    return Request(
        draw(st.sampled_from(["GET", "POST", "PATCH", "PUT"])), draw(PATHS), draw(FIELDS) | form, headers, body, BASE
    )


@given(requests())
def test_no_request_makes_the_site_raise(request: Request) -> None:
    """Every answer is below 500, JSON where it says so, and fit for a header and the log."""
    response = site().respond(request)
    assert response.status < 500
    if response.headers.get("content-type", "").startswith("application/json"):
        json.loads(response.body)
    for value in response.headers.values():
        value.encode("latin-1")
        assert "\n" not in value
    assert site().user_of(request) == ""
    RequestLog().add(
        at="", org="x", user="", method=request.method, path=request.path, query=request.query,
        status=response.status, ms=0, subrequests=site().subrequests(request), faults=(),
    )  # fmt: skip


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_rule_or_change_makes_the_control_plane_raise(anything: object) -> None:
    """A rule or a mutation made of any JSON works or is refused with a reason."""
    actions = ({"name": "status", "status": anything}, {"name": "delay", "seconds": anything})
    for document in (
        {"match": anything},
        {"action": anything},
        *({"match": {"path": "x"}, "action": a} for a in actions),
    ):
        with contextlib.suppress(Refused):
            Faults().add(document)
    before = site().save()
    for name in sorted(site().mutations):
        with contextlib.suppress(Refused):
            site().mutate(name, "", dict.fromkeys(_ARGUMENTS, anything))
    site().load(before)


def test_a_form_with_too_many_fields_is_no_form() -> None:
    """It is answered like an empty one."""
    body = "&".join(f"f{number}=1" for number in range(200)).encode()
    for path in ("/services/oauth2/token", "/services/oauth2/authorize", "/services/oauth2/revoke"):
        assert site().respond(Request("POST", path, {}, {}, body, BASE)).status == 400
