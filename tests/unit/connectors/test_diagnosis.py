"""What doctor finds: each thing that can be wrong has a line that says what to do, and nothing raises."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from simple_salesforce.util import Usage
from urllib3.exceptions import MaxRetryError, SSLError

from connectors.diagnosis import clock, login_service
from connectors.errors import ConnectorError, Fatal, Retriable, Unauthorized
from connectors.hubspot import diagnose as hubspot
from connectors.hubspot.access import Membership
from connectors.hubspot.auth import OPTIONAL_SCOPE, SCOPE
from connectors.hubspot.routes import routes
from connectors.hubspot.schema import Facts
from connectors.interfaces import Finding
from connectors.salesforce import diagnose as salesforce
from connectors.salesforce import mails
from tests.unit.connectors.scripted import NOT_FOUND, ORIGIN, Answer, Bench, composite, describe

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
VERSIONS: Answer = (200, [{"version": "65.0"}, {"version": "66.0"}])
UNTRUSTED = requests.exceptions.SSLError(
    MaxRetryError(None, "/", SSLError(ssl.SSLCertVerificationError("self-signed certificate")))  # type: ignore[arg-type]  # no pool is needed for its text
)


def known_client(_token: str) -> object:
    """A token endpoint that knows the client."""
    raise Unauthorized("gone", code="invalid_grant")


def by_name(findings: Sequence[Finding]) -> Mapping[str, Finding]:
    """The findings by what they checked; each once."""
    found = {finding.name: finding for finding in findings}
    assert len(found) == len(findings)
    return found


def failed(findings: Sequence[Finding]) -> list[str]:
    """What is not in order; each such line says what to do."""
    wrong = [finding for finding in findings if not finding.ok]
    assert all(finding.advice for finding in wrong)
    return [finding.name for finding in wrong]


# ── What all CRMs have in common ─────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Fatal("no", code="invalid_client_id"), "invalid_client_id"),
        (Retriable("no", code="oauth_unreachable"), "oauth_unreachable"),
        (None, "never issued"),
    ],
)
def test_a_login_that_cannot_work_is_found_without_a_user(error: ConnectorError | None, expected: str) -> None:
    """A wrong client, a dead endpoint, and one that takes anything (it is not the CRM's)."""

    def refresh(token: str) -> object:
        if error:
            raise error
        return {}

    finding = login_service(refresh)
    assert not finding.ok
    assert expected in finding.detail
    assert finding.advice


def test_a_made_up_token_that_is_refused_is_a_good_sign() -> None:
    """The client was accepted before the token was looked at."""
    assert login_service(known_client).ok


@pytest.mark.parametrize(
    ("seconds", "ok", "word"),
    [(0, True, "agree"), (-59, True, "agree"), (90, False, "ahead"), (-3_600, False, "behind")],
)
def test_a_clock_that_is_wrong_is_named(seconds: int, ok: bool, word: str) -> None:  # noqa: FBT001 - parametrised
    """By the Date header, with the direction."""
    response = requests.Response()
    response.headers["Date"] = format_datetime(NOW, usegmt=True)
    finding = clock(response, NOW + timedelta(seconds=seconds))
    assert finding.ok is ok
    assert word in finding.detail


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2026 12:00:00 GMT"])
def test_a_crm_that_tells_no_time_is_no_failure(date: str) -> None:
    """Proxies drop headers."""
    response = requests.Response()
    response.headers["Date"] = date
    assert clock(response, NOW).ok


# ── Salesforce ───────────────────────────────────────────────────────────


def org(
    answer: Callable[[str, str, Any], Answer | Exception], *, version: str = "66.0", corrected: bool = False
) -> list[Finding]:
    """The findings about an org that answers like this."""
    bench = Bench(answer)
    found = salesforce.Outside(ORIGIN, corrected, version, bench.http, known_client).check()
    assert all("Authorization" not in headers for headers in bench.adapter.headers)
    return found


def test_a_healthy_org_has_nothing_to_say() -> None:
    """Reachable, offering the version, knowing the client; no token was sent."""
    found = org(lambda *_: VERSIONS)
    assert failed(found) == []
    assert "newest is 66.0" in by_name(found)["api version"].detail


@pytest.mark.parametrize(
    ("answer", "wrong", "advice"),
    [
        (UNTRUSTED, ["reachable"], "ca_file"),
        (requests.ConnectTimeout(), ["reachable"], "address"),
        ((503, b"<html>"), ["api version"], "try again"),
        ((200, b"<html>"), ["api version"], "try again"),
        ((404, b"<html>"), ["api version"], "administrator"),
    ],
)
def test_an_org_that_is_not_there_is_told_apart(answer: Answer | Exception, wrong: list[str], advice: str) -> None:
    """From one whose certificate nobody trusts, and from one in maintenance."""
    found = org(lambda *_: answer)
    assert failed(found) == wrong
    assert advice in by_name(found)[wrong[0]].advice


def test_a_version_that_is_not_offered_is_named_with_the_one_to_set() -> None:
    """And the rest is checked all the same."""
    found = by_name(org(lambda *_: VERSIONS, version="70.0"))
    assert "70.0" in found["api version"].detail
    assert found["api version"].advice == "set api_version to 66.0"
    assert found["login"].ok


def test_a_corrected_address_is_a_note() -> None:
    """It works, and somebody should write down the right one."""
    finding = by_name(org(lambda *_: VERSIONS, corrected=True))["address"]
    assert finding.ok
    assert ORIGIN in finding.advice


def inside_org(
    *, used: int, total: int, package: bool, scope: str = "api refresh_token id openid", mail: bool = True
) -> Mapping[str, Finding]:
    """The findings with a user's access."""
    objects = {"Case": {"Id": (), **({"Assistant_Summary__c": ()} if package else {})}}
    if package:
        objects["Writeback__c"] = dict.fromkeys(("Key__c", "Kind__c", "Record_Id__c", "Target_Ids__c"), ())
    if mail:
        objects["EmailMessage"] = dict.fromkeys(mails.REQUIRED, ())

    def sub(asked: Mapping[str, Any]) -> Answer:
        name = asked["referenceId"]
        return describe(name, objects[name]) if name in objects else NOT_FOUND

    bench = Bench(composite(sub))
    bench.client.token = replace(bench.client.token, scope=scope)
    if total:
        bench.client._salesforce.api_usage = {"api-usage": Usage(used, total)}
    return by_name(salesforce.inside(bench.client, bench.schema, 0.2))


def test_a_user_with_everything_gets_no_advice() -> None:
    """Whose rights hold is said plainly."""
    found = inside_org(used=10_000, total=100_000, package=True)
    assert all(finding.ok and not finding.advice for finding in found.values())
    assert "user-level" in found["access"].detail


def test_what_is_missing_for_a_user_is_a_note_or_a_failure() -> None:
    """No package: a note, the product works without. No calls left, no scope for the API: it does not."""
    found = inside_org(used=101, total=100, package=False, scope="id openid")
    assert not found["daily calls"].ok
    assert not found["scopes"].ok
    assert found["package"].ok
    assert "permission set" in found["package"].advice
    unknown = inside_org(used=0, total=0, package=True, scope="full refresh_token")
    assert all(finding.ok for finding in unknown.values())
    low = inside_org(used=90, total=100, package=True)["daily calls"]
    assert (low.ok, bool(low.advice)) == (True, True)


def test_a_user_who_cannot_draft_emails_is_told_where_replies_go() -> None:
    """A note: the product works without."""
    found = inside_org(used=1, total=100, package=True, mail=False)["e-mail drafts"]
    assert found.ok
    assert "comments" in found.detail
    assert "Email-to-Case" in found.advice


def test_a_grant_that_has_ended_is_one_finding() -> None:
    """With the way back."""
    bench = Bench(lambda *_: (401, [{"errorCode": "INVALID_AUTH_HEADER"}]))
    (finding,) = salesforce.inside(bench.client, bench.schema, 0.2)
    assert not finding.ok
    assert "connect" in finding.advice


# ── HubSpot ──────────────────────────────────────────────────────────────

WANTS_TOKEN: Answer = (401, {"status": "error", "category": "INVALID_AUTHENTICATION"})
UNKNOWN_PATH: Answer = (404, b"<html>")


def hubspot_outside(answer: Callable[[str], Answer | Exception], version: str = "2026-03") -> list[Finding]:
    """The findings about a HubSpot that answers like this by path."""
    bench = Bench(lambda _method, url, _body: answer(url))
    return hubspot.Outside(ORIGIN, routes(version), bench.http, known_client).check()


def test_a_hubspot_that_asks_for_a_token_offers_the_version() -> None:
    """The only way to know: there is no list of versions."""
    assert failed(hubspot_outside(lambda _: WANTS_TOKEN)) == []


def test_a_version_that_hubspot_has_dropped_is_named_with_those_that_live() -> None:
    """Found by asking for each known one."""
    found = by_name(hubspot_outside(lambda url: WANTS_TOKEN if "2026-09" in url else UNKNOWN_PATH, "2025-03"))
    assert "2025-03" in found["api version"].detail
    assert found["api version"].advice == "set api_version to 2026-09"


def test_a_version_from_the_future_is_a_note() -> None:
    """HubSpot may ask for a token before it looks at the version: then nobody knows yet."""
    found = by_name(hubspot_outside(lambda _: WANTS_TOKEN, "2031-09"))["api version"]
    assert found.ok
    assert "2031-09" in found.detail
    assert "log in" in found.advice


def test_an_address_that_is_no_hubspot_is_named() -> None:
    """No version at all is offered there, so none is proposed."""
    assert "api_url" in by_name(hubspot_outside(lambda _: UNKNOWN_PATH))["api version"].advice


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [((503, b"<html>"), "api version"), (requests.ConnectTimeout(), "reachable"), (UNTRUSTED, "reachable")],
)
def test_a_hubspot_that_does_not_work_says_nothing_about_versions(answer: Answer | Exception, wrong: str) -> None:
    """Maintenance and a wrong address are no dropped version."""
    found = hubspot_outside(lambda _: answer)
    assert failed(found) == [wrong]
    assert "does not offer" not in by_name(found)[wrong].detail


def facts(*keyed: str, owner: str = "7") -> Facts:
    """What a portal is made of."""
    return Facts(frozenset(keyed), {}, {}, {}, Membership(owner, frozenset()))


def test_whose_rights_a_hubspot_token_has_is_said_plainly() -> None:
    """An account-level token sees all, and the configured rule is an approximation that needs an owner."""
    assert "user-level" in hubspot._access("user", facts()).detail
    account = hubspot._access("account", facts())
    assert "sees the whole account" in account.detail
    assert not account.advice
    assert "no owner" in hubspot._access("account", facts(owner="")).advice


def test_scopes_and_the_unique_property_are_checked() -> None:
    """A scope that is needed is a failure, an optional one a note; so is the property."""
    assert not hubspot._scopes(frozenset({"oauth"})).ok
    note = hubspot._scopes(frozenset(SCOPE.split()))
    assert note.ok
    assert note.advice
    assert not hubspot._scopes(frozenset(f"{SCOPE} {OPTIONAL_SCOPE}".split())).advice
    assert "tasks" in hubspot._property(facts("notes")).detail
    assert not hubspot._property(facts("notes", "tasks")).advice
