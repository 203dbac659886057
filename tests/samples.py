"""Ready-made values for tests that need one but do not care which."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.interfaces import PreImage, RecordRef, Target, TargetKind, Write, Written
from sidecar.domain import Claim, Flag, Grounding, Masked, PassageKey, Related, Role, Source, Withheld
from sidecar.drafts import Draft

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CASE = RecordRef("salesforce", "Case", "500000000000001AAA")
SECRET_TEXT = "The blue valve in Rotterdam leaks again"


def make_draft(**changes: object) -> Draft:
    """A draft that has something in every field."""
    email = RecordRef("salesforce", "EmailMessage", "02s000000000001AAA")
    target = Target(TargetKind.COMPLETED_TASK, "A completed task", "who can read the case", undoable=True)
    draft = Draft(
        id="draft-1",
        tenant="00D000000000001AAA",
        crm="salesforce",
        user_id="005000000000001AAA",
        action="summarize_case",
        template="summarize_case@1",
        reasoner="extractive",
        purpose="support",
        rule="agents-summarize",
        policy_digest="ab" * 32,
        record=CASE,
        record_title=SECRET_TEXT,
        claims=(Claim("situation", SECRET_TEXT, 1, SECRET_TEXT, 0, 39, 0.5, Grounding.VERIFIED, "2026-12-01"),),
        sources=(
            Source(1, PassageKey(email, "TextBody", 0), "cd" * 32, CASE, Role.CUSTOMER, "Jo", NOW, SECRET_TEXT),
            Source(
                2, PassageKey(CASE, "Subject", 0), "ef" * 32, CASE, Role.RECORD, "", None, SECRET_TEXT, flags=("x",)
            ),
        ),
        related=(Related(RecordRef("salesforce", "Case", "500000000000002AAA"), SECRET_TEXT, 0.75, "https://crm/x"),),
        write=Write("key-1", CASE, "v1", target, ({"subject": "Summary", "body": SECRET_TEXT},)),
        before=SECRET_TEXT,
        withheld=(Withheld("Contact", "Birthdate", "category", "no-birthdates"),),
        masked=(Masked("user.financial.iban", 2, restored=True),),
        flags=(Flag(email, "TextBody", "instruction"),),
        warnings=("Some messages were left out.",),
        created=NOW,
        expires=NOW + timedelta(days=1),
        fallback="The model slept.",
        greets="Jo",
        idempotency_key="click-1",
        claimed_at=NOW,
        preimage=PreImage("v1", SECRET_TEXT),
        written=Written(("00T000000000001AAA",), ("v1",), "https://crm/t"),
        timings_ms={"read": 12.5},
        round_trips=2,
    )
    return replace(draft, **changes)  # type: ignore[arg-type]  # replace() checks the names at run time
