"""From a click on a case to an applied, undoable, cited summary, over HTTP, on real parts."""

from typing import Any

import pytest
import requests

from connectors.sandbox.client import consent
from connectors.sandbox.data import (
    DEMO_CASE_ID,
    DEMO_RELATED_MINE_ID,
    DEMO_RELATED_RESTRICTED_ID,
    DEMO_RELATED_THEIRS_ID,
    DEMO_USERNAMES,
)
from connectors.sandbox.process import SandboxProcess
from sidecar.client import Client, Problem
from sidecar.local import LocalSidecar
from tests.functional.conftest import ORG
from tests.functional.trips import counted

ESCALATION_GROUP = "00G5eN000000003EBA"
"""The group by which Tomás sees the demo's case."""


def summary_field(sandbox: SandboxProcess) -> str | None:
    """What stands in the CRM's summary field of the demo's case."""
    record = sandbox.control.record(ORG, "Case", DEMO_CASE_ID)
    assert record is not None
    value: str | None = record.get("Assistant_Summary__c")
    return value


def test_a_draft_writes_nothing(maya: Client, calm: SandboxProcess) -> None:
    """Until somebody clicks Apply, the CRM sees no write at all."""
    mark = calm.control.last()
    maya.draft("summarize_case", DEMO_CASE_ID)
    bodies = [part for request in calm.control.requests(mark, ORG) for part in request.get("subrequests", [])]
    assert calm.control.counts(ORG, "Writeback__c", "Record_Id__c") == {}
    assert not [part for part in bodies if str(part).startswith(("PATCH", "POST", "DELETE"))]


def test_every_sentence_is_cited_word_for_word(maya: Client) -> None:
    """Each claim quotes its source at the offsets that it names, and is verified."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    sources = {source["number"]: source for source in draft["sources"]}
    assert draft["claims"]
    for claim in draft["claims"]:
        cite = claim["citation"]
        assert sources[cite["source"]]["text"][cite["start"] : cite["end"]] == cite["quote"]
        assert claim["grounding"] == "verified"


def test_two_agents_get_different_sources(maya: Client, tomas: Client) -> None:
    """Each sees the related case that the CRM shows to her or him, and neither sees the restricted one."""
    hers, his = (
        {item["record"]["id"] for item in client.draft("summarize_case", DEMO_CASE_ID)["related"]}
        for client in (maya, tomas)
    )
    assert DEMO_RELATED_MINE_ID in hers - his
    assert DEMO_RELATED_THEIRS_ID in his - hers
    assert DEMO_RELATED_RESTRICTED_ID not in hers | his


def test_round_trips_cold_and_warm(maya: Client, calm: SandboxProcess) -> None:
    """A warm draft with related records costs two sequential round trips."""
    maya.draft("summarize_case", DEMO_CASE_ID)
    with counted(calm.control, ORG) as trips:
        draft = maya.draft("summarize_case", DEMO_CASE_ID)
        assert draft["related"]
        assert trips() == draft["round_trips"] == 2


def test_apply_writes_what_was_shown_and_undo_puts_it_back(maya: Client, calm: SandboxProcess) -> None:
    """The CRM holds exactly the text of the draft after apply, and what stood there before after undo."""
    before = summary_field(calm)
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    applied = maya.apply(draft)
    assert applied["state"] == "applied"
    assert summary_field(calm) == draft["change"]["after"][0]["body"]
    assert maya.undo(draft["id"])["state"] == "undone"
    assert summary_field(calm) == before
    assert maya.undo(draft["id"])["state"] == "undone"


def test_apply_twice_writes_once(maya: Client, calm: SandboxProcess) -> None:
    """A second click on an applied draft returns it and sends nothing."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    assert maya.apply(draft)["state"] == maya.apply(draft)["state"] == "applied"
    assert calm.control.counts(ORG, "Writeback__c", "Key__c") == {draft["change"]["key"]: 1}


def test_apply_refuses_a_record_that_moved_on(maya: Client, calm: SandboxProcess) -> None:
    """When somebody changed the case after the draft, nothing is written."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    calm.control.advance(5)
    calm.control.mutate(ORG, "touch", record=DEMO_CASE_ID, fields={"Priority": "High"})
    with pytest.raises(Problem) as refusal:
        maya.apply(draft)
    assert refusal.value.body["type"].endswith("moved-on")
    assert summary_field(calm) is None


def test_apply_needs_the_digest_that_was_shown(maya: Client) -> None:
    """Another digest than the one shown is refused."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    with pytest.raises(Problem) as refusal:
        maya.apply(draft | {"digest": "0" * 64})
    assert refusal.value.body["status"] == 412


def test_own_text_is_never_evidence(maya: Client) -> None:
    """A summary that the assistant applied does not come back as a source."""
    first = maya.draft("summarize_case", DEMO_CASE_ID)
    maya.apply(first)
    second = maya.draft("summarize_case", DEMO_CASE_ID)
    assert all("Assistant" not in source["text"] for source in second["sources"])
    assert not [source for source in second["sources"] if source["field"].startswith("Assistant")]


def test_next_steps_become_tasks_and_undo_deletes_them(maya: Client, calm: SandboxProcess) -> None:
    """One open task per step with the due date that the text names; undo removes them all."""
    draft = maya.draft("next_steps", DEMO_CASE_ID)
    steps: list[dict[str, Any]] = draft["change"]["after"]
    assert any(step.get("due") == "2026-12-03" for step in steps)
    before = len(calm.control.records(ORG, "Task", WhatId=DEMO_CASE_ID))
    applied = maya.apply(draft)
    assert len(calm.control.records(ORG, "Task", WhatId=DEMO_CASE_ID)) == before + len(steps)
    assert len(applied["change"]["ids"]) == len(steps)
    maya.undo(draft["id"])
    assert len(calm.control.records(ORG, "Task", WhatId=DEMO_CASE_ID)) == before


