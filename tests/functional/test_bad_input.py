"""Bad input of every kind: a problem that says what to do and reveals nothing; nothing written, nothing lost."""

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

import pytest
import requests
from requests.adapters import HTTPAdapter

from connectors.sandbox.data import DEMO_CASE_ID
from sidecar.app import build_services
from sidecar.local import principal
from tests.functional import odd_records
from tests.functional.odd_desk import CANARY, Desk, problem
from tests.functional.odd_records import (
    ADA,
    BLANK,
    BROKEN,
    EMPTY,
    FACT,
    HUGE,
    LONG,
    ORG,
    PLAIN,
    PROMISE,
    ROOT,
    STRANGE,
    THEIRS,
)

UNKNOWN = odd_records.id_of("Case", 999)
JSON_TYPE = "application/json"


CLICK: Mapping[str, Any] = {"action": "summarize_case", "record": {"object": "Case", "id": PLAIN}}


@pytest.mark.parametrize(
    ("change", "status", "type_", "says"),
    [
        ({"record": {"object": "Case", "id": UNKNOWN}}, 404, "not-found", "Check the id"),
        ({"record": {"object": "Case", "id": THEIRS}}, 404, "not-found", "Check the id"),
        ({"record": {"object": "Case", "id": DEMO_CASE_ID}}, 404, "not-found", "Check the id"),
        ({"record": {"object": "Case", "id": "x' OR Id != '"}}, 422, "invalid", "record.id"),
        ({"record": {"object": "Case", "id": f"500{CANARY}"}}, 422, "invalid", "record.id"),
        ({"record": {"object": "Case", "id": f"{PLAIN[:15]}ZZZ"}}, 404, "not-found", "Check the id"),
        ({"record": {"object": "Nothing__c", "id": PLAIN}}, 422, "invalid", "no button stands"),
        ({"record": {"object": "User", "id": PLAIN}}, 422, "invalid", "no button stands"),
        ({"record": {"object": "Case WHERE", "id": PLAIN}}, 422, "invalid", "record.object"),
        ({"record": {"object": "Case", "id": PLAIN, "tenant": CANARY}}, 422, "invalid", "not known here"),
        ({"record": CANARY}, 422, "invalid", "record"),
        ({"record": None}, 422, "invalid", "record"),
        ({"action": CANARY.replace("4", "a")}, 404, "not-found", ""),
        ({"action": 7}, 422, "invalid", "action"),
        ({"action": {CANARY: 1}}, 422, "invalid", "action"),
        ({"purpose": "marketing"}, 403, "refused", ""),
        ({"purpose": "index"}, 403, "refused", ""),
        ({"exclude_fields": [CANARY]}, 422, "invalid", "exclude_fields"),
        ({"exclude_fields": "Case.Subject"}, 422, "invalid", "exclude_fields"),
        ({"target": CANARY}, 422, "invalid", "target"),
        ({"target": "tasks"}, 422, "invalid", "Leave the target out"),
        ({"idempotency_key": f"{CANARY}\n"}, 422, "invalid", "idempotency_key"),
        ({"idempotency_key": "short"}, 422, "invalid", "idempotency_key"),
        ({CANARY: 1}, 422, "invalid", "not known here"),
    ],
    ids=str,
)
def test_a_click_that_makes_no_sense(desk: Desk, change: dict[str, Any], status: int, type_: str, says: str) -> None:
    """Each is refused with its own problem, and no draft is made."""
    before = desk.call("GET", "/v1/drafts").get_json()["drafts"]
    problem(desk.call("POST", "/v1/drafts", {**CLICK, **change}), status, type_, says)
    assert desk.call("GET", "/v1/drafts").get_json()["drafts"] == before


