"""Policy: everything is refused that no rule allows, and every answer names its rule."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.interfaces import Record, RecordRef
from sidecar.domain import Label, Principal
from sidecar.errors import Misconfigured, Refused
from sidecar.policy import Policy
from sidecar.settings import Settings

CONFIG = Settings().config_dir
AGENT = Principal("00D1", "salesforce", "0051", attributes={"profile": "Support Tier 1", "role": "Support EMEA"})
ADMIN = replace(AGENT, attributes={"profile": "System Administrator"})
CASE = Record(RecordRef("salesforce", "Case", "5001"), {"Status": "New", "Severity__c": "High"}, version="1")

Edit = Callable[[Callable[[Path], None]], Policy]


@pytest.fixture
def policy() -> Policy:
    """The shipped policy."""
    return Policy.load(CONFIG)


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """The shipped policy after a change to its files."""

    def load(change: Callable[[Path], None]) -> Policy:
        folder = tmp_path / "config"
        shutil.copytree(CONFIG, folder)
        change(folder)
        return Policy.load(folder)

    return load


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace text in one file."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def refused(policy: Policy, principal: Principal, action: str, purpose: str, record: Record | None = None) -> str:
    """The rule that refused."""
    with pytest.raises(Refused) as refusal:
        policy.authorize(principal, action=action, purpose=purpose, record=record)
    return str(refusal.value.extra["rule"])


def test_an_unknown_purpose_is_refused(policy: Policy) -> None:
    """Nobody invents a purpose."""
    assert refused(policy, AGENT, "summarize_case", "curiosity") == "unknown-purpose"


def test_a_purpose_does_not_serve_another_action(policy: Policy) -> None:
    """The index's purpose is not for drafts."""
    assert refused(policy, AGENT, "summarize_case", "index") == "purpose-of-action"


def test_an_action_without_a_rule_is_refused(policy: Policy) -> None:
    """Default deny: an agent may not feed the index."""
    assert refused(policy, AGENT, "sync", "index") == "default-deny"


def test_a_forbidding_rule_wins(edited: Edit) -> None:
    """A forbid rule refuses what another rule permits, and is named."""

    def forbid(folder: Path) -> None:
        rule = (
            '@id("not-on-hold")\nforbid (principal, action, resource is Record) when { resource.status == "On Hold" };'
        )
        (folder / "access" / "hold.cedar").write_text(rule, encoding="utf-8")

    policy = edited(forbid)
    held = replace(CASE, fields={"Status": "On Hold"})
    assert refused(policy, AGENT, "summarize_case", "customer_support", held) == "not-on-hold"
    assert policy.authorize(AGENT, action="summarize_case", purpose="customer_support", record=CASE).rule


def test_a_permission_names_its_rule_and_the_policy(policy: Policy) -> None:
    """What is allowed says by which rule of which policy."""
    for record in (None, CASE):
        decision = policy.authorize(AGENT, action="summarize_case", purpose="customer_support", record=record)
        assert decision.rule == "support-may-draft"
        assert decision.digest == policy.digest
    assert policy.authorize(ADMIN, action="sync", purpose="index", record=None).rule == "integration-may-sync"


@pytest.mark.parametrize(
    ("object_", "field", "rule"),
    [
        ("Case", "Unheard_Of__c", "unlabelled"),
        ("Unheard_Of__c", "Subject", "unlabelled"),
        ("Case", "Contact.Unheard_Of__c", "unlabelled"),
        ("Case", "Refund_Amount__c", "customer_support:label"),
        ("Case", "Internal_Risk_Note__c", "customer_support:label"),
        ("Case", "Contact.Phone", "customer_support:category"),
        ("Case", "Assistant_Summary__c", "customer_support:category"),
    ],
)
def test_a_field_that_may_not_be_used(policy: Policy, object_: str, field: str, rule: str) -> None:
    """No label, a label too high, or a category the purpose does not list: withheld with a reason."""
    verdict = policy.passes(object_, field, purpose=policy.purpose("customer_support"))
    assert not verdict.passes
    assert verdict.rule == rule
    assert verdict.reason


def test_a_field_that_may_be_used(policy: Policy) -> None:
    """Label and categories fit; a dotted field is looked up under its parent."""
    support = policy.purpose("customer_support")
    assert policy.passes("Case", "Subject", purpose=support).passes
    assert policy.passes("Case", "Contact.Name", purpose=support).passes


def test_the_index_sees_no_more_than_support(policy: Policy) -> None:
    """What is embedded may also be drafted from: no field passes the index alone."""
    index, support = policy.purpose("index"), policy.purpose("customer_support")
    for object_ in ("Case", "EmailMessage", "CaseComment", "Knowledge__kav", "Task"):
        assert set(policy.fields(object_, purpose=index)) <= set(policy.fields(object_, purpose=support))


def test_a_stricter_purpose_never_shows_more(policy: Policy) -> None:
    """Lowering the label or dropping a category only ever takes fields away."""
    support = policy.purpose("customer_support")
    stricter = [replace(support, max_label=label) for label in Label if label < support.max_label]
    stricter += [replace(support, categories=support.categories - {category}) for category in support.categories]
    for object_ in ("Case", "EmailMessage", "Contact", "Account", "Knowledge__kav"):
        before = set(policy.fields(object_, purpose=support))
        assert all(set(policy.fields(object_, purpose=purpose)) <= before for purpose in stricter)


def test_the_digest_changes_with_any_byte(policy: Policy, edited: Edit) -> None:
    """A comment is enough: the digest names the exact files."""
    assert edited(swap("purposes.yaml", "# What", "# what")).digest != policy.digest


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (swap("classification.yaml", "[internal, user.content]", "[secret, user.content]"), "classification.yaml"),
        (swap("classification.yaml", "[internal, user.content]", "[internal]"), "classification.yaml"),
        (swap("classification.yaml", "[internal, user.content]", "[internal, Content!]"), "classification.yaml"),
        (swap("classification.yaml", "objects:", "objekte:"), "classification.yaml"),
        (swap("purposes.yaml", "max_label: internal", "max_label: everything"), "purposes.yaml"),
        (swap("purposes.yaml", "passages: 320", "passages: 0"), "purposes.yaml"),
        (swap("purposes.yaml", "next_steps: customer_support", "next_steps: index"), "purposes.yaml"),
        (swap("purposes.yaml", "title:", "titel:"), "purposes.yaml"),
        (swap("retention.yaml", "undo_days: 30", "undo_days: -1"), "retention.yaml"),
        (swap("retention.yaml", "undo_days", "\tundo_days"), "retention.yaml"),
        (swap("access/support.cedar", '@id("support-may-draft")', ""), "access/"),
        (swap("access/support.cedar", "integration-may-sync", "support-may-draft"), "access/"),
        (swap("access/support.cedar", "principal.profile", "principal.shoe_size"), "access/"),
        (
            swap(
                "access/support.cedar",
                "permit (",
                "permit ((",
            ),
            "access/",
        ),
        (lambda folder: (folder / "retention.yaml").unlink(), "retention.yaml"),
        (lambda folder: (folder / "access" / "schema.cedarschema").unlink(), "schema.cedarschema"),
        (lambda folder: (folder / "access" / "support.cedar").unlink(), "access/"),
    ],
)
def test_a_wrong_file_stops_the_start_and_is_named(edited: Edit, change: Callable[[Path], None], names: str) -> None:
    """Nothing is guessed: the message names the file."""
    with pytest.raises(Misconfigured, match=names):
        edited(change)
