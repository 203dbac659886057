"""The audit chain: nothing but identifiers goes in, and whatever is done to it afterwards shows."""

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar import audit
from sidecar.audit import AuditReport, Head, Row, chain, commitment, event, genesis, head_mac, verify
from sidecar.domain import JSON

TENANT = "00D000000000001AAA"
TS = "2026-11-24T08:00:00.123456+00:00"


def hasher(value: str) -> str:
    """A keyed hash like a key ring's."""
    return hmac.new(b"key", value.encode(), hashlib.sha256).hexdigest()


def make_chain(length: int, tenant: str = TENANT) -> tuple[list[Row], Head]:
    """A whole chain and its head."""
    rows, last = [], genesis(tenant)
    for seq in range(1, length + 1):
        link = event(kind="draft", ts=TS, result=f"r{seq}") | {"seq": seq}
        last = chain(last, link)
        rows.append(Row(seq, link, last))
    return rows, Head(length, last)


@pytest.mark.parametrize(
    "values",
    [
        {"text": "x"},
        {"subject": "The blue valve leaks"},
        {"who": "005000000000001AAA"},
        {"who": "jo@example.com"},
        {"rule": "The customer said no"},
        {"rule": "a" * 81},
        {"rule": "tab\tin"},
        {"rule": "line\n"},
        {"rule": ""},
        {"template": "summarize_case"},
        {"records": "ab" * 32},
        {"records": ["500000000000001AAA"]},
        {"records": ["ab" * 32] * 1001},
        {"versions": ["two words"]},
        {"sources": -1},
        {"sources": True},
        {"sources": 1.0},
        {"sources": "1"},
        {"result": {"a": "b"}},
        {"seq": 7},
    ],
)
def test_content_does_not_get_in(values: JSON) -> None:
    """An unknown name, free text, an id in clear or a nested value is refused, and the error does not repeat it."""
    with pytest.raises(ValueError, match="audit event may not hold") as refusal:
        event(kind="draft", ts=TS, **values)
    for value in values.values():
        if isinstance(value, str) and value:
            assert value not in str(refusal.value)


@pytest.mark.parametrize("values", [{"ts": TS}, {"kind": "draft"}, {"kind": "draft", "ts": None}])
def test_kind_and_time_are_required(values: JSON) -> None:
    """An event says at least what happened and when."""
    with pytest.raises(ValueError, match="lacks"):
        event(**values)


@pytest.mark.parametrize("ts", ["2026-11-24", "2026-11-24T08:00:00", "yesterday", "2026-11-24T08:00:00 +00:00"])
def test_a_time_without_a_zone_is_refused(ts: str) -> None:
    """A moment is said completely."""
    with pytest.raises(ValueError, match="under ts"):
        event(kind="draft", ts=ts)


def test_an_event_leaves_out_what_is_none() -> None:
    """Tuples become lists, None disappears, everything else stays."""
    made = event(kind="apply", ts=TS, rule=None, records=("ab" * 32,), versions=['"etag-1"'], sources=0)
    assert made == {"kind": "apply", "ts": TS, "records": ["ab" * 32], "versions": ['"etag-1"'], "sources": 0}


def test_a_commitment_keeps_kinds_and_keys_apart() -> None:
    """The same id as a user and as a record gives two values, neither of which holds the id."""
    user, record = commitment(hasher, "user", "005x"), commitment(hasher, "record", "005x")
    assert user != record
    assert "005x" not in user
    assert user == commitment(hasher, "user", "005x")
    assert event(kind="draft", ts=TS, who=user)["who"] == user


def test_the_hash_is_the_documented_one() -> None:
    """SHA-256 over the previous hash's bytes and the canonical JSON: anybody can verify without this program."""
    link = {"kind": "draft", "seq": 1, "ts": TS}
    data = bytes.fromhex(genesis(TENANT)) + f'{{"kind":"draft","seq":1,"ts":"{TS}"}}'.encode()
    assert chain(genesis(TENANT), link) == hashlib.sha256(data).hexdigest()