def test_a_record_that_is_not_hers_does_not_exist(desk: Desk) -> None:
    """Unknown, somebody else's, another tenant's and deleted: one answer, but for the request's id."""
    desk.sandbox.control.mutate(ORG, "delete", record=BLANK)
    admin = principal(desk.services, desk.sandbox, ORG, ROOT)
    token = desk.services.sessions.create(admin, desk.services.clock())[0]
    assert replace(desk, token=token).draft(THEIRS).status_code == HTTPStatus.CREATED, "it does exist"
    answers = [desk.draft(case).get_json() for case in (UNKNOWN, THEIRS, DEMO_CASE_ID, BLANK)]
    for answer in answers:
        del answer["request"]
    assert answers[0]["status"] == HTTPStatus.NOT_FOUND
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"", JSON_TYPE, (422, "invalid", "request")),
        (b"{", JSON_TYPE, (422, "invalid", "request")),
        (b"[]", JSON_TYPE, (422, "invalid", "request")),
        (b"null", JSON_TYPE, (422, "invalid", "request")),
        (b'"' + CANARY.encode() + b'"', JSON_TYPE, (422, "invalid", "request")),
        (b"\xff\xfe\x00{}", JSON_TYPE, (422, "invalid", "request")),
        (b'{"action": "\xed\xa0\x80"}', JSON_TYPE, (422, "invalid", "action")),
        (b'{"action": "\\ud800", "record": {"object": "Case", "id": "x"}}', JSON_TYPE, (422, "invalid", "action")),
        (b'{"a":' * 20_000, JSON_TYPE, (422, "invalid", "request")),
        (b'{"action": 1' + b"0" * 5_000 + b"}", JSON_TYPE, (422, "invalid", "")),
        (CANARY.encode(), "text/plain", (422, "invalid", "Content-Type")),
        (b"action=" + CANARY.encode(), "application/x-www-form-urlencoded", (422, "invalid", "Content-Type")),
        (b'{"action": "' + b"a" * 300_000 + b'"}', JSON_TYPE, (413, "request-entity-too-large", "smaller")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_none(desk: Desk, body: bytes, content_type: str, expected: tuple[int, str, str]) -> None:
    """What is not the JSON that a route takes is refused before anything else happens."""
    headers = {"Authorization": f"Bearer {desk.token}"}
    answer = desk.web.post("/v1/drafts", data=body, content_type=content_type, headers=headers)
    problem(answer, *expected)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"/{CANARY}", (404, "not-found", "address")),
        ("GET", f"/v1/{CANARY}?x={CANARY}", (404, "not-found", "address")),
        ("GET", "/v1/drafts/%00%ff", (404, "not-found", "")),
        ("GET", f"/v1/drafts/{CANARY}", (404, "not-found", "no such draft")),
        ("POST", f"/v1/drafts/{CANARY}/undo", (404, "not-found", "no such draft")),
        ("POST", f"/v1/drafts/{CANARY}/discard", (404, "not-found", "no such draft")),
        ("DELETE", "/v1/drafts", (405, "method-not-allowed", "GET, .*POST")),
        ("PUT", f"/v1/drafts/{CANARY}", (405, "method-not-allowed", "GET")),
        ("GET", "/v1/records?object=User", (422, "invalid", "No button stands")),
        ("GET", "/v1/records?limit=0", (422, "invalid", "limit")),
        ("GET", "/v1/records?limit=many", (422, "invalid", "limit")),
        ("GET", f"/v1/records?{CANARY}=1", (422, "invalid", "not known here")),
        ("GET", f"/login?installation={CANARY}", (404, "not-found", "")),
        ("GET", "/login?cli_port=22&challenge=" + "a" * 43, (422, "invalid", "cli_port")),
        ("GET", f"/login?cli_port=9000&challenge={CANARY}", (422, "invalid", "challenge")),
        ("GET", "/login?cli_port=9000&challenge=" + "%C3%A9" * 43, (422, "invalid", "challenge")),
        ("GET", "/login?cli_port=%D9%A9%D9%A9%D9%A9%D9%A9&challenge=" + "a" * 43, (422, "invalid", "cli_port")),
    ],
)
def test_an_address_that_is_none(desk: Desk, method: str, path: str, expected: tuple[int, str, str]) -> None:
    """The answer never repeats the address."""
    problem(desk.call(method, path), *expected)


@pytest.mark.parametrize(
    "header", [{}, {"If_Match": "*"}, {"If_Match": ""}, {"If_Match": '"a", "b"'}, {"If_Match": CANARY}]
)
@pytest.mark.parametrize(("method", "tail"), [("POST", "/apply"), ("PATCH", "")])
def test_a_blind_change_is_refused(desk: Desk, header: dict[str, str], method: str, tail: str) -> None:
    """Apply and edit name the one digest that was shown."""
    made = desk.made(PLAIN)
    body = {"edits": [{"claim": 0, "text": "x"}]} if method == "PATCH" else None
    answer = desk.call(method, f"/v1/drafts/{made['id']}{tail}", body, **header)
    if header.get("If_Match") == CANARY:
        problem(answer, 412, "moved-on", "Load it again")
    else:
        problem(answer, 422, "invalid", "If-Match")


@pytest.mark.parametrize(
    ("edits", "status", "says"),
    [
        ([{"claim": 99, "text": "x"}], 422, "no claim"),
        ([{"claim": -1, "text": "x"}], 422, "claim"),
        ([{"claim": 0, "text": ""}], 422, "text"),
        ([{"claim": 0, "text": "x" * 2001}], 422, "text"),
        ([{"claim": 0, "text": "\ud800"}], 422, "text"),
        ([{"claim": 0, "text": "Card 4111 1111 1111 1111"}], 422, "Remove it"),
        ([{"claim": 0, "text": f"See https://evil.example/{CANARY}"}], 422, ""),
        ([], 422, "edits"),
    ],
    ids=str,
)
def test_an_edit_that_may_not_be_saved(desk: Desk, edits: list[Any], status: int, says: str) -> None:
    """The draft stays as it was."""
    made = desk.made(PLAIN)
    answer = desk.call("PATCH", f"/v1/drafts/{made['id']}", {"edits": edits}, If_Match=f'"{made["digest"]}"')
    problem(answer, status, "invalid", says)
    assert desk.call("GET", f"/v1/drafts/{made['id']}").get_json()["digest"] == made["digest"]


