"""What the policy refuses, and that a policy which is not understood never starts."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.interfaces import Record
from sidecar.domain import Label, Principal
from sidecar.errors import Misconfigured, Refused
from sidecar.policy import Policy
from tests.unit.firewall_world import POLICY, ROOT, SUPPORT, record

AGENT = Principal("00D1", "salesforce", "0051", attributes={"profile": "Support Agent"})
INTEGRATION = replace(AGENT, attributes={"profile": "Integration"})
CASE = record("Case", "5001", {"Status": "Open", "Severity__c": "High", "Region__c": "EU"})

Change = Callable[[Path], None]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped policy to break."""
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


def text(name: str, old: str, new: str) -> Change:
    """Replace a piece of one file."""

    def change(config: Path) -> None:
        path = config / name
        before = path.read_text("utf-8")
        assert old in before
        path.write_text(before.replace(old, new, 1), "utf-8")

    return change


def content(name: str, data: bytes) -> Change:
    """Write one file."""

    def change(config: Path) -> None:
        (config / name).write_bytes(data)

    return change


def gone(name: str) -> Change:
    """Delete one file."""
    return lambda config: (config / name).unlink()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (gone("classification.yaml"), "classification.yaml"),
        (gone("purposes.yaml"), "purposes.yaml"),
        (gone("retention.yaml"), "retention.yaml"),
        (gone("access/schema.cedarschema"), "schema.cedarschema"),
        (gone("access/support.cedar"), "access/"),
        (content("classification.yaml", b"\xff\xfe"), "classification.yaml"),
        (content("purposes.yaml", b"purposes: ["), "purposes.yaml"),
        (content("retention.yaml", b""), "retention.yaml"),
        (content("retention.yaml", b"draft_hours: 0\nundo_days: 1\n"), "retention.yaml: check draft_hours"),
        (text("retention.yaml", "undo_days:", "more: 1\nundo_days:"), "retention.yaml: check more"),
        (text("classification.yaml", "[internal, user.content]", "[secret, user.content]"), "classification.yaml"),
        (text("classification.yaml", "[internal, user.content]", "[internal]"), "classification.yaml"),
        (text("classification.yaml", "[internal, user.content]", "[internal, People]"), "classification.yaml"),
        (text("classification.yaml", "objects:", "things:"), "classification.yaml"),
        (text("purposes.yaml", "max_label: internal", "max_label: top"), "purposes.yaml"),
        (text("purposes.yaml", "passages: 320", "passages: 0"), "purposes.yaml"),
        (text("purposes.yaml", "user.job_title", "user.job_titel"), "no field has the category user.job_titel"),
        (text("purposes.yaml", "restore: [person", "restore: [card"), "purposes.yaml"),
        (text("purposes.yaml", "actions: [sync]", "actions: []"), "purposes.yaml"),
        (text("purposes.yaml", "next_steps: customer_support", "next_steps: index"), "next_steps"),
        (text("purposes.yaml", "next_steps: customer_support", "next_steps: nothing"), "next_steps"),
        (text("purposes.yaml", "    data_use:", "    date_use:"), "purposes.yaml"),
        (text("access/support.cedar", '@id("support-may-draft")', ""), "@id"),
        (text("access/support.cedar", "integration-may-sync", "support-may-draft"), "@id"),
        (text("access/support.cedar", "principal.profile", "principal.proflie"), "access/"),
        (text("access/support.cedar", "permit (", "permitt ("), "access/"),
        (text("access/support.cedar", '"customer_support"', "7"), "access/"),
        (content("access/support.cedar", b"// nothing\n"), "access/"),
        (content("access/schema.cedarschema", b"entity User"), "access/"),
    ],
)
def test_a_policy_that_is_not_understood_stops_the_start(config: Path, change: Change, named: str) -> None:
    """Every mistake in every file is refused by the name of the file or key."""
    change(config)
    with pytest.raises(Misconfigured) as caught:
        Policy.load(config)
    assert named in caught.value.detail


def test_any_byte_changes_the_digest(config: Path) -> None:
    """A decision names exactly the policy that made it: a comment, a name or a new file counts."""
    digests = {Policy.load(config).digest}
    for path in sorted(config.rglob("*")):
        if path.is_file():
            comment = b"// x\n" if path.suffix in (".cedar", ".cedarschema") else b"# x\n"
            path.write_bytes(path.read_bytes() + comment)
            digests.add(Policy.load(config).digest)
    (config / "access" / "support.cedar").rename(config / "access" / "agents.cedar")
    digests.add(Policy.load(config).digest)
    (config / "note.txt").write_text("", "utf-8")
    digests.add(Policy.load(config).digest)
    assert len(digests) == 9
    assert Policy.load(ROOT / "config").digest == POLICY.digest