def test_a_whole_chain_verifies() -> None:
    """And the report gives the head to note elsewhere."""
    rows, head = make_chain(5)
    assert verify(rows, tenant=TENANT, head=head) == AuditReport(5, head.hash, None, TENANT)
    assert verify([], tenant=TENANT, head=None) == AuditReport(0, genesis(TENANT), None, TENANT)


def test_every_single_edit_is_found_where_it_was_made() -> None:
    """Changing an event, its number or its hash breaks the chain at that number."""
    rows, head = make_chain(5)
    for place in range(5):
        for damaged in (
            replace(rows[place], event=rows[place].event | {"result": "other"}),
            replace(rows[place], event=rows[place].event | {"seq": 9}),
            replace(rows[place], event={}),
            replace(rows[place], hash="00" * 32),
            replace(rows[place], hash=""),
        ):
            changed = [*rows[:place], damaged, *rows[place + 1 :]]
            assert verify(changed, tenant=TENANT, head=head).broken == place + 1


def test_removal_is_found() -> None:
    """In the middle, at the start, at the tail, and all of it."""
    rows, head = make_chain(5)
    assert verify([*rows[:2], *rows[3:]], tenant=TENANT, head=head).broken == 3
    assert verify(rows[1:], tenant=TENANT, head=head).broken == 1
    assert verify(rows[:3], tenant=TENANT, head=head).broken == 4
    assert verify([], tenant=TENANT, head=head).broken == 1


def test_reordering_and_inserting_are_found() -> None:
    """Two events that change places, one that is repeated, one that is made up."""
    rows, head = make_chain(5)
    assert verify([rows[1], rows[0], *rows[2:]], tenant=TENANT, head=head).broken == 1
    assert verify([*rows[:2], rows[1], *rows[2:]], tenant=TENANT, head=head).broken == 3
    forged = event(kind="draft", ts=TS) | {"seq": 6}
    appended = [*rows, Row(6, forged, chain(head.hash, forged))]
    assert verify(appended, tenant=TENANT, head=head).broken == 6


def test_a_recomputed_chain_needs_the_key() -> None:
    """Rewriting history with right hashes leaves a head that does not fit or is not authentic."""
    rows, head = make_chain(5)
    link = event(kind="draft", ts=TS, result="other") | {"seq": 5}
    fork = [*rows[:4], Row(5, link, chain(rows[3].hash, link))]
    assert verify(fork, tenant=TENANT, head=head).broken == 5
    assert verify(fork, tenant=TENANT, head=Head(5, fork[4].hash, authentic=False)).broken == 5
    assert verify(rows[:3], tenant=TENANT, head=Head(3, rows[2].hash, authentic=False)).broken == 3
    assert verify(rows, tenant=TENANT, head=None).broken == 1


def test_a_chain_of_another_tenant_does_not_fit() -> None:
    """Even a whole one."""
    rows, head = make_chain(3, tenant="other")
    assert verify(rows, tenant=TENANT, head=head).broken == 1


def test_the_head_mac_binds_tenant_number_and_hash() -> None:
    """A head of another tenant or moment has another one."""
    macs = {head_mac(hasher, tenant, seq, hash_) for tenant in "ab" for seq in (1, 2) for hash_ in ("00", "11")}
    assert len(macs) == 8


@given(st.permutations(range(6)), st.integers(0, 6))
def test_only_the_true_order_verifies(order: list[int], length: int) -> None:
    """Any other sequence of the same rows is broken."""
    rows, head = make_chain(6)
    report = verify([rows[place] for place in order[:length]], tenant=TENANT, head=head)
    assert (report.broken is None) == (order[:length] == list(range(6)))


def test_every_name_is_either_text_list_or_count() -> None:
    """The three tables of names do not overlap, and "seq" belongs to the log alone."""
    assert len(audit.FIELDS) == len(audit._TEXT_FIELDS) + len(audit._LIST_FIELDS) + len(audit._COUNT_FIELDS)
    assert "seq" not in audit.FIELDS