def test_one_key_for_two_clicks(desk: Desk) -> None:
    """An idempotency key names one click; for another record or action it is refused."""
    key = {"idempotency_key": "click-12345"}
    first = desk.draft(PLAIN, **key).get_json()
    assert desk.draft(PLAIN, **key).get_json()["id"] == first["id"]
    problem(desk.draft(BROKEN, **key), 409, "conflict", "Use a new one")
    problem(desk.draft(PLAIN, "next_steps", **key), 409, "conflict", "Use a new one")


def test_fields_that_she_may_not_see(desk: Desk) -> None:
    """A hidden field is as if the org had none: no error names it, and it is no target."""
    control = desk.sandbox.control
    for name in ("Description", "Assistant_Summary__c"):
        control.mutate(ORG, "hide_field", field=f"Case.{name}", user=ADA)
    fresh = desk.on(replace(desk.services, connectors=build_services(desk.settings).connectors))
    made = fresh.made(PLAIN)
    assert FACT not in str(made)
    assert made["withheld"] == []
    assert made["change"]["target"] == "completed_task"
    problem(fresh.draft(PLAIN, target="summary_field"), 422, "invalid", "Leave the target out")


def test_nothing_in_it(desk: Desk) -> None:
    """A case without any text gives a draft that says so and cannot be applied; nothing is made up."""
    for case in (EMPTY, BLANK):
        made = desk.made(case)
        assert (made["claims"], made["sources"]) == ([], [])
        assert any("Nothing was made up" in warning for warning in made["warnings"])
        answer = desk.call("POST", f"/v1/drafts/{made['id']}/apply", If_Match=f'"{made["digest"]}"')
        problem(answer, 409, "conflict", "nothing to write")


def test_two_megabytes_in_one_mail(desk: Desk) -> None:
    """The draft keeps to its budget and finds the fact at the top; it is there within seconds."""
    made = desk.made(HUGE)
    assert FACT in {claim["text"] for claim in made["claims"]}
    assert sum(made["timings_ms"].values()) < 30_000


def test_ten_thousand_messages(desk: Desk) -> None:
    """The newest are read, in a bounded number of requests, and the draft says that older ones were not."""
    made = desk.made(LONG)
    assert made["round_trips"] <= 6
    assert any("newest messages" in warning for warning in made["warnings"])
    newest = max(
        int(re.findall(r"Message (\d+)", source["text"])[0])
        for source in made["sources"]
        if "Message" in source["text"]
    )
    assert newest > odd_records.THREAD - 400


def test_broken_html(desk: Desk) -> None:
    """Tags that never end cost neither the facts nor the citations; nothing of the markup is shown."""
    made = desk.made(BROKEN)
    said = [claim["text"] for claim in made["claims"]]
    assert FACT in said
    assert any(text.endswith(PROMISE.removeprefix("We ")) for text in said)  # one of the pages eats a word before it
    assert all("<script" not in source["text"] and "alert(1)" not in source["text"] for source in made["sources"])
    _cited(made)


def test_signs_that_are_no_text(desk: Desk) -> None:
    """NUL, escape codes, direction overrides and surrogate halves are cleaned away; the facts stay."""
    made = desk.made(STRANGE)
    shown = made["record"]["title"] + "".join(source["text"] for source in made["sources"])
    assert FACT in shown
    assert PROMISE in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff\ufeff]", shown)
    _cited(made)


def test_half_characters_from_the_crm(desk: Desk) -> None:
    """JSON may name half a character in any value, names included: the case is drafted and shown all the same."""
    connector = build_services(desk.settings).connectors[ORG]
    cast("Any", connector)._http.mount("https://", HalfCharacters())
    odd = desk.on(replace(desk.services, connectors={ORG: connector}))
    for case in (PLAIN, BROKEN):
        made = odd.made(case)
        assert made["claims"]
        assert odd.call("GET", f"/v1/drafts/{made['id']}").get_json()["claims"] == made["claims"]
    listed = odd.call("GET", "/v1/records").get_json()["records"]
    assert any("?" in line["record"]["title"] for line in listed)


def _cited(made: dict[str, Any]) -> None:
    texts = {source["number"]: source["text"] for source in made["sources"]}
    for claim in made["claims"]:
        cite = claim["citation"]
        assert texts[cite["source"]][cite["start"] : cite["end"]] == cite["quote"]


class HalfCharacters(HTTPAdapter):
    """Puts half a character beside some words of every answer of the CRM."""

    def send(self, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on
        """See `HTTPAdapter.send`."""
        answer = super().send(*args, **options)
        answer._content = re.sub(rb"(leaks|valve|Kim|Ada|Aalto)\b", rb"\1 \\ud83d", answer.content)
        return answer