@pytest.mark.parametrize(
    ("principal", "action", "purpose", "target", "rule"),
    [
        (AGENT, "summarize_case", "curiosity", None, "purpose"),
        (AGENT, "sync", "customer_support", None, "purpose-of-action"),
        (AGENT, "summarize_case", "index", CASE, "purpose-of-action"),
        (AGENT, "sync", "index", None, "default-deny"),
        (AGENT, "delete_everything", "customer_support", CASE, "purpose-of-action"),
    ],
)
def test_what_no_rule_permits_is_refused(
    principal: Principal, action: str, purpose: str, target: Record | None, rule: str
) -> None:
    """Unknown purposes, actions outside of a purpose, and whom no rule names: refused, and the refusal says by what."""
    with pytest.raises(Refused) as caught:
        POLICY.authorize(principal, action=action, purpose=purpose, record=target)
    assert rule in str(caught.value.extra["rule"])


@pytest.mark.parametrize("target", [None, CASE])
def test_a_permission_names_its_rule_and_policy(target: Record | None) -> None:
    """Before the read and on the record."""
    decision = POLICY.authorize(AGENT, action="summarize_case", purpose="customer_support", record=target)
    assert (decision.rule, decision.digest, decision.purpose) == ("support-may-draft", POLICY.digest, SUPPORT)
    synced = POLICY.authorize(INTEGRATION, action="sync", purpose="index", record=None)
    assert synced.rule == "integration-may-sync"


def test_a_forbidding_rule_wins(config: Path) -> None:
    """A rule on an attribute of the record refuses what another one permits, and is named."""
    with (config / "access" / "support.cedar").open("a", encoding="utf-8") as rules:
        rules.write(
            '@id("hands-off")\nforbid (principal, action, resource is Record) when { resource.severity == "High" };\n'
        )
    policy = Policy.load(config)
    policy.authorize(AGENT, action="summarize_case", purpose="customer_support", record=None)
    with pytest.raises(Refused) as caught:
        policy.authorize(AGENT, action="summarize_case", purpose="customer_support", record=CASE)
    assert caught.value.extra["rule"] == "hands-off"
    assert "Severity__c" in policy.record_attributes("Case")


def test_default_purposes() -> None:
    """Every action that has one gets it; others are refused."""
    assert POLICY.default_purpose("summarize_case") == "customer_support"
    with pytest.raises(Refused):
        POLICY.default_purpose("sync")


@pytest.mark.parametrize(
    ("object_", "field", "rule"),
    [
        ("Case", "Brand_New__c", "unlabelled"),
        ("Unknown__c", "Name", "unlabelled"),
        ("Case", "Nobody.Name", "unlabelled"),
        ("Case", "Internal_Risk_Note__c", "customer_support:label"),
        ("Case", "Refund_Amount__c", "customer_support:label"),
        ("Contact", "Phone", "customer_support:category"),
        ("Case", "Contact.Email", "customer_support:category"),
    ],
)
def test_fields_that_do_not_pass(object_: str, field: str, rule: str) -> None:
    """No label, a label that is too high, or a category that the purpose does not have: withheld, with a reason."""
    verdict = POLICY.passes(object_, field, purpose=SUPPORT)
    assert (verdict.passes, verdict.rule) == (False, rule)
    assert verdict.reason


def test_fields_that_pass() -> None:
    """A labelled field of the purpose's categories passes; a dotted one is looked up at its own object."""
    assert POLICY.passes("Case", "Description", purpose=SUPPORT).rule == "customer_support:allow"
    assert POLICY.passes("Case", "Contact.Name", purpose=SUPPORT).label is Label.INTERNAL
    assert "Subject" in POLICY.fields("Case", purpose=SUPPORT)
    assert "Internal_Risk_Note__c" not in POLICY.fields("Case", purpose=SUPPORT)
    assert POLICY.categories("Case", "Nothing__c") == frozenset()


def test_actions_stand_in_the_order_of_their_defaults() -> None:
    """The desk shows the main job first; an action without a default comes last."""
    shown = POLICY.in_order(["handover", "a_new_one", "next_steps", "summarize_case"])
    assert shown == ["summarize_case", "next_steps", "handover", "a_new_one"]