def test_the_agents_own_words_are_kept_and_marked(maya: Client, calm: SandboxProcess) -> None:
    """An edited sentence is written as edited, and no longer called verified when its quote does not hold it."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    edits = {"edits": [{"claim": 0, "text": "Customer waits for 7 replacement gateways."}, {"claim": 1, "text": None}]}
    edited = maya.call("PATCH", f"/v1/drafts/{draft['id']}", edits, if_match=draft["digest"])
    assert edited["claims"][0]["grounding"] == "edited"
    assert len(edited["claims"]) == len(draft["claims"]) - 1
    maya.apply(edited)
    assert "Customer waits for 7 replacement gateways." in str(summary_field(calm))


@pytest.mark.parametrize("gap", ["\n", "\t", "   ", "\u2007", "\u034f", "\u3164"], ids=ascii)
def test_the_agents_own_words_are_checked_as_they_would_be_written(maya: Client, gap: str) -> None:
    """A card number is refused even when it becomes one only as a line is made of the text."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    edits = {"edits": [{"claim": 0, "text": f"Refund to {gap.join(('4111', '1111', '1111', '1111'))} today."}]}
    with pytest.raises(Problem, match="may not be written"):
        maya.call("PATCH", f"/v1/drafts/{draft['id']}", edits, if_match=draft["digest"])


def test_the_agents_own_words_hold_nothing_unseen(maya: Client) -> None:
    """Escape sequences and characters that nobody sees are taken out; when nothing is left, it is refused."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    edits: dict[str, Any] = {"edits": [{"claim": 0, "text": "Seven\x00 are \x1b[31mout\u200e of\u200b order.\x07"}]}
    edited = maya.call("PATCH", f"/v1/drafts/{draft['id']}", edits, if_match=draft["digest"])
    assert edited["claims"][0]["text"] == "Seven are [31mout of order."
    edits["edits"][0]["text"] = "\u200b\n"
    with pytest.raises(Problem, match="empty"):
        maya.call("PATCH", f"/v1/drafts/{draft['id']}", edits, if_match=edited["digest"])


def test_a_lost_source_hides_its_claim(maya: Client, calm: SandboxProcess) -> None:
    """What the user may no longer see disappears from a stored draft, and the draft cannot be applied."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    field = draft["sources"][0]["field"]
    lost = {s["number"] for s in draft["sources"] if s["field"] == field}
    calm.control.mutate(ORG, "hide_field", field=f"{draft['sources'][0]['record']['object']}.{field}", user=me(maya))
    calm.control.advance(3600)
    shown = maya.call("GET", f"/v1/drafts/{draft['id']}")
    for claim in shown["claims"]:
        assert (claim["text"] == "") == (claim["citation"]["source"] in lost)
    with pytest.raises(Problem):
        maya.apply(shown)
    assert summary_field(calm) is None


def test_a_lost_record_hides_the_draft(tomas: Client, calm: SandboxProcess) -> None:
    """When the CRM no longer shows the case, its draft is gone as well, and the answer is that of an unknown one."""
    draft = tomas.draft("summarize_case", DEMO_CASE_ID)
    calm.control.mutate(ORG, "unshare", record=DEMO_CASE_ID, group=ESCALATION_GROUP)
    with pytest.raises(Problem) as refusal:
        tomas.call("GET", f"/v1/drafts/{draft['id']}")
    assert refusal.value.body["status"] == 404


def test_somebody_elses_draft_does_not_exist(maya: Client, tomas: Client) -> None:
    """A draft id of another user is answered like an unknown one, to the letter."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    answers = []
    for path in (f"/v1/drafts/{draft['id']}", "/v1/drafts/unknown"):
        with pytest.raises(Problem) as refusal:
            tomas.call("GET", path)
        answers.append({name: value for name, value in refusal.value.body.items() if name != "request"})
    assert answers[0] == answers[1]
    assert answers[0]["status"] == 404


def test_a_repeated_click_with_one_key_makes_one_draft(maya: Client) -> None:
    """The idempotency key returns the first draft; with another case it is refused."""
    first = maya.draft("summarize_case", DEMO_CASE_ID, idempotency_key="click-0001")
    assert maya.draft("summarize_case", DEMO_CASE_ID, idempotency_key="click-0001")["id"] == first["id"]
    with pytest.raises(Problem) as refusal:
        maya.draft("next_steps", DEMO_CASE_ID, idempotency_key="click-0001")
    assert refusal.value.body["status"] == 409


def me(client: Client) -> str:
    """The CRM user id of a client."""
    found: str = client.call("GET", "/v1/me")["user_id"]
    return found


def test_a_declined_login_ends_on_the_login_page(sidecar: LocalSidecar, calm: SandboxProcess) -> None:
    """Whoever presses Deny at the CRM reads a sentence and may try again; nobody is logged in."""
    with requests.Session() as browser:
        start = browser.get(f"{sidecar.url}/login?installation={ORG}", allow_redirects=False, timeout=30)
        back = consent(start.headers["location"], DEMO_USERNAMES[0], verify=str(calm.ca_file), allow=False)
        page = browser.get(back, timeout=30)
    assert page.headers["content-type"].startswith("text/html")
    assert "declined" in page.text
    assert "crm-sidecar" not in browser.cookies
