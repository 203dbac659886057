"""HubSpot: no text of the portal, no token and no secret is written anywhere, whatever goes wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.data import DEMO_TICKET_ID, DEMO_TICKET_USERS
from connectors.sandbox.process import SandboxProcess
from sidecar.app import open_stores
from sidecar.client import Client, Problem
from sidecar.local import LocalSidecar
from sidecar.settings import Settings
from tests.functional.hubspot_desk import PORTAL, UNLIMITED
from tests.functional.test_canaries import ANSWERED, Traces

TEXTS = {
    "subject": "qzsubjectv", "content": "qzcontentv", "note": "qznotev", "mail text": "qzmailv",
    "mail subject": "qzreqv", "call": "qzcallv", "task": "qztaskv",
    "person": "Qzpersonv", "address": "qzaddressv@pumps.example",
}  # fmt: skip
ENGAGEMENTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("notes", {"hs_note_body": f"<p>The gateway {TEXTS['note']} was replaced on 14 November.</p>"}),
    (
        "emails",
        {
            "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_subject": f"Gateway {TEXTS['mail subject']}",
            "hs_email_text": f"The gateway {TEXTS['mail text']} failed again last night. Please replace it.",
        },
    ),
    ("calls", {"hs_call_title": "Call", "hs_call_body": f"<p>She says the {TEXTS['call']} is offline.</p>"}),
    ("tasks", {"hs_task_subject": f"Send {TEXTS['task']}", "hs_task_body": "By Friday"}),
)
WHEN = "2026-11-24T08:00:00Z"


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    """A sidecar of its own over a ticket full of marked words."""
    with SandboxProcess() as sandbox, LocalSidecar(sandbox, tmp_path / "state", calls=UNLIMITED) as running:
        sandbox.control.mutate(PORTAL, "rate_limits", on=False)
        _plant(sandbox)
        yield Traces(sandbox, running)


def test_nothing_confidential_is_written(traces: Traces) -> None:
    """After drafts, applies, undos, a sync and failures of every kind: no hit in anything that the process wrote."""
    sidecar = traces.sidecar
    admin = next(user for user in traces.sandbox.orgs[PORTAL].users if user.profile == "Super Admin")
    sidecar.log_in(PORTAL, admin.username).sync("tickets")
    client = sidecar.log_in(PORTAL, DEMO_TICKET_USERS[0])
    for action in ("summarize_case", "next_steps"):
        draft = client.draft(action, DEMO_TICKET_ID)
        assert draft["claims"]
        client.apply(draft)
        client.undo(draft["id"])
    client.call("GET", "/v1/records")
    _fail(traces, client)
    traces.words |= (
        TEXTS | {name: ANSWERED[name] for name in ("json", "text", "html", "oauth")} | _secrets(traces, client)
    )
    searched, hits = traces.look()
    assert hits == []
    assert searched > 500_000
    assert len(traces.bodies) > 20
    # What the client gets is the only place where the text belongs: so the words were really there.
    assert TEXTS["subject"] in str(client.draft("summarize_case", DEMO_TICKET_ID))


def _plant(sandbox: SandboxProcess) -> None:
    control = sandbox.control
    ticket = {
        "subject": f"Gateway {TEXTS['subject']} offline",
        "content": f"The gateway {TEXTS['content']} goes offline every night since 14 November.",
    }
    control.mutate(PORTAL, "touch", object="tickets", id=DEMO_TICKET_ID, properties=ticket)
    person = {"firstname": TEXTS["person"], "lastname": "Testperson", "email": TEXTS["address"]}
    made = [("contacts", person), *((name, {"hs_timestamp": WHEN, **given}) for name, given in ENGAGEMENTS)]
    for object_, properties in made:
        control.mutate(
            PORTAL, "create", object=object_, properties=properties, associations=[["tickets", DEMO_TICKET_ID]]
        )


def _fail(traces: Traces, client: Client) -> None:
    """Each kind of bad answer, at a draft, at an apply and at an undo; and at a login."""
    control, sidecar = traces.sandbox.control, traces.sidecar
    spoken = {"status": "error", "message": ANSWERED["json"], "category": "VALIDATION_ERROR", "correlationId": "c"}
    faults: list[tuple[str, dict[str, Any]]] = [
        *(("status", {"status": status, "content": spoken}) for status in (400, 403, 404, 409, 429, 500)),
        ("status", {"status": 200, "content": ANSWERED["text"]}),
        ("status", {"status": 502, "content": f"<html>{ANSWERED['html']}</html>"}),
        *(
            (name, {})
            for name in ("html_503", "truncated_json", "wrong_content_type", "drop_before", "commit_then_500")
        ),
    ]
    for action, given in faults:
        for what in ("draft", "apply", "undo"):
            draft = client.draft("summarize_case", DEMO_TICKET_ID)
            if what == "undo":
                client.apply(draft)
            control.fault(action, path=r"^/crm/", org=PORTAL, **given)
            try:
                _press(client, draft, what)
            except Problem as problem:
                traces.bodies.append(str(problem.body).encode())
            control.clear_faults()
    for content in ({"error": "invalid_grant", "message": ANSWERED["oauth"]}, ANSWERED["oauth"]):
        control.fault("status", path="/token$", org=PORTAL, status=400, content=content)
        address = f"{sidecar.url}/login?installation={PORTAL}"
        traces.bodies.append(sidecar.visit(address, DEMO_TICKET_USERS[0]).content)
        control.clear_faults()


def _press(client: Client, draft: dict[str, Any], what: str) -> None:
    if what == "draft":
        client.draft("summarize_case", DEMO_TICKET_ID)
    else:
        client.apply(draft) if what == "apply" else client.undo(draft["id"])


def _secrets(traces: Traces, client: Client) -> dict[str, str | bytes]:
    """The tokens as the sidecar keeps them, the app's secret, the key file."""
    state = traces.sidecar.state
    settings = Settings(state_dir=state, installations_file=state / "installations.yaml")
    who = client.me
    token = open_stores(settings).tokens.load(f"{who['crm']}:{who['tenant']}:{who['user_id']}")
    assert token is not None
    secret = traces.sandbox.orgs[PORTAL].web_client.secret
    return {
        "access": token.access_token,
        "refresh": token.refresh_token,
        "secret": secret,
        "root key": settings.keys().read_bytes(),
    }
